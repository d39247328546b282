import json
from collections import Counter

import pytest

from index.pairs import MOST_COPIES, Fault, Question, few_of_each, read_pairs, sift
from index.retriever import RetrieverError

IDS = {
    ("劳动法", "第五十条"): "ld-50",
    ("劳动法", "第五十一条"): "ld-51",
    ("工会法", "第十条"): "gh-10",
    ("刑法", "第二百七十六条"): "xf-276",
    ("刑法", "第二百七十六条之一"): "xf-276-1",
    ("关于《劳动法》若干条文的说明", "第十条"): "sm-10",
}
KNOWN = set(IDS.values())


def written(folder, *lines):
    path = folder / "pairs.jsonl"
    text = "".join(
        (x if isinstance(x, str) else json.dumps(x, ensure_ascii=False)) + "\n" for x in lines
    )
    path.write_text(text, encoding="utf-8")
    return path


def asked(text, *answers, id="q", place=""):
    return Question(id, text, answers, place)


def test_a_line_names_its_articles_by_law_and_number(tmp_path):
    line = {
        "question": "工资多久发一次",
        "articles": [
            {"law": "劳动法", "article": "第五十条"},
            {"law": "工会法", "article": "第十条"},
            {"law": "劳动法", "article": "第五十条"},
        ],
    }
    found, faults = read_pairs(written(tmp_path, line), IDS)
    assert found == [Question(found[0].id, "工资多久发一次", ("ld-50", "gh-10"), "pairs.jsonl:1")]
    assert faults == []


def test_a_line_names_its_articles_by_citation_a_paragraph_being_its_article(tmp_path):
    line = {
        "question": "工资多久发一次",
        "citations": ["《劳动法》第五十条第一款", "《工会法》第十条"],
    }
    (found,), faults = read_pairs(written(tmp_path, line), IDS)
    assert (found.answers, faults) == (("ld-50", "gh-10"), [])


@pytest.mark.parametrize(
    ("citation", "id"),
    [
        pytest.param("《刑法》第二百七十六条之一", "xf-276-1"),
        pytest.param("《刑法》第二百七十六条之一第一款", "xf-276-1"),
        ("《刑法》第二百七十六条", "xf-276"),
        pytest.param("《关于《劳动法》若干条文的说明》第十条", "sm-10"),
    ],
)
def test_a_citation_leads_to_the_very_article(tmp_path, citation, id):
    """第二百七十六条之一 is another article (恶意欠薪) than 第二百七十六条."""
    line = {"question": "老板恶意欠薪犯罪吗", "citations": [citation]}
    found, faults = read_pairs(written(tmp_path, line), IDS)
    assert ([q.answers for q in found], faults) == ([(id,)], [])


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1, 2]",
        "3",
        '"question"',
        {"articles": [{"law": "劳动法", "article": "第五十条"}]},
        {"question": "工资多久发一次"},
        {"question": 5, "articles": [{"law": "劳动法", "article": "第五十条"}]},
        {"question": "工资", "articles": ["劳动法"]},
        {"question": "工资", "articles": [{"law": "劳动法"}]},
        {"question": "工资", "articles": "劳动法"},
        pytest.param({"question": "工资", "citations": ["劳动法第五十条"]}),
        pytest.param({"question": "工资", "citations": [5, "第五十条"]}),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number_and_the_others_are_kept(tmp_path, line):
    good = {"question": "工资多久发一次", "citations": ["《劳动法》第五十条"]}
    found, faults = read_pairs(written(tmp_path, good, "", line, good), IDS)
    assert [q.place for q in found] == ["pairs.jsonl:1", "pairs.jsonl:4"]
    (fault,) = faults
    assert str(fault).startswith("pairs.jsonl:3：")


def test_an_article_that_is_not_there_is_named_with_its_line(tmp_path):
    line = {
        "question": "工资",
        "citations": ["《劳动法》第五十条", "《劳动法》第九百条", "《没有的法》第一条"],
    }
    found, (fault,) = read_pairs(written(tmp_path, "", line), IDS)
    assert found == []
    assert str(fault) == "pairs.jsonl:2：库里没有 《劳动法》第九百条、《没有的法》第一条"


def test_a_line_separator_inside_a_question_does_not_cut_its_line(tmp_path):
    """U+2028 and U+0085 stand in text copied from web pages; JSON writes them as they are."""
    line = {"question": "工资\u2028多久\u0085发一次", "citations": ["《劳动法》第五十条"]}
    found, faults = read_pairs(written(tmp_path, line, line), IDS)
    assert (len(found), faults) == (2, [])


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "pairs.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RetrieverError, match=r"pairs\.jsonl"):
        read_pairs(path, IDS)


