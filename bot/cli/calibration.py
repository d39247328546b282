"""Commands about knowing what is not known: `learn calibration` and `eval calibration`.

The samples: wordings of ours held out (one of FOLDS parts is for testing), questions of ours
with gold articles and messages about other things (half of each for testing). A guard's
questions are left out: no match decides them.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.table import Table

from bot import manner
from bot.assistant import Assistant
from bot.cli.common import err, fail, out, progress
from bot.coverage import near
from bot.evaluation import Asked, EvaluationError, read_asked
from bot.message import Incoming, Reply
from bot.release import LABOUR, Seen, make_tokens, open_release
from bot.settings import read_settings
from bot.skills.ask import circumstances, ranked
from bot.texts import PERHAPS
from bot.turn import Session
from bot.understand import without_type
from bot.wording import Field, compile_guards, entries, question_features
from index import calibrate
from index.calibrate import FEATURES, HEADS, About, Calibration, Floats, Ratios
from index.questions import Entry, Features, Questions, build_questions, remembered
from index.retriever import Hit, Query
from knowledge.authored import read_content
from knowledge.citation import Citation, law_name
from knowledge.library import Library
from knowledge.numerals import normal_article
from knowledge.pieces import Content
from knowledge.regions import NATION, Regions

QUESTIONS = Path("tests/questions")
FOLDS = 8
OTHERS = "bd-offtopic"
"""Cards whose wordings are about other things: they decline."""

SHARES = {"wordings": 0.5, "field": 0.12, "golden": 0.08, "outside": 0.25, "fragments": 0.05}
"""How much each source of samples counts: nobody knows how many of those who ask will ask for
something else; three in ten is taken."""

CROSS = 5
"""Parts in which ratios are counted for each other, so that no sample has counted itself."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A message that the library cannot answer; `kind` is what it is about."""

    id: str
    question: str
    kind: str
    expect: str
    part: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A message with what was found for it, and what was true."""

    text: str
    """Without places, as it is matched."""
    source: str
    part: str
    group: int
    """Of CROSS: samples of one group are counted without each other."""
    scores: tuple[float, ...]
    about: About
    right: bool

    def truth(self, head: str) -> float:
        """1 or 0; NaN where the head has nothing to learn."""
        if head == "right":
            return float(self.right)
        if head == "said":
            return float(self.source != "fragments")
        return np.nan if self.source == "fragments" else float(self.source != "outside")


# Commands


def eval_calibration(
    folder: Annotated[Path, typer.Option(help="题目文件夹")] = QUESTIONS,
    wordings: Annotated[
        bool, typer.Option("--wordings", help="也用拿掉的问法（重新训练一次，一两分钟）")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """把握准不准：预测的概率与实际答对的比例；库外的问题答了多少，库内的拒了多少。"""
    sources = open_release(read_settings()).on(date.today())
    asked, outside = _questions(folder)
    samples = [*_asked(asked, sources), *_outside(outside, sources)]
    if wordings:
        samples += _held_out(read_content(), sources, (0,))
    report: dict[str, Any] = {"calibration": {}}
    used = calibrate.shipped()
    for part in ("test", "tune"):
        report["calibration"][part] = _measured([s for s in samples if s.part == part], used)
    report |= _outcomes(asked, outside, sources)
    _show(report)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


def learn_calibration(
    folder: Annotated[Path, typer.Option(help="题目文件夹")] = QUESTIONS,
    target: Annotated[
        Path | None, typer.Option(help="写到哪里；不给则替换随程序发布的校准表")
    ] = None,
) -> None:
    """学会估计把握：由拿掉的问法、自己的题目和库外的话算出校准表（约十分钟，需要 torch 和法规原文）。"""
    release = open_release(read_settings())
    if not release.library.has_texts:
        fail("资料库里没有法规原文，比不出别的行业的用语；请先 xst import 文件夹，再 xst build")
    sources = release.on(date.today())
    content = read_content()
    asked, outside = _questions(folder)
    samples = [
        *_asked(asked, sources),
        *_outside(outside, sources),
        *_held_out(content, sources, range(FOLDS)),
    ]
    law = calibrate.ratios(
        _sentences(release.library, True),
        _sentences(release.library, False),
        unseen=8.0,
        quiet=0.3,
    )
    found, crossed = _learnt(samples, _wordings(content, sources.regions), law)
    path = target or calibrate.SHIPPED
    test = _measured([s for s in samples if s.part == "test"], found)
    notes = {k: test[k] for k in ("n", "brier", "expected_error")} | {"crossed": crossed}
    notes["samples"] = dict(sorted(Counter(f"{s.source} {s.part}" for s in samples).items()))
    calibrate.save(found, path, notes)
    _show({"calibration": {"test": test}})
    out.print(
        f"调试部分轮流互测：ECE {crossed['expected_error']:.3f}，Brier {crossed['brier']:.3f}"
    )
    out.print(f"已写好 {path}（{path.stat().st_size / 1e3:.0f} KB）。", markup=False)


# Samples


def read_outside(path: Path) -> list[Outside]:
    """Messages that the library cannot answer. Raises EvaluationError at the first bad line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: 读不到（{error}）") from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Outside(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise EvaluationError(f"{path}:{number}: 不是一行合格的 JSON（{error}）") from error
        if found[-1].expect not in ("refuse", "clarify") or found[-1].part not in ("tune", "test"):
            raise EvaluationError(
                f"{path}:{number}: expect 应为 refuse 或 clarify，part 应为 tune 或 test"
            )
    return found


