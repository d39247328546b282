"""What the commands share: consoles, one clear line for an error, a progress bar, a day."""

from __future__ import annotations

import sys
from datetime import date
from typing import NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(message: str) -> NoReturn:
    err.print(f"错误：{message}", markup=False, soft_wrap=True)
    sys.exit(1)


def progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def read_day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        fail(f"--on/--day: “{text}” 不是日期，应写作 2026-11-20")
