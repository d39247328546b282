"""A report as one page: read on a screen, printed on A4, no script, nothing loaded."""

from __future__ import annotations

from html import escape

from bot.campaign.blocks import (
    Big,
    Block,
    Bullets,
    Grid,
    Heading,
    NewPage,
    Para,
    Picture,
    Title,
    blocks,
    number_like,
)
from bot.campaign.plots import FAMILY, svg
from bot.campaign.reported import Report

STYLE = f"""
:root {{ color-scheme: light }}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: #e9e9e6; color: #1b1b1b; font: 17px/1.6 {FAMILY} }}
main {{ max-width: 210mm; margin: 0 auto 6mm; padding: 12mm 16mm; background: #fff }}
h1 {{ font-size: 1.5em; line-height: 1.3; margin: 0 }}
h2 {{ font-size: 1.12em; margin: .9em 0 .2em; padding-left: .5em; border-left: 5px solid #1f4e79 }}
.under {{ margin: 0 0 .6em; color: #444; font-size: .88em }}
.big {{ border: 2px solid #1b1b1b; border-radius: 8px; padding: .5em 1em .6em; margin: .5em 0 }}
.big p {{ margin: .1em 0 }}
.figure {{ display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1em }}
.number {{ font-size: 3.2em; font-weight: 700; line-height: 1.15 }}
.claim {{ font-size: 1.5em; font-weight: 700 }}
.claim::before {{ content: "✕ " }}
.yes .claim::before {{ content: "✓ " }}
.only .claim::before {{ content: "" }}
ul {{ margin: 0; padding-left: 1.2em }}
li {{ margin: .12em 0 }}
svg {{ display: block; width: 100%; height: auto; max-width: 178mm }}
.told {{ margin: 0; font-size: .8em; color: #444 }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; width: 100%; font-size: .8em; line-height: 1.4 }}
th, td {{ border-bottom: 1px solid #bbb; padding: 2px 4px; text-align: left; vertical-align: top }}
thead th {{ border-bottom: 2px solid #1b1b1b; white-space: nowrap }}
tbody th {{ font-weight: 600; white-space: nowrap }}
td.n, th.n {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }}
@page {{ size: A4; margin: 12mm 14mm }}
@media print {{
  body {{ background: #fff; font-size: 11.5pt; line-height: 1.45 }}
  main {{ max-width: none; margin: 0; padding: 0; break-after: page }}
  main:last-of-type {{ break-after: auto }}
  tr, svg, li {{ break-inside: avoid }}
  h2 {{ break-after: avoid }}
}}
@media (max-width: 600px) {{ main {{ padding: 5mm 4mm }} .number {{ font-size: 2.4em }} }}
"""


def page(report: Report) -> str:
    """The whole page."""
    parts = ["<main>"]
    for number, block in enumerate(blocks(report)):
        parts.append(_write(block, f"plot{number}", report))
    parts.append("</main>")
    title = escape(f"{report.campaign.title}：{report.campaign.metric}")
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _write(block: Block, ident: str, report: Report) -> str:
    match block:
        case Title(text, under):
            return f'<h1>{escape(text)}</h1><p class="under">{escape(under)}</p>'
        case Big(over, number, claim, yes, under):
            kind = "yes" if yes else "no" if report.figure else "only"
            return (
                f'<section class="big {kind}"><p>{escape(over)}</p><p class="figure">'
                f'<span class="number">{escape(number)}</span> '
                f'<span class="claim">{escape(claim)}</span></p>'
                f"<p>{escape(under)}</p></section>"
            )
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Bullets(lines):
            return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
        case Para(text):
            return f'<p class="told">{escape(text)}</p>'
        case Picture(drawing, under, _):
            return svg(drawing, ident) + f'<p class="told">{escape(under)}</p>'
        case Grid():
            return _grid(block)
        case NewPage():
            return "</main>\n<main>"


def _grid(grid: Grid) -> str:
    columns = list(zip(*grid.rows, strict=True))
    number = [all(number_like(c) for c in column) for column in columns]
    head = ""
    if any(grid.head):
        cells = "".join(
            f"<th{_class(n)}>{escape(h)}</th>" for h, n in zip(grid.head, number, strict=True)
        )
        head = f"<thead><tr>{cells}</tr></thead>"
    rows = []
    for row in grid.rows:
        cells = "".join(
            f"<th>{escape(c)}</th>"
            if not head and at == 0
            else f"<td{_class(number[at])}>{escape(c)}</td>"
            for at, c in enumerate(row)
        )
        rows.append(f"<tr>{cells}</tr>")
    return f'<div class="wide"><table>{head}<tbody>{"".join(rows)}</tbody></table></div>'


def _class(number: bool) -> str:
    return ' class="n"' if number else ""