def test_sound_questions_pass_as_they_are():
    questions = [asked("工资多久发一次", "ld-50", id="a"), asked("工会怎么建", "gh-10", id="b")]
    assert sift(questions, KNOWN) == (questions, [])


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (asked("", "ld-50"), "空"),
        (asked("？！ \u200b", "ld-50"), "空"),
        (asked("\ud800", "ld-50"), "空"),
        (asked("工资多久发一次"), "没有写明"),
        (asked("工资多久发一次", "ld-50", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_teach_is_left_out_with_place_and_reason(question, why):
    placed = Question(question.id, question.text, question.answers, "pairs.jsonl:7")
    kept, (fault,) = sift([placed], KNOWN)
    assert kept == []
    assert fault.place == "pairs.jsonl:7" and why in fault.why


def test_without_a_place_a_fault_names_the_id():
    assert sift([asked("", "ld-50", id="x:3")], KNOWN)[1] == [Fault("x:3", "问题是空的")]


def test_one_question_with_wholly_other_answers_teaches_neither():
    """Spelt another way, full width and with other points, it is the same question."""
    one = asked("加班费1.5倍吗", "ld-50", id="a", place="pairs.jsonl:1")
    other = asked("加班费 １．５ 倍吗？", "gh-10", id="b", place="pairs.jsonl:9")
    third = asked("工会怎么建", "gh-10", id="c")
    kept, (fault,) = sift([one, third, other], KNOWN)
    assert kept == [third]
    assert "pairs.jsonl:1" in fault.place and "pairs.jsonl:9" in fault.place
    assert "矛盾" in fault.why


def test_answers_that_overlap_are_one_question_with_all_of_them():
    kept, faults = sift(
        [asked("工资几天发", "ld-50", id="a"), asked("工资几天发？", "ld-50", "ld-51", id="b")],
        KNOWN,
    )
    assert ([(q.id, q.answers) for q in kept], faults) == ([("a", ("ld-50", "ld-51"))], [])


def test_ten_thousand_copies_teach_once_and_are_named():
    copies = [
        asked("谁都答第十条", "gh-10", id=f"c{i}", place=f"pairs.jsonl:{i + 1}")
        for i in range(10_000)
    ]
    kept, (fault,) = sift([*copies, asked("工资多久发一次", "ld-50")], KNOWN)
    assert [q.id for q in kept] == ["c0", "q"]
    assert fault.place == "pairs.jsonl:1" and "10,000" in fault.why


@pytest.mark.parametrize(("copies", "named"), [(MOST_COPIES, 0), (MOST_COPIES + 1, 1)])
def test_a_few_copies_are_no_fault(copies, named):
    kept, faults = sift([asked("工资多久发一次", "ld-50", id=str(i)) for i in range(copies)], KNOWN)
    assert (len(kept), len(faults)) == (1, named)


def test_ten_thousand_copies_cannot_outvote_one_who_says_otherwise():
    """Both are left out, and the flood is named as well."""
    copies = [asked("工资几天发", "gh-10", id=f"c{i}") for i in range(10_000)]
    kept, faults = sift([asked("工资几天发", "ld-50", id="true"), *copies], KNOWN)
    assert kept == []
    assert [("重复" in f.why, "矛盾" in f.why) for f in faults] == [(True, False), (False, True)]


def test_two_files_of_one_name_give_different_ids(tmp_path):
    """Ids by line number made one question of two that were kept in folders by month."""
    ids = []
    for month, text in (("may", "工资多久发一次"), ("june", "加班怎么算")):
        (tmp_path / month).mkdir()
        line = {"question": text, "citations": ["《劳动法》第五十条"]}
        (found,), _ = read_pairs(written(tmp_path / month, line), IDS)
        ids.append(found.id)
    assert ids[0] != ids[1]


def test_of_many_wordings_of_one_answer_a_few_are_taken_and_always_the_same():
    asked = [(f"问法{n}", ["a"]) for n in range(40)] + [("另一问", ["b"]), ("两条", ["a", "b"])]
    kept = few_of_each(asked, 3)
    assert few_of_each(asked[::-1], 3) == kept
    count = Counter(answer for _, answers in kept for answer in answers)
    assert 3 <= count["a"] <= 4 and count["b"] >= 1
    assert set(map(str, kept)) <= set(map(str, asked))
