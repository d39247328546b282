"""The plots of a report, once as SVG and once as PNG, from the same drawing.

No information by colour alone: bounds are bars, estimates dots, what is proved is filled, and
every number stands beside its mark. A PNG has no Chinese, since no font can be counted on: rows
carry numbers there, which the text beside it explains.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from bot.awareness.areas import LEAST_SHOWN
from bot.awareness.inputs import TARGET
from bot.awareness.words import percent
from bot.campaign.reported import AreaLine, Figure, UnitLine
from bot.campaign.telling import above
from knowledge.lessons import AREAS

INK, BAR, SOFT, LINE = "#1b1b1b", "#1f4e79", "#9db4c9", "#b00020"
FAMILY = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC','Heiti SC',sans-serif"


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    fill: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle: filled, or open."""

    x: float
    y: float
    radius: float
    filled: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line; dashed ones run down or across."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    colour: str = INK
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """`plain` stands for it where there is no Chinese font; "" leaves it out."""

    x: float
    y: float
    size: float
    says: str
    plain: str
    anchor: str = "start"
    bold: bool = False
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a white sheet; `says` tells all of it in words, for who cannot see it."""

    width: int
    height: int
    says: str
    marks: list[Rect | Dot | Rule | Text] = field(default_factory=list)


# Drawings


def main_plot(figure: Figure) -> Drawing:
    """The interval against the 90 % line, and what silence leaves possible."""
    least = min(figure.low, figure.possible[0]) if figure.silent else figure.low
    scale = _Scale(min(0.8, least), 40, 660)
    says = (
        f"估计{figure.share * 100:.1f}%，区间{percent(figure.low)}到{above(figure.high)}，90%线"
        f"{'在区间左边' if figure.low >= TARGET else '不在区间左边'}"
    )
    made = Drawing(700, 130, says)
    marks = made.marks
    scale.axis(marks, 104)
    if figure.silent:
        low, high = scale(figure.possible[0]), scale(figure.possible[1])
        marks += [Rule(low, 84, high, 84, 2, SOFT), Rule(low, 78, low, 90, 2, SOFT)]
        marks += [Rule(high, 78, high, 90, 2, SOFT)]
    marks.append(Rect(scale(figure.low), 50, scale(figure.high) - scale(figure.low), 18, BAR))
    marks.append(Rule(scale(TARGET), 22, scale(TARGET), 104, 2.5, LINE, True))
    marks.append(Text(scale(TARGET), 16, 15, "90%线", "90%", "middle", True, LINE))
    marks.append(Dot(scale(figure.share), 59, 8, figure.reached))
    told = f"{percent(figure.low)}–{above(figure.high)}"
    plain = told.replace("–", "-")  # the font that comes with Pillow has no dash
    if scale(figure.low) > 220:  # beside the bar, where no line runs through it
        marks.append(Text(scale(figure.low) - 8, 64, 15, told, plain, "end"))
    else:
        marks.append(Text(scale(figure.high) + 8, 64, 15, told, plain))
    return made


def areas_plot(areas: Sequence[AreaLine]) -> Drawing:
    """Share wrong by area, in the order of the areas."""
    shown = [a for a in areas if a.cell.answered]
    told = "；".join(f"{AREAS[a.area]}{a.cell.shown}" for a in shown)
    made = Drawing(700, 20 + 27 * len(shown), f"各领域答错的比例：{told}")
    for n, line in enumerate(shown):
        y = 12 + 27 * n
        share = line.cell.share_wrong
        if share is None:
            share = 1 - 1 / LEAST_SHOWN if line.cell.shown.startswith("高") else 1 / LEAST_SHOWN
        plain = {"低": "<10%", "高": ">90%"}.get(line.cell.shown[0], line.cell.shown)
        made.marks.append(
            Text(300, y + 15, 14, f"{line.area} {AREAS[line.area]}", str(line.area), "end")
        )
        made.marks.append(Rect(308, y + 2, 330 * share, 17, BAR if share >= 0.3 else SOFT))
        made.marks.append(
            Text(314 + 330 * share, y + 15, 14, line.cell.shown, plain, bold=share >= 0.3)
        )
    return made


def units_plot(units: Sequence[UnitLine]) -> Drawing:
    """Every unit's interval against the 90 % line, numbered as in the table."""
    known = [(n, u) for n, u in enumerate(units, 1) if u.low is not None and u.high is not None]
    least = min([u.low or 0.0 for _, u in known], default=0.8)
    scale = _Scale(min(0.8, least), 230, 660)
    height = 34 + 18 * len(known)
    made = Drawing(700, height + 34, f"{len(known)}个单位的区间，数字见表")
    marks = made.marks
    scale.axis(marks, height)
    for row, (n, u) in enumerate(known):
        y = 34 + 18 * row
        low, high = scale(u.low or 0.0), scale(u.high or 0.0)
        marks.append(Text(222, y + 9, 12, f"{n} {u.name}", str(n), "end"))
        marks.append(Rect(low, y + 2, max(1.0, high - low), 7, SOFT))
        if u.share is not None:
            marks.append(Dot(scale(u.share), y + 5.5, 5, u.reached))
        elif u.reached:
            marks.append(Dot((low + high) / 2, y + 5.5, 5, True))
    marks.append(Rule(scale(TARGET), 24, scale(TARGET), height, 2, LINE, True))
    marks.append(Text(scale(TARGET), 16, 13, "90%线", "90%", "middle", True, LINE))
    return made


