"""What is shown around an article: only what leads to the right place, and in a useful order."""

from datetime import date

import pytest
from small import TODAY

from bot.around import Entry, around, resting
from index.retriever import Hit
from knowledge.citation import Citation
from knowledge.library import Library, Shelf, publish
from knowledge.numerals import article_label
from knowledge.pieces import Card, Case, Point, Rule
from knowledge.records import Level, ParsedArticle, ParsedText

POUR = "泡茶的人应当在水开以后三分钟之内把水倒入茶壶，水温不得低于八十度。"
STORE = "茶叶应当放在干燥的竹筒里保存，不得与香料、药材混放。"


def law(name, *texts, version="2004-01-20", **more):
    articles = tuple(ParsedArticle(article_label(n), t) for n, t in enumerate(texts, 1))
    given = {"source": f"{name}.md", "title": name, "level": Level.RULE} | more
    return ParsedText(name=name, version=version, articles=articles, **given)


class Books:
    """A library seen on a day, with a search that finds what it is told."""

    def __init__(self, library, hits=(), entries=(), day=TODAY):
        self.library, self.hits, self.entries, self.day = library, hits, entries, day
        self.asked = []

    def search(self, text, regions, k):
        self.asked.append((text, regions))
        return [Hit(ident, score) for ident, score in self.hits][:k]

    def resting_on(self, citation):
        return self.entries

    def article(self, citation):
        return self.library.find(citation, self.day)

    def article_by_id(self, ident):
        return self.library.article(ident)

    def articles_of(self, version):
        return self.library.articles(version)

    def in_force(self, law):
        return self.library.in_force(law, self.day)

    def versions(self, law):
        return self.library.versions(law)

    def cites(self, article):
        return self.library.cites(article)

    def cited_by(self, citation):
        return self.library.cited_by(citation, self.day)

    def cited_within(self, article):
        return self.library.cited_within(article)


@pytest.fixture
def books(tmp_path):
    opened = []

    def build(*texts, **more):
        with Shelf(tmp_path / "shelf.db") as shelf:
            for text in texts:
                shelf.add(text)
            shelf.settle((), TODAY)
        publish(tmp_path / "shelf.db", tmp_path / "library.db", {}, {})
        opened.append(Library(tmp_path / "library.db"))
        return Books(opened[-1], **more)

    yield build
    for one in opened:
        one.close()


def look(books, ident, regions=("国家",)):
    return around(books.article_by_id(ident), books, regions)


def ids(references):
    return [r.article.id if r.article else r.version.id for r in references]


# Citations


def test_each_article_is_listed_once_and_a_whole_law_only_if_none_of_it_is(books):
    found = look(
        books(
            law("茶法", POUR, STORE, level=Level.LAW),
            law("饼法", "有饼。", level=Level.LAW),
            law(
                "壶规定",
                "按《茶法》第二条、《饼法》和《茶法》第二条、第一条；《茶法》另有规定的除外。",
            ),
        ),
        "壶规定@2004-01-20#第一条",
    )
    assert ids(found.cites) == [
        "茶法@2004-01-20#第二条",
        "茶法@2004-01-20#第一条",
        "饼法@2004-01-20",
    ]


def test_the_own_law_comes_first_then_the_nation_then_by_rank(books):
    text = "适用《茶法》第一条。"
    found = look(
        books(
            law("茶法", POUR, "依照前条泡茶。", level=Level.LAW),
            law("甲规定", text),
            law("乙条例", text, level=Level.REGULATION),
            law("河南省茶条例", text, level=Level.LOCAL, region="河南"),
        ),
        "茶法@2004-01-20#第一条",
    )
    assert [r.version.law for r in found.cited_by] == ["茶法", "乙条例", "甲规定", "河南省茶条例"]


def test_a_law_report_is_a_case_and_no_provision(books):
    found = look(
        books(
            law("茶法", POUR, level=Level.LAW),
            law("打翻茶壶案", "本案适用《茶法》第一条。", level=Level.CASE),
        ),
        "茶法@2004-01-20#第一条",
    )
    assert not found.cited_by
    assert [a.version.law for a in found.cases] == ["打翻茶壶案"]


