import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.citation import Citation, read_citation
from knowledge.library import (
    Library,
    LibraryError,
    Shelf,
    fingerprint,
    publish,
    text_key,
)
from knowledge.numerals import article_label
from knowledge.records import Level, ParsedArticle, ParsedText, Status

TODAY = date(2026, 11, 20)
HOLDS = (Status.IN_FORCE, Status.UNVERIFIED)
ROOT = Path(__file__).parents[2]


def law(name, *texts, version="2004-01-20", **more):
    """A text whose articles are 第一条, 第二条 … in order; a pair gives the number too."""
    units = enumerate(texts or ("一。",), 1)
    articles = [
        ParsedArticle(*t) if isinstance(t, tuple) else ParsedArticle(article_label(i), t)
        for i, t in units
    ]
    given = {"source": f"{name}({version}).md", "title": name, "level": Level.RULE} | more
    return ParsedText(name=name, version=version, articles=tuple(articles), **given)


TEA = law("茶歇规定", "为了喝茶。", "茶歇20分钟。\n每日两次。", version="2004-01-20")
CAKE = law("饼法", "有饼。", version="2010-01-01")


def put(path, *texts, day=TODAY):
    with Shelf(path) as shelf:
        said = [shelf.add(t) for t in texts]
        shelf.settle((), day)
        return said, shelf.totals()


def test_the_same_text_again_changes_nothing(tmp_path):
    """An import is repeated often; a changed file would rebuild every index."""
    path = tmp_path / "shelf.db"
    assert put(path, TEA, CAKE) == (["new", "new"], (2, 2, 3))
    before = path.read_bytes()
    assert put(path, TEA, CAKE) == (["same", "same"], (2, 2, 3))
    assert path.read_bytes() == before


def test_the_same_text_from_another_folder_is_the_same(tmp_path):
    put(tmp_path / "s", TEA)
    before = fingerprint(tmp_path / "s")
    assert put(tmp_path / "s", replace(TEA, source="elsewhere/tea.md"))[0] == ["same"]
    assert fingerprint(tmp_path / "s") == before


def test_a_flag_without_a_day_keeps_the_day_on_which_it_was_first_seen(tmp_path):
    """Importing the same folder next month must not lengthen the life of a dead law."""
    over = replace(TEA, expired=True)
    put(tmp_path / "s", over)
    before = (tmp_path / "s").read_bytes()
    put(tmp_path / "s", over, day=date(2027, 3, 1))
    assert (tmp_path / "s").read_bytes() == before


def test_a_better_reading_of_a_text_replaces_it(tmp_path, library):
    longer = law("茶歇规定", "为了喝茶。", "茶歇30分钟。", "完。", version="2004-01-20")
    path = tmp_path / "s"
    put(path, longer)
    first = fingerprint(path)
    assert put(path, TEA) == (["changed"], (1, 1, 2))
    assert fingerprint(path) != first
    lib = library(longer, TEA)
    assert [a.text for a in lib.articles("茶歇规定@2004-01-20")] == [a.text for a in TEA.articles]


def test_fingerprints_tell_texts_apart_and_nothing_else(tmp_path):
    put(tmp_path / "a", TEA, CAKE)
    put(tmp_path / "b", CAKE, TEA)
    put(tmp_path / "c", TEA)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "c")
    assert fingerprint(tmp_path / "none") == fingerprint(tmp_path / "none")


def test_an_exception_leaves_the_old_shelf(tmp_path):
    path = tmp_path / "s"
    put(path, TEA)
    before = path.read_bytes()

    def fail():
        with Shelf(path) as shelf:
            shelf.add(CAKE)
            shelf.settle((), TODAY)
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        fail()
    assert path.read_bytes() == before


