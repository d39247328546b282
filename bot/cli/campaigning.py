"""What the commands about campaigns share: the day, the kept campaigns, writing a new file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot.campaign.plan import Campaign
from bot.cli.common import fail, out
from bot.settings import Settings, read_settings
from bot.storage.campaigns import Campaigns, Held
from bot.storage.store import open_store

if TYPE_CHECKING:
    from bot.release import Seen

STATUS = {"draft": "草稿", "open": "进行中", "closing": "正在结束", "closed": "已结束"}


def today() -> date:
    return date.today()


@contextmanager
def kept() -> Iterator[tuple[Settings, Campaigns]]:
    """This installation's campaigns, the database closed at the end."""
    settings = read_settings()
    store = open_store(settings.database_url)
    try:
        yield settings, Campaigns(store)
    finally:
        store.engine.dispose()


def found(campaigns: Campaigns, ident: str) -> Held:
    """A campaign; ends the command where there is none of this id."""
    held = campaigns.get(ident)
    if held is None:
        known = "、".join(h.campaign.id for h in campaigns.all())
        fail(f"没有活动 {ident}；" + (f"现有：{known}" if known else "还没有任何活动"))
    return held


def sources_of(settings: Settings, plan: Campaign) -> Seen:
    """The bank on the day when the campaign opens, or today."""
    from bot.release import open_release

    return open_release(settings).on(max(today(), plan.opens))


def say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def write_new(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that is not there yet; ends the command where it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError:
        fail(f"{path}: 已经有这个文件，请换个名字")
    except OSError as error:
        fail(f"{path}: 写不下去（{error.strerror}）")