def test_what_is_no_longer_in_force_is_not_cited(books):
    found = look(
        books(
            law("茶法", POUR, level=Level.LAW),
            law("新茶法", POUR, version="2014-01-20", level=Level.LAW, repeals=("茶法",)),
            law("壶规定", "按《茶法》第一条办理。"),
        ),
        "壶规定@2004-01-20#第一条",
    )
    assert not found.cites


CHANGED = ("2000年1月1日通过", "2015年1月1日修正")


@pytest.fixture
def changed(books):
    """A law whose first article became the second one in 2015."""
    return books(
        law("茶法", POUR, "依照本法第一条。", version="2000-01-01", level=Level.LAW),
        law("茶法", STORE, POUR, "依照本法第二条。", version="2015-01-01", level=Level.LAW, header=CHANGED),
        law("壶规定", "倒水按《茶法》第一条办理。", version="2005-01-01"),
    )  # fmt: skip


def test_another_version_is_shown_under_the_number_it_had_there(changed):
    found = look(changed, "茶法@2015-01-01#第二条")
    assert [(e.version.label, e.article.number) for e in found.editions] == [
        ("2000-01-01", "第一条")
    ]
    (first,) = look(changed, "茶法@2015-01-01#第一条").editions
    assert first.article is None, "it did not exist"


def test_a_citation_in_old_numbers_says_so(changed):
    (citing,) = [r for r in look(changed, "茶法@2015-01-01#第二条").cited_by if r.printed]
    assert (citing.article.id, citing.printed) == ("壶规定@2005-01-01#第一条", "第一条")
    (cited,) = look(changed, "壶规定@2005-01-01#第一条").cites
    assert (cited.article.id, cited.printed) == ("茶法@2015-01-01#第二条", "第一条")


def test_an_old_version_speaks_of_itself_only(changed):
    found = look(changed, "茶法@2000-01-01#第二条")
    assert ids(found.cites) == ["茶法@2000-01-01#第一条"]
    assert ids(look(changed, "茶法@2000-01-01#第一条").cited_by) == ["茶法@2000-01-01#第二条"]


def test_on_a_past_day_the_numbers_of_that_day_count(changed):
    changed.day = date(2010, 1, 1)
    (cited,) = look(changed, "壶规定@2005-01-01#第一条").cites
    assert (cited.article.id, cited.article.text) == ("茶法@2000-01-01#第一条", POUR)
    assert "壶规定@2005-01-01#第一条" in ids(look(changed, "茶法@2000-01-01#第一条").cited_by)


def test_amendments_that_stand_side_by_side_are_no_versions_of_one_article(books):
    found = look(
        books(
            law("茶法修正案", POUR, version="1993-01-01", level=Level.LAW),
            law("茶法修正案", POUR, version="1999-01-01", level=Level.LAW),
        ),
        "茶法修正案@1999-01-01#第一条",
    )
    assert [e.article for e in found.editions] == [None]


# Likeness


def near(books, *hits, texts=()):
    made = books(
        law("茶法", POUR, *[f"{n}号茶室。" for n in range(2, 9)], POUR + "下同。", level=Level.LAW),
        law("壶规定", POUR.replace("茶壶", "水壶"), POUR),
        law("杯规定", POUR.replace("茶壶", "茶杯")),
        law("饼规定", STORE),
        law("打翻茶壶案", POUR, level=Level.CASE),
        law("关于修改《壶规定》的决定", POUR),
        *texts,
        hits=hits,
    )
    return made


OWN, LATER = ("茶法@2004-01-20#第一条", 100.0), ("茶法@2004-01-20#第九条", 90.0)
POT, POT2 = ("壶规定@2004-01-20#第一条", 80.0), ("壶规定@2004-01-20#第二条", 79.0)
CUP, CAKE = ("杯规定@2004-01-20#第一条", 70.0), ("饼规定@2004-01-20#第一条", 50.0)
REPORT, CHANGE = (
    ("打翻茶壶案@2004-01-20#第一条", 60.0),
    ("关于修改《壶规定》的决定@2004-01-20#第一条", 60.0),
)


