"""The project's real content: it loads, its guards react to what they are for, and the law
texts (`XST_LAWS`) bear it out."""

import json
import os
import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.importing import import_paths
from bot.understand import clean
from bot.wording import compile_guards
from knowledge.authored import CONTENT, read_content
from knowledge.check import check
from knowledge.citation import Citation, article_order
from knowledge.library import Library, publish
from knowledge.numerals import normal_article

LAWS = os.environ.get("XST_LAWS")
TODAY = date(2026, 11, 20)
SENTENCES = Path(__file__).with_name("guard_sentences.yaml")


def test_the_content_loads_without_a_fault():
    faults = []
    found = read_content(faults=faults)
    assert faults == []
    assert len(found.cards) > 100
    assert len(list(found.rules)) > 100


def test_the_content_holds_no_file_that_nobody_reads():
    """A misspelt suffix or folder would leave its entries out without a word."""
    known = re.compile(
        r"README\.md"
        r"|(?:topics|synonyms|regions|guards|validity|glossary|gaps|conflicts|replaced|quiz-bound)\.yaml"
        r"|(?:cards|rules|digests|quiz|scenes)/[^/]+\.yaml|cases/[^/]+\.md|templates/.+"
    )
    names = [p.relative_to(CONTENT).as_posix() for p in CONTENT.rglob("*") if p.is_file()]
    assert [n for n in names if not known.fullmatch(n)] == []


def test_without_law_texts_nothing_is_wrong_but_missing_digests(real):
    found = check(real, None, TODAY)
    assert [str(f) for f in found if f.kind not in ("no-digest", "figure")] == []


def sentences():
    listed = yaml.safe_load(SENTENCES.read_text(encoding="utf-8")) if SENTENCES.exists() else []
    return [pytest.param(s["text"], s["guard"], id=s["text"][:20]) for s in listed]


@pytest.fixture(scope="module")
def guards(real):
    return compile_guards(real.guards)


@pytest.mark.parametrize(("text", "guard"), sentences())
def test_a_sentence_meets_exactly_its_guard(guards, text, guard):
    """Several may match; they are tried in the order of the file, and the first one speaks."""
    met = [g.id for applies in guards if (g := applies(clean(text)))]
    assert met[:1] == ([guard] if guard else [])


@pytest.fixture(scope="module")
def laws(tmp_path_factory):
    if not LAWS:
        pytest.skip("XST_LAWS is not set")
    folder = tmp_path_factory.mktemp("laws")
    import_paths([Path(LAWS)], folder / "shelf.db")
    publish(folder / "shelf.db", folder / "library.db", {}, {})
    library = Library(folder / "library.db")
    yield library
    library.close()


@pytest.mark.laws
@pytest.mark.parametrize("kind", ["unknown-law", "unknown-article", "repealed", "figure", "phone"])
def test_the_law_texts_bear_the_content_out(laws, real, kind):
    assert [str(f) for f in check(real, laws, TODAY) if f.kind == kind] == []


def facts():
    path = Path(LAWS).parent / "domain" / "procedure_facts.json" if LAWS else None
    return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else []


def articles(text):
    """第三十二条、第三十三条第一款 -> the labels; a range gives both ends."""
    found = re.findall(r"第[零〇一二三四五六七八九十百\d]+条(?:之[一二三四五六七八九十]+)?", text)
    return {normal_article(f) for f in found}


@pytest.mark.laws
def test_every_known_fact_of_the_procedure_has_a_rule(real):
    """procedure_facts.json was compared with the articles by hand: region, law, article."""
    known = {(rule.region, c.law, c.article) for rule in real.rules for c in rule.cite if c.article}
    rows = facts()
    if not rows:
        pytest.skip("no procedure_facts.json beside XST_LAWS")
    missing = [
        (row["scope"], row["law"], row["article"])
        for row in rows
        if not any(
            (row["scope"].split("·")[0], row["law"], label) in known
            for label in articles(row["article"])
        )
    ]
    assert missing == []


@pytest.mark.laws
def test_every_version_of_every_law_is_cited_back_to_itself(laws):
    """A sample of real articles: each is found under its own citation, in its own version."""
    seen = 0
    for name in laws.laws[::40]:
        version = laws.in_force(name, TODAY)
        for article in laws.articles(version.id)[:3] if version else ():
            if article.kind == "article" and article_order(article.number) != (0, 0):
                assert laws.find(Citation(name, article.number), TODAY) == article
                seen += 1
    assert seen > 100


def test_the_menu_leads_to_the_main_card_of_its_topic():
    """What the assistant itself offers must be answered by the entry that means it."""
    from bot import texts
    from knowledge.pieces import bare

    found = read_content()
    owners = {bare(q): c.id for c in found.cards for q in (c.title, *c.questions)}
    owners |= {bare(q): p.point for p in found.points for q in (p.title, *p.questions)}
    assert [owners.get(bare(text)) for text in texts.MENU] == [
        "arrears-what-to-do",
        "overtime-rates",
        "barg-what-is",
        "refusal-liability",
    ]
