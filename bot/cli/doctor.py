"""`xst doctor`: what of an installation is there, what is missing, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.cli.common import out
from bot.settings import ConfigError, Settings, read_settings
from index.retriever import RetrieverError
from index.trees import usable
from knowledge.records import KnowledgeError

if TYPE_CHECKING:
    from bot.storage.store import Store

Line = tuple[str, str]

STALE = timedelta(days=180)
"""A contact must have been checked since."""


def doctor() -> None:
    """看看这套安装好不好：资料库、索引、数据库、联系方式、各个渠道。有缺失时退出码为 1。"""
    settings = read_settings()
    found = [*diagnose(settings), *ask_platforms(settings)]
    for state, text in found:
        out.print(f"[{state}] {text}", markup=False, soft_wrap=True)
    if any(state == "缺" for state, _ in found):
        raise typer.Exit(1)


def diagnose(settings: Settings) -> list[Line]:
    """(好 | 提示 | 缺, sentence) for every part of an installation that is on this machine, its
    database too. Asks no platform, so that a service starts while one is away."""
    return [
        ("好", f"数据目录 {settings.home}"),
        *_library(settings),
        *_database(settings),
        *_memory(settings),
        *_operator(settings),
    ]


def ask_platforms(settings: Settings) -> list[Line]:
    """The same for the channels; asks their platforms, for half a minute at worst."""
    return [
        *_asked("wechat", settings),
        *_asked("telegram", settings),
        *_asked("wecom", settings),
    ]


def _asked(channel: str, settings: Settings) -> list[Line]:
    try:
        if channel == "wechat" and settings.wechat:
            from bot.channels.wechat.condition import diagnose as of_wechat

            return of_wechat(settings.wechat, settings.url)
        if channel == "telegram" and settings.telegram:
            from bot.channels.telegram.check import diagnose as of_telegram

            return of_telegram(settings.telegram, settings.url)
        if channel == "wecom" and settings.wecom:
            from bot.channels.wecom.check import diagnose as of_wecom

            return of_wecom(settings.wecom, settings.url)
    except ConfigError as error:
        return [("缺", f"[{channel}] {error}")]
    return []


def _library(settings: Settings) -> Iterator[Line]:
    from bot.release import open_release

    try:
        release = open_release(settings)
        counts = release.manifest["counts"]
        size = f"法规 {counts['laws']:,} 部，条文 {counts['articles']:,} 条"
        yield "好", f"资料库 {release.name}：{size}"
        if not counts["laws"]:
            yield (
                "提示",
                "没有导入法规原文，只用要点回答；导入：xst import 文件夹，再 xst build",
            )
        yield "好", f"语义模型 {release.manifest['encoder'] or '随程序发布的'}"
        try:
            usable()
            yield "好", "学来的排序可用"
        except RetrieverError as error:
            yield "提示", f"条文改按融合排序：{error}"
        if settings.shelf.exists():
            from knowledge.library import fingerprint

            if fingerprint(settings.shelf) != release.manifest["texts"]:
                yield "提示", "导入过新的法规，还没有 xst build，尚未生效"
    except (RetrieverError, KnowledgeError) as error:
        yield "缺", str(error)


def _database(settings: Settings) -> Iterator[Line]:
    from bot.storage.store import StoreError, open_store

    try:
        store = open_store(settings.database_url)
        yield "好", _kind(store)
        yield "好", f"问题队列可用，待答 {len(store.queue(answered=False))} 条"
        if _channels(settings):
            yield "好", _outbox(store)
    except StoreError as error:
        yield "缺", str(error)


def _kind(store: Store) -> str:
    url = store.engine.url
    if url.get_backend_name() == "sqlite":
        return f"数据库 SQLite（{url.database}）：只能有一个服务进程"
    return f"数据库 PostgreSQL（{url.host or '本机'}/{url.database}）：可以有几个服务进程"


def _outbox(store: Store) -> str:
    from bot.storage.mailbox import Mailbox

    mailbox = Mailbox(store)
    waiting, counts = mailbox.waiting(), mailbox.counts()
    given_up = sum(n for name, n in counts.items() if name.startswith("given_up:"))
    return (
        f"发件箱可用，待发 {waiting} 条；历来可能发过两遍的 {counts.get('perhaps_twice', 0)} 条，"
        f"没发成的 {given_up} 条"
    )


def _memory(settings: Settings) -> Iterator[Line]:
    """Where the key of the pseudonyms lies; only chats have any."""
    from bot.persons import memory_folder

    if not (channels := _channels(settings)):
        return
    if not settings.url:
        yield (
            "提示",
            f"{settings.config}: 没有 [server] url，{channels}里的长回答带不了链接",
        )
    try:
        folder = memory_folder(settings.home)
    except ConfigError as error:
        yield "缺", str(error)
        return
    yield _key(folder, _in_memory(folder) if folder else None)


def _key(folder: Path | None, in_memory: bool | None) -> Line:
    if folder is None:
        return (
            "提示",
            "没有内存文件夹，代号密钥随进程消失：重启后记不得谁选了哪个省，"
            "没发出的答案也发不出，只能有一个服务进程；用 XST_RUN 指定一个",
        )
    if in_memory is False:
        return (
            "缺",
            f"{folder}: 不在内存里，代号密钥会留在硬盘上；XST_RUN 应在 tmpfs 里，如 /run/xieshangtong",
        )
    return "好", f"代号密钥只在内存里（{folder}）"


def _in_memory(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool | None:
    """Whether a folder's file system is in memory; None where that cannot be told."""
    if sys.platform != "linux" or not mounts.exists():
        return None
    kinds: dict[str, str] = {}
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, place, kind, *_ = line.split(" ")
        kinds[place] = kind  # of two at one place, the later one is seen
    real = folder.resolve()
    found = next((kinds[str(p)] for p in (real, *real.parents) if str(p) in kinds), "")
    return found in ("tmpfs", "ramfs") if found else None


def _channels(settings: Settings) -> str:
    names = (
        ("微信", settings.wechat),
        ("Telegram", settings.telegram),
        ("企业微信", settings.wecom),
    )
    return "、".join(name for name, configured in names if configured)


def _operator(settings: Settings) -> Iterator[Line]:
    need = "缺" if settings.public else "提示"
    config, today = settings.config, date.today()
    if not settings.operator:
        yield need, f"{config}: 没有 [operator] name，不知道由谁运营"
    if not settings.contacts:
        yield need, f"{config}: 没有 [[contacts]]，危急时只能给 110 和 120"
    for contact in settings.contacts:
        said = f"{config}: “{contact.name}”"
        if today - contact.checked > STALE:
            yield need, f"{said}上次核对是 {contact.checked}，超过半年，请重新核对"
        if contact.checked > today:
            yield need, f"{said}的核对日期 {contact.checked} 在将来"
