"""What an organiser writes for a prize draw (TOML), and what is kept beside the record: the seed,
and which winners have been given their prize."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bot.draw.check import announce
from bot.draw.record import PUBLIC, Announcement, Beacon, DrawError, Prize

CHINA = timezone(timedelta(hours=8))
"""What a time without a zone means."""

EXAMPLE = """\
# 有奖问答抽奖计划。写好后运行：xst draw commit 本文件 --out 公告.json
title = "十二月集体协商知识有奖问答"
organiser = "某某区总工会"
opens = 2026-12-01T08:00:00
closes = 2026-12-20T18:00:00
claim = "凭参与码到区总工会一楼服务窗口领取，不用出示身份证件"
rules = "答完即得一个参与码，答对答错机会一样；一人一次；公布之后奖品、数量、时间、办法不改。"
reserves = 5            # 候补几名，逾期不领的由候补依次递补

# 不写 [beacon] 就用 drand 公共随机数（截止一小时之后的第一轮）。也可以用大家都查得到的号码：
# [beacon]
# at = 2026-12-22T21:30:00
# what = "双色球第2026147期开奖号码，红球从小到大，蓝球在后，两位一个，空格隔开"
# where = "中国福利彩票官网"

[[prizes]]
name = "一等奖：电饭煲"
number = 1
value = 300             # 每份多少元，整数

[[prizes]]
name = "二等奖：保温杯"
number = 10
value = 60
"""

_TEXTS = ("title", "organiser", "claim", "rules")
_TIMES = ("opens", "closes", "reveal_by", "claim_by")


def read_plan(path: Path, seed: bytes, now: datetime) -> Announcement:
    """The announcement that a plan makes. Raises DrawError naming file and field."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DrawError(f"{path}: 读不出来（{error}）") from error
    try:
        return _plan(raw, seed, now)
    except DrawError as error:
        raise DrawError(f"{path}: {error}") from error


def _plan(raw: Mapping[str, Any], seed: bytes, now: datetime) -> Announcement:
    known = {*_TEXTS, *_TIMES, "prizes", "beacon", "reserves"}
    if unknown := set(raw) - known:
        raise DrawError(f"不认识的项 {'、'.join(sorted(unknown))}")
    said: dict[str, Any] = {name: _words(raw, name) for name in _TEXTS}
    said |= {n: _time(raw, n) for n in _TIMES if n in raw or n in ("opens", "closes")}
    if "beacon" in raw:
        if not isinstance(raw["beacon"], dict) or set(raw["beacon"]) - {"at", "what", "where"}:
            raise DrawError("[beacon] 应写 at、what、where")
        at = _time(raw["beacon"], "at").isoformat(timespec="seconds")
        words = [_words(raw["beacon"], n) for n in ("what", "where")]
        said["beacon"] = Beacon(PUBLIC, at, 0, *words)
    prizes = raw.get("prizes")
    if not isinstance(prizes, list) or not prizes:
        raise DrawError("至少写一个 [[prizes]]：name、number、value")
    made = announce(
        **said,
        prizes=[_prize(p, n) for n, p in enumerate(prizes, 1)],
        reserves=_count(raw.get("reserves", 0), "reserves", 0),
        seed=seed,
        now=now.astimezone(CHINA),
    )
    return made


def _prize(raw: Any, place: int) -> Prize:
    name = f"第 {place} 个 [[prizes]]"
    if not isinstance(raw, dict) or set(raw) != {"name", "number", "value"}:
        raise DrawError(f"{name}: 应写 name、number、value")
    number, value = (_count(raw[k], f"{name} {k}", n) for k, n in (("number", 1), ("value", 0)))
    return Prize(_words(raw, "name", name), number, value)


def _words(raw: Mapping[str, Any], name: str, place: str = "") -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise DrawError(f"{place} {name}: 缺少，或不是文字".strip())
    return value.strip()


def _time(raw: Mapping[str, Any], name: str) -> datetime:
    value = raw.get(name)
    if not isinstance(value, datetime):
        raise DrawError(f"{name}: 应是时间，如 2026-12-20T18:00:00（不写时区就是北京时间）")
    return value if value.tzinfo else value.replace(tzinfo=CHINA)


def _count(value: Any, name: str, least: int) -> int:
    if type(value) is not int or value < least:
        raise DrawError(f"{name}: 应是不小于 {least} 的整数")
    return value


# Kept beside the record


def new_seed() -> bytes:
    return secrets.token_bytes(32)


def keep_seed(folder: Path, commit: str, seed: bytes) -> Path:
    """Write the secret seed for its owner's eyes only; the file. Raises DrawError."""
    path = folder / f"{commit[:16]}.seed"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(seed.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DrawError(f"{path}: 写不下去（{error.strerror}）") from error
    return path


def kept_seed(folder: Path, commit: str) -> bytes:
    """The seed of an announcement. Raises DrawError where it is not kept here."""
    path = folder / f"{commit[:16]}.seed"
    try:
        return bytes.fromhex(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise DrawError(f"{path}: 找不到这次抽奖的种子，请到公告时用的那台机器上开奖") from error


def given(folder: Path, commit: str) -> set[str]:
    """The entries whose prize was handed over."""
    path = folder / f"{commit[:16]}.given"
    try:
        return set(path.read_text(encoding="utf-8").split())
    except FileNotFoundError:
        return set()


def give(folder: Path, commit: str, entry: str) -> None:
    """Note that a prize was handed over: the entry alone, no person, no time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"{commit[:16]}.given").open("a", encoding="utf-8") as file:
        file.write(entry + "\n")
        file.flush()
        os.fsync(file.fileno())