def part_of(ident: str) -> str:
    """tune or test, for good, by the id alone."""
    return "test" if zlib.crc32(ident.encode()) % 2 else "tune"


def _questions(folder: Path) -> tuple[list[tuple[str, Asked]], list[Outside]]:
    try:
        asked = [
            (name, question)
            for name in ("field", "golden")
            for question in read_asked(folder / f"{name}.jsonl")
        ]
        return asked, read_outside(folder / "outside.jsonl")
    except EvaluationError as error:
        fail(str(error))


def _group(text: str) -> int:
    return zlib.crc32(text.encode()) % CROSS


def _asked(asked: Sequence[tuple[str, Asked]], sources: Seen) -> Iterator[Sample]:
    """Questions with gold articles; right if one of them is the first entry's."""
    for name, question in asked:
        if not question.gold or question.expect not in ("answer", "clarify"):
            continue
        if sources.guard(question.question):
            continue
        named = sources.regions.find(question.question)
        region = named[0] if named else sources.regions.named(question.region)
        group = _group(question.id)
        sample, hits = _sample(
            question.question, region, name, part_of(question.id), group, sources
        )
        cited = {_place(c) for c in _cited(hits[0].ref, region, sources)} if hits else set()
        yield replace(sample, right=bool(cited & set(question.gold)))


def _outside(outside: Sequence[Outside], sources: Seen) -> Iterator[Sample]:
    """Grouped by what they are about, so that no kind has counted itself."""
    for message in outside:
        if not sources.guard(message.question):
            source = "outside" if message.expect == "refuse" else "fragments"
            group = _group(message.kind)
            yield _sample(message.question, "", source, message.part, group, sources)[0]


def _sample(
    text: str, region: str, source: str, part: str, group: int, sources: Seen
) -> tuple[Sample, list[Hit]]:
    bare = _bare(text, sources.regions)
    hits = ranked(bare, sources.regions.chain(region), sources)
    scores = tuple(h.score for h in hits[:2])
    return Sample(
        bare, source, part, group, scores, circumstances(text, bare, hits, sources), False
    ), hits


def _bare(text: str, regions: Regions) -> str:
    return without_type(manner.without_years(regions.strip(text)))


def _cited(ref: str, region: str, sources: Seen) -> Iterator[Citation]:
    """What an entry may cite at a place."""
    chain = sources.regions.chain(region)
    if card := sources.card(ref):
        yield from card.cite
        for local in sources.locals_of(ref):
            if local.region in chain:
                yield from local.cite
    elif point := sources.point(ref):
        for rule in point.rules:
            if rule.region in chain:
                yield from rule.cite
        yield from point.explain_cite
    elif case := sources.case(ref):
        yield from case.cite


def _place(citation: Citation) -> tuple[str, str]:
    return law_name(citation.law), normal_article(citation.whole.article)


