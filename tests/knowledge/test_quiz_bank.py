"""The question bank itself: the articles (`XST_LAWS`) bear every key out, and planted errors are
refused; a small bank on invented articles shows the same without the law texts."""

import os
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.authored import CONTENT
from knowledge.bound import LibraryTexts, read_bound, sort_out
from knowledge.check import Proof, item_faults
from knowledge.citation import Citation
from knowledge.derive import covered, flaws
from knowledge.figures import figures
from knowledge.lessons import AREAS, Claim, Item, Option
from knowledge.proving import cited_library
from knowledge.ties import claimed, seen, should_hold

LAWS = os.environ.get("XST_LAWS")
TODAY = date(2026, 11, 20)

# Planting errors

ACTORS = ("用人单位", "工会", "劳动行政部门", "协商代表", "职工", "公司", "企业", "单位")
STRANGER = "人民法院"
FLIPPED = {
    "以内": "以上",
    "不超过": "至少",
    "以上": "以内",
    "至少": "不超过",
    "过": "不超过",
    "之前": "以上",
    "等于": "过",
}
COMPARING = {
    "不得少于": "不得多于",
    "不少于": "不超过",
    "至少": "最多",
    "不超过": "不少于",
    "不得超过": "不得少于",
    "最多": "至少",
    "以内": "以上",
    "日内": "日以上",
    "天内": "天以上",
    "月内": "月以上",
    "以上": "以下",
}
MODALS = {
    "不得": "可以",
    "不能": "可以",
    "必须": "不得",
    "应当": "可以",
    "应该": "不得",
    "可以": "不得",
    "要": "不得",
}
TURNED = {"应当": "可以", "可以": "不得", "不得": "应当"}
NUMBER = re.compile(r"\d+(?:\.\d+)?|[二三四五六七八九十]+(?=[日天个年月周人倍岁份元小分])")


def mutants(item):
    """(kind, item with one error planted) of everything that can go wrong in an item's key."""
    if item.kind == "判断":
        turned = tuple(replace(o, right=not o.right) for o in item.options)
        yield "判断的答案翻转", replace(item, options=turned)
    else:
        yield from _moved_keys(item)
        yield from _swapped_texts(item)
    for place, option in enumerate(item.options):
        if option in claimed(item):
            yield from _reworded(item, place, option)


def _with(item, place, text=None, claim=None):
    """The item with other words or another claim at one option; both of a 判断 share theirs."""
    claim = claim or item.options[place].claim
    if item.kind == "判断":
        options = tuple(replace(o, claim=claim) for o in item.options)
        return replace(item, stem=text or item.stem, options=options)
    options = list(item.options)
    options[place] = replace(options[place], claim=claim, text=text or options[place].text)
    return replace(item, options=tuple(options))


def _moved_keys(item):
    wrong = [n for n, o in enumerate(item.options) if not o.right]
    for n in wrong:
        moved = list(item.options)
        moved[n] = replace(moved[n], right=True)
        first = item.key[n % len(item.key)]
        moved[first] = replace(moved[first], right=False)
        yield "答案移到别的选项", replace(item, options=tuple(moved))


def _swapped_texts(item):
    pairs = [(r, w) for r in item.key for w in range(len(item.options)) if w not in item.key]
    for one, other in pairs:
        options = list(item.options)
        a, b = options[one], options[other]
        options[one], options[other] = replace(a, text=b.text), replace(b, text=a.text)
        yield "两个选项的字互换", replace(item, options=tuple(options))


