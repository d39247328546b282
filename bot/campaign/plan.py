"""What a campaign is, and reading it strictly from an organiser's file.

Three figures are never mixed: 知晓率 (workers covered by a contract know of it, by one question),
基本了解率 (all workers of a district pass a form over the twelve areas) and 宣传覆盖 (how many were
reached, nothing about what they know). A prize quiz and whoever came by themselves give 宣传
figures only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.forms import ContentError, Entry, Reader, day, entries, one_of, short, take, texts
from knowledge.records import KnowledgeError, Place

METRICS = ("基本了解率", "知晓率", "宣传覆盖")
SAMPLES = ("名册随机", "全员", "自愿")
"""A random draw from the roster, everybody on it, or whoever comes."""

ENTRANCES = ("答题码", "不用码")
"""With a code drawn from a hat, or without: publicity only."""

SCENE = 64
"""Characters of a scene. WeChat takes no more in a code, Telegram in a deep link, and that only
A–Z a–z 0–9 _ and -; ids have no _, so that it parts them."""

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class CampaignError(KnowledgeError):
    """A campaign file cannot be used; the message names file, line, field and what to do."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One enterprise (or workshop of one). `population` is whom the metric counts there, `asked`
    how many of them were given a code; `group` names a stratum ("" for none); `contract` whether
    a collective contract covers it, for 知晓率."""

    id: str
    name: str
    population: int
    asked: int
    group: str = ""
    contract: bool = True


@dataclass(frozen=True, slots=True)
class Recognition:
    """A question about the own enterprise; the organiser answers for its key. `right` counts from
    1; where `without` is given it is the key in units that no contract covers."""

    id: str
    stem: str
    options: tuple[str, ...]
    right: int
    without: int = 0


@dataclass(frozen=True, slots=True)
class Blueprint:
    """How a form is made: `items` questions, the same number from each of `areas`, of `levels`;
    `regional` takes the region's own questions where there are any; of every form at least
    `fresh` (a share) must be points that the campaign named by `before` did not ask."""

    items: int = 12
    areas: tuple[int, ...] = tuple(range(1, 13))
    levels: tuple[int, ...] = (1, 2)
    regional: bool = True
    fresh: float = 0.3
    before: str = ""


@dataclass(frozen=True, slots=True)
class Prizes:
    """What is drawn: `winners` among all who finished, whatever they answered."""

    winners: int
    what: str
    beacon: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """One round of questions. `passing` right answers of `form.items` count as 基本了解; `seconds`
    is the least time for one question."""

    id: str
    title: str
    organiser: str
    metric: str
    sample: str
    entrance: str
    opens: date
    closes: date
    units: tuple[Unit, ...]
    region: str = "国家"
    contract: str = "任何"
    form: Blueprint = Blueprint()
    passing: int = 8
    seconds: int = 3
    roster_seed: str = ""
    recognise: tuple[Recognition, ...] = ()
    draw: Prizes | None = None

    @property
    def measures(self) -> bool:
        """Whether its figure may stand as an indicator at all: of people who were drawn, each with
        one code, and with no prize to come or to look up answers for."""
        drawn = self.entrance == "答题码" and self.sample != "自愿"
        return drawn and self.metric != "宣传覆盖" and self.draw is None

    def unit(self, ident: str) -> Unit | None:
        return next((u for u in self.units if u.id == ident), None)

    def scene(self, unit: str) -> str:
        """What a QR code or a deep link carries: `q-CAMPAIGN_UNIT`, at most SCENE characters."""
        return f"q-{self.id}_{unit}"


def read_scene(scene: str) -> tuple[str, str] | None:
    """Campaign and unit of a scene, or None for a scene of something else."""
    if not scene.startswith("q-"):
        return None
    campaign, _, unit = scene[2:].partition("_")
    good = _ID.fullmatch(campaign) and (not unit or _ID.fullmatch(unit))
    return (campaign, unit) if good else None


def read_campaign(path: Path) -> Campaign:
    """A campaign from its YAML file. Raises CampaignError at the first fault."""
    if not path.is_file():
        raise CampaignError(f"{path}: 没有这个文件")
    reader = Reader(path.parent, None)
    try:
        raw = reader.yaml(reader.read(path), path.name)
        if not isinstance(raw, dict):
            raise ContentError(f"{path.name}:1: 应为“键: 值”的一份活动")
        made = list(reader.entry(_campaign, raw, path.name))
    except KnowledgeError as error:
        raise CampaignError(str(error)) from error
    return made[0]


def _campaign(raw: Entry, _: Place) -> Campaign:
    values = take(
        {"organiser": raw.pop("organiser", None), **raw},
        Campaign,
        id=_ident(raw.get("id"), "id"),
        metric=one_of(raw.get("metric"), METRICS, "metric"),
        sample=one_of(raw.get("sample"), SAMPLES, "sample"),
        entrance=one_of(raw.get("entrance"), ENTRANCES, "entrance"),
        opens=day(raw.get("opens"), "opens"),
        closes=day(raw.get("closes"), "closes"),
        units=tuple(_unit(u, n) for n, u in enumerate(entries(raw.get("units"), "units"), 1)),
        form=_blueprint(raw.get("form")),
        recognise=tuple(
            _recognition(r, n) for n, r in enumerate(entries(raw.get("recognise"), "recognise"), 1)
        ),
        draw=_prizes(raw.get("draw")),
        passing=_count(raw.get("passing", 8), "passing", 1),
        seconds=_count(raw.get("seconds", 3), "seconds", 0),
    )
    campaign = Campaign(**values)
    short(title=(campaign.title, 40), organiser=(campaign.organiser, 40))
    for fault in _faults(campaign):
        raise ContentError(fault)
    return campaign


def _faults(c: Campaign) -> list[str]:
    found = []
    if c.closes < c.opens:
        found.append("closes: 不能早于 opens")
    if c.seconds > 60:
        found.append(f"seconds: {c.seconds} 秒太长，一题最少看几秒，写 0 到 60")
    if not c.units:
        found.append("units: 至少一个单位")
    ids = [u.id for u in c.units]
    if twice := {i for i in ids if ids.count(i) > 1}:
        found.append(f"units: 编号重复 {'、'.join(sorted(twice))}")
    for u in c.units:
        if len(c.scene(u.id)) > SCENE:
            found.append(
                f"units: [{u.id}] 活动和单位的编号合起来最多 {SCENE - 3} 个字符（二维码里装不下），"
                "请把编号写短"
            )
        if u.asked > u.population:
            found.append(f"units: [{u.id}] asked {u.asked} 多于 population {u.population}")
        if c.sample == "全员" and u.asked not in (0, u.population):
            found.append(f"units: [{u.id}] sample 是全员，asked 应等于 population")
    if c.sample == "名册随机" and not c.roster_seed:
        found.append(
            "roster_seed: 名册随机要写抽人用的公开种子（xst awareness draw-roster --seed）"
        )
    if c.metric == "知晓率":
        if not 1 <= len(c.recognise) <= 3:
            found.append("recognise: 知晓率要写一到三道“本单位有没有集体合同”这样的认知题")
    elif c.recognise:
        found.append("recognise: 只有知晓率用认知题")
    if c.metric == "基本了解率":
        if c.form.items % len(c.form.areas):
            found.append("form: items 应是 areas 个数的倍数，每个领域一样多")
        if not c.form.items / 2 < c.passing <= c.form.items:
            found.append(f"passing: 应多于一半、不超过 {c.form.items}")
        if 3 in c.form.levels:
            found.append("form: 基本了解率只用难度 1、2（3 是协商代表考试的）")
    if c.entrance == "不用码" and c.sample != "自愿":
        found.append("entrance: 不用码时谁来都能答，sample 只能写自愿，结果只作宣传数据")
    return found


def _unit(raw: Entry, number: int) -> Unit:
    where = f"units 第 {number} 个"
    unit = Unit(
        **take(
            raw,
            Unit,
            id=_ident(raw.get("id"), f"{where} id"),
            population=_count(raw.get("population"), f"{where} population", 1),
            asked=_count(raw.get("asked", raw.get("population")), f"{where} asked", 0),
        )
    )
    short(name=(unit.name, 30))
    return unit


def _recognition(raw: Entry, number: int) -> Recognition:
    where = f"recognise 第 {number} 题"
    made = Recognition(
        **take(
            raw,
            Recognition,
            id=_ident(raw.get("id"), f"{where} id"),
            options=texts(raw.get("options"), f"{where} options"),
            right=_count(raw.get("right"), f"{where} right", 1),
            without=_count(raw.get("without", 0), f"{where} without", 0),
        )
    )
    short(stem=(made.stem, 60))
    if not 2 <= len(made.options) <= 5 or max(made.right, made.without) > len(made.options):
        raise ContentError(f"{where}: 应有 2 到 5 个选项，right 和 without 是其中的第几个")
    return made


def _blueprint(raw: Any) -> Blueprint:
    if raw is None:
        return Blueprint()
    if not isinstance(raw, dict):
        raise ContentError("form: 应为“键: 值”")
    values = take(
        raw,
        Blueprint,
        areas=_numbers(raw.get("areas"), Blueprint().areas, 12, "form: areas"),
        levels=_numbers(raw.get("levels"), Blueprint().levels, 3, "form: levels"),
        items=_count(raw.get("items", 12), "form: items", 1),
    )
    if (
        not isinstance(values.get("fresh", 0.3), int | float)
        or not 0 <= values.get("fresh", 0) <= 1
    ):
        raise ContentError("form: fresh 应为 0 到 1 的份额")
    return Blueprint(**values)


def _prizes(raw: Any) -> Prizes | None:
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise ContentError("draw: 应为“键: 值”")
    made = Prizes(**take(raw, Prizes, winners=_count(raw.get("winners"), "draw: winners", 1)))
    short(what=(made.what, 120), beacon=(made.beacon, 120))
    return made


def _numbers(value: Any, usual: tuple[int, ...], most: int, field: str) -> tuple[int, ...]:
    if value is None:
        return usual
    good = isinstance(value, list) and all(type(v) is int and 1 <= v <= most for v in value)
    if not good or not value or len(set(value)) < len(value):
        raise ContentError(f"{field}: 应为 1 到 {most} 的不重复的数")
    return tuple(value)


def _count(value: Any, field: str, least: int) -> int:
    if type(value) is not int or value < least:
        raise ContentError(f"{field}: “{value}” 应为不小于 {least} 的整数")
    return value


def _ident(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ContentError(
            f"{field}: “{value}” 只能用小写字母、数字和连字符，最多 32 个（数字要加引号）"
        )
    return value
