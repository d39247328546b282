"""XML from and for WeChat and WeCom: read without anything XML can hide, written by our own hand.

wechatpy's parser lets six kinds of errors out for a broken body, and its replies let `]]>` in a
text end the text; so neither is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from bot.channels.plain import clean

MOST_BYTES = 64 * 1024
DEEPEST = 8
MOST_ELEMENTS = 400

Value = str | dict[str, "Value"] | list["Value"]
Fields = dict[str, Value]

REASONS = frozenset(
    {
        *("large", "slow", "signature", "time", "replay", "mode", "cipher", "appid"),
        *("xml", "fields", "account"),
    }
)
"""Everything that a request can be refused for; what an operator sees counted."""


class Rejected(Exception):
    """A request that is not answered. `reason` is one of REASONS; nothing of the request is in
    it."""

    def __init__(self, reason: str, status: int = 400) -> None:
        assert reason in REASONS
        super().__init__(reason)
        self.reason, self.status = reason, status


def read(body: bytes | str) -> Fields:
    """The fields of an `<xml>` document; a repeated element becomes a list.

    Raises Rejected("xml") for anything but plain elements and text in UTF-8: document types,
    entities of one's own, processing instructions, too deep, too many elements.
    """
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        builder = _Builder()
        # Told the encoding, expat does not listen to what the document says of itself.
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.data
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ProcessingInstructionHandler = _refuse
        parser.Parse(text.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeError, ValueError):
        raise Rejected("xml") from None
    return builder.fields()


def text(fields: Mapping[str, Value], name: str) -> str:
    """One field's text, "" where it is missing. Raises Rejected where it is no text."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise Rejected("fields")
    return value


def write(parts: Mapping[str, str | int]) -> str:
    """An `<xml>` document; texts in CDATA without what XML forbids, numbers bare."""
    inside = "".join(
        f"<{name}>{value if isinstance(value, int) else cdata(value)}</{name}>"
        for name, value in parts.items()
    )
    return f"<xml>{inside}</xml>"


def cdata(text: str) -> str:
    """`text` as character data: nothing in it can end it."""
    return "<![CDATA[" + clean(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def passive(to: str, sender: str, content: str, created: int) -> str:
    """A text reply to `to`, from the account `sender`."""
    return write(
        {
            "ToUserName": to,
            "FromUserName": sender,
            "CreateTime": created,
            "MsgType": "text",
            "Content": content,
        }
    )


class _Builder:
    """Collects one document's elements."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Fields, list[str]]] = []
        self._root: tuple[str, Value] | None = None
        self._count = 0

    def start(self, name: str, _: object) -> None:
        self._count += 1
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise ValueError
        self._open.append((name, {}, []))

    def end(self, _: str) -> None:
        name, children, said = self._open.pop()
        value: Value = children or "".join(said)
        if not self._open:
            self._root = (name, value)
            return
        siblings = self._open[-1][1]
        before = siblings.get(name)
        if before is None:
            siblings[name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            siblings[name] = [before, value]

    def data(self, said: str) -> None:
        self._open[-1][2].append(said)

    def fields(self) -> Fields:
        if self._root is None or self._root[0] != "xml" or not isinstance(self._root[1], dict):
            raise Rejected("xml")
        return self._root[1]


def _refuse(*_: object) -> None:
    raise ValueError