def _reworded(item, place, option):
    """Changes that make a statement false, or that its claim no longer answers for."""
    claim, text, holds = option.claim, seen(item, option), should_hold(item, option)
    if claim.figure and (holds or item.kind == "判断") and (other := _other_figure(text, claim)):
        yield "改选项里的数", _with(item, place, text=other[0])
        if holds:
            yield "数和 claim 一起改", _with(item, place, *other)
    if claim.must and (holds or item.kind == "判断"):
        turned = replace(claim, must=TURNED[claim.must])
        if holds:
            yield "应当可以不得翻转", _with(item, place, claim=turned)
    if (holds or item.kind == "判断") and (said := _first(MODALS, text)):
        yield "应当可以不得翻转", _with(item, place, text=text.replace(said, MODALS[said], 1))
    if claim.compare and holds:
        turned = replace(claim, compare=FLIPPED[claim.compare])
        yield "比较翻转", _with(item, place, claim=turned)
    if claim.figure and holds and not claim.holds and (said := _first(COMPARING, text)):
        yield "比较翻转", _with(item, place, text=text.replace(said, COMPARING[said], 1))
    if claim.who and holds:
        other = "工会" if claim.who != "工会" else "用人单位"
        yield "换了做事的人", _with(item, place, claim=replace(claim, who=other))
    if holds and (said := _first((claim.who or ACTORS[0], *ACTORS), text)):
        other = text.replace(said, STRANGER)
        yield "换了做事的人", _with(item, place, text=other)
        if said == claim.who:
            yield "换了做事的人", _with(item, place, other, replace(claim, who=STRANGER))


def _first(words, text):
    return next((w for w in words if w in text), None)


def _other_figure(text, claim):
    """(text, claim) with another number in the claimed figure, which the text must show."""
    halves = {
        "过半数": "三分之一",
        "半数以上": "三分之一",
        "三分之二": "二分之一",
        "2/3": "1/2",
        "三分之一": "四分之三",
        "1/3": "3/4",
        "一半": "两成",
    }
    for old, new in halves.items():
        if old in text and old in claim.figure:
            return text.replace(old, new), replace(claim, figure=claim.figure.replace(old, new))
    m = re.search(r"\d+(?:\.\d+)?", claim.figure)
    if not m or m[0] not in text or not figures(text):
        return None
    new = f"{float(m[0]) + 7:g}"
    shown = re.sub(rf"(?<!\d){re.escape(m[0])}(?!\d)", new, text)
    return shown, replace(claim, figure=claim.figure.replace(m[0], new))


def shares(items, text_of):
    """Kind -> (refused, planted), and the mutants that passed."""
    refused, planted, passed = Counter(), Counter(), []
    for item in items:
        for kind, mutant in mutants(item):
            planted[kind] += 1
            if flaws(mutant, text_of):
                refused[kind] += 1
            else:
                passed.append((kind, mutant))
    return {k: (refused[k], n) for k, n in planted.items()}, passed


# A small bank on invented articles

TEA = {
    "第二条": "一方要求茶歇的，另一方应当在收到要求之日起20日内书面回应，无正当理由不得拒绝。",
    "第三条": "茶歇代表每方至少3人。\n茶歇应当有三分之二以上职工出席，并经全体职工半数以上同意。",
    "第四条": "用人单位应当备茶。职工可以自带茶杯：\n（一）瓷杯；\n（二）玻璃杯，不超过2个。",
}


def text_of(citation):
    return TEA.get(citation.article) if citation.law == "茶歇规定" else None


def item(kind, stem, *options, cite="第二条", why="看条文。", **more):
    return Item(
        id="tea-a", point="tea", area=4, level=1, region="国家", contract="任何", kind=kind, stem=stem,
        options=options, why=why, cite=(Citation("茶歇规定", cite),), reviewed="unreviewed",
        drafted=TODAY, **more,
    )  # fmt: skip


def statement(stem, answer, claim, **more):
    return item("判断", stem, Option("对", claim, answer), Option("错", claim, not answer), **more)