def _held_out(content: Content, sources: Seen, parts: Sequence[int]) -> list[Sample]:
    """Wordings asked without themselves and their near copies, encoder and counts made anew for
    each of `parts`, as `bot.coverage.held_out` does; the first part is for testing."""
    from bot.learning import train_on

    regions = Regions(content.regions)
    tokens = make_tokens(content.topics, content.synonyms)
    features = remembered(question_features(tokens, regions))
    listed = entries(content.cards, content.points, content.cases, content.topics)
    guards = compile_guards(content.guards)
    field = Field(content.topics, content.synonyms)
    topics = {c.id: c.topic for c in content.cards} | {c.id: c.topic for c in content.cases}
    topics |= {p.point: p.topic for p in content.points}
    found = []
    with progress() as bar:
        task = bar.add_task("轮流拿掉问法", total=len(parts))
        for part in parts:
            for entry, wording, questions in _unseen(listed, features, train_on(content), part):
                if entry.ref.startswith(OTHERS) or any(guard(wording) for guard in guards):
                    continue
                bare = _bare(wording, regions)
                hits = questions.search(Query(bare, regions=(NATION, entry.region)), 8)
                found.append(
                    Sample(
                        bare,
                        "wordings",
                        "tune" if part else "test",
                        _group(bare),
                        tuple(h.score for h in hits[:2]),
                        About(
                            calibrate.apart(hits, topics.__getitem__),
                            field.share(bare),
                            calibrate.abroad(wording),
                        ),
                        hits[:1] != [] and hits[0].ref == entry.ref,
                    )
                )
            bar.advance(task)
    return found


def _unseen(
    listed: Sequence[Entry], features: Features, train: Callable[..., Any], part: int
) -> Iterator[tuple[Entry, str, Questions]]:
    """(entry, wording, what has not seen it) for one part of the wordings."""
    kept, asked = [], []
    for entry in listed:
        gone = [w for n, w in enumerate(entry.wordings[1:]) if n % FOLDS == part]
        asked += [(entry, w) for w in gone]
        rest = tuple(w for w in entry.wordings if not any(w == g or near(w, g) for g in gone))
        kept.append(replace(entry, wordings=rest))
    questions = build_questions(kept, features, train(kept, features))
    for entry, wording in asked:
        yield entry, wording, questions


def _wordings(content: Content, regions: Regions) -> tuple[list[str], list[str]]:
    """(wordings of ours, wordings about other things), without the part for testing."""
    ours: list[str] = []
    others: list[str] = []
    for entry in entries(content.cards, content.points, content.cases, content.topics):
        kept = [w for n, w in enumerate(entry.wordings[1:]) if n % FOLDS]
        side = others if entry.ref.startswith(OTHERS) else ours
        side += [_bare(w, regions) for w in (entry.wordings[0], *kept)]
    return ours, others


def _sentences(library: Library, labour: bool) -> set[str]:
    """Sentences of law, each once, of labour law or of all other."""
    return {
        sentence
        for article in library.each_article()
        if bool(re.search(LABOUR, article.version.law)) == labour
        for sentence in re.split(r"[。；\n]", article.text)
        if len(sentence) >= calibrate.ENOUGH
    }


# Learning and measuring


def _learnt(
    samples: Sequence[Sample], wordings: tuple[list[str], list[str]], law: dict[str, float]
) -> tuple[Calibration, dict[str, float]]:
    """The calibration learnt from the tuning part, and how it measures there when every group is
    predicted by the others."""
    ours, others = wordings
    tune = [s for s in samples if s.part == "tune"]
    told = [(s.text, s.group) for s in tune if s.source == "outside"]
    told += [(text, _group(text)) for text in others]

    @cache
    def counted(without: int) -> Ratios:
        lay = calibrate.ratios(
            (t for t in ours if _group(t) != without),
            (t for t, group in told if group != without),
            least=2,
        )
        return Ratios(lay, law)

    # Questions of ours are in neither side of the ratios; nothing has to be left out for them.
    apart = ("wordings", "outside")
    rows = np.array([_row(s, counted(s.group if s.source in apart else -1)) for s in tune])
    targets = {head: np.array([s.truth(head) for s in tune]) for head in HEADS}
    weights = _weights(tune)
    groups = np.array([s.group for s in tune])
    crossed = calibrate.cross_validated(rows, targets["right"], weights, groups)
    measured = {
        "brier": round(calibrate.brier(crossed, targets["right"], weights), 4),
        "expected_error": round(calibrate.expected_error(crossed, targets["right"], weights), 4),
    }
    return Calibration(calibrate.fit(rows, targets, weights), counted(-1)), measured


def _row(sample: Sample, ratios: Ratios) -> tuple[float, ...]:
    return calibrate.features(sample.text, sample.scores, sample.about, ratios)


def _weights(samples: Sequence[Sample]) -> Floats:
    """Each source has its share, however many samples it has; mean 1."""
    counts = Counter(s.source for s in samples)
    whole = sum(SHARES[source] for source in counts)
    return np.array([SHARES[s.source] / whole * len(samples) / counts[s.source] for s in samples])


