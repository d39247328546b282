"""What an organiser prints: slips with one code each to cut up, and a poster for every unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO

import segno

from bot.campaign.plan import Campaign, Unit

# Sentences

HOW = (
    "手机扫左边的码，或打开 {link}，输入下面的码就能答，不用登录。",
    "一个码只能答一次；中途停下，再输同一个码接着答。",
    "码是混在一起抽的，没有人知道谁抽到哪个；谁对谁错，组织者也看不到。",
)
BEFORE_CUTTING = (
    "这一段只在屏幕上显示，打印不出来。{count} 张：打印，剪开，每张对折，放进箱子里混匀，"
    "由抽到名字的职工自己摸一张。不要记谁拿了哪张，不要编号，不要代领；剩下的当场撕掉。"
    "码没有存在任何别的地方：打印完请删掉这个文件，丢了只能重印一批。"
)
SLIPS = "{title}：答题码（{unit}）"
STEPS_CODE = (
    "扫码打开网页，不用登录、不用关注、不装软件。",
    "输入您抽到的16位答题码（大小写都行）。",
    "一题一页，答完一题马上看到为什么；中途停下，再输同一个码接着答。",
)
STEPS_OPEN = (
    "扫码打开网页，不用登录、不用关注、不装软件。",
    "点“开始答题”，一题一页，答完一题马上看到为什么。",
    "答错也不要紧：谁对谁错，组织者也看不到。",
)
KEPT = (
    "不问您是谁，不写 Cookie；答完以后，答案和答题码就分开，合不到一起；"
    "谁合格谁不合格，组织者也看不到。"
)
DATES = "{opens}至{closes}"
OTHER = "也可以在聊天里答（平台看得见您在答题）"
WECHAT, TELEGRAM = "微信扫这个，在公众号里答", "Telegram"

_STYLE = """
@page { size: A4; margin: 10mm; }
* { box-sizing: border-box; }
body { margin: 0; font-family: "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; color: #111; background: #fff; }
svg { display: block; }
"""
_SLIPS = """
.note { margin: 0 0 6mm; padding: 4mm 5mm; border: 2px solid #8a5a00; background: #fff6e0;
  line-height: 1.7; }
.slips { display: grid; grid-template-columns: 1fr 1fr; }
.slip { height: 55mm; padding: 4mm; border: .3mm dashed #999; display: grid; gap: 0 3mm;
  grid-template-columns: 25mm 1fr; align-content: space-between; break-inside: avoid;
  overflow: hidden; }
.slip h2 { grid-column: 1 / 3; margin: 0; font-size: 10.5pt; line-height: 1.35; }
.slip h2 span { display: block; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.slip h2 .of { font-weight: 400; }
.slip svg { width: 25mm; height: 25mm; }
.slip ol { margin: 0; padding-left: 4mm; font-size: 8.4pt; line-height: 1.4; }
.slip li { overflow-wrap: anywhere; }
.slip .code { grid-column: 1 / 3; margin: 0; text-align: center;
  font: 700 16pt/1.2 "DejaVu Sans Mono",
  Consolas, Menlo, monospace; letter-spacing: .04em; white-space: nowrap; }
@media screen { body { max-width: 200mm; margin: 8mm auto; } }
@media print { .note { display: none; } }
"""
_POSTER = """
@page { size: A4; margin: 0; }
.poster { width: 210mm; margin: 0 auto; padding: 15mm 16mm 0; text-align: center; }
h1 { font-size: 32pt; line-height: 1.25; margin: 0 0 3mm; text-wrap: balance; }
h1.long { font-size: 25pt; }
.unit { font-size: 20pt; margin: 0; }
.who { font-size: 13pt; color: #444; margin: 2mm 0 4mm; }
.say { font-size: 9.5pt; color: #333; margin: 2mm 0 0; }
.poster > svg { width: 102mm; height: 102mm; margin: 0 auto; }
.link { font: 12pt/1.4 "DejaVu Sans Mono", Consolas, monospace; margin: 1mm 0 4mm;
  overflow-wrap: anywhere; }
ol { text-align: left; font-size: 15pt; line-height: 1.55; margin: 0 auto 5mm;
  padding-left: 9mm; max-width: 165mm; }
.kept { font-size: 11pt; line-height: 1.5; margin: 0 auto; max-width: 165mm;
  padding: 3mm 5mm; border: .4mm solid #666; border-radius: 2mm; }
.others { display: flex; justify-content: center; align-items: flex-end; gap: 14mm;
  margin-top: 5mm; font-size: 9.5pt; color: #333; }
.others svg { width: 26mm; height: 26mm; margin: 0 auto 1mm; }
.others p { margin: 0; }
"""


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to take part, as a small code on the poster: what it is, what it carries."""

    name: str
    link: str


def slips(campaign: Campaign, unit: Unit, codes: Sequence[str], url: str) -> str:
    """The codes of one unit as HTML for A4, ten on a page, in the order given."""
    door = f"{url}/quiz/{campaign.scene(unit.id)}"
    shown = f"{url}/quiz".partition("://")[2]
    how = "".join(f"<li>{escape(h.format(link=shown))}</li>" for h in HOW)
    head = (
        f'<h2><span>{escape(campaign.title)}</span><span class="of">{escape(unit.name)}</span></h2>'
    )
    # One drawing for all slips: a thousand of them would make a file that no browser opens.
    image = '<svg viewBox="0 0 10 10"><use href="#door" width="10" height="10"/></svg>'
    each = "".join(
        f'<div class="slip">{head}{image}<ol>{how}</ol><p class="code">{escape(c)}</p></div>'
        for c in codes
    )
    note = BEFORE_CUTTING.format(count=len(codes))
    body = (
        f'<svg width="0" height="0" style="position:absolute"><defs>{_symbol(door)}</defs></svg>'
        f'<p class="note">{escape(note)}</p><div class="slips">{each}</div>'
    )
    title = SLIPS.format(title=campaign.title, unit=unit.name)
    return _page(title, _STYLE + _SLIPS, body)


def poster(campaign: Campaign, unit: Unit, url: str, others: Sequence[Way] = ()) -> str:
    """One unit's sheet to hang up, as HTML for one A4 page."""
    link = f"{url}/quiz/{campaign.scene(unit.id)}"
    steps = STEPS_CODE if campaign.entrance == "答题码" else STEPS_OPEN
    dates = DATES.format(opens=campaign.opens, closes=campaign.closes)
    small = "".join(f"<div>{svg(w.link)}<p>{escape(w.name)}</p></div>" for w in others)
    more = f'<div class="others">{small}</div><p class="say">{OTHER}</p>' if others else ""
    long = ' class="long"' if len(campaign.title) > 14 else ""
    body = (
        f'<div class="poster"><h1{long}>{escape(campaign.title)}</h1>'
        f'<p class="unit">{escape(unit.name)}</p>'
        f'<p class="who">{escape(campaign.organiser)}　{dates}</p>'
        f'{svg(link)}<p class="link">{escape(link)}</p>'
        f"<ol>{''.join(f'<li>{s}</li>' for s in steps)}</ol>"
        f'<p class="kept">{KEPT}</p>{more}</div>'
    )
    return _page(f"{campaign.title} – {unit.name}", _STYLE + _POSTER, body)


def svg(link: str) -> str:
    """A QR code as an SVG element without size, error correction M, quiet zone included."""
    return _code(link).svg_inline(border=4, omitsize=True)


def svg_file(link: str) -> bytes:
    made = BytesIO()
    _code(link).save(made, kind="svg", border=4, scale=10)
    return made.getvalue()


def png_file(link: str) -> bytes:
    made = BytesIO()
    _code(link).save(made, kind="png", border=4, scale=20)
    return made.getvalue()


def _code(link: str) -> segno.QRCode:
    return segno.make_qr(link, error="m", boost_error=False)


def _symbol(link: str) -> str:
    code = _code(link)
    size = code.symbol_size(border=4)[0]
    inside = svg(link)
    inside = inside[inside.index(">") + 1 : inside.rindex("</svg>")]
    return f'<symbol id="door" viewBox="0 0 {size} {size}">{inside}</symbol>'


def _page(title: str, style: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )
