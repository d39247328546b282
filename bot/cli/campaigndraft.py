"""`xst campaign create` and `update`: an organiser's file becomes a draft, and what it can show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.campaign import asking
from bot.campaign.plan import Campaign, CampaignError, read_campaign
from bot.cli.campaigning import found, kept, say, sources_of
from bot.cli.common import fail
from bot.storage.campaigns import Campaigns
from knowledge.lessons import AREAS

if TYPE_CHECKING:
    from bot.release import Seen


def create(file: Annotated[Path, typer.Argument(help="活动文件（YAML）")]) -> None:
    """建一个活动（草稿）：读活动文件，抽出要问的知识点，说明结果能证明什么、不能证明什么。"""
    plan = read_campaign(file)
    with kept() as (settings, campaigns):
        sources = sources_of(settings, plan)
        points = _points(plan, sources, campaigns)
        campaigns.create(plan, points)
    _summary(plan, points, sources)
    after = "xst campaign codes" if plan.entrance == "答题码" else "xst campaign sheet"
    say(f"已建为草稿。还能用 xst campaign update 改；下一步 {after} {plan.id}。")


def update(file: Annotated[Path, typer.Argument(help="改过的活动文件（YAML）")]) -> None:
    """换掉同一编号的草稿。开始以后规则不能再改。"""
    plan = read_campaign(file)
    with kept() as (settings, campaigns):
        found(campaigns, plan.id)
        here = {u.id for u in plan.units}
        if lost := [u for u, n in campaigns.issued(plan.id).items() if n and u not in here]:
            fail(f"units: {'、'.join(lost)} 的答题码已经发了，不能去掉；请保留，或另办一个活动")
        sources = sources_of(settings, plan)
        points = _points(plan, sources, campaigns)
        campaigns.replace(plan, points)
    _summary(plan, points, sources)
    say("草稿已换。")


def _points(plan: Campaign, sources: Seen, campaigns: Campaigns) -> tuple[str, ...]:
    if plan.region not in sources.regions:
        raise CampaignError(
            f"region: 没有“{plan.region}”这个地方；请写省或市的名字，如 河南，或 国家"
        )
    if plan.metric == "知晓率":
        return ()
    before: tuple[str, ...] = ()
    if plan.form.before:
        earlier = campaigns.get(plan.form.before)
        if earlier is None:
            raise CampaignError(f"form: before 写的活动 {plan.form.before} 这里没有")
        before = earlier.points
    return asking.points_of(plan, sources.items(), before)


def _summary(plan: Campaign, points: tuple[str, ...], sources: Seen) -> None:
    from bot.campaign.outlook import outlook

    asked = sum(u.asked for u in plan.units)
    population = sum(u.population for u in plan.units)
    say(f"{plan.title}（{plan.id}），{plan.organiser}，{plan.opens} 至 {plan.closes}")
    say(
        f"指标 {plan.metric}；{len(plan.units)} 个单位，职工 {population:,} 人；{plan.sample}，{plan.entrance}"
        + (f"，要发答题码 {asked:,} 个" if plan.entrance == "答题码" else "")
    )
    if plan.metric == "知晓率":
        for one in plan.recognise:
            say(f"  问：{one.stem}　答案：{one.options[one.right - 1]}（请组织者核对）")
    else:
        _questions(plan, points, sources)
    for line in outlook(plan).says:
        say(line)


def _questions(plan: Campaign, points: tuple[str, ...], sources: Seen) -> None:
    live = asking.fitting(plan, sources.items())
    forms = Counter(i.point for i in live)
    of = {i.point: i for i in live}
    say(
        f"每人 {len(points)} 题，对 {plan.passing} 题算合格；每个知识点有几种问法，各人不同："
        if plan.metric == "基本了解率"
        else f"每人 {len(points)} 题："
    )
    for point in points:
        item = of[point]
        place = "" if item.region == "国家" else f"　{item.region}"
        say(f"  {item.area:>2} {AREAS[item.area]}　{point}　{forms[point]} 种问法{place}")
    if thin := [p for p in points if forms[p] < 3]:
        say(f"提示：{'、'.join(thin)} 不到三种问法，相邻的人容易答到同一题。")
    asked = set(points)
    digests = {s.item.point for s in sources.standing.live if s.by_digest} & asked
    if digests:
        say(
            f"注意：{len(digests)} 个知识点的题只按要点核对过（没有导入法规原文）："
            f"{'、'.join(sorted(digests))}。先 xst import 法规、xst build，再 xst campaign update。"
        )
