import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.citation import (
    Citation,
    CitationError,
    article_order,
    find_citations,
    law_name,
    read_citation,
    write_citation,
)
from knowledge.numerals import article_label

PLAIN = st.sampled_from(
    ["工会法", "集体合同规定", "民法典", "河南省企业工资集体协商条例", "关于A/B问题的解释（二）",
     "工资集体协商试行办法", "立法法"]
)  # fmt: skip
INSIDE = PLAIN.map(lambda n: f"河南省实施《中华人民共和国{n}》办法")
DEEP = INSIDE.map(lambda n: f"关于修改《{n}》等规定的决定")
LAWS = st.one_of(PLAIN, INSIDE, DEEP)
ARTICLES = st.one_of(
    st.integers(1, 1500).map(article_label),
    st.builds(article_label, st.integers(1, 500), st.integers(1, 20)),
)
CITATIONS = st.one_of(
    st.builds(Citation, LAWS),
    st.builds(Citation, LAWS, st.sampled_from(["附录", "附件二", "序言", "一、", "3.", "（二）"])),
    st.builds(Citation, LAWS, ARTICLES, st.integers(0, 12), st.integers(0, 30)),
)


def found(text, own="茶法", article="第十条", laws=()):
    return [str(m.citation) for m in find_citations(text, own, article, laws)]


@given(CITATIONS)
def test_what_is_written_is_read_back(citation):
    assert read_citation(write_citation(citation)) == citation
    assert str(citation) == write_citation(citation)


@given(st.builds(Citation, LAWS, ARTICLES, st.integers(0, 12), st.integers(0, 30)))
def test_a_citation_is_found_where_a_text_says_it(citation):
    before, after = "依照", "的规定处理。"
    (mention,) = find_citations(f"{before}{citation}{after}", "茶法")
    assert mention.citation == citation
    assert mention.end == len(before) + len(str(citation))


@pytest.mark.parametrize(
    ("text", "citation"),
    [
        ("《中华人民共和国工会法》第20条", Citation("工会法", "第二十条")),
        ("《工会法》20条", Citation("工会法", "第二十条")),
        ("《工会法》第２０条第２款", Citation("工会法", "第二十条", 2)),
        ("《工会法》第20条2款", Citation("工会法", "第二十条", 2)),
        (" 《工会法》 第 二十 条 第二款 ", Citation("工会法", "第二十条", 2)),
        ("《劳动合同法》第三十九条第（二）项", Citation("劳动合同法", "第三十九条", 0, 2)),
        ("《刑法》第二百六十二条之二第一款", Citation("刑法", "第二百六十二条之二", 1)),
        ("《实施〈工会法〉办法》第一条", Citation("实施《工会法》办法", "第一条")),
        ("《工会法》", Citation("工会法")),
        ("《宪法(2018年修正)》第一条", Citation("宪法", "第一条")),
    ],
)
def test_a_citation_is_read_in_every_form(text, citation):
    assert read_citation(text) == citation


@pytest.mark.parametrize(
    "text",
    ["", "工会法第20条", "《》第二条", "《工会法》第三五十条", "《工会法》第零条", "《工会法》第1.5条",
     "《工会法》第20000条", "《工会法》第二十条第零款", "《工会法》第二十条之", "《工会法》第二条《劳动法》第三条",
     "《工会法》第二条》第三条", "《工会法》第二十条等", "《工会法》二十", "见《工会法》第二条"],
)  # fmt: skip
def test_what_is_not_understood_whole_is_an_error(text):
    """A half-read citation would prove the wrong article."""
    with pytest.raises(CitationError, match="应写作《劳动合同法》第三十条第二款"):
        read_citation(text)


@given(st.text(alphabet="《》〈〉工会法第一二十0123条款项之（）、. ", max_size=24))
def test_any_text_is_a_citation_or_a_citation_error(text):
    try:
        citation = read_citation(text)
    except CitationError:
        return
    assert read_citation(str(citation)) == citation


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("《中华人民共和国 工会法》", "工会法"),
        ("中华人民共和国", "中华人民共和国"),
        ("工会法(2021-12-24)", "工会法"),
        ("工资集体协商(试行)办法", "工资集体协商（试行）办法"),
        ("河南省实施〈中华人民共和国工会法〉办法", "河南省实施《中华人民共和国工会法》办法"),
        ("《甲法》实施《乙法》", "《甲法》实施《乙法》"),
    ],
)
def test_a_law_has_one_name(text, name):
    assert law_name(text) == name
    assert law_name(name) == name


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("依照《工会法》第二十条第二款办理", ["《工会法》第二十条第二款"]),
        ("依照本法第四十一条的规定", ["《茶法》第四十一条"]),
        ("违反第四十一条的", ["《茶法》第四十一条"]),
        ("本条例第六条之一第二款", ["《茶法》第六条之一第二款"]),
        ("《工会法》（以下简称本法）第二条", ["《工会法》第二条"]),
        ("《工会法》第一章第三条", ["《工会法》第三条"]),
        ("《工会法》和本条例第三条", ["《茶法》第三条"]),
        ("《工会法》《劳动法》第三条", ["《劳动法》第三条"]),
        ("《上海市实施《工会法》办法》第三条", ["《上海市实施《工会法》办法》第三条"]),
        ("《工会法》第二十条。违反第三条的", ["《工会法》第二十条", "《茶法》第三条"]),
    ],
)
def test_a_place_belongs_to_the_law_named_before_it(text, cited):
    assert found(text) == cited


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("第三十九条和第四十条第一项、第二项",
         ["第三十九条", "第四十条第一项", "第四十条第二项"]),
        ("第五条至第八条", ["第五条", "第六条", "第七条", "第八条"]),
        ("第五至七条", ["第五条", "第六条", "第七条"]),
        ("第20-22条", ["第二十条", "第二十一条", "第二十二条"]),
        ("第五条至第七条、第十条", ["第五条", "第六条", "第七条", "第十条"]),
        ("第三十九条第一、二项", ["第三十九条第一项", "第三十九条第二项"]),
        ("第三条第一款和第三款", ["第三条第一款", "第三条第三款"]),
        ("第五条第一款至第三款", ["第五条第一款", "第五条第二款", "第五条第三款"]),
        ("第四十条第一款第一项至第三项",
         ["第四十条第一款第一项", "第四十条第一款第二项", "第四十条第一款第三项"]),
        ("第三十九条、第四十条、第四十一条第一款第二项",
         ["第三十九条", "第四十条", "第四十一条第一款第二项"]),
    ],
)  # fmt: skip
def test_lists_and_ranges_come_back_one_by_one(text, cited):
    assert found("依照《工会法》" + text) == ["《工会法》" + c for c in cited]
    assert found("依照本法" + text) == ["《茶法》" + c for c in cited]


