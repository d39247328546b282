"""Enrolling people from a list: admission numbers, and secrets that are shown once."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.exam.records import Candidate
from bot.exam.rules import ExamError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U to be taken for another."""

SECRET = 12
"""Characters of a secret: 60 random bits, which no guessing over a network reaches."""

_COST = {"n": 2**14, "r": 8, "p": 1}
COLUMNS = ("姓名", "单位", "备注")


@dataclass(frozen=True, slots=True)
class Person:
    """A line of a list. `note` tells two people of one name in one unit apart."""

    name: str
    unit: str
    note: str = ""


def read_people(path: Path) -> list[Person]:
    """A list: CSV with the columns 姓名, 单位 and, where two share both, 备注. Raises ExamError
    naming file and line."""
    try:
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ExamError(f"{path}: 读不出来（{error}）；请存成 UTF-8 的 CSV") from error
    head = [cell.strip() for cell in lines[0]] if lines else []
    if not {"姓名", "单位"} <= set(head) or set(head) - set(COLUMNS):
        raise ExamError(f"{path}: 第 1 行应是列名 姓名,单位（可加 备注），现在是 {','.join(head)}")
    found: dict[Person, int] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = {k: " ".join(v.split()) for k, v in zip(head, line, strict=False)}
        if not any(cells.values()):
            continue
        if len(line) != len(head):
            raise ExamError(f"{path}: 第 {number} 行有 {len(line)} 格，列名有 {len(head)} 个")
        for name in ("姓名", "单位"):
            if not cells[name] or len(cells[name]) > 60:
                raise ExamError(f"{path}: 第 {number} 行的{name}是空的，或超过 60 字")
        person = Person(cells["姓名"], cells["单位"], cells.get("备注", ""))
        if person in found:
            raise ExamError(
                f"{path}: 第 {number} 行与第 {found[person]} 行相同；"
                "确是两个人，请加“备注”一列区分（如 甲班、乙班）"
            )
        found[person] = number
    if not found:
        raise ExamError(f"{path}: 名单里一个人也没有")
    return list(found)


def candidates(
    people: Sequence[Person], taken: Collection[str], day: date
) -> list[tuple[Candidate, str]]:
    """People as candidates, each with the secret to hand out, which is kept nowhere."""
    used, made = set(taken), []
    for person in people:
        number = ""
        while not number or number in used:
            number = f"{day.year}{secrets.randbelow(10**6):06}"
        used.add(number)
        secret = new_secret()
        made.append(
            (Candidate(number, person.name, person.unit, person.note, seal(secret), day), secret)
        )
    return made


def new_secret() -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(SECRET))
    return "-".join(drawn[n : n + 4] for n in range(0, SECRET, 4))


def seal(secret: str, salt: bytes = b"") -> str:
    """What is kept of a secret (scrypt, RFC 7914)."""
    salt = salt or secrets.token_bytes(16)
    hashed = hashlib.scrypt(_plain(secret).encode(), salt=salt, dklen=32, **_COST)
    return f"scrypt${salt.hex()}${hashed.hex()}"


def fits(secret: str, sealed: str) -> bool:
    """Whether a typed secret is the one; an empty `sealed` costs the same time and is False."""
    _, salt, hashed = (sealed or f"scrypt${'00' * 16}$").split("$")
    found = seal(secret, bytes.fromhex(salt)).rpartition("$")[2]
    return hmac.compare_digest(found, hashed)


def _plain(secret: str) -> str:
    said = unicodedata.normalize("NFKC", secret)[:100].upper()
    said = "".join(c for c in said if c.isalnum())
    return said.translate(str.maketrans("OIL", "011"))
