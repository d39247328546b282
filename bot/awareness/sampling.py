"""Who is asked: a draw from the roster that anybody can repeat from a published seed.

The rule, whole: a line of the roster is its text without white space at the ends, in Unicode NFC,
as UTF-8. Its ticket is HMAC-SHA256 with the seed's bytes as key and the line as message. Lines are
sorted by ticket; the first n are asked, in that order. Within strata the same tickets serve. By
hand: `printf %s LINE | openssl dgst -sha256 -mac HMAC -macopt hexkey:SEED`.

The roster must be fixed before the seed is known (publish `fingerprint`), and the seed must be
nobody's choice: a lottery result or beacon of a later day, or dice before witnesses.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from bot.awareness.inputs import AwarenessError, whole


def read_seed(text: str) -> bytes:
    """The published seed from its hexadecimal digits. Raises AwarenessError."""
    try:
        seed = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        seed = b""
    if not seed:
        raise AwarenessError(
            f"seed（公布的随机种子）是“{text}”，应为偶数个十六进制字符（0-9 a-f），如 9f2c…"
        )
    return seed


def tidy(line: str) -> str:
    return unicodedata.normalize("NFC", line).strip()


def ticket(seed: bytes, line: str) -> str:
    """The line's ticket, 64 hexadecimal digits."""
    return hmac.new(seed, tidy(line).encode(), hashlib.sha256).hexdigest()


def fingerprint(lines: Iterable[str]) -> str:
    """SHA-256 over the sorted lines, each with a line feed: published before the seed, it shows
    that nobody was put in or taken out afterwards."""
    text = "".join(f"{line}\n" for line in sorted(map(tidy, lines)))
    return hashlib.sha256(text.encode()).hexdigest()


def ranked(lines: Sequence[str], seed: bytes) -> list[str]:
    """All lines in the order in which they would be asked. Raises AwarenessError on a blank line
    or one that stands twice, since both would stand or fall together."""
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        clean = tidy(line)
        if not clean:
            raise AwarenessError(f"名册第 {number} 人是空的，请删去")
        if clean in seen:
            raise AwarenessError(
                f"名册第 {number} 人与第 {seen[clean]} 人一字不差；请加工号等能分开两人的一栏"
            )
        seen[clean] = number
    return sorted(lines, key=lambda line: ticket(seed, line))


def draw(lines: Sequence[str], n: int, seed: bytes) -> list[str]:
    """`n` lines drawn at random, in order of invitation. Raises AwarenessError."""
    whole("n（要抽的人数）", n)
    if n > len(lines):
        raise AwarenessError(f"n（要抽的人数）是 {n}，名册只有 {len(lines)} 人")
    return ranked(lines, seed)[:n]


def draw_strata(
    strata: Mapping[str, Sequence[str]], numbers: Mapping[str, int], seed: bytes
) -> dict[str, list[str]]:
    """From each stratum as many as `numbers` says, in order of invitation."""
    return {name: draw(lines, numbers[name], seed) for name, lines in strata.items()}


def allot(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """`n` places shared out in proportion to `sizes`: largest remainders (Hamilton), ties to the
    larger stratum, then to the earlier. Raises AwarenessError."""
    total = sum(sizes.values())
    whole("n（要抽的人数）", n)
    if n > total:
        raise AwarenessError(f"n（要抽的人数）是 {n}，名册只有 {total} 人")
    if total == 0:
        return {}
    places = {name: size * n // total for name, size in sizes.items()}
    rest = sorted(sizes, key=lambda name: (-(sizes[name] * n % total), -sizes[name]))
    for name in rest[: n - sum(places.values())]:
        places[name] += 1
    return places
