"""How one person is asked: the form they get, each question as it is shown, and their answers.

Everything here is a value; the key never leaves the server, and the place of a right option is
another one for every sitting.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.campaign.plan import Blueprint, Campaign, CampaignError, Recognition, Unit
from knowledge.citation import write_citation
from knowledge.lessons import Claim, Item, Option


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: the item and the version of it that was asked, what was chosen (places in the
    item as written; none is 「不知道」), and whether that was right by the key of that day."""

    item: str
    version: str
    area: int
    chosen: tuple[int, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """Where somebody stands: the items to come in their order, and the answers given.

    `token` is random; `seed` orders options; `since` is when the open question was first shown,
    in seconds since the epoch, kept only while the sitting lasts; `draws` whether it ends with an
    entry in the prize draw.
    """

    token: str
    campaign: str
    unit: str
    seed: int
    items: tuple[str, ...]
    answers: tuple[Answered, ...] = ()
    since: float = 0.0
    draws: bool = False

    @property
    def open(self) -> str:
        """The id of the item that is asked now; "" at the end."""
        return self.items[len(self.answers)] if len(self.answers) < len(self.items) else ""

    @property
    def score(self) -> int:
        return sum(a.right for a in self.answers)


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as somebody sees it: `places` gives for each option shown its place in the
    item. `several` tells that more than one may be right."""

    item: str
    number: int
    of: int
    stem: str
    kind: str
    options: tuple[str, ...]
    places: tuple[int, ...]
    several: bool


def points_of(
    campaign: Campaign, items: Sequence[Item], before: Sequence[str] = ()
) -> tuple[str, ...]:
    """The points that a campaign asks, the same for everybody, drawn by its id: as many from each
    area as the blueprint says. At least the share `fresh` of them is not `before`.

    Raises CampaignError where the bank has too few live items.
    """
    form = campaign.form
    each = form.items // len(form.areas)
    allowed = max(0, form.items - _least_fresh(form)) if before else form.items
    chosen: list[str] = []
    for area in form.areas:
        points = sorted({i.point for i in items if _fits(i, campaign, area)})
        _generator("points", campaign.id, str(area)).shuffle(points)
        local = {i.point for i in items if i.region != "国家"}
        if form.regional:
            points.sort(key=lambda p: p not in local)
            # One regional point an area at most: the rest of the area is the nation's.
            points = _at_most_one(points, local)
        old = [p for p in points if p in before]
        new = [p for p in points if p not in before]
        room = allowed - sum(p in before for p in chosen)
        taken = new[:each]
        taken += old[: min(each - len(taken), max(0, room))]
        if len(taken) < each:
            raise CampaignError(
                f"form: 第 {area} 领域可用的题只有 {len(taken)} 个知识点，要 {each} 个；"
                "减少题数、放宽 levels 或 fresh，或先处理 xst quiz review 里撤下的题"
            )
        chosen += taken
    return tuple(chosen)


def fitting(campaign: Campaign, items: Sequence[Item]) -> list[Item]:
    """The items that a campaign may ask."""
    return [i for i in items if any(_fits(i, campaign, a) for a in campaign.form.areas)]


def _least_fresh(form: Blueprint) -> int:
    return -int(-form.fresh * form.items // 1)


def _at_most_one(points: list[str], local: set[str]) -> list[str]:
    first = [p for p in points if p in local][:1]
    return first + [p for p in points if p not in local]


def _fits(item: Item, campaign: Campaign, area: int) -> bool:
    regions = {"国家", campaign.region} if campaign.form.regional else {"国家"}
    return (
        item.area == area
        and item.level in campaign.form.levels
        and item.region in regions
        and item.contract in ("任何", campaign.contract)
    )


def begin(
    campaign: Campaign, unit: str, points: Sequence[str], items: Sequence[Item], token: str
) -> Sitting:
    """A sitting over one parallel form: of each point one of its live items, in an order of its
    own. Points that have no live item left are left out: `passed` counts in proportion."""
    seed = int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big")
    chance = random.Random(seed)
    if campaign.metric == "知晓率":
        return Sitting(token, campaign.id, unit, seed, tuple(r.id for r in campaign.recognise))
    of_point: dict[str, list[Item]] = {}
    for item in items:
        of_point.setdefault(item.point, []).append(item)
    order = [chance.choice(of_point[p]).id for p in points if of_point.get(p)]
    chance.shuffle(order)
    return Sitting(token, campaign.id, unit, seed, tuple(order))


def instead(gone: Item, sitting: Sitting, items: Sequence[Item]) -> Item | None:
    """What is asked in place of an item that was withdrawn meanwhile: another of its point, else
    of its area and level, that this sitting has not met."""
    met = set(sitting.items)
    fresh = sorted((i for i in items if i.id not in met), key=lambda i: i.id)
    near = [i for i in fresh if i.point == gone.point]
    near = near or [
        i for i in fresh if (i.area, i.level, i.region) == (gone.area, gone.level, gone.region)
    ]
    return _generator("instead", sitting.token, gone.id).choice(near) if near else None


def exchange(sitting: Sitting, item: Item | None) -> Sitting:
    """The sitting with its open item replaced, or left out where `item` is None."""
    at = len(sitting.answers)
    put = (item.id,) if item else ()
    return replace(sitting, items=(*sitting.items[:at], *put, *sitting.items[at + 1 :]))


def recognition(asked: Recognition, unit: Unit) -> Item:
    """A question about the own enterprise as an item of no area; the organiser answers for it."""
    right = asked.right if unit.contract or not asked.without else asked.without
    options = tuple(Option(o, Claim(), n == right) for n, o in enumerate(asked.options, 1))
    return Item(
        asked.id, asked.id, 0, 1, "国家", "任何", "认知", asked.stem, options, "", (), "", date.min
    )


def show(sitting: Sitting, item: Item) -> Shown:
    """The open question for this sitting: options shuffled (对 and 错 keep their order)."""
    places = list(range(len(item.options)))
    if item.kind in ("单选", "多选", "案例"):
        _generator("options", str(sitting.seed), item.id).shuffle(places)
    return Shown(
        item.id,
        len(sitting.answers) + 1,
        len(sitting.items),
        item.stem,
        item.kind,
        tuple(item.options[p].text for p in places),
        tuple(places),
        item.kind == "多选",
    )


def answer(sitting: Sitting, item: Item, chosen: Sequence[int]) -> Sitting:
    """The sitting after an answer; `chosen` are places in the item as written."""
    said = tuple(sorted(set(chosen)))
    made = Answered(item.id, item.version, item.area, said, said == item.key)
    return replace(sitting, answers=(*sitting.answers, made), since=0.0)


def passed(campaign: Campaign, sitting: Sitting) -> bool:
    """Whether a finished sitting counts for the metric: 知晓率 needs the first recognition
    question, 基本了解率 the pass mark (of fewer items where some were withdrawn, in proportion,
    rounded up; of none that is left nobody passes), 宣传覆盖 only that somebody came."""
    if campaign.metric == "知晓率":
        return bool(sitting.answers) and sitting.answers[0].right
    if campaign.metric == "宣传覆盖":
        return True
    asked = len(sitting.items)
    return asked > 0 and sitting.score * campaign.form.items >= campaign.passing * asked


def _generator(*parts: str) -> random.Random:
    return random.Random(
        int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest(), "big")
    )


@dataclass(frozen=True, slots=True)
class Feedback:
    """After an answer: whether it was right (None for 不知道), what is, and why in two lines."""

    right: bool | None
    key: tuple[str, ...]
    why: str
    basis: str


@dataclass(frozen=True, slots=True)
class Ending:
    """The last page. `missed` are the areas to read up on, `entry` the code for the prize draw,
    shown once."""

    score: int
    of: int
    missed: tuple[int, ...] = ()
    entry: str = ""
    publicity: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What somebody taking part sees next. `problem` names a sentence of `texts.QUIZ_PROBLEMS`;
    `wait` seconds that the question has to be read for still."""

    token: str = ""
    title: str = ""
    shown: Shown | None = None
    feedback: Feedback | None = None
    ending: Ending | None = None
    problem: str = ""
    wait: int = 0


def feedback(item: Item, answered: Answered) -> Feedback:
    right = None if not answered.chosen else answered.right
    key = tuple(item.options[p].text for p in item.key)
    basis = write_citation(item.cite[0]) if item.cite else ""
    return Feedback(right, key, item.why, basis)