class _Scale:
    """Shares to points from `left` to `right`; begins at a multiple of ten per cent."""

    def __init__(self, least: float, left: float, right: float) -> None:
        self.least = max(0, int(least * 10 - 1e-9)) / 10
        self._left, self._right = left, right

    def __call__(self, share: float) -> float:
        part = (share - self.least) / (1 - self.least)
        return self._left + (self._right - self._left) * part

    def axis(self, marks: list[Rect | Dot | Rule | Text], y: float) -> None:
        marks.append(Rule(self._left, y, self._right, y, 1))
        for tenth in range(round(self.least * 10), 11):
            x, told = self(tenth / 10), f"{tenth * 10}%"
            marks.append(Rule(x, y, x, y + 5, 1))
            marks.append(Text(x, y + 20, 13, told, told, "middle"))


# Writing


def svg(drawing: Drawing, ident: str) -> str:
    """The drawing as a piece of a page; `ident` must be another one for each of a page."""
    parts = [
        f'<svg viewBox="0 0 {drawing.width} {drawing.height}" role="img" '
        f'aria-labelledby="{ident}" font-family="{FAMILY}">'
        f'<title id="{ident}">{escape(drawing.says)}</title>'
    ]
    for mark in drawing.marks:
        match mark:
            case Rect(x, y, width, height, fill):
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                    f'fill="{fill}"/>'
                )
            case Dot(x, y, radius, filled):
                parts.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" stroke="{INK}" '
                    f'stroke-width="2" fill="{INK if filled else "#fff"}"/>'
                )
            case Rule(x1, y1, x2, y2, width, colour, dashed):
                dash = ' stroke-dasharray="6 4"' if dashed else ""
                parts.append(
                    f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                    f'stroke="{colour}" stroke-width="{width:g}"{dash}/>'
                )
            case Text(x, y, size, says, _, anchor, bold, colour):
                weight = ' font-weight="700"' if bold else ""
                parts.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" '
                    f'fill="{colour}"{weight}>{escape(says)}</text>'
                )
    return "".join(parts) + "</svg>"


def png(drawing: Drawing, times: int = 3) -> bytes:
    """The drawing as a picture, the same bytes for the same drawing."""
    from PIL import Image, ImageDraw, ImageFont  # only a .docx needs it

    size = (drawing.width * times, drawing.height * times)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for mark in drawing.marks:
        match mark:
            case Rect(x, y, width, height, fill):
                box = (x * times, y * times, (x + width) * times, (y + height) * times)
                draw.rectangle(box, fill=fill)
            case Dot(x, y, radius, filled):
                draw.circle(
                    (x * times, y * times), radius * times,
                    fill=INK if filled else "white", outline=INK, width=2 * times,
                )  # fmt: skip
            case Rule(x1, y1, x2, y2, width, colour, dashed):
                for one in _dashes(x1, y1, x2, y2) if dashed else [(x1, y1, x2, y2)]:
                    draw.line([p * times for p in one], colour, round(width * times))
            case Text(x, y, size_, _, plain, anchor, _, colour):
                if plain:
                    font = ImageFont.load_default(size_ * times)
                    where = {"start": "ls", "middle": "ms", "end": "rs"}[anchor]
                    draw.text((x * times, y * times), plain, colour, font, where)
    out = io.BytesIO()
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(out, "PNG", optimize=True)
    return out.getvalue()


def _dashes(x1: float, y1: float, x2: float, y2: float) -> list[tuple[float, float, float, float]]:
    """A line down, in pieces of six with gaps of four."""
    pieces, y = [], y1
    while y < y2:
        pieces.append((x1, y, x2, min(y + 6, y2)))
        y += 10
    return pieces