SMALL = [
    item(
        "单选", "收到茶歇要求，最迟几天内答复？",
        Option("20日内", Claim(("回应",), "20日", "以内"), True),
        Option("10日内", Claim(("回应",), "10日"), lure="太急"),
        Option("30日内", Claim(("回应",), "30日"), lure="太慢"),
        why="20日内要书面答复。",
    ),
    item(
        "案例", "80人的厂，茶歇到了60人，表决41人同意。通过了吗？",
        Option("通过，41人是80人的半数以上", Claim(("同意",), "半数以上", says=(("通过", "同意"),), holds="41 * 2 >= 80"), True),
        Option("没通过，要四分之三出席", Claim(("出席",), "3/4"), lure="记错"),
        Option("没通过，要全体一致", Claim(("同意",), says=(("一致", "一致"),)), lure="太严"),
        cite="第三条", why="41人已是半数以上。",
    ),
    item(
        "单选", "茶由谁来备？",
        Option("用人单位应当备茶", Claim(("备茶",), who="用人单位", must="应当"), True),
        Option("工会应当备茶", Claim(("备茶",), who="工会", must="应当"), lure="以为工会"),
        Option("用人单位可以备茶", Claim(("备茶",), who="用人单位", must="可以"), lure="以为随意"),
        cite="第四条", why="备茶是用人单位的事。",
    ),
    statement("每方茶歇代表不得少于3人。", True, Claim(("代表",), "3人", "至少"), cite="第三条"),
    statement("收到茶歇要求，可以没有理由拒绝。", False, Claim(("拒绝",), must="可以")),
]  # fmt: skip


@pytest.mark.parametrize("sound", SMALL, ids=lambda i: i.stem[:8])
def test_a_sound_item_has_no_flaw(sound):
    assert flaws(sound, text_of) == []


def test_every_error_planted_in_a_small_bank_is_refused():
    found, passed = shares(SMALL, text_of)
    assert passed == []
    assert sum(n for _, n in found.values()) >= 30
    assert len(found) == 8


# The bank


def test_every_area_has_points_for_everybody_and_the_bank_is_large(real):
    assert len(list(real.items)) >= 240
    for area in AREAS:
        levels = Counter(lesson.level for lesson in real.lessons if lesson.area == area)
        assert levels[1] >= 2, AREAS[area]
        assert set(levels) == {1, 2, 3}, AREAS[area]


def test_a_regional_item_names_its_region(real):
    assert [i.id for i in real.items if i.region != "国家" and i.region not in i.stem] == []


def test_ids_and_wordings_are_given_once(real):
    ids = Counter(i.id for i in real.items)
    stems = Counter(i.stem for i in real.items)
    assert [n for n, many in (ids | stems).items() if many > 1] == []


def test_the_forms_of_a_point_ask_in_different_ways(real):
    assert [
        lesson.point for lesson in real.lessons if len({i.kind for i in lesson.forms}) < 2
    ] == []


def test_neither_place_nor_length_gives_the_answer_away(real):
    """Options are shuffled when asked; a bank whose right option is always first or longest would
    still teach the wrong lesson where they are not."""
    single = [i for i in real.items if i.kind in ("单选", "案例")]
    first = sum(i.options[0].right for i in single) / len(single)
    longest = sum(
        all(len(i.options[i.key[0]].text) > len(o.text) for o in i.options if not o.right)
        for i in single
    ) / len(single)
    truths = [i.options[0].right for i in real.items if i.kind == "判断"]
    assert first < 0.5
    assert longest < 0.5
    assert 0.3 < sum(truths) / len(truths) < 0.7


@pytest.fixture(scope="module")
def proof(real, tmp_path_factory):
    if not LAWS:
        pytest.skip("XST_LAWS is not set")
    library = cited_library(Path(LAWS), real.items, tmp_path_factory.mktemp("laws") / "library.db")
    yield Proof(real, library, TODAY)
    library.close()


@pytest.mark.laws
def test_the_articles_bear_every_key_out(real, proof):
    assert [i.id for i in real.items if not covered(i, proof.official)] == []
    assert [str(f) for i in real.items for f in item_faults(proof, i)] == []


@pytest.mark.laws
def test_of_the_errors_planted_in_the_bank_nineteen_in_twenty_are_refused(real, proof):
    found, _ = shares(real.items, proof.official)
    for kind, (refused, planted) in sorted(found.items()):
        print(f"{kind} {refused}/{planted} = {refused / planted:.1%}")
    refused, planted = map(sum, zip(*found.values(), strict=True))
    print(f"合计 {refused}/{planted} = {refused / planted:.1%}")
    assert refused >= 0.95 * planted


@pytest.mark.laws
def test_every_item_is_bound_to_the_articles_in_force(real, proof):
    texts = LibraryTexts(proof.library, TODAY, proof.digests)
    assert sort_out(real.items, texts, read_bound(CONTENT)).withdrawn == ()
