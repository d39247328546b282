"""A report in the order in which it is read: one page for whoever decides, then the appendix."""

from __future__ import annotations

from dataclasses import dataclass

from bot.awareness.areas import LEAST_SHOWN
from bot.awareness.items import IDLE
from bot.awareness.words import percent
from bot.campaign import telling
from bot.campaign.honestcard import card
from bot.campaign.plots import Drawing, areas_plot, main_plot, units_plot
from bot.campaign.reported import Report, UnitLine
from bot.campaign.telling import above
from knowledge.lessons import AREAS

# Sentences

RESULT = "{title}：结果"
CAME = "谁来了"
ASKED, NOT_SAID, MISSING, NEXT = "问了谁", "这个数不说明什么", "哪几块不懂", "下一步做什么"
APPENDIX = "附录：给核对的人看"
UNITS, AREA, ITEMS, CARD = "各单位", "各领域", "题目", "诚实卡"
UNITS_NOTE = (
    f"只列{LEAST_SHOWN}人以上作答的单位。“下限–上限”各有95%的把握；几乎人人一样的只说范围。"
    "“已达到”是所有单位一起看（Holm 法）：名单上哪怕只错一个的风险不超过5%。"
)
PLOT_NOTE = "左边是上表的编号。实心：已达到；空心：尚不能证明；没有圆点：只说范围。"
AREA_NOTE = "各领域答错的人占多少。"
CAME_NOTE = f"只列{LEAST_SHOWN}人次以上的单位，只说来了多少人次。"
TABLE_NOTE = "数字是答错的百分比，1–12是领域的编号；“<10”“>90”是两头，不细说。"
ITEMS_NOTE = "只列要处理的题。答对率：答对的占多少；区分度：懂得多的人是不是更常答对。"
FLAWLESS = "没有要处理的题。"


@dataclass(frozen=True, slots=True)
class Title:
    text: str
    under: str


@dataclass(frozen=True, slots=True)
class Big:
    """The figure, large, and the claim; `yes` where the target was reached."""

    over: str
    number: str
    claim: str
    yes: bool
    under: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Para:
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot and what it means in words; `key` names its rows where they carry numbers only."""

    drawing: Drawing
    under: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `wide` are the relative widths of its columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class NewPage:
    pass


Block = Title | Big | Heading | Bullets | Para | Picture | Grid | NewPage


def number_like(text: str) -> bool:
    """Whether a cell holds a figure, a range or nothing: such columns stand to the right."""
    return all(c in "0123456789.%–<>+-以上下" for c in text)


def blocks(report: Report) -> list[Block]:
    """The chairman's page and the appendix."""
    return [*_page(report), NewPage(), *_appendix(report)]


def _page(report: Report) -> list[Block]:
    campaign, figure = report.campaign, report.figure
    number, claim = telling.headline(report)
    reached = figure is not None and figure.reached
    made: list[Block] = [
        Title(
            RESULT.format(title=campaign.title),
            f"{campaign.organiser}　{campaign.opens} 至 {campaign.closes}",
        ),
        Big(telling.meaning(campaign), number, claim, reached, telling.sentence(report)),
    ]
    if figure is not None:
        made.append(Picture(main_plot(figure), _legend(report)))
    asked = telling.asked(report) + telling.compared(report)
    if asked:
        made += [Heading(ASKED if figure else CAME), Bullets(tuple(a for a in asked if a))]
    made += [Heading(NOT_SAID), Bullets(tuple(telling.not_said(report)))]
    missing = telling.missing(report)
    if missing:
        lines = tuple(f"第{a.area}领域“{AREAS[a.area]}”：{a.cell.shown}的人答错" for a in missing)
        made += [Heading(MISSING), Bullets(lines)]
    todo = telling.todo(report)
    if todo:
        made += [Heading(NEXT), Bullets(tuple(todo))]
    return made


def _legend(report: Report) -> str:
    silent = report.figure is not None and report.figure.silent
    line = "；细线：没答的人全不懂到全懂" if silent else ""
    return f"圆点：估计；粗条：有95%的把握的范围{line}；虚线：90%。粗条整个在虚线右边，才能说达到。"


