"""The question bank's records: what people should know, three ways to ask each point, and why.

A point is one thing to know; its forms ask for it in different words, so that a second wave asks
anew. Every option carries a claim in the article's own terms, from which the key is derived again
(`knowledge.derive`); every item is bound to the words of the articles it rests on
(`knowledge.bound`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from knowledge.citation import Citation
from knowledge.records import NOWHERE, Place

KINDS = ("单选", "多选", "判断", "案例")
MUSTS = ("应当", "可以", "不得")
ASKS = ("对的", "不对的")

AREAS: Mapping[int, str] = {
    1: "集体协商、集体合同是什么，谁跟谁签",
    2: "管谁、效力多大",
    3: "能谈什么、不能低于什么",
    4: "怎么发起、对方多久回",
    5: "代表怎么来、多少人",
    6: "代表受什么保护",
    7: "我怎么参与",
    8: "职代会怎么通过",
    9: "报送、十五日、公布",
    10: "期限、续签和变更",
    11: "履行不好怎么办",
    12: "底线与理性维权",
}
"""What 基本了解 means, area by area."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an option or statement says, so that an article can confirm or deny it.

    It holds where one sentence of one cited article has all words of `near` and of `says`, the
    `figure` with its `compare`, `who` as the one who acts and `must` as what is laid on them, and
    where the sum `holds` comes out true. `says` maps what the option says to the article's words.
    """

    near: tuple[str, ...] = ()
    figure: str = ""
    compare: str = ""
    who: str = ""
    must: str = ""
    says: tuple[tuple[str, str], ...] = ()
    holds: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. `lure` says why a wrong one tempts."""

    text: str
    claim: Claim
    right: bool = False
    lure: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One question as it is asked. A 判断 has the options 对 and 错, both resting on the claim of
    its statement. `asks` tells whether the right options are those that hold."""

    id: str
    point: str
    area: int
    level: int
    region: str
    contract: str
    kind: str
    stem: str
    options: tuple[Option, ...]
    why: str
    cite: tuple[Citation, ...]
    reviewed: str
    drafted: date
    asks: str = "对的"
    place: Place = NOWHERE

    @property
    def key(self) -> tuple[int, ...]:
        """The places of the right options, from 0."""
        return tuple(n for n, option in enumerate(self.options) if option.right)

    @property
    def version(self) -> str:
        """Changes with every word and with the key: past answers keep the version they met."""
        said = "\x1f".join((self.stem, *(o.text for o in self.options), str(self.key)))
        return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One thing to know, and its three or more forms."""

    point: str
    area: int
    level: int
    teaches: str
    reviewed: str
    drafted: date
    forms: tuple[Item, ...]
    region: str = "国家"
    contract: str = "任何"
    place: Place = NOWHERE
