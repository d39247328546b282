"""The paragraph (款) or item (项) of an article that answers a question.

Every paragraph gets nine measures (words in common, likeness of meaning, whether it holds the
kind of thing that is asked for: a time limit, an amount, a payer …) and their weighted sum is
its score; so do the items of the best paragraph. The weights were fitted as a conditional logit
(McFadden 1974) on the development part of `tests/questions/pinpoint.jsonl`; figures are beside
them. An answer whose citation already names a paragraph needs none of this: see `named`.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Callable, Collection, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.meaning import SHIPPED, Floats, Meaning, unit
from index.questions import Features
from index.retriever import RetrieverError
from index.text import Tokens, normalise, runs
from knowledge.structure import items, paragraphs

MEASURES = (
    "words", "legal", "letters", "meaning", "closest", "apart", "cues", "numbers", "length",
)  # fmt: skip
"""words: rarity-weighted pairs of characters of the question that the part holds; legal: the
same for the legal terms that lay words stand for; letters: single characters that few parts of
the article hold; meaning: cosine; closest: cosine of the closest sentence; apart: cosine of what
sets the parts of this article apart; cues: kinds of thing asked for that few parts hold;
numbers: how many figures, where figures are asked for; length: log of characters."""

WEIGHTS = (1.2, 0.6, 2.0, 1.6, 3.5, 2.9, 0.75, 0.25, -0.2)
"""Exact paragraph, of articles with several, by the question alone: 164 of the 193 questions
that they were fitted on, 171 of 190 held-out ones about other articles; exact item 18 of 29 and
25 of 38. Cosine alone had 75 % of the first, the words in common 63 %. Fine-tuning the
vectors on our questions and the paragraphs their cards cite brought nothing."""

ITEM_SHARE = 0.5
"""Least share of the items' belief that one must have to be named alone; of 33 held-out items that
were named 25 were right. A smaller share names more and is wrong more often."""

READ = 4096
"""Parts of articles whose reading is kept; some 10 kB each."""

COMMON_SHARE = 0.7
"""How much of the direction that all parts of an article have in common is taken out."""


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph, or with `item` > 0 one item, and where it stands: `text[start:end]`.

    `head` is where the words end that introduce the paragraph's items, 0 for a part without.
    """

    paragraph: int
    item: int
    start: int
    end: int
    head: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """The part that answers. `share` (0 to 1) is how much of the belief in any paragraph goes to
    this one, 1.0 where a citation named it or there is no other."""

    part: Part
    share: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question made ready once, to be asked of several articles. `list` says that it asks for
    a whole list (哪些情形), of which no single item is the answer."""

    pairs: frozenset[str]
    legal: frozenset[str]
    letters: frozenset[str]
    vector: Floats
    cues: tuple[bool, ...]
    list: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a question is held against in one part: also the vectors of its sentences, the
    numbers of the cues it gives, and how many figures it has, at most three."""

    pairs: frozenset[str]
    letters: frozenset[str]
    vector: Floats
    sentences: Floats
    cues: frozenset[int]
    figures: int


def parts(text: str) -> list[Part]:
    """The paragraphs of an article's text, each followed by its items, with their places.

    A paragraph that has only one item has none: nothing is to be chosen.
    """
    found: list[Part] = []
    at = 0
    for number, paragraph in enumerate(paragraphs(text), 1):
        start, end = _place(text, paragraph, at)
        below: list[Part] = []
        listed = items(paragraph)
        inside = start
        for item, words in enumerate(listed if len(listed) > 1 else (), 1):
            first, inside = _place(text, words, inside)
            below.append(Part(number, item, first, inside))
        head = below[0].start if below else 0
        found.append(Part(number, 0, start, end, len(text[:head].rstrip())))
        found += below
        at = end
    return found


def _place(text: str, words: str, at: int) -> tuple[int, int]:
    """Where `words`, whose lines were stripped, stand in `text` from `at` on."""
    lines = words.split("\n")
    start = end = text.index(lines[0], at)
    for line in lines:
        end = text.index(line, end) + len(line)
    return start, end


