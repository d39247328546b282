"""Commands for whoever runs an installation: backup, restore, upgrade, purge."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.engine import make_url

from bot.cli.common import fail, out
from bot.settings import Settings, read_settings

if TYPE_CHECKING:
    from bot.storage.backup import Manifest
    from bot.storage.revisions import Step

ROOM = 500 * 2**20
"""Bytes that an upgrade wants beside what it copies."""


def backup(
    target: Annotated[Path, typer.Argument(help="还不存在的文件；或已有的文件夹，按时间起名")],
    laws: Annotated[
        bool, typer.Option("--laws", help="连同导入的法规原文（可以重新导入）")
    ] = False,
    keep: Annotated[int, typer.Option(min=0, help="文件夹里只留最近几份；0 全留")] = 0,
) -> None:
    """备份，不用停服务：问题队列、点赞数、计数，和运营单位自己的文件。里面没有能找到人的东西。"""
    from bot.storage.backup import back_up

    settings = read_settings()
    path, manifest = back_up(settings.database_url, settings.home, target, laws, keep)
    out.print(f"已备份到 {path}：{_held(manifest)}", markup=False, soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(help="xst backup 写的文件")],
    replace: Annotated[
        bool, typer.Option("--replace", help="换掉现有的（先停服务；现有的就没有了）")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="只核对备份，不恢复")] = False,
) -> None:
    """恢复备份，SQLite 和 PostgreSQL 通用。先核对每个字节；要么全部恢复，要么什么也不改。"""
    from bot.storage.restore import checked
    from bot.storage.restore import restore as bring_back
    from bot.storage.store import open_store

    settings = read_settings()
    if check:
        manifest = checked(file)
        out.print(
            f"备份完好：{manifest.made} 写的，格式 {manifest.revision or '（空）'}，{_held(manifest)}"
        )
        return
    manifest = bring_back(file, settings.database_url, settings.home, replace)
    gone = open_store(settings.database_url).expire(date.today())
    out.print(f"已恢复 {manifest.made} 的备份：{_held(manifest)}", markup=False, soft_wrap=True)
    if gone:
        out.print(f"其中 {gone} 个问题已过保存期，已删除。")
    out.print("接着运行 xst upgrade，再启动服务。")


def upgrade(
    check: Annotated[bool, typer.Option("--check", help="只看要做什么，什么也不改")] = False,
    to: Annotated[
        Path | None, typer.Option("--backup", help="备份放在哪个文件夹；默认 XST_HOME/backups")
    ] = None,
) -> None:
    """换了新版本以后运行：备份，更新数据格式，必要时重造资料库。

    --check 的退出码：0 没有要做的；3 有要做的；1 做不了。
    """
    from bot.release import build_release
    from bot.storage.backup import back_up
    from bot.storage.store import open_store

    settings = read_settings()  # a setting that this version does not know ends it here, by name
    plan = make_plan(settings)
    _show(plan)
    if plan.short:
        fail(f"{settings.home}: 磁盘空间不够，还差约 {plan.short / 2**20:,.0f} MB")
    if check:
        if plan.steps or plan.build:
            raise typer.Exit(3)
        return
    if plan.steps:
        if plan.revision:
            folder = to or settings.home / "backups"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            moment = datetime.now(UTC)
            name = f"before-{plan.steps[-1].revision}-{moment:%Y%m%dT%H%M%SZ}.zip"
            path, _ = back_up(settings.database_url, settings.home, folder / name)
            out.print(f"已备份到 {path}", markup=False, soft_wrap=True)
        open_store(settings.database_url)
        out.print(f"数据格式已更新到 {plan.steps[-1].revision}。")
    if plan.build:
        folder = build_release(settings)
        out.print(f"已重造资料库 {folder.name}。")
    out.print("可以启动服务了。")


def purge() -> None:
    """删掉过了保存期的东西（服务运行时自己每小时做一次）。"""
    from bot.storage.mailbox import Mailbox
    from bot.storage.store import open_store

    store = open_store(read_settings().database_url)
    done = Mailbox(store).purge() | {"questions": store.expire(date.today())}
    names = {
        "answers": "备重发的答话",
        "deliveries": "消息记号",
        "conversations": "会话",
        "allowances": "发送额度",
        "parcels": "没发出的消息",
        "questions": "问题",
    }
    out.print("已删除：" + "、".join(f"{names.get(k, k)} {n}" for k, n in done.items()) + "。")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upgrade has to do. `build` says why, "" for not at all; `short` is in bytes."""

    revision: str
    steps: tuple[Step, ...]
    build: str
    short: int


def make_plan(settings: Settings) -> Plan:
    """Look at database, release and disk without changing them. Raises StoreError."""
    from bot.storage.backup import BackupError, reading
    from bot.storage.revisions import pending, revision
    from bot.storage.store import StoreError

    form = ""
    if _there(settings):
        with reading(settings.database_url) as connection:
            form = revision(connection)
    steps = pending(form)
    if steps is None:
        raise StoreError(
            f"数据是更新的版本写的（格式 {form}）；请装回新版本，或照 deploy/README.md“退回”恢复备份"
        )
    need = ROOM + sum(_size(settings.home / n) for n in ("live.db", "live.db-wal", "amounts.db"))
    build = _build(settings)
    if build and (found := _release(settings)):
        need += sum(_size(p) for p in found.rglob("*"))
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        free = shutil.disk_usage(settings.home).free
    except OSError as error:
        raise BackupError(f"{settings.home}: 读不了（{error.strerror}）") from error
    return Plan(form, tuple(steps), build, max(0, need - free))


def _show(plan: Plan) -> None:
    if plan.steps:
        out.print(f"数据格式：{plan.revision or '（还没有）'}，要更新：")
        for step in plan.steps:
            out.print(f"  {step.revision}  {step.says}", markup=False)
    else:
        out.print(f"数据格式：{plan.revision}，是最新的。")
    out.print(f"资料库：{plan.build or '是本版本的'}。", markup=False, soft_wrap=True)
    out.print("设置：都认得。")


def _build(settings: Settings) -> str:
    """Why the release must be built; "" where it fits this version."""
    from bot.release import FORM, current_folder
    from index.retriever import RetrieverError

    try:
        folder = current_folder(settings)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (RetrieverError, OSError, ValueError):
        return "还没有，要造"
    return "" if manifest.get("form") == FORM else "是别的版本造的，要重造"


def _release(settings: Settings) -> Path | None:
    from bot.release import current_folder
    from index.retriever import RetrieverError

    try:
        return current_folder(settings)
    except RetrieverError:
        return None


def _there(settings: Settings) -> bool:
    """Whether there may be a database; a file of SQLite's that does not exist is none yet."""
    url = make_url(settings.database_url)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _held(manifest: Manifest) -> str:
    names = {"queue": "问题", "votes": "点赞的答案", "counts": "计数"}
    rows = [f"{names.get(t, t)} {n}" for t, n in manifest.rows.items()]
    files = sorted({f.partition("/")[0] for f in manifest.files})
    return "、".join([*rows, *files]) or "什么也没有"
