"""The chat in a terminal, or over a pipe: one line in, one answer out."""

from __future__ import annotations

import contextlib
import logging
import secrets
import sys
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from bot import texts
from bot.assistant import Assistant
from bot.message import Choice, Cited, Incoming, Reply
from bot.pinpoint import quoted
from bot.turn import Session

log = logging.getLogger("xst")

LEAVE = ("退出", "结束", "再见", "拜拜", "exit", "quit", "q", "bye")
LEAVE_TASK = ("退出", "结束")
"""Words that leave an exercise first, where one is going on."""


def run(
    assistant: Assistant,
    console: Console | None = None,
    read: Callable[[str], str] = input,
) -> None:
    """Talk until 退出 or the end of input. Nothing typed is kept, not even for the next run."""
    for stream in (sys.stdin, sys.stdout):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a stray byte, or an ASCII terminal, must not end the talk
            with contextlib.suppress(ValueError, OSError):
                reconfigure(errors="replace")
    out = console or Console(highlight=False)
    session, sender = Session(), secrets.token_hex(8)
    _say(out, texts.WELCOME)
    _say(out, texts.TERMINAL_HINT, "dim")
    while True:
        try:
            text = read(texts.TERMINAL_PROMPT)
        except (EOFError, KeyboardInterrupt):
            out.print()
            break
        word = text.strip().strip("。.！!").lower()
        if word in LEAVE and not (session.task and word in LEAVE_TASK):
            break
        if not text.strip():
            continue
        try:
            incoming = Incoming(text, sender=sender, channel="terminal")
            turn = assistant.handle(incoming, session)
        except KeyboardInterrupt:
            break
        except Exception as error:
            log.error("terminal: turn failed: %s", type(error).__name__)
            _say(out, texts.APOLOGY)
            continue
        session = turn.session
        for reply in turn.replies:
            render(reply, out)
    _say(out, texts.GOODBYE)


def render(reply: Reply, out: Console) -> None:
    """One reply: the answer, 依据, notes, and what may be chosen by number."""
    out.print()
    _say(out, reply.answer, "bold red" if reply.disposition == "escalate" else "bold")
    if reply.citations:
        _say(out, texts.BASIS, "cyan")
        for number, cited in enumerate(reply.citations, 1):
            _cited(number, cited, out)
    for note in reply.notes:
        _say(out, note, "dim" if note == texts.UNREVIEWED else "")
    if reply.choices:
        _say(out, texts.TERMINAL_CHOOSE, "cyan")
        for line in numbered(reply.choices):
            _say(out, f"  {line}")
    out.print()


def numbered(choices: tuple[Choice, ...]) -> list[str]:
    """「1 河南」…, short ones side by side; the numbers are what the session picks by."""
    out: list[str] = []
    row: list[str] = []
    for number, choice in enumerate(choices, 1):
        if len(choice.label) > 6:
            if row:
                out.append("   ".join(row))
                row = []
            out.append(f"{number} {choice.label}")
            continue
        row.append(f"{number} {choice.label}")
        if len(row) == 5:
            out.append("   ".join(row))
            row = []
    return [*out, "   ".join(row)] if row else out


def _cited(number: int, cited: Cited, out: Console) -> None:
    effective = texts.EFFECTIVE.format(day=cited.effective) if cited.effective else ""
    head = texts.CITED.format(
        law=f"《{cited.law}》",
        article=cited.article,
        region=cited.region,
        status=cited.status,
        effective=effective,
    )
    _say(out, f"{number}. {head}")
    if cited.quote:
        before, marked, after = quoted(cited)
        line = Text("   " + before, style="green" if cited.official else "yellow")
        line.append(marked, style="bold").append(after)
        out.print(line, soft_wrap=not out.is_terminal)


def _say(out: Console, text: str, style: str = "") -> None:
    """Printed as it is: a law's [brackets] are no markup, and no line is cut."""
    out.print(Text(text, style=style), soft_wrap=not out.is_terminal)