class Pinpoint:
    """Finds the part of an article that answers.

    `features` makes a question's features for `meaning`, `words` are the words it knows (law
    text is read without segmentation), `rarity` says how much a character or pair tells.
    """

    def __init__(
        self,
        tokens: Tokens,
        features: Features,
        meaning: Meaning,
        words: Set[str] = frozenset(),
        rarity: Callable[[str], float] | None = None,
        weights: Sequence[float] = WEIGHTS,
    ) -> None:
        self._tokens, self._features, self.meaning = tokens, features, meaning
        self._words, self._rarity = words, rarity or common_rarity
        self._starts: dict[str, set[int]] = {}
        for word in words:
            self._starts.setdefault(word[:2], set()).add(len(word))
        # Law text only, never what a person types.
        self._read = lru_cache(maxsize=READ)(self._reading)
        self._weights = np.array(weights, np.float64)

    def asked(self, question: str) -> Asked:
        """The question made ready; most of a millisecond, for segmentation and sounds."""
        bare = _FILLER.sub(" ", question)
        pairs = self._pairs(bare)
        legal = {g for term in self._tokens.expand(question) for g in self._pairs(term)}
        return Asked(
            frozenset(pairs),
            frozenset(legal - pairs),
            frozenset(c for c in normalise(bare) if c.isalnum()),
            self.meaning.encode({f for f, _ in self._features(question)}),
            tuple(bool(asks.search(question)) for asks, _ in _CUES),
            bool(_LIST.search(question)),
        )

    def find(
        self, question: str | Asked, text: str, named: Collection[tuple[int, int]] = ()
    ) -> Spot | None:
        """The part of the article `text` that answers best; None for a text of one part.

        `named` are (paragraph, item) pairs that a citation already gives, item 0 for none: only
        these paragraphs are looked at, and an item that is named is not searched for.
        """
        asked = self.asked(question) if isinstance(question, str) else question
        every = parts(text)
        tops = [p for p in every if not p.item]
        chosen = [p for p in tops if p.paragraph in {n for n, _ in named}] or tops
        if len(every) < 2:
            return None
        shares = self._shares(asked, text, chosen)
        best = int(shares.argmax())
        top, share = chosen[best], float(shares[best])
        given = {i for n, i in named if n == top.paragraph}
        below = [p for p in every if p.paragraph == top.paragraph and p.item]
        for item in below:
            if given == {item.item}:
                return Spot(item, share)
        if below and not asked.list and given <= {0}:
            inside = self._shares(asked, text, below)
            if inside.max() >= ITEM_SHARE:
                return Spot(below[int(inside.argmax())], share)
        return Spot(top, share)

    def measures(self, asked: Asked, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The measures of each of `texts`, the parts of one article; shape (parts, 9)."""
        count = len(texts)
        read = [self._read(t) for t in texts]
        vectors = np.array([r.vector for r in read])
        # What all parts share says nothing about which of them answers.
        common = unit(vectors.mean(axis=0))
        rest = vectors - COMMON_SHARE * np.outer(vectors @ common, common)
        rest /= np.linalg.norm(rest, axis=1, keepdims=True) + 1e-9
        aim = unit(asked.vector - COMMON_SHARE * float(asked.vector @ common) * common)
        wanted = [i for i, is_asked in enumerate(asked.cues) if is_asked]
        holds = np.array([[i in r.cues for i in wanted] for r in read], np.float64)
        telling = np.log(count / np.maximum(1, holds.sum(axis=0)))
        figured = any(i in _FIGURED for i in wanted)
        pairs = [r.pairs for r in read]
        return np.column_stack(
            [
                self._held(asked.pairs, pairs),
                self._held(asked.legal, pairs),
                self._telling(asked.letters, [r.letters for r in read]),
                vectors @ asked.vector,
                [float((r.sentences @ asked.vector).max()) for r in read],
                rest @ aim,
                holds @ telling,
                [r.figures if figured else 0 for r in read],
                [math.log(max(1, len(t))) for t in texts],
            ]
        )

    def _shares(self, asked: Asked, text: str, chosen: Sequence[Part]) -> npt.NDArray[np.float64]:
        if len(chosen) == 1:
            return np.ones(1)
        scores = self.measures(asked, [text[p.start : p.end] for p in chosen]) @ self._weights
        odds = np.exp(scores - scores.max())
        shares: npt.NDArray[np.float64] = odds / odds.sum()
        return shares

    def _pairs(self, text: str) -> set[str]:
        return {g for g in self._tokens.grams(text) if len(g) > 1}

    def _reading(self, text: str) -> _Reading:
        vector = self._encode(text)
        pieces = [p for p in _SENTENCE.split(text) if len(p) > 3]
        sentences = [vector] if len(pieces) < 2 else [self._encode(p) for p in pieces]
        return _Reading(
            frozenset(self._pairs(text)),
            frozenset(normalise(text)),
            vector,
            np.array(sentences),
            frozenset(i for i, (_, gives) in enumerate(_CUES) if gives.search(text)),
            min(3, len(_FIGURE.findall(text))),
        )

    def _encode(self, text: str) -> Floats:
        features: set[str] = set()
        for run in runs(normalise(text)):
            features.update(run)
            for i in range(len(run) - 1):
                pair = run[i : i + 2]
                features.add(pair)
                for length in self._starts.get(pair, ()):
                    if run[i : i + length] in self._words:
                        features.add(f"w:{run[i : i + length]}")
        return self.meaning.encode(features)

    def _held(self, wanted: Set[str], sets: Sequence[Set[str]]) -> list[float]:
        """For each set its share of the rarity of what any of them holds; a little that is held
        weighs less than much."""
        found = [(w, self._rarity(w)) for w in wanted if any(w in s for s in sets)]
        total = sum(worth for _, worth in found) + 3.0
        return [sum(worth for w, worth in found if w in s) / total for s in sets]

    def _telling(self, wanted: Set[str], sets: Sequence[Set[str]]) -> list[float]:
        out, total = [0.0] * len(sets), 3.0
        for char in wanted:
            inside = [i for i, s in enumerate(sets) if char in s]
            if inside:
                worth = self._rarity(char)
                total += worth
                for i in inside:
                    out[i] += worth * math.log(len(sets) / len(inside))
        return [o / total for o in out]


def open_pinpoint(tokens: Tokens, features: Features, path: Path = SHIPPED) -> Pinpoint:
    """With the vectors that ship for wordings. Raises RetrieverError when they are damaged."""
    try:
        with np.load(path) as arrays:
            names = json.loads(arrays["names"].tobytes())
            meaning = Meaning(names, arrays["vectors"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise RetrieverError(
            f"{path}：问法模型读不出；请重新安装，或运行 xst learn wordings"
        ) from error
    known = (n[2:] for n in names if n.startswith("w:"))
    return Pinpoint(tokens, features, meaning, frozenset(w for w in known if len(w) <= _LONGEST))


_LONGEST = 6
_SENTENCE = re.compile(r"[。；\n]")
_FILLER = re.compile(
    "请问|是不是|能不能|可不可以|可以|有没有|怎么|什么|多少|我们|咱们|他们|这个|那个|还是|就是|"
    "的|了|吗|呢|啊|吧|不|么|我|你|他"
)
_FIGURE = re.compile(r"[\d一二三四五六七八九十百]+个?(?:工作)?[日天月年倍名人％%]|分之|半数")

_LIST = re.compile(
    "哪些|哪几[种样条个类]|[几哪][种样]|都.{0,4}(?:什么|哪|啥)|有[些]?(?:什么|啥)(?:职责|义务|条件|要求|权利)"
    "|(?:什么|啥)(?:条件|情况下|情形|内容|时候可以|因素|职责)"
)
"""A question for a whole list."""

# What a question asks for, and the words of a part that gives it.
_CUES = tuple(
    (re.compile(asks), re.compile(gives))
    for asks, gives in (
        (
            r"多久|多长|[几多]少?天|几个?月|几年|期限|时候|最[晚迟]|来得及|过期|哪天|哪年|几日|多大"
            r"|多少个?(?:天|日|月|年|工作日)|拖|尽快|时间",
            r"[\d一二三四五六七八九十百两]+(?:个)?(?:工作)?[日天月年]|小时|周岁|期限|之日",
        ),
        (
            r"多少钱|几倍|百分|几成|比例|标准|怎么算|赔多少|多少工资|多少个月|加多少|给多少"
            r"|补[我你]?|数额|封顶|上下限|多少赔",
            r"[倍％%]|百分之|分之|\d元|万元|标准|计算|个月的",
        ),
        (
            r"罚|后果|怎么处理|挨|追究|责任",
            r"罚款|处罚|责令|处分|追究|吊销|滞纳金|赔偿",
        ),
        (
            r"谁|哪个部门|哪家|哪里|去哪|找.{0,4}管",
            r"由.{2,20}(?:担任|承担|支付|负责|管辖|选派|产生|代表)|主管|部门",
        ),
        (
            r"掏|谁[出付给]|报销|报[吗不]|自己[出交]|花销|费用|的钱|垫",
            r"承担|支付|负担|缴纳|列支|偿还|垫付|清偿",
        ),
        (
            r"多少人|几个人|最少几|人数|多少.{0,3}(?:同意|赞成|点头|票)|几个",
            r"[名人]|半数|分之|\d/\d",
        ),
        (r"没(?:有|建)?(?:成立)?工会|无工会|还没工会", r"(?:尚未|未|没有)建立工会"),
        (r"派遣", r"派遣"),
        (
            r"什么叫|啥叫|啥是|什么是|算不算|算什么|指的?|包不?包括|算[在进]|怎么认定|怎么划",
            r"是指|所称|包括|称为",
        ),
        (
            r"能不能|可不可以|可以[吗么不]|行[吗不]|行不行|合[法规]|允许|准不准|有权|可否"
            r"|能.{0,12}[吗么不]$",
            r"不得|禁止|可以|有权|不准",
        ),
        (
            r"要不要|必须|应不应该|是不是(?:得|要|一定)|该不该|用不用|得.{0,8}吗",
            r"应当|必须|需",
        ),
        (r"书面|白纸黑字|口头|嘴上|写", r"书面|口头"),
        (r"材料|证明|交[些什]|资料", r"材料|证明|资料"),
        (r"告诉|知道|贴出|通知|看见|公开|公布", r"告知|通知|公示|公布|说明"),
        (r"举报|投诉|告发", r"检举|控告|举报|投诉"),
        (
            r"还不|超过|拖过|逾期|赖|不还|不改|一直不|硬是|超期|就是不|拒",
            r"逾期|超过|未按|未在|拒不|拒绝|不执行",
        ),
        (r"反悔|不服|崩|谈不拢|僵|没谈", r"反悔|不服|不成|未达成|异议"),
        (r"法院|打官司|起诉", r"人民法院|诉讼"),
        (r"垫|跑了|找不到", r"先行|垫付|清偿"),
        (r"代表", r"代表"),
        (r"换岗|调岗|岗位|调去|换.{0,3}(?:车间|岗)|换人", r"岗位|更换|调整|调动"),
        (r"例外|除了|特殊|一律|都得|都要", r"但是|除外|另有规定|特殊"),
        (r"没|不(?:给|交|来|去|肯)", r"未|不"),
        (_LIST.pattern, r"(?:下列|以下).{2,30}[：:]|[（(]一[）)]"),
    )
)
_FIGURED = (0, 1, 5)
"""The cues that ask for a figure."""


# The 400 characters that most articles of the library hold, in falling order.
_COMMON = (
    "的人应当和行定规法有以理民关政管者部或门本其用对在机等不国工务业作事制主设一及市照公合经为"
    "施保建可依会责条府由发区生并位单地进实上员处他下内提按自中构方要动出时产级家全二所资三安体"
    "同任护权得组成据监通准立情相院向县报开件物期织例取予与违重证律查办案列分职利共展社十改项加"
    "交程收活款标后大五告使督营反个服划明审四求供能未根请委化确范具性受企第外场负采需境限之执入"
    "度过况接品持强水备域止专正调文于防日批检信各罚指年城计意前治议技决质道环源协给申结代原表将"
    "起量式造运术令书导置省费措害从除现支统面商承学符高目新力息形财知金育系间益集常格围布到障记"
    "基乡是适效六被参料教严损直核担因特诉必无究配励放解名犯预复销元投认健数容电许济罪履点属序险"
    "平刑节整推排义完修卫路污助农见科评价际停村维态偿称果镇七纳非变验车续传鼓染存土控养种守登失"
    "住禁口华输领约万类补则察追包举转医影托居联已测筑辖促没海善优房好装消示月网送百危"
)
_RANK = {char: rank for rank, char in enumerate(_COMMON)}


def common_rarity(gram: str) -> float:
    """How much a character or pair tells, from how common its characters are in law texts: near
    ln(N/df) over the library's 149,753 articles, without a table."""
    worth = [0.25 + 0.165 * math.sqrt(_RANK.get(c, 900)) for c in gram]
    return worth[0] if len(worth) == 1 else 1.2 * sum(worth)
