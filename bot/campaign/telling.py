"""What a report says in plain Chinese: the figure, what it does not say, what to do next.

Each of the three metrics has its own words, and none is said for another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from bot.awareness.areas import LEAST_SHOWN
from bot.awareness.bounds import SLACK
from bot.awareness.change import BETTER, INCOMPARABLE, WORSE
from bot.awareness.inputs import LEAST_RESPONSE, TARGET
from bot.awareness.measured import REACHED_AMONG
from bot.awareness.words import percent
from bot.campaign.plan import Campaign
from bot.campaign.reported import AreaLine, Figure, Report

NAMED = 5
"""So many units are named in a sentence; the rest are counted."""

LACKING = 0.2
"""An area is worth teaching from this share wrong up."""

# Sentences

TOO_FEW = f"答题的不足{LEAST_SHOWN}人。为了不让人猜出是谁，什么数都不显示。"
UNRELIABLE = "数不可靠，没有计入"
NOT_KNOWN = "答卷像是互相照抄的"


@dataclass(frozen=True, slots=True)
class Words:
    """A metric's own words: whose share, what they do, what it is told apart from."""

    of: str
    know: str
    apart: str


WORDS = {
    "基本了解率": Words(
        "全体职工",
        "基本了解集体协商",
        "不是“知晓率”（知不知道本单位有集体合同），也不是“宣传覆盖”（看到过宣传）。",
    ),
    "知晓率": Words(
        "有集体合同的单位的职工",
        "知道本单位的集体合同",
        "不是“基本了解率”（懂不懂集体协商），也不是“宣传覆盖”（看到过宣传）。",
    ),
    "宣传覆盖": Words("登记单位的职工", "参加过", "不是“知晓率”，也不是“基本了解率”。"),
}


def above(value: float) -> str:
    """A share for reading, rounded up: for upper bounds."""
    tenths = min(1000, math.ceil(value * 1000 - 1e-9))
    return f"{tenths // 10}.{tenths % 10}%"


def meaning(campaign: Campaign) -> str:
    """The metric in one line."""
    if campaign.metric == "宣传覆盖":
        return "宣传覆盖：参加过的有多少人次"
    if not campaign.measures:
        return "自愿或有奖的答题：参加了多少人次（只作宣传数据，没有指标）"
    words = WORDS[campaign.metric]
    mark = (
        f"{campaign.form.items}题答对{campaign.passing}题以上"
        if campaign.metric == "基本了解率"
        else "认知题选对"
    )
    return f"{campaign.metric}：{words.of}里，{words.know}的占多少（{mark}算）"


def headline(report: Report) -> tuple[str, str]:
    """The large number and the claim beside it."""
    if report.figure is not None:
        figure = report.figure
        claim = figure.claim if figure.reached else f"{figure.claim}已达到90%"
        return f"约{_about(figure.share)}", claim
    if report.reach is not None:
        return f"{report.reach.begun}人次", "宣传数据，不是指标"
    return "不显示", ""


def sentence(report: Report) -> str:
    """The interval in one sentence."""
    figure, reach = report.figure, report.reach
    if figure is not None:
        rest = "（不含数不可靠的单位）" if report.unreliable else ""
        if figure.low == figure.high:
            return f"全体都答了，就是{percent(figure.share)}{rest}，不用推算。"
        side = "不低于" if figure.low >= TARGET - SLACK else "低于"
        so = "可以这样说" if figure.reached else _why(figure)
        return (
            f"真实的比例{rest}：有95%的把握不低于{percent(figure.low)}，"
            f"也有95%的把握不高于{above(figure.high)}。"
            f"下限{percent(figure.low)}{side}90%，所以{so}。"
        )
    if reach is not None:
        said = f"{reach.units}个单位登记职工{reach.population}人，参加了{reach.begun}人次。"
        if reach.right is not None:
            said += f"答完的平均{reach.of}题对{reach.right:.1f}题。"
        return said
    return TOO_FEW


def _about(value: float) -> str:
    """The estimate, one digit; one that is below the target never reads as the target."""
    text = f"{value * 100:.1f}"
    return percent(value) if text == "90.0" and value < TARGET else f"{text}%"


def _why(figure: Figure) -> str:
    if figure.high < TARGET:
        return "基本可以肯定还不到"
    if figure.low >= TARGET - SLACK:
        return (
            "但有的单位没有抽人，还不能这样说" if figure.unasked else "但答的人太少，还不能这样说"
        )
    return "现在还不能说达到"


def asked(report: Report) -> list[str]:
    """Who was asked, how they were chosen, and what their silence may hide."""
    campaign, figure, reach = report.campaign, report.figure, report.reach
    if figure is None:
        if reach is None:
            return []
        lines = ["谁想来谁来，不是抽出来的人；爱参加的往往本来就懂。"]
        if reach.twice:
            lines.append(f"服务重启过，聊天里参加的最多可能有{reach.twice}人次是同一个人再来。")
        elif reach.twice is None:
            lines.append("网页不认人，同一个人可能来过不止一次。")
        return lines
    how = (
        "从名册里按公开的种子随机抽了" if campaign.sample == "名册随机" else "名册上的人都请了，共"
    )
    lines = [
        f"{figure.units}个单位，{WORDS[campaign.metric].of}{figure.population}人，"
        f"{how}{figure.asked}人；{figure.answered}人答了（答题率{percent(figure.response)}）。"
    ]
    if figure.silent:
        lines.append(
            f"没答的{figure.silent}人，如果都不懂，比例只有{percent(figure.possible[0])}；"
            f"如果都懂，是{above(figure.possible[1])}。"
        )
    if figure.unasked:
        lines.append(f"其中{figure.unasked}个单位一个人也没抽，那里的人没有机会被问到。")
    if report.unreliable:
        lines.append(f"{names(report.unreliable)}{NOT_KNOWN}，{UNRELIABLE}。")
    if report.outside:
        lines.append(f"{len(report.outside)}个没有集体合同的单位不在“知晓率”的范围里，没有计入。")
    return lines


