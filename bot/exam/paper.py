"""The certificate on paper: one A4 page as PDF, with its signed text in a QR code and attached.

Where the system has a Chinese font, it is embedded as far as it is used. Else the page asks the
reader's program for its own (Adobe-GB1, as PDF 1.7, 9.7.5.2 defines it), which desktop readers
have; that is said when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import segno

from bot.exam import words
from bot.exam.certificate import Certificate, find, read
from bot.exam.rules import ExamError

ATTACHED = "certificate.txt"
WIDE, HIGH = 210.0, 297.0
MM = 72 / 25.4

FONTS = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("C:/Windows/Fonts/msyh.ttc", 0),
    ("C:/Windows/Fonts/simsun.ttc", 0),
    ("/System/Library/Fonts/STHeiti Light.ttc", 0),
)
"""Where systems keep a font for simplified Chinese, and its place in a collection."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words at a place in mm from the top left; `size` in points; `at` 0 left, .5 middle, 1 right
    of `x`. `grey` from 0 (black) to 255."""

    x: float
    y: float
    size: float
    words: str
    at: float = 0.0
    grey: int = 20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in mm; filled where `stroke` is 0."""

    x: float
    y: float
    wide: float
    high: float
    stroke: float = 0.0
    grey: int = 0


Drawing = Sequence[Line | Box]
Measure = Callable[[str, float], float]
"""The width in mm of words at a size in points."""


def find_font() -> tuple[Path, int] | None:
    """A Chinese font of this system, None where none is where it should be."""
    return next(((Path(p), n) for p, n in FONTS if Path(p).is_file()), None)


def paper(token: str, address: str = "", font: tuple[Path, int] | None = None) -> bytes:
    """The PDF of a signed text. `address` of the page that verifies, so that the code opens it;
    without a `font` the reader's is asked for. Raises ExamError for a font that cannot be used."""
    certificate = read(token)
    if font is None:
        from bot.exam.plainpaper import measure, render

        return render(layout(certificate, token, address, measure), token, certificate.serial)
    return _embedded(certificate, token, address, font)


