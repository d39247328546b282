"""Deriving the key of a quiz item again from the articles it cites, and naming what does not hold.

    python -m knowledge.derive                       against XST_HOME's current library
    python -m knowledge.derive --library library.db
    python -m knowledge.derive --laws FOLDER         reads only the laws that items cite
    python -m knowledge.derive --only offer-answer   items whose id, point or file begins so

How a claim is read is told in `knowledge/content/README.md` (quiz/*.yaml). Every claim must be
tied to the text that people see, and every right option must hold in a cited article.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from knowledge.citation import Citation
from knowledge.clauses import acts, agree, comparisons, governing, plain, sentences
from knowledge.figures import Figure, figures
from knowledge.lessons import Claim, Item, Option
from knowledge.sums import SumError, truth
from knowledge.ties import (
    Flaw,
    claimed,
    claimed_figure,
    figure_flaws,
    name_of,
    quoted,
    seen,
    should_hold,
    ties,
)

TextOf = Callable[[Citation], str | None]
"""The official text of a whole article in force, None where it is not imported."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What the articles say of one option: whether its claim holds, else what is missing."""

    holds: bool
    missing: str = ""


def flaws(item: Item, text_of: TextOf) -> list[Flaw]:
    """Everything wrong with an item. Where a cited article's text is not imported, only form and
    ties are checked (`covered` tells)."""
    found = [f for option in claimed(item) for f in ties(item, option)]
    if not covered(item, text_of):
        return found
    if not any(f.kind == "claim" for f in found):
        found += _key_flaws(item, text_of)
    return found + figure_flaws(item, [t for c in item.cite if (t := text_of(c.whole))])


def covered(item: Item, text_of: TextOf) -> bool:
    """Whether every cited article's text is there, so that the key can be derived."""
    return all(text_of(c.whole) for c in item.cite)


def derived_key(item: Item, text_of: TextOf) -> tuple[int, ...]:
    """The places of the options that are right by the articles."""
    if item.kind == "判断":
        return (0,) if derive(item, item.options[0], text_of).holds else (1,)
    wanted = item.asks == "对的"
    return tuple(n for n, o in enumerate(item.options) if derive(item, o, text_of).holds == wanted)


def derive(item: Item, option: Option, text_of: TextOf, exact: bool = False) -> Derived:
    """Whether an option's claim holds in a sentence of a cited article; with `exact`, of the 款
    and 项 that are cited."""
    closest: tuple[int, str] | None = None
    for citation in item.cite:
        text = text_of(citation.whole) or ""
        place = (citation.paragraph, citation.item) if exact else (0, 0)
        for sentence in sentences(text, *place):
            missing = _missing(item, option, sentence)
            if not missing:
                return Derived(True)
            rank = len(missing) + 3 * any(m.startswith("没有 near") for m in missing)
            if closest is None or rank < closest[0]:
                said = "；".join(missing)
                closest = rank, f"最接近的一句（{citation}“{_short(sentence)}”）里{said}"
    return Derived(False, closest[1] if closest else "所引条款没有文字")


def _missing(item: Item, option: Option, sentence: str) -> list[str]:
    """What of the claim the sentence does not bear out, in words; [] if all of it."""
    claim = option.claim
    found = []
    if absent := [w for w in claim.near if plain(w) not in sentence]:
        found.append(f"没有 near 的{quoted(absent)}")
    if absent := [law for _, law in claim.says if plain(law) not in sentence]:
        found.append(f"没有 says 的{quoted(absent)}")
    if claim.figure:
        found += _figure_missing(item, option, sentence)
    anchors = _anchors(claim, sentence)
    if claim.must:
        modal = governing(sentence, anchors)
        if modal is None:
            found.append("没有应当、可以、不得一类的字，claim 不要写 must")
        elif modal[1] != claim.must:
            found.append(f"写的是“{modal[1]}”，不是“{claim.must}”")
    if claim.who and plain(claim.who) not in sentence:
        found.append(f"没有“{claim.who}”")
    elif claim.who and not acts(sentence, claim.who, anchors):
        found.append(f"做这件事的不是“{claim.who}”")
    if claim.holds:
        try:
            if not truth(claim.holds):
                found.append(f"算式 {claim.holds} 不成立")
        except SumError as error:
            found.append(str(error))
    return found


def _anchors(claim: Claim, sentence: str) -> list[str]:
    """The words whose modal is asked for: those of the action, else those that locate it."""
    said = [plain(law) for _, law in claim.says if plain(law) != plain(claim.who)]
    words = said or [plain(w) for w in claim.near]
    return [w for w in words if w in sentence]


def _figure_missing(item: Item, option: Option, sentence: str) -> list[str]:
    claim = option.claim
    wanted = claimed_figure(claim)
    stated = _stated(wanted, sentence)
    if stated is None:
        return [f"没有 {claim.figure}"]
    read = comparisons(sentence, stated)
    if claim.compare == "等于":
        return [f"{claim.figure} 是“{'、'.join(sorted(read))}”，不是“等于”"] if read else []
    if claim.compare:
        if not agree({claim.compare}, read):
            shown = "、".join(sorted(read)) or "没有比较词"
            return [f"{claim.figure} 写的是“{shown}”，不是“{claim.compare}”"]
        return []
    visible = set() if claim.holds else comparisons(seen(item, option), wanted)
    if visible and read and not agree(visible, read):
        said, shown = "、".join(sorted(read)), "、".join(sorted(visible))
        return [f"{claim.figure} 写的是“{said}”，看到的是“{shown}”"]
    return []


def _stated(wanted: Figure, sentence: str) -> Figure | None:
    """The figure as the sentence states it: 200% for 2倍 too."""
    known = figures(sentence)
    value, unit = wanted
    same = [wanted]
    if unit in ("倍", "份额"):
        same += [(value, "倍"), (value, "份额")]
    return next((f for f in same if f in known), None)


# Key


def _key_flaws(item: Item, text_of: TextOf) -> list[Flaw]:
    found = []
    for option in claimed(item):
        should = should_hold(item, option)
        verdict = derive(item, option, text_of, exact=should)
        name = name_of(item, option)
        if should and not verdict.holds:
            if derive(item, option, text_of).holds:
                message = f"{name}在所引的条里有，但不在所引的款、项里；请改 cite 的款、项"
            else:
                message = f"{name}按答案应成立，但推不出来：{verdict.missing}"
            found.append(Flaw("key", message))
        elif not should and verdict.holds:
            message = f"{name}按答案应不成立，但所引条文里它成立；请改答案，或把 claim 写得更准"
            found.append(Flaw("key", message))
        if option.claim.near and not _located(item, option.claim, text_of):
            near = quoted(option.claim.near)
            message = f"{name}的 near {near} 不同在所引条文的任何一句里，说法没有着落"
            found.append(Flaw("key", message))
    return list(dict.fromkeys(found))


def _located(item: Item, claim: Claim, text_of: TextOf) -> bool:
    words = [plain(w) for w in claim.near]
    each = (s for c in item.cite for s in sentences(text_of(c.whole) or ""))
    return any(all(w in s for w in words) for s in each)


def _short(sentence: str) -> str:
    return sentence if len(sentence) <= 40 else sentence[:39] + "…"


if __name__ == "__main__":
    from knowledge.proving import main

    sys.exit(main())
