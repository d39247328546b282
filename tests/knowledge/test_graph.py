"""The arrows between articles: what is certain is drawn, and leads to the law of today."""

from datetime import date

import pytest

from knowledge.citation import Citation
from knowledge.graph import Unit, abbreviations, arrows, make_version
from knowledge.library import Library, Shelf, publish
from knowledge.numerals import article_label
from knowledge.records import Level

TODAY = date(2026, 11, 20)

TEA = make_version(
    "茶法", Level.LAW, [Unit(f"茶法@#{article_label(n)}", article_label(n), "article", f"甲{n}。") for n in range(1, 31)]
)  # fmt: skip
CAKE = make_version(
    "饼条例", Level.REGULATION, [Unit(f"饼条例@#{article_label(n)}", article_label(n), "article", f"乙{n}。") for n in range(1, 31)]
)  # fmt: skip


def drawn(text, law="壶条例", level=Level.REGULATION, at=10, kind="article", more=(), numbers=30):
    """The arrows out of the tenth article of a text of thirty, as (law, number) in order."""
    units = []
    for n in range(1, numbers + 1):
        label = article_label(n)
        said = dict(more).get(n, f"丙{n}。")
        units.append(Unit(f"{law}@#{label}", label, "article", said))
    label = article_label(at)
    units[at - 1] = Unit(f"{law}@#{label}", label, kind, text)
    names = {"茶法", "饼条例", law}
    version = make_version(law, level, units, names)
    known = {"茶法": [TEA], "饼条例": [CAKE], law: [version]}
    here = units[at - 1].id
    return [
        (a.citation.law, a.citation.article) for a in arrows(version, known) if a.article == here
    ]


def own(*numbers):
    return [("壶条例", article_label(n)) for n in numbers]


def tea(*numbers):
    return [("茶法", article_label(n)) for n in numbers]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("不按本条例第三条的规定烧水的，予以劝告。", own(3)),
        ("违反第十二条规定，打碎茶壶的，照价赔偿。", own(12)),
        ("依照前条规定借出的茶壶，应当洗净。", own(9)),
        ("依照前两条规定借出的茶壶，应当洗净。", own(8, 9)),
        ("本条例第四条至第六条、第八条所列茶壶，不得外借。", own(4, 5, 6, 8)),
        ("有本条例第二条第一款和第十一条第三项情形之一的，停止供水。", own(2, 11)),
        ("泡茶的水温适用《茶法》第二十条第二款。", tea(20)),
        ("泡茶的水温适用《中华人民共和国茶法》第20条。", tea(20)),
        ("泡茶的水温适用茶法第二十条、第二十一条。", tea(20, 21)),
        ("按照《茶法》第三条和本条例第四条办理。", tea(3) + own(4)),
        ("茶点由《饼条例》管理。", [("饼条例", "")]),
        ("茶点由《饼条例》管理，水温按照茶法第三条。", [("饼条例", ""), ("茶法", "第三条")]),
    ],
)
def test_a_certain_place_is_an_arrow(text, found):
    assert drawn(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "依照前款规定办理。",
        "本条第二款规定的茶壶除外。",
        "违反本法第三条的，予以劝告。",  # a 条例 speaks of another text's words
        "依照红茶法第三条办理。",  # no law of this name, and not 茶法
        "依照咖啡法第三条、第四条办理。",
        "依照《咖啡法》第三条办理。",
        "依照原茶法第三条办理。",
        "依照修订前的《茶法》第三条办理。",
        "依照1990年《茶法》第三条办理。",
        "依照《茶法》（1990年修订）第三条办理。",
        "违反本条例第九十条的，予以劝告。",
        "租赁合同第三条约定的租期不受影响。",
        "将第三条修改为：“茶壶应当加盖。”",
        "双方议定书第三条另有约定的除外。",
        "依照咖啡法第三条的规定取水，有第五条情形的除外。",  # whose 第五条?
        "《饼条例》同时废止。",
        "提出第一条例外意见的，记录在案。",
    ],
)
def test_what_is_not_certain_is_no_arrow(text):
    assert drawn(text) == []


def test_where_the_article_is_not_there_the_law_is_still_named():
    assert drawn("依照《茶法》第九十条办理。") == [("茶法", "")]