def token_in(pdf: bytes) -> str:
    """The signed text that a certificate's PDF carries. Raises ExamError."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        attached = PdfReader(BytesIO(pdf)).attachments
        found = [find(d.decode("ascii", "replace")) for name in attached for d in attached[name]]
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExamError(f"这个 PDF 读不出来（{error}）") from error
    if len(tokens := {t for t in found if t}) != 1:
        raise ExamError(words.NO_TEXT.format(place="PDF"))
    return tokens.pop()


def layout(certificate: Certificate, token: str, address: str, measure: Measure) -> Drawing:
    """Where everything stands on the page."""
    c, middle = certificate, WIDE / 2
    said = words.PAPER_SAYS.format(
        day=_day(c.taken), total=c.total, correct=c.correct, needed=c.needed
    )
    drawn: list[Line | Box] = [
        Box(12, 12, WIDE - 24, HIGH - 24, 0.9, 60),
        Box(14.5, 14.5, WIDE - 29, HIGH - 29, 0.25, 60),
        Line(middle, 56, 32, words.PAPER_TITLE, 0.5),
        Line(middle, 67, 11, f"证书编号 {c.serial}", 0.5, 90),
        *_fitting(middle, 99, 30, c.name, 150, measure),
        *_fitting(middle, 113, 15, c.unit, 160, measure),
    ]
    y = 132.0
    for text in _wrapped(said, 14, 150, measure):
        drawn.append(Line(30, y, 14, text))
        y += 9
    for text in _wrapped(words.PAPER_UNTIL.format(day=_day(c.expires)), 14, 150, measure):
        drawn.append(Line(30, y, 14, text))
        y += 9
    drawn += _fitting(180, 180, 15, c.issuer, 150, measure, 1.0)
    drawn.append(Line(180, 190, 13, _day(c.issued), 1.0))
    code = f"{address}#{token}" if address else token
    drawn += _code(code, 30, 203, 46)
    y = 212.0
    for part in (*words.PAPER_CHECK, words.PAPER_TRUTH):
        for text in _wrapped(part, 11, 98, measure):
            drawn.append(Line(82, y, 11, text, grey=60))
            y += 7
    drawn.append(Box(30, 254, 150, 20, 0.3, 60))
    drawn.append(Line(middle, 261.5, 13, words.NOT_REQUIRED, 0.5))
    y = 266.5
    for text in _wrapped(words.NOT_REQUIRED_WHY, 8.5, 142, measure):
        drawn.append(Line(middle, y, 8.5, text, 0.5, 60))
        y += 4.5
    return drawn


def _fitting(
    x: float, y: float, size: float, said: str, wide: float, measure: Measure, at: float = 0.5
) -> list[Line]:
    """One line, in smaller type if it would not fit."""
    width = measure(said, size)
    return [Line(x, y, min(size, size * wide / width) if width else size, said, at)]


def _wrapped(said: str, size: float, wide: float, measure: Measure) -> list[str]:
    lines = [""]
    for c in said:
        # No line begins with a stop: it may hang over the edge.
        if lines[-1] and c not in "，。、；）" and measure(lines[-1] + c, size) > wide:
            lines.append("")
        lines[-1] += c
    return lines


def _code(said: str, x: float, y: float, wide: float) -> list[Box]:
    """A QR code, its dark runs as bars."""
    matrix = segno.make(said, error="m", micro=False).matrix
    module = wide / len(matrix)
    bars = []
    for row, cells in enumerate(matrix):
        column = 0
        while column < len(cells):
            run = column
            while run < len(cells) and cells[run]:
                run += 1
            if run > column:
                bars.append(
                    Box(x + column * module, y + row * module, (run - column) * module, module)
                )
            column = max(run, column + 1)
    return bars


def _day(day: object) -> str:
    year, month, number = str(day).split("-")
    return f"{year}年{int(month)}月{int(number)}日"


def _embedded(certificate: Certificate, token: str, address: str, font: tuple[Path, int]) -> bytes:
    from datetime import UTC, datetime, time

    from fpdf import FPDF
    from fpdf.errors import FPDFException
    from fpdf.fonts import TTFFont

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(certificate.issued, time(), UTC))
    pdf.set_title(f"{words.PAPER_TITLE} {certificate.serial}")
    pdf.set_keywords(token)  # in plain bytes, where the page in the browser can find it
    pdf.set_lang("zh-CN")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    path, place = font
    try:
        pdf.add_font("cjk", "", path, collection_font_number=place)
    except (FPDFException, OSError, ValueError, KeyError, IndexError) as error:
        raise ExamError(f"{path}: 这个字体用不了（{error}）") from error

    def measure(said: str, size: float) -> float:
        pdf.set_font("cjk", size=size)
        return pdf.get_string_width(said)

    drawn = layout(certificate, token, address, measure)
    used = pdf.fonts["cjk"]
    assert isinstance(used, TTFFont)
    has = used.cmap
    said = {c for d in drawn if isinstance(d, Line) for c in d.words}
    if lacking := sorted(c for c in said if ord(c) not in has and c != " "):
        raise ExamError(f"{path}: 字体里没有“{'”“'.join(lacking)}”，请用 --font 换一个字体")
    for d in drawn:
        if isinstance(d, Line):
            pdf.set_text_color(d.grey)
            width = measure(d.words, d.size)
            pdf.text(d.x - d.at * width, d.y, d.words)
        elif d.stroke:
            pdf.set_draw_color(d.grey)
            pdf.set_line_width(d.stroke)
            pdf.rect(d.x, d.y, d.wide, d.high)
        else:
            pdf.set_fill_color(d.grey)
            pdf.rect(d.x, d.y, d.wide, d.high, style="F")
    pdf.embed_file(bytes=token.encode(), basename=ATTACHED, desc=words.PAPER_TITLE)
    return bytes(pdf.output())
