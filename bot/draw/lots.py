"""The prize draw (有奖问答) that anybody can check: commit, close, rank, and verify a record.

Before opening C = SHA-256(seed) is published; at the end the list of entries under
root = SHA-256(entries in order, one per line); later a beacon that nobody could know before.
With key = SHA-256(seed ‖ root ‖ beacon) the entries are ranked by HMAC-SHA-256(key, entry), the
lowest first. The organiser cannot choose the beacon, and whoever sees the beacon early does not
know the seed. An organiser who keeps the seed back could choose between two results: that is why
it shows, must be given a reason, and the draw then runs on the beacon alone (an empty seed).

An entry is the hash of a random code that a participant is shown once. Nothing here knows answers.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from bot.draw.record import (
    DRAND,
    Announcement,
    Beacon,
    Closed,
    DrawError,
    Drawn,
    Prize,
    Record,
    digest,
    moment,
)

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS, PERIOD = 1_692_803_367, 3
"""drand's quicknet: its chain hash, the time of round 1, and seconds between rounds."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U to be taken for another."""

CODE = 16
"""Characters of a code: 80 random bits."""


# Entries


def new_entry() -> tuple[str, str]:
    """A code to show to one participant once, and the entry to keep; the code is kept nowhere."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(CODE))
    code = "-".join(drawn[n : n + 4] for n in range(0, CODE, 4))
    return code, entry_of(code)


def entry_of(code: str) -> str:
    """The entry of a code as somebody typed it: case, spaces and dashes do not matter, nor O for 0
    and I or L for 1. Raises DrawError if it can't be a code."""
    plain = unicodedata.normalize("NFKC", code).upper()
    plain = "".join(c for c in plain if c not in " -–—_\t\r\n")
    plain = plain.translate(str.maketrans("OIL", "011"))
    if len(plain) != CODE or any(c not in ALPHABET for c in plain):
        raise DrawError(f"参与码是 {CODE} 位字母和数字，如 7K2M-9QTX-4HVN-8PWD，请照着再输一次")
    return hashlib.sha256(f"xst-draw:{plain}".encode()).hexdigest()


# Arithmetic


def commit(seed: bytes) -> str:
    """What is published of the seed before the quiz opens."""
    return hashlib.sha256(seed).hexdigest()


def root_of(entries: Iterable[str]) -> str:
    """SHA-256 of the entries in order, one per line, no line end after the last."""
    return hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()


def ranking(entries: Iterable[str], seed: bytes, root: str, beacon: bytes) -> list[str]:
    """All entries, the first prize's first. An empty seed is the draw by the beacon alone."""
    key = hashlib.sha256(seed + bytes.fromhex(root) + beacon).digest()
    return sorted(entries, key=lambda e: hmac.digest(key, e.encode(), hashlib.sha256))


def beacon_bytes(beacon: Beacon, value: str) -> bytes:
    """The beacon's value as it enters the key: drand's 32 bytes, else the hash of the words.
    Raises DrawError."""
    if beacon.source == DRAND:
        plain = value.strip().lower()
        if len(plain) != 64 or any(c not in "0123456789abcdef" for c in plain):
            raise DrawError("信标：drand 的随机数（randomness）应是 64 位十六进制数")
        return bytes.fromhex(plain)
    words = unicodedata.normalize("NFKC", value).strip()
    if not words:
        raise DrawError("信标：公布的内容是空的")
    return hashlib.sha256(words.encode()).digest()


def round_at(day: datetime) -> int:
    """The first round of drand's quicknet at or after a moment."""
    late = day.timestamp() - GENESIS
    return max(1, int(-(-late // PERIOD)) + 1)


def time_of(number: int) -> datetime:
    """When a round of drand's quicknet is published."""
    return datetime.fromtimestamp(GENESIS + (number - 1) * PERIOD, UTC)


# Steps


def close(announcement: Announcement, entries: Iterable[str], now: datetime) -> Record:
    """The record with its list. Raises DrawError before the end, after the beacon (who knows it
    could choose the list), and where an entry is there twice."""
    if now < moment(announcement.closes):
        raise DrawError(f"活动到 {announcement.closes} 才截止，现在还不能封存名单")
    if now >= moment(announcement.beacon.at):
        raise DrawError(
            f"信标在 {announcement.beacon.at} 已经公布，名单不能再封存：先知道信标的人可以挑名单。"
            "请公告作废这次抽奖，重新公告一次"
        )
    kept = sorted(entries)
    if twice := next((a for a, b in pairwise(kept) if a == b), ""):
        raise DrawError(f"名单里 {twice} 出现了两次")
    made = now.isoformat(timespec="seconds")
    return Record(announcement, Closed(digest(announcement), made, root_of(kept), tuple(kept)))


def draw(record: Record, seed: bytes, beacon: str, now: datetime, withheld: str = "") -> Record:
    """The record with its winners. Raises DrawError if it is too early, the seed is another, or
    there is neither a seed nor a reason."""
    announcement, closed = record.announcement, record.closed
    if closed is None:
        raise DrawError("名单还没有封存，先运行 xst draw close")
    if now < moment(announcement.beacon.at):
        raise DrawError(f"信标到 {announcement.beacon.at} 才公布，现在还不能开奖")
    if seed and commit(seed) != announcement.commit:
        raise DrawError("种子与公告的承诺值不符，用错了种子文件")
    if bool(seed) == bool(withheld.strip()):
        raise DrawError("要么公布种子，要么写明为什么没有种子（--withheld），二者必居其一")
    late = now > moment(announcement.reveal_by)
    if seed and late:
        raise DrawError(f"种子应在 {announcement.reveal_by} 前公布，已经过了；按公告只用信标开奖")
    if not seed and not late:
        raise DrawError(f"要等到 {announcement.reveal_by} 之后，才能不用种子开奖")
    order = ranking(closed.entries, seed, closed.root, beacon_bytes(announcement.beacon, beacon))
    winners, reserves = split(announcement, order)
    made = now.isoformat(timespec="seconds")
    drawn = Drawn(
        digest(closed), made, seed.hex(), withheld.strip(), beacon.strip(), winners, reserves
    )
    return Record(announcement, closed, drawn)


def split(
    announcement: Announcement, order: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Winners and reserves of a ranking."""
    last = announcement.winners
    return tuple(order[:last]), tuple(order[last : last + announcement.reserves])


def prize_of(record: Record, entry: str) -> tuple[int, Prize | None]:
    """An entry's place from 1 and its prize; (place, None) for a reserve, (0, None) for the rest.
    A reserve's place counts from 1 again."""
    if record.drawn is None:
        return 0, None
    if entry in record.drawn.winners:
        place = record.drawn.winners.index(entry)
        each = [p for p in record.announcement.prizes for _ in range(p.number)]
        return place + 1, each[place]
    if entry in record.drawn.reserves:
        return record.drawn.reserves.index(entry) + 1, None
    return 0, None


def where(beacon: Beacon) -> str:
    """Where people find the beacon's value themselves."""
    if beacon.source == DRAND:
        return f"https://api.drand.sh/{CHAIN}/public/{beacon.round} 里的 randomness"
    return f"{beacon.where}公布的{beacon.what}（{beacon.at} 之后）"
