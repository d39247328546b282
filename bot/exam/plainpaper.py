"""The certificate's page without a font of its own: the reader's Adobe-GB1 font is asked for."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from bot.exam.paper import ATTACHED, HIGH, MM, WIDE, Box, Drawing, Line

NARROW = (1, 95)
"""The places of ASCII in Adobe-GB1, half as wide as a Chinese character."""


def measure(said: str, size: float) -> float:
    """Widths as the font's table below gives them."""
    return sum(0.5 if c.isascii() else 1.0 for c in said) * size / MM


def render(drawn: Drawing, token: str, title: str) -> bytes:
    """The PDF of a drawing, with the signed text attached."""
    writer = PdfWriter()
    page = writer.add_blank_page(WIDE * MM, HIGH * MM)
    font = writer._add_object(_font(writer))
    fonts = DictionaryObject({NameObject("/F"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    content = DecodedStreamObject()
    content.set_data("\n".join(_operators(d) for d in drawn).encode("ascii"))
    page[NameObject("/Contents")] = writer._add_object(content.flate_encode())
    writer.add_metadata({"/Title": title, "/Keywords": token})
    writer.add_attachment(ATTACHED, token.encode())
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _operators(d: Line | Box) -> str:
    grey = d.grey / 255
    if isinstance(d, Line):
        x = (d.x - d.at * measure(d.words, d.size)) * MM
        shown = d.words.encode("utf-16-be").hex()
        return (
            f"BT {grey:.3f} g /F {d.size:.2f} Tf {x:.2f} {(HIGH - d.y) * MM:.2f} Td <{shown}> Tj ET"
        )
    x, y, wide, high = (n * MM for n in (d.x, HIGH - d.y - d.high, d.wide, d.high))
    box = f"{x:.3f} {y:.3f} {wide:.3f} {high:.3f} re"
    if d.stroke:
        return f"{grey:.3f} G {d.stroke * MM:.3f} w {box} S"
    return f"{grey:.3f} g {box} f"


def _font(writer: PdfWriter) -> DictionaryObject:
    def named(**values: object) -> DictionaryObject:
        found = DictionaryObject()
        for key, value in values.items():
            found[NameObject(f"/{key}")] = value
        return found

    system = named(
        Registry=TextStringObject("Adobe"),
        Ordering=TextStringObject("GB1"),
        Supplement=NumberObject(5),
    )
    descriptor = named(
        Type=NameObject("/FontDescriptor"),
        FontName=NameObject("/STSong-Light"),
        Flags=NumberObject(6),
        FontBBox=ArrayObject(FloatObject(n) for n in (-25, -254, 1000, 880)),
        ItalicAngle=NumberObject(0),
        Ascent=NumberObject(880),
        Descent=NumberObject(-120),
        CapHeight=NumberObject(737),
        StemV=NumberObject(93),
    )
    first, last = NARROW
    widths = ArrayObject([NumberObject(first), NumberObject(last), NumberObject(500)])
    descendant = named(
        Type=NameObject("/Font"),
        Subtype=NameObject("/CIDFontType0"),
        BaseFont=NameObject("/STSong-Light"),
        CIDSystemInfo=system,
        FontDescriptor=writer._add_object(descriptor),
        DW=NumberObject(1000),
        W=widths,
    )
    return named(
        Type=NameObject("/Font"),
        Subtype=NameObject("/Type0"),
        BaseFont=NameObject("/STSong-Light-UniGB-UTF16-H"),
        Encoding=NameObject("/UniGB-UTF16-H"),
        DescendantFonts=ArrayObject([writer._add_object(descendant)]),
    )
