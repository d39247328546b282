"""`xst awareness draw-roster`: who is asked, by a draw that anybody can repeat."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from bot.awareness.inputs import AwarenessError
from bot.cli.common import err, fail


def draw_roster(
    roster: Annotated[Path, typer.Argument(help="名册 CSV，一行一人，第一行是栏名")],
    n: Annotated[int, typer.Option("--n", help="要抽的人数")],
    seed: Annotated[str, typer.Option(help="公布的随机种子，十六进制；名册定下之后才产生")],
    by: Annotated[str, typer.Option(help="按哪一栏分层，如 单位；人数按比例分配")] = "",
    each: Annotated[
        bool, typer.Option("--each", help="与 --by 同用：每层都抽 n 人，不足的全抽")
    ] = False,
    header: Annotated[bool, typer.Option(help="第一行是栏名")] = True,
    output: Annotated[
        Path | None, typer.Option("--out", help="写到这个文件；不给则写到屏幕")
    ] = None,
) -> None:
    """从名册随机抽人：同一名册、同一种子，谁来抽都一样。名册不保存，只写出抽中的行。"""
    from bot.awareness import sampling

    head, lines = _read_roster(roster, header)
    if each and not by:
        fail("--each 要与 --by 同用，如 --by 单位 --each")
    try:
        key = sampling.read_seed(seed)
        if not by:
            drawn = sampling.draw(lines, n, key)
        else:
            strata = _strata(roster, head, lines, by)
            sampling.ranked(lines, key)  # a line that stands in two strata twice is refused too
            sizes = {name: len(group) for name, group in strata.items()}
            places = (
                {name: min(n, size) for name, size in sizes.items()}
                if each
                else sampling.allot(sizes, n)
            )
            groups = sampling.draw_strata(strata, places, key)
            drawn = [line for group in groups.values() for line in group]
    except AwarenessError as error:
        fail(f"{roster}: {error}")
    text = "".join(f"{line}\n" for line in ([head] if header else []) + drawn)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8-sig")  # the mark is for spreadsheets
    if len(key) < 16:
        err.print("提示：种子不到32个字符，有人可以挑着试；正式抽签请用公开产生的长种子。")
    err.print(
        f"名册 {len(lines)} 人，抽中 {len(drawn)} 人，按抽中的先后排列，就照这个先后请。\n"
        f"名册指纹 {sampling.fingerprint(lines)}（应在种子产生之前公布）。\n"
        "核对：每行去掉首尾空白，以种子为钥算 HMAC-SHA256，从小到大排，"
        + ("各层分别" if by else "")
        + "取最前的人。",
        markup=False,
        soft_wrap=True,
    )


def _read_roster(path: Path, header: bool) -> tuple[str, list[str]]:
    lines = [line for line in read_lines(path) if line.strip()]
    if not lines:
        fail(f"{path}: 是空的")
    return (lines[0], lines[1:]) if header else ("", lines)


def read_lines(path: Path) -> list[str]:
    """Lines of a file as spreadsheets save it in China: UTF-8 with or without mark, or GB 18030."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        fail(f"{path}: 读不到（{error.strerror}）")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return [line.strip() for line in raw.decode(encoding).split("\n")]
        except UnicodeDecodeError:
            continue
    fail(f"{path}: 不是 UTF-8 也不是 GBK 文字，请从表格软件另存为 CSV")


def _strata(path: Path, head: str, lines: list[str], by: str) -> dict[str, list[str]]:
    names = [cell.strip() for cell in next(csv.reader([head]), [])]
    if by not in names:
        fail(f"{path}: 没有“{by}”这一栏；有的是 {'、'.join(n for n in names if n) or '（无栏名）'}")
    at = names.index(by)
    groups: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 2):
        cells = next(csv.reader([line]))
        if len(cells) <= at or not cells[at].strip():
            fail(f"{path}: 第 {number} 个非空行没有“{by}”，请补上")
        groups.setdefault(cells[at].strip(), []).append(line)
    return groups
