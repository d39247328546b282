"""How Telegram reads text: UTF-16 units, entities, and its two kinds of markup with their faults.

Source: "Formatting options" and "MessageEntity" of core.telegram.org/bots/api.
"""

from __future__ import annotations

import re
from typing import Any

MOST_TEXT, MOST_CAPTION = 4096, 1024

Entity = dict[str, Any]

RESERVED = set("_*[]()~`>#+-=|{}.!")
PAIRS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
KINDS = {
    "bold": ("b", "strong"),
    "italic": ("i", "em"),
    "underline": ("u", "ins"),
    "strikethrough": ("s", "strike", "del"),
    "code": ("code",),
    "pre": ("pre",),
    "text_link": ("a",),
    "spoiler": ("tg-spoiler", "span"),
    "blockquote": ("blockquote",),
}
TAGS = {tag: kind for kind, tags in KINDS.items() for tag in tags}
ENTITIES = {
    *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold"),
    *("italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"),
    *("code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"),
}
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(@[A-Za-z0-9_]{3,32})?")
MENTION = re.compile(r"(?<![\w@])@[A-Za-z0-9_]{3,32}")


class Refused(Exception):
    """An error of the Bot API: `code` is the HTTP status too."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(words: str) -> Refused:
    return Refused(400, f"Bad Request: {words}")


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def read(
    text: str, mode: str | None, entities: list[Entity] | None, most: int = MOST_TEXT
) -> tuple[str, list[Entity]]:
    """The text that is shown and its entities. Raises Refused in Telegram's words."""
    if mode:
        parsers = {"markdownv2": _markdown, "html": _html, "markdown": _old_markdown}
        parser = parsers.get(mode.lower())
        if parser is None:
            raise bad("unsupported parse_mode")
        text, entities = parser(text)
    entities = entities or []
    if not text.strip():
        raise bad("message text is empty" if most == MOST_TEXT else "caption is empty")
    if units(text) > most:
        long = "message is too long" if most == MOST_TEXT else "message caption is too long"
        raise bad(long)
    _check(text, entities)
    return text, entities


def found(text: str) -> list[Entity]:
    """The entities Telegram finds by itself in what a user types."""
    hits = [("bot_command", m) for m in COMMAND.finditer(text)]
    hits += [("mention", m) for m in MENTION.finditer(text)]
    return [
        {"type": kind, "offset": units(text[: m.start()]), "length": units(m.group())}
        for kind, m in sorted(hits, key=lambda hit: hit[1].start())
    ]


def _check(text: str, entities: list[Entity]) -> None:
    raw = text.encode("utf-16-le")
    for entity in entities:
        kind, offset, length = entity.get("type"), entity.get("offset"), entity.get("length")
        if kind not in ENTITIES:
            raise bad("can't parse MessageEntity: unsupported entity type")
        if not isinstance(offset, int) or not isinstance(length, int) or length <= 0 or offset < 0:
            raise bad("receive an entity with incorrect offset or length")
        if (offset + length) * 2 > len(raw):
            raise bad("entity ends beyond the text")
        for place in (offset, offset + length):
            half = raw[place * 2 : place * 2 + 2]
            if half and 0xDC <= half[1] <= 0xDF:
                raise bad("entity begins or ends in a middle of a UTF-16 symbol")
        if kind == "text_link" and not re.match(
            r"(https?|tg|mailto|tel)://?", entity.get("url", "")
        ):
            raise bad("can't parse MessageEntity: invalid URL")


def _markdown(text: str) -> tuple[str, list[Entity]]:
    """MarkdownV2, as far as to refuse what Telegram refuses."""
    out, entities, open_ = "", [], list[tuple[str, int]]()
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and ord(text[at + 1]) < 127:
            out, at = out + text[at + 1], at + 2
            continue
        if char == "`":
            fence = "```" if text.startswith("```", at) else "`"
            end = text.find(fence, at + len(fence))
            if end < 0:
                raise _unclosed("PreCode" if fence == "```" else "Code", text, at)
            inner = text[at + len(fence) : end]
            entities.append(_entity("pre" if fence == "```" else "code", units(out), inner))
            out, at = out + inner, end + len(fence)
            continue
        link = re.compile(r"\[((?:\\.|[^\]\\])+)\]\(((?:\\.|[^)\\])+)\)").match(text, at)
        if char == "[" and link:
            shown, nested = _markdown(link.group(1))
            start = units(out)
            entities += [e | {"offset": e["offset"] + start} for e in nested]
            url = re.sub(r"\\(.)", r"\1", link.group(2))
            entities.append(_entity("text_link", start, shown) | {"url": url})
            out, at = out + shown, link.end()
            continue
        mark = text[at : at + 2] if text[at : at + 2] in PAIRS else char
        if mark in PAIRS:
            if open_ and open_[-1][0] == mark:
                _, start = open_.pop()
                length = units(out) - start
                if length:
                    entities.append({"type": PAIRS[mark], "offset": start, "length": length})
            else:
                open_.append((mark, units(out)))
            at += len(mark)
            continue
        if char == ">" and (not out or out.endswith("\n")):
            at += 1
            continue
        if char in RESERVED:
            raise bad(
                f"can't parse entities: Character '{char}' is reserved and must be escaped "
                "with the preceding '\\'"
            )
        out, at = out + char, at + 1
    if open_:
        raise _unclosed(PAIRS[open_[-1][0]].capitalize(), text, len(text))
    return out, entities


def _old_markdown(text: str) -> tuple[str, list[Entity]]:
    for mark in ("*", "_", "`"):
        if re.sub(r"\\.", "", text).count(mark) % 2:
            raise _unclosed("entity", text, text.rfind(mark))
    return re.sub(r"(?<!\\)[*_`]", "", text), []


def _html(text: str) -> tuple[str, list[Entity]]:
    out, entities, open_, at = "", list[Entity](), list[tuple[str, int, str]](), 0
    for match in re.finditer(r"<(/?)([\w-]*)([^>]*)>?|&(lt|gt|amp|quot|#\d+);", text):
        out += text[at : match.start()]
        at = match.end()
        if match.group(4):
            name = match.group(4)
            named = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
            out += named.get(name) or chr(int(name[1:]))
            continue
        closing, tag = match.group(1), match.group(2).lower()
        place = len(text[: match.start()].encode())
        if closing:
            if not open_ or open_[-1][0] != tag:
                raise bad(f"can't parse entities: Unexpected end tag at byte offset {place}")
            _, start, url = open_.pop()
            if units(out) > start:
                entity = {"type": TAGS[tag], "offset": start, "length": units(out) - start}
                entities.append(entity | ({"url": url} if url else {}))
            continue
        if tag not in TAGS:
            raise bad(
                f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {place}'
            )
        href = re.search(r'href="([^"]*)"', match.group(3))
        open_.append((tag, units(out), href.group(1) if href else ""))
    out += text[at:]
    if open_:
        raise bad(
            f"can't parse entities: Can't find end tag corresponding to start tag {open_[-1][0]}"
        )
    return out, entities


def _entity(kind: str, offset: int, text: str) -> Entity:
    return {"type": kind, "offset": offset, "length": units(text)}


def _unclosed(name: str, text: str, at: int) -> Refused:
    place = len(text[:at].encode())
    return bad(f"can't parse entities: Can't find end of {name} entity at byte offset {place}")
