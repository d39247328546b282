"""Reading and writing citations: 《工会法》第二十条第二款, 本法第四十一条, 前条, ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from knowledge.numerals import NUMBER, article_label, narrow, normal_article, to_chinese, to_int
from knowledge.records import KnowledgeError


class CitationError(KnowledgeError):
    """A citation cannot be read; the message shows it and the form it should have."""


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """One place in one law. `paragraph` (款) and `item` (项) count from 1; 0 is the whole."""

    law: str
    article: str = ""
    paragraph: int = 0
    item: int = 0

    def __str__(self) -> str:
        return write_citation(self)

    @property
    def whole(self) -> Citation:
        """The article, without paragraph and item."""
        return replace(self, paragraph=0, item=0)


@dataclass(frozen=True, slots=True)
class Mention:
    """A citation as it stands in a running text, from `start` to `end`."""

    citation: Citation
    start: int
    end: int


def law_name(text: str) -> str:
    """A law's name as the library keeps it: no 《》, no 中华人民共和国 in front, no blanks.

    >>> law_name("《中华人民共和国 工会法》")
    '工会法'
    """
    text = re.sub(r"[\s\u3000]+", "", narrow(text)).replace("〈", "《").replace("〉", "》")
    if text.startswith("《") and text.endswith("》"):
        text = text[1:-1]
    text = text.replace("(", "（").replace(")", "）")
    text = re.sub(r"（\d{4}[年\-.]?[^）]*）$", "", text)
    if text.startswith("中华人民共和国") and len(text) > len("中华人民共和国"):
        text = text[len("中华人民共和国") :]
    return text


def write_citation(citation: Citation) -> str:
    """《集体合同规定》第三十二条第二款."""
    out = f"《{citation.law}》{citation.article}"
    if citation.paragraph:
        out += f"第{to_chinese(citation.paragraph)}款"
    if citation.item:
        out += f"第{to_chinese(citation.item)}项"
    return out


_PLACE = (
    rf"第?\s*(?P<number>{NUMBER})\s*条(?:之(?P<branch>{NUMBER}))?"
    rf"(?:\s*第?\s*(?P<paragraph>{NUMBER})\s*款)?(?:\s*第?\s*[（(]?(?P<item>{NUMBER})[）)]?\s*项)?"
)
_ONE = re.compile(rf"《(?P<law>.+)》\s*(?:{_PLACE}|(?P<label>附录|附件|附则)?)\s*")


def read_citation(text: str) -> Citation:
    """One citation, whole. Raises CitationError when anything of it is not understood."""
    m = _ONE.fullmatch(narrow(text.strip()))
    if m is None:
        raise CitationError(f"“{text}”不是引用，应写作《劳动合同法》第三十条第二款")
    if not m["number"]:
        return Citation(law_name(m["law"]), m["label"] or "")
    return _place(m, law_name(m["law"]))


def _place(m: re.Match[str], law: str) -> Citation:
    label = article_label(to_int(m["number"]), to_int(m["branch"]) if m["branch"] else 0)
    return Citation(
        law,
        label,
        to_int(m["paragraph"]) if m["paragraph"] else 0,
        to_int(m["item"]) if m["item"] else 0,
    )


_SELF = "本(?:法|条例|规定|办法|规则|细则|解释|决定|章程|实施办法|若干规定)"
_NUM = rf"第\s*{NUMBER}\s*条(?:之{NUMBER})?"
_FIND = re.compile(
    rf"《(?P<law>[^《》]*(?:《[^《》]*》[^《》]*)*)》\s*(?:[（(][^）)]{{0,40}}[）)])?\s*(?=第?\s*{NUMBER}\s*条)"
    rf"|(?P<self>{_SELF})\s*(?=第\s*{NUMBER}\s*条)"
    rf"|(?P<place>{_PLACE})"
    rf"|(?P<join>(?<=[条款项])\s*(?:至|到|—|－|-|~|～)\s*(?=第))"
    rf"|(?P<before>前(?P<count>[两三四五]?)条)(?!件|款约|例)"
    rf"|(?P<also>(?:、|和|或者|或|以及|及)?第\s*(?P<more_p>{NUMBER})\s*款)"
    rf"|(?P<also_i>(?:、|和|或者|或|以及|及)第\s*[（(]?(?P<more_i>{NUMBER})[）)]?\s*项)"
    r"|(?P<stop>[。；！？\n])"
)


def find_citations(
    text: str, own_law: str = "", own_article: str = "", laws: Iterable[str] = ()
) -> list[Mention]:
    """Every citation in a running text, in order.

    `own_law` is what 本法 and a bare 第四十一条 mean, `own_article` what 前条 counts from;
    without them such places are left out. `laws` are names that count as a law without 《》
    (工会法第20条). Ranges come back article by article.
    """
    text = narrow(text)
    for name in sorted(laws, key=len, reverse=True):
        text = re.sub(rf"(?<![《\w]){re.escape(name)}(?=\s*第?\s*{NUMBER}\s*条)", f"《{name}》", text)
    mentions: list[Mention] = []
    law, explicit, joined, position = own_law, False, False, 0
    for m in _FIND.finditer(text):
        if m["law"] is not None:
            law, explicit = law_name(m["law"]), True
        elif m["self"] is not None:
            law, explicit = own_law, False
        elif m["stop"] is not None:
            law, explicit, joined = own_law, False, False
        elif m["join"] is not None:
            joined = bool(mentions) and mentions[-1].end == m.start()
        elif m["place"] is not None:
            if explicit and not _continues(text[position : m.start()]):
                law, explicit = own_law, False
            if law and _plausible(m):
                here = _place(m, law)
                if joined:
                    mentions += _between(mentions[-1].citation, here, m.start(), m.end())
                mentions.append(Mention(here, m.start(), m.end()))
            joined = False
        elif m["before"] is not None:
            mentions += _previous(own_law, own_article, m)
        elif (m["also"] or m["also_i"]) and mentions and mentions[-1].end == m.start():
            last = mentions[-1].citation
            more = (
                replace(last, paragraph=to_int(m["more_p"]), item=0)
                if m["also"]
                else replace(last, item=to_int(m["more_i"]))
            )
            mentions.append(Mention(more, m.start(), m.end()))
        position = m.end()
    return mentions


def _continues(gap: str) -> bool:
    """What may stand between two places of one law: 、和或者以及 and little else."""
    return len(gap) <= 3 or bool(re.fullmatch(r"(?:、|和|或者|或|以及|及|与|，|的|规定|\s)*", gap))


def _plausible(m: re.Match[str]) -> bool:
    return m["place"].startswith("第") or m["place"][0].isdigit()


def _between(first: Citation, last: Citation, start: int, end: int) -> list[Mention]:
    if first.law != last.law or first.paragraph or not first.article:
        return []
    low, high = _number(first.article), _number(last.article)
    if not 0 < high - low <= 60:
        return []
    return [
        Mention(Citation(first.law, article_label(n)), start, end) for n in range(low + 1, high)
    ]


def _previous(own_law: str, own_article: str, m: re.Match[str]) -> list[Mention]:
    if not own_law or not own_article.startswith("第"):
        return []
    count = to_int(m["count"]) if m["count"] else 1
    here = _number(own_article)
    return [
        Mention(Citation(own_law, article_label(n)), m.start(), m.end())
        for n in range(max(1, here - count), here)
    ]


def _number(article: str) -> int:
    """第二百六十二条之二 -> 262."""
    m = re.match(rf"第({NUMBER})条", article)
    return to_int(m[1]) if m else 0


def article_order(article: str) -> tuple[int, int]:
    """Sort key of an article label: (262, 2) for 第二百六十二条之二."""
    m = re.match(rf"第({NUMBER})条(?:之({NUMBER}))?", normal_article(article))
    return (to_int(m[1]), to_int(m[2]) if m[2] else 0) if m else (0, 0)
