"""Items and the articles they rest on: what changes withdraws exactly what rests on it."""

from dataclasses import replace
from datetime import date

import pytest

from knowledge.accepting import accept, accepted, read_accepted
from knowledge.authored import read_content
from knowledge.bound import (
    BASELESS,
    CHANGED,
    FILE,
    GONE,
    REPEALED,
    UNBOUND,
    LibraryTexts,
    Live,
    Withdrawn,
    bind,
    bound_text,
    fingerprint,
    read_bound,
    sort_out,
    state,
)
from knowledge.citation import Citation
from knowledge.lessons import Claim, Item, Option
from knowledge.pieces import Override
from knowledge.plain import from_plain, to_plain
from knowledge.records import KnowledgeError

TODAY = date(2026, 11, 20)
TEA = ("为了喝茶，制定本规定。", "茶歇20分钟。", "收到要求20日内答复。\n不得拒绝。", "每方3人。")
CUP = ("为了茶杯，制定本办法。", "茶杯每人1个。")


def item(ident, *cites):
    options = (
        Option("对", Claim(says=(("茶", "茶"),)), True),
        Option("错", Claim(says=(("茶", "茶"),))),
    )
    made = tuple(Citation(law, article, paragraph) for law, article, paragraph in cites)
    return Item(ident, "tea", 1, 1, "国家", "任何", "判断", f"{ident}喝茶。", options, "喝茶。", made, "unreviewed", TODAY)  # fmt: skip


BREAK = item("break", ("茶歇规定", "第二条", 0))
ANSWER = item("answer", ("茶歇规定", "第三条", 1))
REFUSE = item("refuse", ("茶歇规定", "第三条", 2), ("茶歇规定", "第二条", 0))
CUPS = item("cups", ("茶杯办法", "第二条", 0))
BANK = [BREAK, ANSWER, REFUSE, CUPS]


@pytest.fixture
def texts(library, law):
    """The texts of two laws, given or as they were first, and digests of articles by name."""

    def make(tea=TEA, cup=CUP, digests=(), overrides=(), day=TODAY):
        laws = [law("茶歇规定", *tea)] if tea else []
        laws += [law("茶杯办法", *cup)] if cup else []
        found = dict.fromkeys(digests, "要点")
        return LibraryTexts(library(*laws, overrides=overrides), day, found)

    return make


@pytest.fixture
def bound(texts):
    return bind(BANK, texts())


def gone(standing):
    return {w.item.id: w.reason for w in standing.withdrawn}


def test_bound_to_the_texts_in_force_every_item_is_live(texts, bound):
    standing = sort_out(BANK, texts(), bound)
    assert [s.item.id for s in standing.live] == ["break", "answer", "refuse", "cups"]
    assert not any(s.by_digest for s in standing.live)


@pytest.mark.parametrize(
    ("number", "withdrawn"),
    [
        (0, set()),
        (1, {"break", "refuse"}),
        (2, {"answer", "refuse"}),
        (3, set()),
    ],
)
def test_one_changed_character_withdraws_exactly_the_items_that_cite_the_article(
    texts, bound, number, withdrawn
):
    changed = list(TEA)
    changed[number] = changed[number].replace("。", "！", 1)
    standing = sort_out(BANK, texts(changed), bound)
    assert gone(standing) == dict.fromkeys(withdrawn, CHANGED)
    assert {s.item.id for s in standing.live} == {i.id for i in BANK} - withdrawn


def test_another_character_in_another_normal_form_is_no_change(texts, bound):
    assert fingerprint("e\u0301") == fingerprint("\u00e9")
    assert fingerprint("茶歇20分钟。") != fingerprint("茶歇20分钟.")


def test_a_repealed_law_leaves_no_live_item_of_it(texts, bound):
    over = Override("茶歇规定", "repealed", "试", "2026-11-20", until=date(2026, 1, 1))
    standing = sort_out(BANK, texts(overrides=[over]), bound)
    assert gone(standing) == dict.fromkeys(("break", "answer", "refuse"), REPEALED)
    assert [s.item.id for s in standing.live] == ["cups"]


def test_an_article_that_is_no_longer_there_withdraws_its_items(texts, bound):
    assert gone(sort_out(BANK, texts(TEA[:2]), bound)) == {"answer": GONE, "refuse": GONE}


