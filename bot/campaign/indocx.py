"""A report as a .docx that says nothing of who wrote it, the same bytes for the same report."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

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
from bot.campaign.plots import png
from bot.campaign.reported import Report

FONT = "微软雅黑"
WIDTH = 17.6
"""Centimetres between the margins of A4."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""


def document(report: Report) -> bytes:
    """The whole file."""
    made = docx.Document()
    _layout(made)
    for block in blocks(report):
        _write(made, block, report)
    _anonymous(made, report)
    out = io.BytesIO()
    made.save(out)
    return _timeless(out.getvalue())


def _layout(made: Any) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm((21 - WIDTH) / 2)
    section.top_margin = section.bottom_margin = Cm(1.4)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(1)
    normal.paragraph_format.line_spacing = 1.12


def _write(made: Any, block: Block, report: Report) -> None:
    match block:
        case Title(text, under):
            _heading(made, text, 1, 18)
            _small(made, under)
        case Big(over, number, claim, _, under):
            frame = made.add_table(1, 1, style="Table Grid")
            frame.alignment = WD_TABLE_ALIGNMENT.CENTER
            cell = frame.cell(0, 0)
            cell.paragraphs[0].add_run(over)
            line = cell.add_paragraph()
            for text, size in ((number, 38), (f"　{claim}", 19)):
                run = line.add_run(text)
                run.bold, run.font.size = True, Pt(size)
            cell.add_paragraph(under)
        case Heading(text):
            _heading(made, text, 2, 13)
        case Bullets(lines):
            for text in lines:
                made.add_paragraph(text, style="List Bullet").paragraph_format.space_after = Pt(1)
        case Para(text):
            _small(made, text)
        case Picture(drawing, under, key):
            shown = made.add_picture(io.BytesIO(png(drawing)), width=Cm(WIDTH))
            around = made.paragraphs[-1].paragraph_format
            around.line_spacing, around.space_before = 1.0, Pt(8)
            shown._inline.docPr.set("descr", drawing.says)
            shown._inline.docPr.set("name", f"plot{len(made.inline_shapes)}")
            _small(made, under + key)
        case Grid():
            _grid(made, block)
        case NewPage():
            made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)


def _heading(made: Any, text: str, level: int, size: float) -> None:
    heading = made.add_heading(text, level)
    heading.paragraph_format.space_before = Pt(7 if level > 1 else 0)
    heading.paragraph_format.space_after = Pt(1)
    for run in heading.runs:
        run.font.size, run.font.color.rgb = Pt(size), RGBColor(0x1B, 0x1B, 0x1B)
        run.font.name = "Arial"
        run._element.rPr.rFonts.set(qn("w:eastAsia"), FONT)


def _small(made: Any, text: str) -> None:
    if text:
        run = made.add_paragraph().add_run(text)
        run.font.size = Pt(9)


def _grid(made: Any, grid: Grid) -> None:
    head = [grid.head] if any(grid.head) else []
    table = made.add_table(0, len(grid.head), style="Table Grid")
    table.autofit = False
    whole = sum(grid.wide)
    number = [all(number_like(c) for c in column) for column in zip(*grid.rows, strict=True)]
    for column, wide in zip(table.columns, grid.wide, strict=True):
        column.width = Cm(WIDTH * wide / whole)
    for n, row in enumerate([*head, *grid.rows]):
        cells = table.add_row().cells
        for cell, text, wide, right in zip(cells, row, grid.wide, number, strict=True):
            cell.width = Cm(WIDTH * wide / whole)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.line_spacing = 1.0
            paragraph.paragraph_format.space_after = Pt(0)
            if right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            run = paragraph.add_run(text)
            run.font.size = Pt(8.5)
            run.bold = (bool(head) and n == 0) or (not head and cell is cells[0])
        if head and n == 0:
            # Said again on each page that the table reaches.
            again = OxmlElement("w:tblHeader")
            again.set(qn("w:val"), "true")
            table.rows[0]._tr.get_or_add_trPr().append(again)
    made.add_paragraph()


def _anonymous(made: Any, report: Report) -> None:
    core = made.core_properties
    for name in ("author", "comments", "keywords", "last_modified_by", "subject", "category"):
        setattr(core, name, "")
    day = report.campaign.closes
    core.created = core.modified = datetime(day.year, day.month, day.day)
    core.title, core.revision, core.language = report.campaign.title, 1, "zh-CN"


def _timeless(data: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in sorted(before.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            after.writestr(zipfile.ZipInfo(name, EPOCH), before.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