@pytest.mark.parametrize(
    ("text", "article", "cited"),
    [
        ("前条规定的", "第十条", ["第九条"]),
        ("前两条规定的", "第十条", ["第八条", "第九条"]),
        ("前条第二款规定的", "第十条", ["第九条第二款"]),
        ("前条", "第二百六十二条之二", ["第二百六十二条之一"]),
        ("前条", "第二百六十二条之一", ["第二百六十二条"]),
        ("前条", "第一条", []),
        ("前条", "附录", []),
        ("本条第二款", "第十条", ["第十条第二款"]),
        ("本条第一款第三项", "第十条", ["第十条第一款第三项"]),
    ],
)
def test_places_are_counted_from_the_own_article(text, article, cited):
    assert found(text, article=article) == ["《茶法》" + c for c in cited]


@pytest.mark.parametrize("text", ["前款规定的", "前款第二项", "前两款"])
def test_the_paragraph_before_is_left_out(text):
    """Nobody tells the reader in which paragraph the text stands; a guess would cite wrongly."""
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    ["第三人", "第一次", "前条件", "前条例", "第一条例", "第九十九条件", "第五条款", "五条建议", "3条意见",
     "第三章", "第三五十条", "第万条", "第零条", "《工会法》", "《茶法》附则", "两条"],
)  # fmt: skip
def test_false_friends_are_no_citations(text):
    assert found(text) == []


def test_a_known_law_needs_no_marks():
    laws = ["工会法", "合同法", "劳动合同法"]
    assert found("工会法第20条2款", laws=laws) == ["《工会法》第二十条第二款"]
    assert found("工会法20条", laws=laws) == ["《工会法》第二十条"]
    assert found("按照劳动合同法第三十六条、第三十七条", laws=laws) == [
        "《劳动合同法》第三十六条",
        "《劳动合同法》第三十七条",
    ]


def test_a_place_of_an_unknown_law_is_not_ascribed_to_the_own_one():
    """Interpretations say 民法典第五百八十二条 throughout and mean no article of their own."""
    assert found("依照民法典第五百八十二条的规定") == []
    assert found("依照刑法第三百条、第三百零一条。违反第五条的") == ["《茶法》第五条"]


def test_without_an_own_law_bare_places_are_left_out():
    assert found("违反第四十一条、本法第二条、前条的", own="") == []


def test_the_own_name_without_marks_is_the_own_law():
    assert found("违反茶法第四十一条的") == ["《茶法》第四十一条"]


def test_each_number_of_a_list_has_its_own_place_in_the_text():
    """The page of a law makes each of them a link."""
    text = "依照工会法第20条、第二十一、二十二条处理"
    mentions = find_citations(text, laws=["工会法"])
    assert [text[m.start : m.end] for m in mentions] == ["第20条", "第二十一", "二十二条"]


@given(
    st.text(alphabet="《》第一二三十百前本法条款项之至、和（）。0123456789- \n规定人", max_size=60),
    st.sampled_from(["", "茶法"]),
    st.sampled_from(["", "第十条", "第三条之二", "附录"]),
)
def test_no_text_stops_the_finder(text, own, article):
    for mention in find_citations(text, own, article, ["二法"]):
        assert 0 <= mention.start < mention.end <= len(text)
        assert read_citation(str(mention.citation)) == mention.citation


def test_the_order_of_articles_counts_and_does_not_spell():
    labels = ["第十一条", "第二条", "第二百六十二条之二", "第二百六十二条", "第二百六十二条之一"]
    assert sorted(labels, key=article_order) == [
        "第二条", "第十一条", "第二百六十二条", "第二百六十二条之一", "第二百六十二条之二",
    ]  # fmt: skip
    assert article_order("附录") == (0, 0)
