"""The honesty card (诚实卡) of a report: everything that must be known to check its figure."""

from __future__ import annotations

from bot.awareness.areas import LEAST_SHOWN
from bot.awareness.words import percent
from bot.campaign.plan import Campaign
from bot.campaign.reported import Figure, Report
from bot.campaign.telling import NOT_KNOWN, UNRELIABLE, WORDS, above, meaning, names


def card(report: Report) -> list[tuple[str, str]]:
    """Rows of what and how, in the order in which one would ask."""
    campaign, figure, reach = report.campaign, report.figure, report.reach
    form = campaign.form
    rows = [("指标", meaning(campaign))]
    if figure is not None:
        rows += [
            ("总体", f"{figure.units}个单位的{WORDS[campaign.metric].of}，{figure.population}人"),
            ("抽样", _sample(campaign)),
            (
                "答题",
                f"请了{figure.asked}人，答了{figure.answered}人，合格{figure.correct}人；"
                f"答题率{percent(figure.response)}（按单位人数加权）。没答完的，余下的题算不会",
            ),
            (
                "没答的人",
                f"全算不懂，下限是{percent(figure.lower_worst)}；"
                f"比例最低{percent(figure.possible[0])}，最高{above(figure.possible[1])}",
            ),
            ("算法", _method(figure)),
            (
                "95%区间",
                f"Wilson 双侧{percent(figure.wilson[0])}–{above(figure.wilson[1])}（只供显示；"
                f"下结论只看单侧下限{percent(figure.low)}）",
            ),
        ]
    elif reach is not None:
        rows += [
            ("登记", f"{reach.units}个单位，职工{reach.population}人"),
            ("抽样", _sample(campaign)),
            ("参加", f"{reach.begun}人次"),
        ]
    if campaign.metric == "基本了解率":
        rows.append(
            (
                "卷子",
                f"{form.items}题，{len(form.areas)}个领域各{form.items // len(form.areas)}题，"
                f"难度{'、'.join(map(str, form.levels))}；每个知识点几种问法随机给，题和选项打乱",
            )
        )
        if figure is not None:
            rows.append(("合格线", f"{form.items}题答对{campaign.passing}题；只算头一次，练习不算"))
    if report.items is not None and report.items.lines:
        rows.append(("题目版本", f"{len(report.items.lines)}道，校验值 {report.items.digest}"))
        if report.items.kr20 is not None:
            rows.append(
                (
                    "信度",
                    f"KR-20 = {report.items.kr20:.2f}，够看一群人的比例，不能用来评一个人",
                )
            )
    rows += [
        ("日期", f"{campaign.opens} 至 {campaign.closes}"),
        ("方式", _mode(campaign)),
        (
            "不显示的",
            f"不足{LEAST_SHOWN}人的单位、能由相减推出的单位（{report.hidden}个）"
            if report.hidden
            else f"没有（每个单位都有{LEAST_SHOWN}人以上）",
        ),
    ]
    if report.unreliable:
        rows.append(("不可靠的", f"{names(report.unreliable)}：{NOT_KNOWN}，{UNRELIABLE}"))
    if campaign.draw is not None:
        rows.append(("抽奖", "答完就能抽，与对错无关；参与码与答卷不相连"))
    rows.append(("主办", campaign.organiser))
    return rows


def _sample(campaign: Campaign) -> str:
    if campaign.sample == "名册随机":
        return f"各单位从名册随机抽，公开的种子 {campaign.roster_seed}；不许顶替"
    return "名册上的人全请" if campaign.sample == "全员" else "自愿，不是抽样"


def _method(figure: Figure) -> str:
    if figure.units == 1:
        return "名册人数已知，超几何分布精确下限（单侧95%）"
    return (
        "按单位人数加权，Korn–Graubard 精确下限（单侧95%），"
        f"折合{figure.effective:.0f}份简单随机答卷"
    )


def _mode(campaign: Campaign) -> str:
    if campaign.entrance == "答题码":
        return f"一人一个一次性答题码，不记名；每题至少{campaign.seconds}秒"
    return "不用码，谁都能答"