def test_similar_articles_are_one_of_each_law_and_the_own_law_comes_last(books):
    found = look(near(books, OWN, LATER, POT, POT2, CUP, REPORT, CHANGE, CAKE), OWN[0])
    assert [a.id for a in found.similar] == [POT[0], CUP[0], LATER[0]]


def test_neighbours_in_the_same_law_are_not_similar_articles(books):
    beside = ("茶法@2004-01-20#第二条", 95.0)
    assert not look(near(books, OWN, beside), OWN[0]).similar


def test_at_most_five_are_similar(books):
    more = [law(f"{n}规定", POUR) for n in "甲乙丙丁戊己庚"]
    hits = [(f"{t.name}@2004-01-20#第一条", 90.0 - n) for n, t in enumerate(more)]
    found = look(near(books, OWN, *hits, texts=more), OWN[0])
    assert [a.version.law for a in found.similar] == [t.name for t in more[:5]]


def test_a_low_score_with_other_words_is_not_similar(books):
    assert not look(near(books, OWN, (CAKE[0], 30.0)), OWN[0]).similar


def test_only_the_regions_of_the_reader_are_searched(books):
    made = near(books, OWN)
    look(made, OWN[0], ("郑州", "河南", "国家"))
    assert made.asked == [(POUR, ("郑州", "河南", "国家"))]


@pytest.mark.parametrize("text", ["茶要热。", "本规定自2004年5月1日起施行，由茶主管部门负责解释。"])
def test_an_article_without_a_subject_has_none_like_it(books, text):
    made = books(law("茶法", text), hits=[POT])
    assert not look(made, "茶法@2004-01-20#第一条").similar
    assert not made.asked


# What the project wrote


def card(ident, *cite, region="国家", disposition="answer"):
    return Card(
        ident, "t", ident, ("worker",), (), "答。", "下一步。", "unreviewed", TODAY,
        cite=cite, region=region, disposition=disposition,
    )  # fmt: skip


def point(ident, *cites, explain=()):
    rules = tuple(
        Rule(f"{ident}.{n}", ident, "国家", "任何", "说。", cite) for n, cite in enumerate(cites)
    )
    return Point(ident, ident, "应约", "t", (), "下一步。", rules, "unreviewed", TODAY, explain_cite=explain)  # fmt: skip


def case(ident, *cite):
    return Case(ident, ident, "t", "来源", (), cite, "发生", "成", "照做", "unreviewed", TODAY)


A, B = Citation("茶法", "第一条"), Citation("茶法", "第二条")


def test_what_names_an_article_first_comes_first():
    found = resting(
        [card("c-second", B, A), card("c-first", A), card("c-henan", A, region="河南")],
        [point("p-second", (B, A)), point("p-first", (A,), (B,))],
        [case("k", A)],
    )
    assert [e.id for e in found[A]] == [
        "p-first",
        "c-first",
        "c-henan",
        "k",
        "p-second",
        "c-second",
    ]
    assert found[A][3] == Entry("case", "k", "k", "国家")


def test_a_paragraph_is_of_its_article_and_an_entry_is_listed_once():
    found = resting([card("c", Citation("茶法", "第一条", 2), A)], [], [])
    assert [e.id for e in found[A]] == ["c"]


def test_a_refusal_or_an_alarm_says_nothing_about_an_article():
    cards = [card("r", A, disposition="refuse"), card("e", A, disposition="escalate")]
    assert resting([*cards, card("c", Citation("茶法"))], [], []) == {}


# In a release


def test_a_release_shows_what_is_around_an_article(release):
    seen = release.on(TODAY)
    second = seen.article(Citation("协商规定", "第二条"))
    found = around(second, seen, ("国家",))
    assert [r.article.number for r in found.cites] == ["第三条"]
    assert [e.id for e in found.entries] == ["offer-response"]
    third = around(seen.article(Citation("协商规定", "第三条")), seen, ("国家",))
    assert [r.article.number for r in third.cited_by] == ["第二条"]
