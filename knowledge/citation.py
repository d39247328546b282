"""Reading and writing citations: 《工会法》第二十条第二款, 本法第四十一条, 前条, ranges."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from knowledge.numerals import NUMBER, article_label, exact, narrow, normal_article, to_chinese
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


_INNER = r"[^《》]*(?:《[^《》]*》[^《》]*)*"
_NAME = rf"[^《》]*(?:《{_INNER}》[^《》]*)*"  # 《修改《适用《工会法》的解释》的决定》 occurs
_WHOLE = re.compile(rf"《{_NAME}》")


def law_name(text: str) -> str:
    """A law's name as the library keeps it: no 《》 around it, no 中华人民共和国 in front of it
    (a law named inside it keeps its own), no date behind it, no blanks.

    >>> law_name("《中华人民共和国 工会法》")
    '工会法'
    """
    text = re.sub(r"[\s\u3000]+", "", narrow(text)).replace("〈", "《").replace("〉", "》")
    if _WHOLE.fullmatch(text):
        text = text[1:-1]
    text = text.replace("(", "（").replace(")", "）")
    text = re.sub(r"（\d{4}[年\-.]?[^）]*）$", "", text)
    return re.sub(r"^中华人民共和国(?=.)", "", text)


def write_citation(citation: Citation) -> str:
    """《集体合同规定》第三十二条第二款."""
    out = f"《{citation.law}》{citation.article}"
    if citation.paragraph:
        out += f"第{to_chinese(citation.paragraph)}款"
    if citation.item:
        out += f"第{to_chinese(citation.item)}项"
    return out


_TO = r"至|到|[-‐‑–—―－~～]{1,2}"
_AND = rf"\s*(?:、|和|或者?|及|以及|{_TO})\s*"
_NUMBERS = rf"{NUMBER}(?:{_AND}(?:第\s*)?{NUMBER})*"
_MARK = rf"[（(]?\s*{NUMBER}\s*[）)]?"
_MARKS = rf"{_MARK}(?:{_AND}(?:第\s*)?{_MARK})*"
# 第一条例, 第三条件, 第五条款 are no articles; nor is the 款 of 第二款项.
_ARTICLE = r"\s*条(?!例|件|款(?!第))"
_BELOW = rf"(?:\s*第?\s*(?P<paragraphs>{_NUMBERS})\s*款)?(?:\s*第?\s*(?P<items>{_MARKS})\s*项)?"
_PLACE = rf"第?\s*(?P<articles>{_NUMBERS}){_ARTICLE}(?:之(?P<branch>{NUMBER}))?{_BELOW}"
_LABEL = rf"序言|附[^第《》]{{0,12}}|{NUMBER}[、.]|[（(]{NUMBER}[）)]"
_ONE = re.compile(
    rf"《(?P<law>{_NAME})》\s*"
    rf"(?:第?\s*(?P<article>{NUMBER})\s*条(?:之(?P<branch>{NUMBER}))?"
    rf"(?:\s*第?\s*(?P<paragraph>{NUMBER})\s*款)?(?:\s*第?\s*(?P<item>{_MARK})\s*项)?"
    rf"|(?P<label>{_LABEL})?)\s*"
)


def read_citation(text: str) -> Citation:
    """One citation, whole. Raises CitationError when anything of it is not understood."""
    m = _ONE.fullmatch(narrow(text.strip().replace("〈", "《").replace("〉", "》")))
    if m is None or not law_name(m["law"]):
        raise CitationError(f"“{text}”不是引用，应写作《劳动合同法》第三十条第二款")
    law = law_name(m["law"])
    if not m["article"]:
        return Citation(law, (m["label"] or "").strip())
    values = {k: _count(m[k]) for k in ("article", "branch", "paragraph", "item") if m[k]}
    if not all(values.values()):
        raise CitationError(f"“{text}”里的数字读不出，应写作《劳动合同法》第三十条第二款")
    label = article_label(values["article"], values.get("branch", 0))
    return Citation(law, label, values.get("paragraph", 0), values.get("item", 0))


def _count(text: str) -> int:
    """The number in 第三, （三） or 3; 0 if it is none that numbers an article."""
    value = exact(text.strip("（()） \u3000")) or 0
    return value if value < 10_000 else 0


_TITLE = "法典?|宪法修正案|条例|办法|细则|规则|规定|解释|决定|章程|通则|公约|意见|通知"
_SELF = rf"本(?:实施|若干|暂行|试行)?(?:{_TITLE})"
_AHEAD = rf"(?=(?:\s*第\s*{NUMBER}\s*[编章节])*\s*第?\s*{_NUMBERS}{_ARTICLE})"
_FIND = re.compile(
    rf"《(?P<law>{_NAME})》\s*(?:[（(][^）)]{{0,40}}[）)])?{_AHEAD}"
    rf"|(?P<self>{_SELF}){_AHEAD}"
    rf"|(?P<named>(?:{_TITLE})(?:（[^）]{{1,6}}）)?){_AHEAD}"
    rf"|第\s*{NUMBER}\s*[编章节]"
    rf"|(?P<place>{_PLACE})"
    rf"|(?P<join>{_TO})(?=\s*第\s*{NUMBER}\s*条)"
    rf"|(?P<before>前(?P<count>[两二三四五]?)条(?!件|款|约|例))"
    rf"|(?P<here>本条)(?=第\s*{NUMBER}\s*[款项])"
    rf"|(?P<sep>(?:{_AND})?)第\s*(?:(?P<more>{_NUMBERS})\s*款(?:\s*第?\s*(?P<more_items>{_MARKS})\s*项)?"
    rf"|(?P<only_items>{_MARKS})\s*项)"
    r"|(?P<stop>[。；！？\n])"
)


def find_citations(
    text: str, own_law: str = "", own_article: str = "", laws: Iterable[str] = ()
) -> list[Mention]:
    """Every citation in a running text, in order; `start` and `end` are offsets in `text`.

    `own_law` is what 本法 and a bare 第四十一条 mean, `own_article` what 前条 and 本条 count
    from; without them such places are left out. `laws` are names that count as a law without
    《》 (工会法第20条); a place behind any other law's name without 《》 is left out. Lists and
    ranges come back one by one. 前款 is left out: nobody says in which 款 the text stands.
    """
    scan = _Scan(narrow(text), own_law, own_article, {own_law, *laws} - {""})
    for m in _FIND.finditer(scan.text):
        scan.take(m)
    return scan.mentions


class _Scan:
    """What is known at one point of the text: whose articles are counted, what was cited last."""

    def __init__(self, text: str, own_law: str, own_article: str, laws: Collection[str]) -> None:
        self.text, self.own_law, self.own_article, self.laws = text, own_law, own_article, laws
        self.mentions: list[Mention] = []
        self.law, self.foreign = own_law, False
        self.join, self.position = False, 0

    def take(self, m: re.Match[str]) -> None:
        gap = self.text[self.position : m.start()]
        if m["law"] is not None:
            self.law, self.foreign = law_name(m["law"]), True
        elif m["named"] is not None:
            self.law, self.foreign = self._named(m.end()), True
        elif m["self"] is not None or m["stop"] is not None:
            self.law, self.foreign = self.own_law, False
        elif m["place"] is not None:
            self._place(m, gap)
        elif m["before"] is not None:
            for label in _previous(self.own_article, _count(m["count"]) or 1):
                self._add(Citation(self.own_law, label), m.start(), m.end())
        elif m["here"] is not None and self.own_law and self.own_article:
            self._add(Citation(self.own_law, self.own_article), m.start(), m.end())
        elif m["more"] or m["only_items"]:
            self._more(m)
        self.join = m["join"] is not None and not gap and self._touches(m.start())
        self.position = m.end()

    def _named(self, end: int) -> str:
        """The longest known law whose name stands right before `end`; "" if none does."""
        starts = range(max(0, end - _LONGEST_NAME), end)
        return next((n for i in starts if (n := self.text[i:end]) in self.laws), "")

    def _touches(self, start: int) -> bool:
        return bool(self.mentions) and self.mentions[-1].end == start

    def _add(self, citation: Citation, start: int, end: int) -> None:
        if citation.law:
            self.mentions.append(Mention(citation, start, end))

    def _place(self, m: re.Match[str], gap: str) -> None:
        bare = not m["place"].startswith("第")
        if bare and (gap.strip() or not self.foreign or not self.position):
            return  # 3条意见
        if self.foreign and not _continues(gap):
            self.law, self.foreign = self.own_law, False
        found = _spread(m["articles"], m.start("articles"))
        if self.join and not gap.strip() and found:
            last = self.mentions[-1].citation
            number, branch = article_order(last.article)
            if last.law == self.law and last == last.whole and not branch:
                fill = range(number + 1, found[0][0]) if found[0][0] - number <= _MOST else ()
                found = [(n, found[0][1], found[0][2]) for n in fill] + found
        for position, (number, start, end) in enumerate(found):
            start = m.start() if position == 0 else start
            if position < len(found) - 1:
                self._add(Citation(self.law, article_label(number)), start, end)
                continue
            branch = _count(m["branch"]) if m["branch"] else 0
            whole = Citation(self.law, article_label(number, branch))
            self._below(whole, m, "paragraphs", "items", start)

    def _below(
        self, whole: Citation, m: re.Match[str], paragraphs: str, items: str, start: int
    ) -> None:
        """`whole` with each of the 款 that `m` names, the last of them with each of its 项."""
        end = m.end()
        if m[paragraphs]:
            found = _spread(m[paragraphs], m.start(paragraphs))
            for number, at, stop in found[:-1]:
                self._add(replace(whole, paragraph=number), start, stop)
                start = at
            if found:
                whole = replace(whole, paragraph=found[-1][0])
                start = found[-1][1] if len(found) > 1 else start
        if items and m[items]:
            found = _spread(m[items], m.start(items))
            for position, (number, at, stop) in enumerate(found):
                stop = end if position == len(found) - 1 else stop
                self._add(replace(whole, item=number), at if position else start, stop)
        else:
            self._add(whole, start, end)

    def _more(self, m: re.Match[str]) -> None:
        """、第二款 or 至第五项 behind a place; 前条第二款, where it makes the place exact."""
        if not self._touches(m.start()):
            return
        last = self.mentions[-1].citation
        start = m.start() + len(m["sep"])
        if not m["sep"]:
            start = self.mentions.pop().start
        whole = last.whole if m["more"] else replace(last, item=0)
        if m["sep"] and re.fullmatch(_TO, m["sep"].strip()):
            numbers = _spread(m["more"] or m["only_items"], start)
            low = last.paragraph if m["more"] else last.item
            for n in range(low + 1, numbers[0][0] if numbers and low else 0):
                between = replace(whole, paragraph=n) if m["more"] else replace(whole, item=n)
                self._add(between, start, m.end())
        if m["more"]:
            self._below(whole, m, "more", "more_items", start)
        else:
            self._below(whole, m, "more", "only_items", start)


_LONGEST_NAME = 80
_MOST = 60
"""A range that is longer than this was misread."""


def _spread(text: str, offset: int) -> list[tuple[int, int, int]]:
    """The numbers of 一、三至五 with their places: 1, 3, 4, 5. Those that are none are left out."""
    found: list[tuple[int, int, int]] = []
    at = 0
    for m in re.finditer(NUMBER, text):
        value = _count(m[0])
        if not value:
            continue
        start, end = offset + m.start(), offset + m.end()
        if found and re.search(_TO, text[at : m.start()]):
            low = found[-1][0]
            found += [(n, start, end) for n in range(low + 1, value) if value - low <= _MOST]
        found.append((value, start, end))
        at = m.end()
    return found


def _continues(gap: str) -> bool:
    """What may stand between two places of one law: 、和或者以及 and little else."""
    return len(gap) <= 3 or bool(re.fullmatch(r"(?:、|和|或者|或|以及|及|与|，|的|规定|\s)*", gap))


def _previous(own_article: str, count: int) -> list[str]:
    """The `count` articles before one; before 第X条之二 stands 第X条之一."""
    number, branch = article_order(own_article)
    labels: list[str] = []
    while number and len(labels) < count:
        if branch:
            branch -= 1
        else:
            number -= 1
        labels.append(article_label(number, branch) if number else "")
    return [label for label in reversed(labels) if label]


def article_order(article: str) -> tuple[int, int]:
    """Sort key of an article label: (262, 2) for 第二百六十二条之二, (0, 0) for other labels."""
    m = re.match(rf"第({NUMBER})条(?:之({NUMBER}))?", normal_article(article))
    return (_count(m[1]), _count(m[2]) if m[2] else 0) if m else (0, 0)
