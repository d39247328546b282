"""Commands for a prize draw: announce, close, draw, verify, claim."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import err, fail, out
from bot.draw.check import Finding, verify
from bot.draw.lots import close as close_record
from bot.draw.lots import draw as draw_record
from bot.draw.lots import entry_of, prize_of, where
from bot.draw.plan import EXAMPLE, give, given, keep_seed, kept_seed, new_seed, read_plan
from bot.draw.record import DrawError, Record, digest, load_record, write_record
from bot.settings import read_settings

draw = typer.Typer(
    help="有奖问答抽奖：先公告，再封存名单，最后开奖，谁都能核对。", no_args_is_help=True
)

_File = Annotated[Path, typer.Argument(help="抽奖记录（JSON）")]

MARKS = {True: "通过", False: "不符", None: "请看"}


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DrawError as error:
        fail(str(error))


def _now() -> datetime:
    return datetime.now(UTC)


def _folder() -> Path:
    return read_settings().home / "draws"


@draw.command("example")
def draw_example() -> None:
    """打印一份可以照着改的抽奖计划。"""
    print(EXAMPLE, end="")


@draw.command("commit")
def draw_commit(
    plan: Annotated[Path, typer.Argument(help="抽奖计划（TOML），样子见 xst draw example")],
    target: Annotated[Path, typer.Option("--out", help="公告写到哪个文件（还不存在的）")],
) -> None:
    """第一步，活动开始前：生成保密的种子，写出要公布的公告。"""
    with _told():
        seed = new_seed()
        announcement = read_plan(plan, seed, _now())
        path = keep_seed(_folder(), announcement.commit, seed)
        record = Record(announcement)
        _write_new(target, record)
    notes = [f for f in verify(record) if f.good is None and f.step == "公告"]
    for note in notes:
        err.print(f"注意：{note.says}", markup=False, soft_wrap=True)
    out.print(
        f"公告写在 {target}，请原样公布，并把下面的摘要印在海报上：", markup=False, soft_wrap=True
    )
    out.print(f"  {digest(announcement)}")
    out.print(f"种子写在 {path}，开奖前不能给任何人看，也不能丢。", markup=False, soft_wrap=True)
    out.print(
        f"信标：{where(announcement.beacon)}，{announcement.beacon.at} 公布。",
        markup=False,
        soft_wrap=True,
    )


@draw.command("close")
def draw_close(
    file: _File,
    entries: Annotated[Path, typer.Option(help="名单，一行一个参与码的摘要；- 是标准输入")],
) -> None:
    """第二步，截止之后、信标公布之前：封存名单。"""
    with _told():
        record = load_record(file)
        if record.closed is not None:
            fail(f"{file}: 名单已经封存，不能再改")
        closed = close_record(record.announcement, _entries(entries), _now())
        _write_over(file, closed)
    assert closed.closed
    out.print(
        f"名单 {len(closed.closed.entries)} 个，已封存在 {file}。请马上公布这个文件和摘要：",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"  {digest(closed.closed)}")


@draw.command("run")
def draw_run(
    file: _File,
    beacon: Annotated[str, typer.Option(help="信标公布的值，照原样")],
    withheld: Annotated[str, typer.Option(help="种子丢了或不能公布：写明原因，只用信标开奖")] = "",
) -> None:
    """第三步，信标公布之后：公布种子，排出中奖的参与码。"""
    with _told():
        record = load_record(file)
        if record.drawn is not None:
            fail(f"{file}: 已经开过奖，不能再开")
        bad = [f.says for f in verify(record) if f.good is False]
        if bad:
            fail(f"{file}: {'；'.join(bad)}")
        seed = b"" if withheld else kept_seed(_folder(), record.announcement.commit)
        drawn = draw_record(record, seed, beacon, _now(), withheld)
        _write_over(file, drawn)
    _show_winners(drawn)
    out.print(
        f"请原样公布 {file}，谁都能用 xst draw verify 或网页 /draw/ 核对。",
        markup=False,
        soft_wrap=True,
    )


@draw.command("verify")
def draw_verify(
    file: _File,
    pinned: Annotated[
        list[str] | None,
        typer.Option("--announced", help="当初公布的文件，或记下的摘要（16 位以上）；可写几次"),
    ] = None,
    beacon: Annotated[str, typer.Option(help="您自己查到的信标")] = "",
    code: Annotated[str, typer.Option(help="您的参与码：看在不在名单里、中没中")] = "",
) -> None:
    """核对抽奖记录，逐步说明。不用联网，不用服务器。退出码：0 没有不符；1 有。"""
    with _told():
        record = load_record(file)
        found = verify(record, [d for p in pinned or [] for d in _digests(p)], beacon)
        if code:
            found.append(_mine(record, entry_of(code)))
    said = record.announcement
    prizes = "；".join(f"{p.name} {p.number} 份，每份 {p.value} 元" for p in said.prizes)
    out.print(f"{said.title}（{said.organiser}）：{prizes}", markup=False, soft_wrap=True)
    for finding in found:
        out.print(
            f"{MARKS[finding.good]}  {finding.step}  {finding.says}", markup=False, soft_wrap=True
        )
    bad = [f for f in found if f.good is False]
    if bad:
        fail(f"{file}: {len(bad)} 处不符，先是“{bad[0].step}”这一步：{bad[0].says}")
    stage = "还没有开奖" if record.drawn is None else "开奖结果可信"
    out.print(f"没有不符的地方，{stage}。“请看”的几项要您自己对照。")


@draw.command("claim")
def draw_claim(
    file: _File,
    code: Annotated[str, typer.Argument(help="来人出示的参与码")],
    hand: Annotated[bool, typer.Option("--give", help="奖品已交给来人，记下来")] = False,
) -> None:
    """领奖：看参与码中了什么；--give 记下已领，同一个码不能领两次。只认码，不问姓名。"""
    with _told():
        record = load_record(file)
        bad = [f.says for f in verify(record) if f.good is False]
        if bad:
            fail(f"{file}: 记录核对不通过，先查清再发奖：{bad[0]}")
        entry, folder = entry_of(code), _folder()
        mine = _mine(record, entry)
        commit = record.announcement.commit
        place, prize = prize_of(record, entry)
        if entry in given(folder, commit):
            fail("这个参与码的奖品已经领走了")
        out.print(mine.says, markup=False)
        if not mine.good:
            raise typer.Exit(3)
        if hand and place:
            if prize is None:
                out.print("这是候补：先确认前面的奖品逾期没有人领。")
            give(folder, commit, entry)
            out.print("已记下领走。")


def _mine(record: Record, entry: str) -> Finding:
    if record.closed is None:
        return Finding("参与码", None, "名单还没有封存")
    if entry not in record.closed.entries:
        return Finding("参与码", False, "这个参与码不在名单里；请核对有没有抄错")
    if record.drawn is None:
        return Finding("参与码", True, "这个参与码在名单里，还没有开奖")
    place, prize = prize_of(record, entry)
    if prize:
        return Finding("参与码", True, f"中奖：第 {place} 位，{prize.name}")
    if place:
        return Finding("参与码", True, f"候补第 {place} 位")
    return Finding("参与码", True, "在名单里，没有中奖")


def _show_winners(record: Record) -> None:
    assert record.drawn
    for entry in record.drawn.winners:
        place, prize = prize_of(record, entry)
        out.print(f"{place:>4}  {prize.name if prize else ''}  {entry[:16]}", markup=False)
    if len(record.drawn.winners) < record.announcement.winners:
        out.print("名单比奖品少，人人有奖，余下的奖品不发。")


def _digests(given_: str) -> list[str]:
    """What a reader holds against a record: a noted digest, or all of a published file's."""
    path = Path(given_)
    if not path.exists():
        return [given_.strip()]
    earlier = load_record(path)
    return [digest(p) for p in (earlier.announcement, earlier.closed) if p is not None]


def _entries(path: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DrawError(f"{path}: 读不出来（{error}）") from error
    found = [line.strip() for line in text.splitlines() if line.strip()]
    for number, entry in enumerate(found, 1):
        if len(entry) != 64 or any(c not in "0123456789abcdef" for c in entry):
            raise DrawError(f"{path}: 第 {number} 个应是 64 位十六进制的摘要，不是参与码本身")
    return found


def _write_new(path: Path, record: Record) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(write_record(record))
    except FileExistsError as error:
        raise DrawError(f"{path}: 已经有这个文件，公告从不覆盖；请换个名字") from error
    except OSError as error:
        raise DrawError(f"{path}: 写不下去（{error.strerror}）") from error


def _write_over(path: Path, record: Record) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(write_record(record), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise DrawError(f"{path}: 写不下去（{error.strerror}）") from error