def _measured(samples: Sequence[Sample], used: Calibration) -> dict[str, Any]:
    rows = np.array([_row(s, used.ratios) for s in samples]).reshape(-1, len(FEATURES))
    weights = _weights(samples)
    predicted = used.model.probabilities("right", rows)
    exact = np.array([s.scores[:1] >= (calibrate.EXACT,) for s in samples], dtype=bool)
    predicted = np.where(exact, 1.0, predicted)
    right = np.array([s.truth("right") for s in samples])
    sources = np.array([s.source for s in samples])
    report: dict[str, Any] = {
        "n": len(samples),
        "brier": round(calibrate.brier(predicted, right, weights), 4),
        "expected_error": round(calibrate.expected_error(predicted, right, weights), 4),
        "bins": [asdict(b) for b in calibrate.reliability(predicted, right, weights)],
        "sources": {},
    }
    for source in [s for s in SHARES if s in sources]:
        here = sources == source
        report["sources"][source] = {
            "n": int(here.sum()),
            "predicted": round(float(predicted[here].mean()), 4),
            "right": round(float(right[here].mean()), 4),
            "brier": round(calibrate.brier(predicted[here], right[here]), 4),
            "expected_error": round(calibrate.expected_error(predicted[here], right[here]), 4),
        }
    return report


def _outcomes(
    asked: Sequence[tuple[str, Asked]], outside: Sequence[Outside], sources: Seen
) -> dict[str, Any]:
    """What the assistant said, guards and all, by part."""
    assistant = Assistant(lambda: sources)

    def says(question: str, region: str = "") -> str:
        session = Session(region=sources.regions.named(region))
        return manner_of(assistant.handle(Incoming(question), session).replies[0])

    told = {"outside": Counter[str](), "inside": Counter[str]()}
    for message in outside:
        told["outside"][f"{message.part} {message.expect} {says(message.question)}"] += 1
    for _, question in asked:
        if question.expect == "answer":
            said = says(question.question, question.region)
            told["inside"][f"{part_of(question.id)} {said}"] += 1
    report: dict[str, Any] = {name: dict(sorted(c.items())) for name, c in told.items()}
    for part in ("test", "tune"):
        report[f"outside_answered_{part}"] = _share(told["outside"], part, ("answer", "article"))
        report[f"outside_perhaps_{part}"] = _share(told["outside"], part, ("perhaps",))
        report[f"inside_refused_{part}"] = _share(told["inside"], part, ("refuse", "clarify"))
    return report


def manner_of(reply: Reply) -> str:
    """How a reply was given: answer, perhaps (marked as a guess), article (none of our entries),
    or its disposition."""
    if reply.disposition != "answer":
        return reply.disposition
    if PERHAPS.split("「")[0] in reply.answer:
        return "perhaps"
    return "article" if reply.ref.startswith("article:") else "answer"


def _share(counts: Counter[str], part: str, wanted: Sequence[str]) -> float:
    """The share of `part` that ended in one of the wanted ways; 0 of nothing is 0."""
    all_ = sum(n for name, n in counts.items() if name.startswith(part))
    found = sum(
        n for name, n in counts.items() if name.startswith(part) and name.split()[-1] in wanted
    )
    return round(found / all_, 4) if all_ else 0.0


def _show(report: dict[str, Any]) -> None:
    names = {"test": "测试部分", "tune": "调试部分"}
    for part, found in report["calibration"].items():
        table = Table(
            title=f"{names[part]}：{found['n']:,} 句；平均差 ECE {found['expected_error']:.3f}，"
            f"Brier {found['brier']:.3f}"
        )
        for column in ("把握", "句数", "平均预测", "实际答对"):
            table.add_column(column, justify="right")
        for b in found["bins"]:
            table.add_row(
                f"{b['low']:.0%}–{b['low'] + 0.1:.0%}",
                f"{b['n']:,}",
                f"{b['predicted']:.3f}",
                f"{b['right']:.3f}",
            )
        out.print(table)
        for source, s in found["sources"].items():
            out.print(
                f"{source}：{s['n']:,} 句，平均预测 {s['predicted']:.3f}，实际 {s['right']:.3f}，"
                f"ECE {s['expected_error']:.3f}，Brier {s['brier']:.3f}"
            )
    for part in ("test", "tune"):
        if f"outside_answered_{part}" in report:
            out.print(
                f"{names[part]}：库外的话直接作答 {report[f'outside_answered_{part}']:.1%}，"
                f"另以「可能是」作答 {report[f'outside_perhaps_{part}']:.1%}；"
                f"库内的问题没有作答 {report[f'inside_refused_{part}']:.1%}"
            )
    if not report["calibration"].get("test", {}).get("n"):
        err.print("没有测试部分的句子", markup=False)
