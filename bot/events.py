"""The log: one JSON event a line on standard error, and in it nothing that anybody typed or is.

Our own events are sentences we wrote. What libraries log may quote an address with a token, an
exception's words or a task's variables, so of theirs only kind and place are written.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from bot.faults import where

OURS = "xst"
LONGEST = 300
QUIET = (
    *("telegram", "httpx", "httpcore", "h11", "wechatpy", "requests", "urllib3", "urllib"),
    *("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio", "concurrent"),
    *("sqlalchemy", "alembic", "psycopg", "apscheduler", "starlette", "multipart", "py.warnings"),
)
"""Loggers of libraries that tell of requests, and so of tokens and openids, below WARNING."""


class Events(logging.Formatter):
    """One line of JSON. It never writes a traceback, a variable or the words of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name == OURS or record.name.startswith(f"{OURS}.")
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name[:60],
            "event": self._said(record) if ours else _place(record),
        }
        if error := _error(record):
            event["error"] = _kind(error)
        return json.dumps(event, ensure_ascii=False)

    def _said(self, record: logging.LogRecord) -> str:
        """Our sentence; an exception that was put into it by mistake stands as kind and place."""
        args = record.args
        if isinstance(args, tuple):
            args = tuple(where(a) if isinstance(a, BaseException) else a for a in args)
        try:
            said = str(record.msg) % args if args else str(record.msg)
        except Exception:
            return _place(record)
        return said[:LONGEST]


def _place(record: logging.LogRecord) -> str:
    return f"{Path(record.pathname).name}:{record.lineno}"


def _error(record: logging.LogRecord) -> BaseException | None:
    if record.exc_info and record.exc_info[1]:
        return record.exc_info[1]
    args = record.args if isinstance(record.args, tuple) else ()
    said = [record.msg, *args] if record.name != OURS else []
    return next((a for a in said if isinstance(a, BaseException)), None)


def _kind(error: BaseException) -> str:
    """Kind and place; of a system's error its own words, too (「Address already in use」)."""
    number = error.errno if isinstance(error, OSError) else None
    return where(error) + (f" errno {number}" if isinstance(number, int) else "")


def set_up(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log of this process through `Events`, and errors that nobody caught, too.

    Run uvicorn with `log_config=None`, or it puts its own handlers back.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Events())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in [OURS, *QUIET, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Whatever anybody sends to the port that is no HTTP would be a line each.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.access").disabled = True  # every line of it is a request
    logging.captureWarnings(True)
    # A call of the log that cannot be formatted would print its arguments.
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _lost(args.exc_value)
    sys.unraisablehook = lambda args: _lost(args.exc_value)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _lost(error)


def _lost(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        logging.getLogger(OURS).critical("nobody caught: %s", where(error))
