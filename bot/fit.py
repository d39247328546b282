"""Fitting an answer to how the question was put: its verdict, its premise, the year it is about."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from bot import gate, manner, texts
from bot.answer import PLAIN, Draft
from bot.sources import Sources
from bot.understand import best_sentence, bigrams
from knowledge.citation import Citation
from knowledge.figures import figures, show
from knowledge.library import Article
from knowledge.pieces import Leave

_VERDICT = re.compile(r"(?:不可以|可以|要看)")
# Only a word that stands for itself is a verdict: 「不能拦您」 says that you may go.
_NO = re.compile(r"(?:不能|不行|不允许)[。，：:,]")
_YES = re.compile(r"(?:能|行)[。，：:,]")
_MODAL = re.compile(r"可以|能不能|能|吗|么|单位|公司|企业|我")
SAME = 0.5
"""Share of the pairs of characters of a question for leave that another must hold."""

LIKE = 0.4
"""Share of an article's pairs of characters that its earlier version must hold."""


def fit(draft: Draft, may: Leave | None, text: str) -> Draft:
    """`draft` so that its first sentence meets the question: 可以, 不可以 or 要看 first where leave
    is asked for what `may` is about, a wrong premise set right."""
    return _premise(_verdict(draft, may, text), text)


def _verdict(draft: Draft, may: Leave | None, text: str) -> Draft:
    if draft.disposition != "answer" or not manner.asks_leave(text):
        return draft
    first = draft.claims[0]
    if _VERDICT.match(first):
        return draft
    if m := _NO.match(first):
        return _opened(draft, "不可以", first[m.end() :])
    if m := _YES.match(first):
        return _opened(draft, "可以", first[m.end() :])
    if may and manner.refuses(text) == manner.refuses(may.asked) and _about(text, may.asked):
        return _opened(draft, may.verdict, first)
    return draft


def _about(text: str, asked: str) -> bool:
    """Whether `text` asks leave for the same: most of what `asked` names is in it."""
    wanted = bigrams(_MODAL.sub("", asked))
    return len(wanted & bigrams(text)) >= SAME * len(wanted)


def _opened(draft: Draft, verdict: str, rest: str) -> Draft:
    return replace(draft, claims=(f"{verdict}。{rest.lstrip('，。：')}", *draft.claims[1:]))


def _premise(draft: Draft, text: str) -> Draft:
    if draft.disposition != "answer":
        return draft
    said = {f for claim in draft.claims for f in figures(claim)}
    wrong = [
        f
        for f in sorted(manner.premise(text))
        if f not in said and any(unit == f[1] for _, unit in said)
    ]
    if not wrong:
        return draft
    first = texts.PREMISE_WRONG.format(said=show(wrong[0]))
    return replace(
        draft,
        claims=(first + draft.claims[0], *draft.claims[1:]),
        allowed=draft.allowed | {wrong[0]},
    )


def fit_day(draft: Draft, text: str, sources: Sources) -> Draft:
    """`draft` with what held in the year that the question is about, by its main article."""
    day = manner.past_day(text, sources.day)
    if day is None or not draft.cite or draft.disposition != "answer":
        return draft
    main = draft.cite[0]
    now = sources.article(main)
    if now is None:
        return _before(draft, texts.THEN_UNKNOWN.format(year=day.year))
    then = _then(main, now, sources.at(day))
    if then is None:
        start = now.version.validity.start
        if start is None or start <= day:
            return draft
        first = texts.THEN_NONE.format(year=day.year, law=f"《{main.law}》", start=_long(start))
        return _before(draft, first)
    if then.text == now.text:
        return _before(draft, texts.THEN_SAME.format(year=day.year))
    sentence = best_sentence(text + "".join(draft.claims), then.text)
    first = texts.THEN_DIFFERS.format(
        year=day.year,
        law=f"《{main.law}》",
        article=then.citation.article,
        sentence=sentence.rstrip("。"),
    )
    draft = _before(draft, first)
    return replace(draft, quotes=(*draft.quotes, gate.Quote(then.id, sentence.rstrip("。"))))


def _then(citation: Citation, now: Article, past: Sources) -> Article | None:
    """The article as it stood then, wherever it stood in the version of that day."""
    version = past.in_force(citation.law)
    if version is None:
        return None
    same = past.article(citation)
    if same is not None and same.text == now.text:
        return same
    wanted = bigrams(now.text)
    scored = [
        (len(wanted & bigrams(a.text)) / max(1, len(wanted)), a)
        for a in past.articles_of(version.id)
    ]
    share, best = max(scored, key=lambda s: s[0], default=(0.0, None))
    return best if share >= LIKE else None


def _before(draft: Draft, first: str) -> Draft:
    if sum(map(len, draft.claims)) + len(first) > PLAIN:
        draft = replace(draft, claims=draft.claims[:1])
    return replace(
        draft, claims=(first, *draft.claims), allowed=draft.allowed | frozenset(figures(first))
    )


def _long(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