def not_said(report: Report) -> list[str]:
    """What the figure does not say."""
    campaign, figure = report.campaign, report.figure
    if figure is None:
        return [
            f"不说明职工懂不懂：{WORDS[campaign.metric].apart}"
            if campaign.metric == "宣传覆盖"
            else f"不说明全体职工懂不懂，不能当“{campaign.metric}”上报。",
            "人次再多，也推不出没来的人。要看懂不懂，请从名册随机抽人另测。",
            "不记名，谁答对答错没有人能查。",
        ]
    lines = [WORDS[campaign.metric].apart]
    if figure.claim == REACHED_AMONG:
        lines.append("“答题者中”：没答的人是不是一样，这次不知道。")
    elif figure.silent:
        lines.append("没答的人是不是和答的人一样，这次不知道。")
    lines.append(f"只说{_day(campaign.opens)}到{_day(campaign.closes)}；答对题，不等于会去用。")
    lines.append("不记名：哪个人答对答错，没有人能查，也不用来评个人、评班组。")
    return lines


def missing(report: Report, most: int = 3) -> list[AreaLine]:
    """The areas worth teaching first."""
    found = [a for a in report.missing if _wrong(a) >= LACKING]
    return found[:most]


def todo(report: Report) -> list[str]:
    """What to do next, most urgent first."""
    figure, lines = report.figure, []
    if report.unreliable:
        lines.append(f"重测{names(report.unreliable)}：换新码、新题，有人在场，分开坐，错开时间。")
    if figure is not None and figure.response < LEAST_RESPONSE - SLACK:
        need = math.ceil(LEAST_RESPONSE * figure.asked - 1e-9) - figure.answered
        lines.append(
            f"答题率不到70%：至少还要{max(need, 1)}位抽到的人来答才能下结论，"
            "不能换人顶替。下一轮先上门、打电话请没答的人，从里面随机抽三分之一也行。"
        )
    if areas := missing(report):
        said = "、".join(f"第{a.area}" for a in areas)
        lines.append(f"先讲最缺的{said}领域，讲完用新题再问。")
    if figure is not None:
        lines += _units(report)
        lines.append(_numbers(report, figure))
    if report.items is not None:
        wrong = [line.id for line in report.items.lines if line.figures.withdraw]
        if wrong:
            lines.append(
                f"有{len(wrong)}道题懂的人反而常答错，先撤下看看：{'、'.join(wrong[:NAMED])}。"
            )
    if figure is None and report.reach is not None:
        lines.append("要说“懂不懂”，请另办一轮：从名册随机抽人，一人一码。")
    return lines


def _units(report: Report) -> list[str]:
    lines = []
    low = [u for u in report.units if u.high is not None and u.high < TARGET]
    low.sort(key=lambda u: u.high or 0.0)
    if low:
        lines.append(f"先去{names([u.name for u in low])}：那里看起来不到90%。")
    quiet = [u for u in report.units if u.response < LEAST_RESPONSE - SLACK]
    if quiet and report.figure and report.figure.response >= LEAST_RESPONSE - SLACK:
        quiet.sort(key=lambda u: u.response)
        lines.append(f"{names([u.name for u in quiet])}答的人不到70%，问问为什么。")
    return lines


def _numbers(report: Report, figure: Figure) -> str:
    fresh = "至少三成换新题，"
    if figure.reached:
        return f"一年后再测一次，{fresh}看有没有退回去。"
    if figure.unasked:
        return f"下一轮每个单位都要抽人，{fresh}才能对全体下结论。"
    if figure.low >= TARGET - SLACK:
        return "答题率够了，才能下结论。"
    if figure.more is None:
        return f"现在的估计不到90%，光靠多抽人多半证明不了：先补课，再测一次，{fresh}与这次比。"
    return (
        f"要证明90%：按现在的答对率，共约要{figure.more}人作答，"
        f"比这次多{figure.more - figure.answered}人。补课后另办一轮，{fresh}照样随机抽。"
    )


def compared(report: Report) -> list[str]:
    """How the figure moved since the campaign before."""
    before, change = report.before, report.change
    if before is None or change is None:
        return []
    fresh = f"后一次{percent(change.fresh)}的知识点是新的。" if change.fresh is not None else ""
    if change.verdict == INCOMPARABLE or change.difference is None:
        return [f"与“{before.title}”{change.verdict}：{''.join(change.reasons)}", fresh]
    said = {BETTER: "有提高", WORSE: "有下降"}.get(change.verdict, "看不出变化")
    return [
        f"与“{before.title}”比，{said}：相差{change.difference * 100:+.1f}个百分点"
        f"（95%的把握在{change.low * 100:+.1f}到{change.high * 100:+.1f}之间）。",
        fresh + "".join(change.reasons),
    ]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def names(names: tuple[str, ...] | list[str]) -> str:
    head = "、".join(names[:NAMED])
    return head if len(names) <= NAMED else f"{head}等{len(names)}个单位"


def _wrong(line: AreaLine) -> float:
    if line.cell.share_wrong is not None:
        return line.cell.share_wrong
    return 0.95 if line.cell.shown.startswith("高") else 0.0