def test_the_newest_version_in_force_counts(library, law, bound):
    newer = law("茶歇规定", TEA[0], "茶歇30分钟。", *TEA[2:], version="2026-01-01")
    both = library(law("茶歇规定", *TEA), newer, law("茶杯办法", *CUP))
    assert gone(sort_out(BANK, LibraryTexts(both, TODAY), bound)) == dict.fromkeys(
        ("break", "refuse"), CHANGED
    )
    assert sort_out(BANK, LibraryTexts(both, date(2020, 1, 1)), bound).withdrawn == ()


def test_a_law_that_is_not_imported_leaves_the_digest(texts, bound):
    cup = Citation("茶杯办法", "第二条")
    assert state(CUPS, texts(cup=(), digests=[cup]), bound) == Live(CUPS, by_digest=True)
    assert state(CUPS, texts(cup=()), bound) == Withdrawn(CUPS, BASELESS, cup)
    assert state(CUPS, LibraryTexts(None, TODAY), bound) == Withdrawn(CUPS, BASELESS, cup)


def test_a_digest_does_not_stand_in_for_an_imported_text(texts, bound):
    second = Citation("茶歇规定", "第二条")
    changed = (TEA[0], "茶歇30分钟。", *TEA[2:])
    assert isinstance(state(BREAK, texts(changed, digests=[second]), bound), Withdrawn)


@pytest.mark.parametrize("made", [item("none"), item("fog", ("雾法", "第一条", 0))])
def test_an_item_without_a_live_article_cannot_be_published(texts, bound, made):
    assert sort_out([made], texts(), bound).live == ()


def test_an_article_that_nobody_bound_withdraws_its_items(texts):
    assert set(gone(sort_out(BANK, texts(), {})).values()) == {UNBOUND}


def test_an_item_accepted_with_the_new_text_is_live_and_the_others_stay_withdrawn(texts, bound):
    new = texts((TEA[0], "茶歇30分钟。", *TEA[2:]))
    known = {"break": bind([BREAK], new)}
    assert gone(sort_out(BANK, new, bound, known)) == {"refuse": CHANGED}


def test_each_article_is_looked_up_once(texts, bound):
    asked = []

    class Counting(LibraryTexts):
        def article(self, citation):
            asked.append(citation)
            return super().article(citation)

    seen = texts()
    counting = Counting(seen.library, seen.day)
    sort_out(BANK * 100, counting, bound)
    assert len(asked) == 3


def test_what_is_bound_is_read_back(tmp_path, bound):
    (tmp_path / FILE).write_text(bound_text(bound), encoding="utf-8")
    assert read_bound(tmp_path) == bound
    assert read_bound(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("broken", ["- a", "《茶法》第二条: 12", "茶: " + "0" * 64, "{", "a: [1]"])
def test_a_broken_file_of_bindings_is_named(tmp_path, folder, broken):
    with pytest.raises(KnowledgeError, match=FILE):
        read_bound(folder({FILE: broken}))
    faults = []
    assert read_content(tmp_path / "content", faults).bound == {}
    assert any(FILE in f for f in faults)


def test_an_acceptance_is_kept_with_name_and_day_and_dies_with_the_wording(tmp_path, bound):
    path = tmp_path / "kept" / "quiz-accepted.json"
    now = {c: s for c, s in bound.items() if c.article == "第二条"}
    accept(path, BREAK, now, " 王 ", TODAY)
    accept(path, CUPS, now, "李", TODAY)
    accept(path, BREAK, now, "赵", TODAY)
    assert [(a.item, a.by, a.on) for a in read_accepted(path)] == [
        ("cups", "李", TODAY), ("break", "赵", TODAY),
    ]  # fmt: skip
    reworded = replace(BREAK, stem="喝茶吗？")
    assert accepted(read_accepted(path), BANK) == {"cups": now, "break": now}
    assert accepted(read_accepted(path), [reworded, CUPS]) == {"cups": now}
    assert list(path.parent.iterdir()) == [path]


def test_an_acceptance_needs_a_name_and_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "quiz-accepted.json"
    with pytest.raises(KnowledgeError, match="--by"):
        accept(path, BREAK, {}, "  ", TODAY)
    for broken in ("{", '[{"item": "a"}]', "[1]", '{"a": 1}'):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(KnowledgeError, match="quiz-accepted"):
            read_accepted(path)


def test_an_item_is_the_same_behind_the_library(real):
    items = list(real.items)
    assert [from_plain(Item, to_plain(i)) for i in items] == items