def _appendix(report: Report) -> list[Block]:
    made: list[Block] = [Title(APPENDIX, report.campaign.title)]
    made += [Heading(CARD), Grid(("", ""), tuple(card(report)), (1, 5))]
    if report.areas and any(a.cell.answered for a in report.areas):
        key = "；".join(f"{a.area} {AREAS[a.area]}" for a in report.areas)
        made += [Heading(AREA), Picture(areas_plot(report.areas), AREA_NOTE, f"{key}。")]
    if report.figure is not None:
        made += _units(report)
    elif report.units:
        made += [Heading(UNITS), Para(CAME_NOTE), _came(report)]
    if report.items is not None and report.items.lines:
        made += [Heading(ITEMS), *_items(report)]
    return made


def _units(report: Report) -> list[Block]:
    if not report.units:
        return [Heading(UNITS), Para(f"没有{LEAST_SHOWN}人以上作答、又能单独显示的单位。")]
    lines = [*report.units, *([report.pool] if report.pool else [])]
    rows = tuple(_unit(n, u) for n, u in enumerate(lines, 1))
    head = ("", "单位", "职工", "请了", "答了", "合格", "下限–上限", "结论")
    made: list[Block] = [
        Heading(UNITS),
        Para(UNITS_NOTE),
        Grid(head, rows, (0.6, 3.2, 0.9, 0.9, 0.9, 1.1, 1.8, 2.4)),
    ]
    if any(u.low is not None for u in report.units):
        made.append(
            Picture(
                units_plot(report.units),
                "左边是上表的编号。实心：已达到；空心：尚不能证明；没有圆点：只说范围。",
            )
        )
    areas = sorted({a for u in lines for a in u.cells})
    if areas:
        cells = tuple(
            (str(n), u.name, *(_short(u.cells[a].shown) if a in u.cells else "" for a in areas))
            for n, u in enumerate(lines, 1)
        )
        made += [
            Heading("各单位缺哪一块"),
            Para(TABLE_NOTE),
            Grid(("", "单位", *map(str, areas)), cells, (0.6, 3.0, *[0.72] * len(areas))),
        ]
    return made


def _unit(number: int, u: UnitLine) -> tuple[str, ...]:
    between = "" if u.low is None or u.high is None else f"{percent(u.low)}–{above(u.high)}"
    claim = u.claim if u.reached else "尚不能证明" if u.claim else ""
    return (
        str(number), u.name, str(u.population), str(u.asked), str(u.answered), u.told, between,
        claim,
    )  # fmt: skip


def _came(report: Report) -> Grid:
    lines = [*report.units, *([report.pool] if report.pool else [])]
    rows = tuple((u.name, str(u.population), str(u.answered)) for u in lines)
    return Grid(("单位", "职工", "参加人次"), rows, (4, 1, 1))


def _short(shown: str) -> str:
    """A cell of a narrow column."""
    return {"低": "<10", "高": ">90", "不": "–", "没": "–"}.get(shown[0], shown.rstrip("%"))


def _items(report: Report) -> list[Block]:
    assert report.items is not None
    flagged = [line for line in report.items.lines if line.figures.flags]
    told = f"共{len(report.items.lines)}道。"
    if not flagged:
        return [Para(told + FLAWLESS)]
    flagged.sort(key=lambda line: (not line.figures.withdraw, line.area, line.id))
    rows = []
    for line in flagged:
        f = line.figures
        flags = [
            f"没人选的选项：{'、'.join(f.unused)}" if flag == IDLE else flag for flag in f.flags
        ]
        rows.append(
            (
                line.id,
                str(line.area or "–"),
                str(f.answers),
                f"{f.facility:.0%}" if f.facility is not None else "–",
                f"{f.item_rest:+.2f}" if f.item_rest is not None else "–",
                ("撤下：" if f.withdraw else "") + "；".join(flags),
            )
        )
    head = ("题号", "领域", "作答", "答对率", "区分度", "看什么")
    return [Para(told + ITEMS_NOTE), Grid(head, tuple(rows), (2.6, 0.8, 0.9, 1, 1, 4.5))]
