"""Official web pages: the readable text, without menus, scripts and footers."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from knowledge.importers.draft import Draft, clean_lines, draft
from knowledge.importers.heads import article_head
from knowledge.importers.text import decode

_NOISE = ("script", "style", "noscript", "nav", "header", "footer", "aside", "form", "button",
          "iframe", "select", "svg", "template", "head")  # fmt: skip
_MENU = re.compile(
    r"(?:^|[-_ ])(?:nav|menu|crumbs?|breadcrumb|footer|sidebar|share|toolbar|pager|copyright)"
    r"(?:$|[-_ ])",
    re.I,
)
_BLOCKS = ("p", "div", "br", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "dd",
           "dt", "blockquote", "center", "pre", "ul", "ol", "table", "tr")  # fmt: skip
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.I)


def read(data: bytes, path: Path) -> Draft:
    """Lines of the element that holds the text: the smallest one with nearly all of it."""
    soup = BeautifulSoup(_decode(data, path), "lxml")
    for tag in soup.find_all(_NOISE):
        tag.decompose()
    for tag in soup.find_all(True):
        if tag.decomposed or tag.name in ("html", "body"):
            continue
        names = [*(tag.get_attribute_list("class") or []), tag.get("id") or ""]
        # A page may call the frame around everything a menu: what holds articles stays.
        if (
            any(name and _MENU.search(str(name)) for name in names)
            and "第一条" not in tag.get_text()
        ):
            tag.decompose()
    for table in soup.find_all("table"):
        if not table.find("table"):
            _flatten(table)
    body = soup.body or soup
    main = _main(body)
    lines, warnings = clean_lines(_text(main))
    return draft(lines, warnings=warnings)


def _decode(data: bytes, path: Path) -> str:
    found = _CHARSET.search(data[:2048])
    if found and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        name = found.group(1).decode("ascii").lower()
        try:
            return data.decode("gb18030" if name.startswith("gb") else name)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data, path)


def _flatten(table: Tag) -> None:
    """A data table as lines with bars; a layout table (one column, or articles in it) as text."""
    rows = [[" ".join(c.get_text(" ").split()) for c in row.find_all(["td", "th"])]
            for row in table.find_all("tr")]  # fmt: skip
    if all(len(row) < 2 for row in rows) or "第一条" in table.get_text():
        return
    lines = ["| " + " | ".join(row) + " |" for row in rows if any(row)]
    table.replace_with("\n" + "\n".join(lines) + "\n")


def _main(body: Tag) -> Tag:
    """Go down while one child holds nearly all heads and the title stays inside."""
    here = body
    while True:
        size = len(here.get_text())
        inner = list(here.find_all(True, recursive=False))
        best = max(inner, key=lambda child: len(child.get_text()), default=None)
        if best is None or best.name in ("p", "span", "pre") or len(best.get_text()) < size * 0.9:
            return here
        before = [line for child in here.contents if child is not best
                  for line in child.get_text().split("\n") if line.strip()]  # fmt: skip
        if any(article_head(line.strip()) for line in before) or any(
            re.search(r"(?:法|条例|规定|办法|解释|决定)$", line.strip()) for line in before
        ):
            return here
        here = best


def _text(main: Tag) -> str:
    for tag in main.find_all(["br"]):
        tag.replace_with("\n")
    for tag in main.find_all(_BLOCKS):
        tag.insert_before("\n")
        tag.insert_after("\n")
    out = []
    for piece in main.strings:
        # Line ends inside the page's source are blanks; those put in above stand alone.
        out.append(
            piece if not piece.strip("\n") or "|" in piece else re.sub(r"\s*\n\s*", "", piece)
        )
    return "".join(out)