def test_the_article_before_has_its_own_number():
    """Before 第十条 may stand 第九条之一; the number alone would lead to the wrong article."""
    units = [
        Unit(f"壶法@#{n}", n, "article", "丙。") for n in ("第八条", "第九条", "第九条之一")
    ] + [Unit("壶法@#第十条", "第十条", "article", "依照前条规定办理。")]
    version = make_version("壶法", Level.LAW, units)
    assert arrows(version, {"壶法": [version]}) == []


@pytest.mark.parametrize("level", [Level.INTERPRETATION, Level.CASE])
def test_who_explains_another_law_does_not_mean_himself_by_a_bare_number(level):
    text = "有第三条情形的，应予支持。符合本解释第四条的除外。"
    assert drawn(text, law="关于茶案的解释", level=level) == [("关于茶案的解释", "第四条")]


def test_a_decision_that_amends_a_law_quotes_it():
    text = "将茶法第三条修改为：“依照本法第五条和前条办理，违反第六条的除外。”"
    assert drawn(text, law="茶法修正案", level=Level.LAW) == tea(3)


def test_a_short_name_means_what_the_text_itself_says():
    more = [
        (
            1,
            "根据《中华人民共和国茶法》（以下简称《法》）和《饼条例》（以下简称点心条例），制定本条例。",
        )
    ]
    assert drawn("依照《法》第三条、点心条例第四条办理。", more=more) == [
        ("茶法", "第三条"),
        ("饼条例", "第四条"),
    ]


def test_a_short_name_for_two_laws_or_an_unknown_one_leads_nowhere():
    texts = ["《茶法》（以下简称条例）、《饼条例》（下称条例）、《咖啡法》（以下简称咖啡法）。"]
    texts += ["《茶法》(以下统一简称“本法”)"]
    names = {"茶法", "饼条例"}
    assert abbreviations(texts, names) == {
        "条例": "",
        "咖啡法": "",
        "本法": "茶法",
    }


def test_where_本法_is_the_name_of_another_law_it_is_not_the_own_one():
    more = [(1, "为实施《茶法》（以下简称本法），制定本法的说明。")]
    assert drawn("依照本法第三条办理。", law="茶法说明", level=Level.LAW, more=more) == []


def test_the_place_of_an_arrow_is_what_a_reader_would_press():
    text = "适用《茶法》第三条至第五条，以及茶法第七、八条。"
    units = [Unit("壶@#一", "一、", "item", text)]
    version = make_version("壶意见", Level.RULE, units)
    found = arrows(version, {"茶法": [TEA], "壶意见": [version]})
    assert [(a.citation.article, text[a.start : a.end]) for a in found] == [
        ("第三条", "《茶法》第三条"),
        ("第四条", ""),
        ("第五条", "第五条"),
        ("第七条", "茶法第七"),
        ("第八条", "八条"),
    ]


# In a library


@pytest.fixture
def library(tmp_path, law):
    opened = []

    def build(*texts):
        with Shelf(tmp_path / "shelf.db") as shelf:
            for text in texts:
                shelf.add(text)
            shelf.settle((), TODAY)
        publish(tmp_path / "shelf.db", tmp_path / "library.db", {}, {})
        opened.append(Library(tmp_path / "library.db"))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


def of(found):
    return [a.article for a in found]


def test_a_library_knows_what_an_article_cites_and_what_cites_it(library, law):
    found = library(
        law("茶法", "水要开。", "依照本法第一条泡茶。", level=Level.LAW),
        law("壶条例", "适用《茶法》第一条、第二条。"),
    )
    second = found.find(Citation("茶法", "第二条"), TODAY)
    assert [a.citation for a in found.cites(second)] == [Citation("茶法", "第一条")]
    assert of(found.cited_by(Citation("茶法", "第一条"), TODAY)) == [
        "壶条例@2004-01-20#第一条",
        "茶法@2004-01-20#第二条",
    ]
    assert found.cited_by(Citation("茶法", "第三条"), TODAY) == []
    assert found.cited_by(Citation("无法", "第一条"), TODAY) == []


def test_what_is_no_longer_in_force_cites_nothing(library, law):
    found = library(
        law("茶法", "水要开。", "依照本法第一条。", version="2004-01-20", level=Level.LAW),
        law("茶法", "水要开。", "不必。", version="2014-01-20", level=Level.LAW),
    )
    assert found.cited_by(Citation("茶法", "第一条"), TODAY) == []
    assert of(found.cited_by(Citation("茶法", "第一条"), date(2010, 1, 1))) == [
        "茶法@2004-01-20#第二条"
    ]
    old = found.article("茶法@2004-01-20#第一条")
    assert of(found.cited_within(old)) == ["茶法@2004-01-20#第二条"]