@pytest.mark.parametrize("end", ["os._exit(1)", f"os.kill(os.getpid(), {int(signal.SIGKILL)})"])
def test_a_kill_in_the_middle_leaves_the_old_shelf(tmp_path, end):
    """The second process adds texts enough to spill to disk, and dies before the commit."""
    path = tmp_path / "s"
    put(path, TEA)
    before = fingerprint(path)
    script = f"""
import os, sys
from pathlib import Path
from knowledge.library import Shelf
from knowledge.records import ParsedArticle, ParsedText
shelf = Shelf(Path(sys.argv[1]))
for number in range(300):
    article = ParsedArticle("第一条", f"有饼{{number}}。" * 9000)
    shelf.add(ParsedText("a.md", "饼法", f"饼法{{number}}", (article,)))
shelf.settle()
print("added", flush=True)
{end}
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "added\n"
    assert done.returncode != 0
    assert fingerprint(path) == before
    assert put(path, TEA) == (["same"], (1, 1, 2))


def test_two_imports_at_once_are_refused(tmp_path):
    with Shelf(tmp_path / "s") as first:
        first.add(TEA)
        with pytest.raises(LibraryError, match="正被另一个导入占用"):
            Shelf(tmp_path / "s")
    assert put(tmp_path / "s", TEA)[0] == ["same"]


def test_two_undated_texts_of_one_name_are_both_kept(tmp_path, library):
    """北京市集体合同条例 and its draft both came without a date; neither may vanish."""
    one = law("茶歇规定", "一。", version="", source="a.md")
    two = law("茶歇规定", "二。", version="", source="b.md")
    lib = library(one, two)
    assert [v.id for v in lib.versions("茶歇规定")] == ["茶歇规定@", "茶歇规定@#2"]
    assert [lib.articles(v.id)[0].text for v in lib.versions("茶歇规定")] == ["一。", "二。"]
    assert put(tmp_path / "again", one, two, one, two)[0] == ["new", "new", "same", "same"]
    better = replace(two, articles=(ParsedArticle("第一条", "三。"),))
    assert put(tmp_path / "again", better) == (["changed"], (1, 2, 2))


def test_texts_of_one_name_in_two_regions_have_two_keys():
    here, there = law("若干规定", region="河南"), law("若干规定", region="山东")
    assert len({text_key(here), text_key(there), text_key(law("若干规定"))}) == 3
    assert text_key(law("河南省茶法", region="河南")) == "河南省茶法@2004-01-20"


def part(name, *numbers, version="2020-05-28", **more):
    articles = [(f"第{n}条", f"{name}{n}。") for n in numbers]
    return law("民法典", *articles, part=name, version=version, source=f"{name}.md", **more)


def test_the_parts_of_a_code_stand_in_the_order_of_its_numbering(library):
    """合同 sorts before 总则 in the folder; the code begins with 总则."""
    parts = [
        part("合同", "四百六十三", "四百六十四"),
        part("总则", "一", "二", "二百零四"),
        part("物权", "二百零五", "二百零六"),
    ]
    for order in (parts, parts[::-1]):
        lib = library(*order)
        (version,) = lib.versions("民法典")
        assert [a.number for a in lib.articles(version.id)] == [
            "第一条", "第二条", "第二百零四条", "第二百零五条", "第二百零六条", "第四百六十三条", "第四百六十四条",
        ]  # fmt: skip


def test_a_part_adds_to_what_the_others_said_of_the_code(library):
    lib = library(
        part("总则", "一", effective=date(2021, 1, 1)),
        part("附则", "一千二百六十", repeals=("合同法",)),
        law("合同法", version="1999-03-15", effective=date(1999, 10, 1), expired=False),
    )
    assert lib.in_force("民法典", date(2020, 12, 31)) is None
    assert lib.in_force("民法典", date(2021, 1, 1)).label == "2020-05-28"
    assert lib.in_force("合同法", date(2020, 12, 31)).label == "1999-03-15"
    assert lib.in_force("合同法", date(2021, 1, 1)) is None


def test_the_preambles_of_two_parts_do_not_overwrite_each_other(library):
    preamble = ParsedArticle("序言", "甲。", kind="preamble")
    parts = [part("总则", "一"), part("物权", "二百零五")]
    texts = [replace(p, articles=(preamble, *p.articles)) for p in parts]
    lib = library(*texts)
    assert [a.number for a in lib.articles("民法典@2020-05-28")].count("序言") == 2


def test_a_name_with_a_slash_is_one_law(library):
    """The part of a code stands behind a slash in the key of a text; a name may hold one too."""
    lib = library(law("GB/T茶规", "一。"), law("GB/S茶规", "二。"))
    assert sorted(lib.laws) == ["GB/S茶规", "GB/T茶规"]
    assert lib.find(Citation("GB/T茶规", "第一条"), TODAY).text == "一。"


def test_a_number_that_comes_twice_is_kept_twice(library):
    lib = library(law("茶法", ("第一条", "甲。"), ("第一条", "乙。"), ("第一条", "丙。")))
    assert [a.text for a in lib.articles("茶法@2004-01-20")] == ["甲。", "乙。", "丙。"]
    assert lib.find(Citation("茶法", "第一条"), TODAY).text == "甲。"


OLD = law("茶法", "旧。", version="2001-10-27", effective=date(2002, 1, 1), expired=False)
NEW = law("茶法", "新。", ("第一条之二", "插。"), version="2021-12-24", effective=date(2022, 1, 1))


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2001, 12, 31), None), (date(2010, 5, 1), "旧。"), (date(2021, 12, 31), "旧。"),
     (date(2022, 1, 1), "新。"), (TODAY, "新。")],
)  # fmt: skip
def test_an_article_is_found_in_the_version_of_the_day(library, day, text):
    found = library(NEW, OLD).find(Citation("茶法", "第一条"), day)
    assert (found.text if found else None) == text


def test_an_inserted_article_is_found_by_its_own_number(library):
    lib = library(OLD, NEW)
    assert lib.find(Citation("茶法", "第一条之二"), TODAY).text == "插。"
    assert lib.find(Citation("茶法", "第一条之二"), date(2010, 5, 1)) is None


def test_a_law_cited_by_its_name_alone_is_its_first_unit(library):
    whole = law("通知", replace_me := ("全文", "各单位：喝茶。"))
    lib = library(whole, TEA)
    found = lib.find(Citation("通知"), TODAY)
    assert found.text == replace_me[1]
    assert found.citation == Citation("通知")
    assert lib.find(Citation("茶歇规定"), TODAY).number == "第一条"


def test_not_found_is_an_answer(library):
    lib = library(TEA)
    assert lib.find(Citation("饼法", "第一条"), TODAY) is None
    assert lib.find(Citation("茶歇规定", "第九条"), TODAY) is None
    assert lib.in_force("饼法", TODAY) is lib.version("x") is lib.article("x") is None
    assert lib.versions("饼法") == lib.articles("饼法@") == []
    assert lib.content("card") == {}


def test_every_unit_can_be_cited_and_read_back(library):
    units = [
        ("序言", "一。"),
        ("第一条", "二。"),
        ("第二条之三", "三。"),
        ("一、", "四。"),
        ("附录", "五。"),
    ]
    for article in library(law("茶法", *units)).each_article():
        assert read_citation(str(article.citation)) == article.citation


def test_publishing_keeps_the_texts_and_adds_the_content(tmp_path):
    put(tmp_path / "shelf", TEA, CAKE)
    content = {"card": {"tea": {"answer": "歇"}, "cake": {"answer": "吃"}}, "rule": {"r": {}}}
    publish(tmp_path / "shelf", tmp_path / "lib", content, {"day": "2026-11-20"})
    lib = Library(tmp_path / "lib")
    assert lib.content("card") == content["card"]
    assert lib.meta("day") == "2026-11-20"
    assert lib.meta("unknown") == ""
    assert lib.counts() == {"laws": 2, "versions": 2, "articles": 3, "card": 2, "rule": 1}
    assert lib.has_texts
    version = lib.versions("茶歇规定")[0]
    assert (version.level, version.region, version.source) == (Level.RULE, "国家", TEA.source)
    assert [a.text for a in lib.articles(version.id)] == [a.text for a in TEA.articles]
    assert len(list(lib.each_article())) == 3
    lib.close()
    assert fingerprint(tmp_path / "lib") == fingerprint(tmp_path / "shelf")


def test_content_comes_back_in_the_order_in_which_it_was_published(tmp_path):
    """Guards are tried in the order of their file: danger before everything else."""
    order = ["g-suicide", "g-beaten", "g-accident", "g-zzz", "g-about"]
    publish(tmp_path / "none", tmp_path / "lib", {"guard": {i: {} for i in order}}, {})
    lib = Library(tmp_path / "lib")
    assert list(lib.content("guard")) == order
    lib.close()


def test_content_is_published_without_any_law(tmp_path):
    publish(tmp_path / "none", tmp_path / "lib", {"card": {"tea": {}}}, {})
    lib = Library(tmp_path / "lib")
    assert not lib.has_texts
    assert lib.laws == []
    assert lib.content("card") == {"tea": {}}
    lib.close()


def test_an_import_of_nothing_can_be_published(tmp_path):
    with Shelf(tmp_path / "shelf"):
        pass
    assert fingerprint(tmp_path / "shelf") == fingerprint(tmp_path / "none")
    publish(tmp_path / "shelf", tmp_path / "lib", {}, {})
    Library(tmp_path / "lib").close()


def test_a_missing_library_says_what_to_run(tmp_path):
    with pytest.raises(LibraryError, match="xst build"):
        Library(tmp_path / "none.db")


def test_a_damaged_file_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "broken.db"
    path.write_bytes(b"no database at all" * 400)
    with pytest.raises(LibraryError, match=r"broken\.db.*损坏"):
        Library(path)
    with pytest.raises(LibraryError, match=r"broken\.db.*不是完好"):
        Shelf(path)
    with pytest.raises(LibraryError, match=r"broken\.db.*不是完好"):
        publish(path, tmp_path / "lib", {}, {})
    with pytest.raises(LibraryError, match=r"broken\.db.*不是完好"):
        fingerprint(path)


def test_a_file_cut_off_is_an_error(tmp_path):
    put(tmp_path / "shelf", *(law(f"茶法{n}", "茶。" * 3000) for n in range(20)))
    publish(tmp_path / "shelf", tmp_path / "lib", {}, {})
    whole = (tmp_path / "lib").read_bytes()
    (tmp_path / "lib").write_bytes(whole[:5000])
    with pytest.raises(LibraryError, match="损坏"):
        Library(tmp_path / "lib")


@pytest.mark.parametrize("format_", ["2", "x", ""])
def test_a_file_of_another_format_is_left_alone(tmp_path, format_):
    """An older program must not write into a newer program's library."""
    path = tmp_path / "s"
    put(path, TEA)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value=? WHERE key='format'", (format_,))
    connection.close()
    before = path.read_bytes()
    for use in (Library, Shelf, lambda p: publish(p, tmp_path / "lib", {}, {})):
        with pytest.raises(LibraryError, match="格式不同"):
            use(path)
    assert path.read_bytes() == before


DAYS = st.dates(date(1995, 1, 1), date(2026, 11, 19))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    versions=st.lists(
        st.tuples(DAYS, st.sampled_from([None, True, False]), st.sampled_from([(), ("茶法",)])),
        min_size=1, max_size=5, unique_by=lambda v: v[0],
    ),
    days=st.lists(DAYS, min_size=1, max_size=8),
)  # fmt: skip
def test_the_version_of_a_day_agrees_with_the_status_of_each(library, versions, days):
    lib = library(
        *(
            law("茶法", f"{start}。", version=start.isoformat(), expired=expired, repeals=repeals)
            for start, expired, repeals in versions
        )
    )
    for day in days:
        holding = [v for v in lib.versions("茶法") if v.status(day) in HOLDS]
        assert len(holding) <= 1
        assert lib.in_force("茶法", day) == (holding[0] if holding else None)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_put_on_the_shelf_is_read_in_the_library(library, bodies):
    lib = library(law("茶法", *bodies))
    assert [a.text for a in lib.articles("茶法@2004-01-20")] == bodies
