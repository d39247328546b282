"""A small release with the invented question bank, for tests that take part in a campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from bank import DRAFTED, bank
from small import write_content

from bot.campaign import asking
from bot.campaign.plan import Campaign, Unit
from bot.release import build_release
from bot.settings import Settings
from bot.storage.campaigns import Campaigns
from bot.storage.store import Store
from knowledge.authored import read_content
from knowledge.citation import read_citation
from knowledge.lessons import Item, Lesson
from knowledge.pieces import Digest

CITED = read_citation("《集体合同规定》第三十二条")
TODAY = date.today()
UNITS = (Unit("u1", "甲厂", 120, 40), Unit("u2", "乙厂", 30, 30), Unit("u3", "丙店", 8, 8))
CAMPAIGN = Campaign(
    "autumn", "秋季<答题>", "区总工会", "基本了解率", "名册随机", "答题码",
    TODAY - timedelta(1), TODAY + timedelta(9), UNITS, roster_seed="ab", seconds=0,
)  # fmt: skip
PUBLIC = replace(CAMPAIGN, id="open", sample="自愿", entrance="不用码", roster_seed="")


def items() -> list[Item]:
    """The bank, with 多选 in area 2, and a stem and reasons that a page must escape."""

    def changed(one: Item) -> Item:
        if one.area != 2:
            return one
        options = tuple(replace(o, right=n in (0, 2)) for n, o in enumerate(one.options))
        why = f"{one.point} 就是这样<b>。"
        return replace(one, kind="多选", options=options, why=why)

    return [changed(one) for one in bank()]


def build_home(home: Path) -> Settings:
    """A built installation without law texts; its items rest on a digest."""
    points: dict[str, list[Item]] = {}
    for one in items():
        points.setdefault(one.point, []).append(one)
    lessons = tuple(
        Lesson(p, f[0].area, f[0].level, "要点", "unreviewed", DRAFTED, tuple(f), f[0].region)
        for p, f in points.items()
    )
    settings = Settings(home=home, operator="试验工会")
    content = read_content(write_content(home / "content"))
    digest = Digest(CITED, "二十日内书面回应。", "unreviewed", DRAFTED)
    content = replace(content, lessons=lessons, digests=(*content.digests, digest))
    build_release(settings, content)
    return settings


def open_round(store: Store, campaign: Campaign = CAMPAIGN) -> Campaigns:
    """A campaign that is open."""
    campaigns = Campaigns(store)
    points = asking.points_of(campaign, items()) if campaign.metric != "知晓率" else ()
    campaigns.create(campaign, points)
    assert campaigns.set_status(campaign.id, "draft", "open")
    return campaigns