CHANGED = ("2000年1月1日通过", "2015年1月1日修正")
OLD = ("茶叶应当放在干燥的竹筒里保存。", "开水应当在三分钟之内倒入茶壶。")
REST = tuple(f"第{n}间茶室摆放{n}张方桌。" for n in "甲乙丙丁戊己庚辛壬癸子丑寅卯")
NEW = (OLD[0], "煮茶的人应当先把双手洗净擦干。", OLD[1], *REST)


def test_an_article_that_moved_is_followed_to_its_number_of_today(library, law):
    found = library(
        law("茶法", *OLD, version="2000-01-01", level=Level.LAW),
        law("茶法", *NEW, version="2015-01-01", level=Level.LAW, header=CHANGED),
        law("壶条例", "倒水适用《茶法》第二条。", version="2005-01-01"),
    )
    (arrow,) = found.cited_by(Citation("茶法", "第三条"), TODAY)
    assert (arrow.article, arrow.printed) == ("壶条例@2005-01-01#第一条", "第二条")
    assert found.cited_by(Citation("茶法", "第二条"), TODAY) == []
    assert of(found.cited_by(Citation("茶法", "第二条"), date(2010, 1, 1))) == [arrow.article]


def test_a_text_older_than_all_that_is_known_of_a_law_must_prove_its_number(library, law):
    """The library holds only the law of 2015; which article was 第二条 in 2005, nobody says."""
    new = law("茶法", *NEW, version="2015-01-01", level=Level.LAW, header=CHANGED)
    found = library(
        new,
        law("壶条例", "倒水适用《茶法》第二条。", version="2005-01-01"),
        law("杯条例", "茶叶在《茶法》第一条所称干燥的竹筒里保存。", version="2005-01-01"),
    )
    assert found.cited_by(Citation("茶法", "第二条"), TODAY) == []
    assert of(found.cited_by(Citation("茶法", "第一条"), TODAY)) == ["杯条例@2005-01-01#第一条"]


def test_words_meant_for_the_first_of_a_list_do_not_prove_the_second(library, law):
    """In 2005 the two were 第一条 and 第二条; since 2015 第二条 is what 第一条 was."""
    moved = ("泡茶之前应当先洗手。", OLD[0], *NEW[1:])
    said = "茶叶放在《茶法》第一条或者第二条所称干燥的竹筒里保存。"
    found = library(
        law("茶法", *moved, version="2015-01-01", level=Level.LAW, header=CHANGED),
        law("壶条例", said, version="2005-01-01"),
    )
    assert found.cited_by(Citation("茶法", "第二条"), TODAY) == []


def test_a_newer_text_cites_the_law_as_it_is(library, law):
    found = library(
        law("茶法", *NEW, version="2015-01-01", level=Level.LAW, header=CHANGED),
        law("壶条例", "适用《茶法》第二条。", version="2020-01-01"),
    )
    assert of(found.cited_by(Citation("茶法", "第二条"), TODAY)) == ["壶条例@2020-01-01#第一条"]


def test_a_law_that_ended_leaves_no_arrow_to_follow(library, law):
    found = library(
        law("茶法", "水要开。", version="2004-01-20", level=Level.LAW),
        law("新茶法", "水要开。", version="2014-01-20", level=Level.LAW, repeals=("茶法",)),
        law("壶条例", "适用《茶法》第一条。", version="2005-01-01"),
    )
    assert found.cited_by(Citation("茶法", "第一条"), TODAY) == []


def test_a_library_from_before_there_was_a_graph_is_quiet(library, law, tmp_path):
    import sqlite3

    library(law("茶法", "水要开。", "依照本法第一条。", level=Level.LAW))
    connection = sqlite3.connect(tmp_path / "library.db")
    connection.execute("DROP TABLE citations")
    connection.close()
    old = Library(tmp_path / "library.db")
    second = old.find(Citation("茶法", "第二条"), TODAY)
    assert old.cites(second) == old.cited_within(second) == []
    assert old.cited_by(Citation("茶法", "第一条"), TODAY) == []
    old.close()
