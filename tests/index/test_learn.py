from dataclasses import replace

import numpy as np
import pytest
from learnt import nearest, one_hot

from index import learn as learning
from index import lexical, splits
from index.corpus import build
from index.features import NAMES
from index.learn import NAMING, PARTS, Ground, final_lessons, reader, study
from index.retriever import Passage

pytest.importorskip("lightgbm")

LAWS, SUBJECTS = 12, 6
QUICK = {"_QUICK": 10, "ROUNDS": 25}
DEFINED = "{w}，是指{w}。"
DUTY = "有前条情形的，应当自发现之日起向主管部门报告，说明{a}的情况，并且妥善保管{b}。"
WORDINGS = ("遇到{w}要怎么做", "{w}该找谁办理")


def words():
    """Two-character words that share no character with each other or with the sentences."""
    used = {*DEFINED, *DUTY, *"".join(WORDINGS)}
    signs = [bytes((high, low)).decode("gb2312") for high in range(0xB0, 0xD0) for low in range(0xA1, 0xF0)]  # fmt: skip
    free = [c for c in signs if c not in used]
    return ["".join(pair) for pair in zip(free[::8], free[4::8], strict=False)]


WORDS = words()
SUBJECT = [WORDS[n * SUBJECTS : (n + 1) * SUBJECTS] for n in range(LAWS)]
TITLES = [f"{WORDS[LAWS * SUBJECTS + n]}条例" for n in range(LAWS)]

# Each subject is defined in one article, in its own words; the next says what is to be done, and
# that is what people ask. Counted words prefer the definition: the rule must be learnt.
PASSAGES = [
    Passage(f"{law:02}-{2 * n + part:02}", "article", text, title=TITLES[law])
    for law in range(LAWS)
    for n, w in enumerate(SUBJECT[law])
    for part, text in enumerate((DEFINED.format(w=w), DUTY.format(a=w[0], b=w[1])))
]
PAIRS = [
    (wording.format(w=w), [(law * SUBJECTS + n) * 2 + 1])
    for wording in WORDINGS
    for law in range(LAWS)
    for n, w in enumerate(SUBJECT[law])
][:132]
IDS = [f"q{n}" for n in range(len(PAIRS))]
INSIDE = np.array([p.title in TITLES[:2] for p in PASSAGES])


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    encoder = one_hot([*(t for t, _ in PAIRS), *(t for p in PASSAGES for t in (p.text, p.title))])
    corpus = build(PASSAGES, folder, encoder)
    found = lexical.build(PASSAGES, folder)
    by_vector = nearest(corpus.vectors)
    return Ground(corpus, encoder, found, by_vector, lambda lessons: nearest(lessons.tuned), INSIDE)


@pytest.fixture
def quick(monkeypatch):
    for name, value in QUICK.items():
        monkeypatch.setattr(learning, name, value)


class Spy:
    """A tuner that leaves the encoder as it is and keeps the pairs that it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, corpus, encoder, pairs, lexical, *, seed):
        self.given.append(pairs)
        return encoder


@pytest.fixture
def spy(monkeypatch):
    found = Spy()
    monkeypatch.setattr("index.contrast.tune", found)
    return found


class By:
    """Trees that rank by one column times `worth`."""

    def __init__(self, name, worth, columns=NAMES):
        self.at, self.worth, self.columns = NAMES.index(name), worth, list(columns)

    def scores(self, table):
        return self.worth * table.values[:, self.at]


def trees_by(name, worth):
    return lambda tables, answers, *, columns, **_: By(name, worth, columns)


# Learning


@pytest.fixture(scope="module")
def learnt(ground):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setattr(learning, name, value)
        return study(ground, PAIRS, IDS)


@pytest.mark.parametrize("kind", ["question", "law", "domain"])
def test_what_is_learnt_beats_plain_fusion_on_what_was_not_seen(learnt, kind):
    both = learnt.report["folds"][kind]
    assert both["trees"]["mrr@10"] > both["fusion"]["mrr@10"] + 0.1
    assert both["trees"]["recall@10"] >= both["fusion"]["recall@10"]
    assert both["questions"] >= 20 and both["spare"] > 0.05


def test_trees_are_taken_over_with_a_report_that_says_so(learnt):
    report = learnt.report
    assert learnt.trees is not None and "why" not in report
    assert report["questions"] == len(PAIRS) and report["seconds"] > 0
    assert "trees" in report["adopted"]
    assert set(report["parts"]) == set(PARTS)
    for gains in report["parts"].values():
        assert set(gains) == set(report["folds"])


def test_a_part_that_did_not_help_is_not_read(learnt):
    columns = set(learnt.trees.columns)
    for part, begins in PARTS.items():
        read = {name for name in columns if name.startswith(begins)}
        assert bool(read) == (part in learnt.report["adopted"])


def test_trees_read_nothing_that_tells_which_law_it_is(learnt):
    """The size of a law is as good as its name, and no law not seen has a known one."""
    assert learnt.trees.columns and NAMING.isdisjoint(learnt.trees.columns)
    assert not NAMING.isdisjoint(NAMES)


def test_the_trees_rank_a_wording_nobody_asked(ground, learnt):
    """Of a law whose questions were learnt, asked in other words."""
    made = reader(ground, learnt.lessons)
    firsts = []
    for law in range(LAWS):
        table = made.table(f"请问{SUBJECT[law][3]}的事")
        best = table.rows[np.argmax(learnt.trees.scores(table))]
        firsts.append(best == (law * SUBJECTS + 3) * 2 + 1)
    assert np.mean(firsts) >= 0.75


def test_the_same_seed_learns_the_same(ground, learnt, quick):
    again = study(ground, PAIRS, IDS)
    table = reader(ground, learnt.lessons).table(PAIRS[5][0])
    other = reader(ground, again.lessons).table(PAIRS[5][0])
    assert table.rows.tolist() == other.rows.tolist()
    assert learnt.trees.scores(table).tolist() == again.trees.scores(other).tolist()
    drop = {"seconds"}
    assert {k: v for k, v in again.report.items() if k not in drop} == {
        k: v for k, v in learnt.report.items() if k not in drop
    }


def test_progress_tells_every_stage_to_its_end(ground, quick, spy, monkeypatch):
    monkeypatch.setattr(learning, "grow", trees_by("fused", 1))
    steps = []
    study(ground, PAIRS, IDS, lambda *step: steps.append(step))
    last = {stage: (done, total) for stage, done, total in steps}
    assert list(last) == ["folds", "parts", "trees"]
    assert all(done == total > 0 for done, total in last.values())


# Taking over only what helps


def test_trees_below_fusion_are_left_out_and_the_report_says_why(ground, quick, spy, monkeypatch):
    monkeypatch.setattr(learning, "grow", trees_by("fused", -1))
    found = study(ground, PAIRS, IDS)
    assert found.trees is None and "trees" not in found.report["adopted"]
    assert "融合" in found.report["why"]
    assert found.report["folds"]["law"]["trees"] != found.report["folds"]["law"]["fusion"]
    assert len(found.lessons) == len(PAIRS), "questions are remembered all the same"


def test_trees_that_only_remember_are_left_out(ground, quick, spy, monkeypatch):
    """Memory leads astray where a question's law was never asked about."""
    monkeypatch.setattr(learning, "grow", trees_by("memory", 1))
    report = study(ground, PAIRS, IDS).report
    law = report["folds"]["law"]
    assert law["trees"]["mrr@10"] < law["fusion"]["mrr@10"]
    assert law["spare"] < 0
    assert "why" in report and "trees" not in report["adopted"]


@pytest.mark.parametrize("count", [0, 1, learning.FEWEST - 1])
def test_fewer_than_the_fewest_are_remembered_and_nothing_more(ground, spy, monkeypatch, count):
    def never(*_, **__):
        raise AssertionError("no trees are grown from so few")

    monkeypatch.setattr(learning, "grow", never)
    found = study(ground, PAIRS[:count], IDS[:count])
    assert found.trees is None
    assert found.lessons.ids == tuple(IDS[:count])
    assert str(learning.FEWEST) in found.report["why"]
    assert (found.report["questions"], found.report["adopted"]) == (count, [])


def test_a_domain_too_small_to_judge_is_not_judged(ground, quick, spy, monkeypatch):
    monkeypatch.setattr(learning, "grow", trees_by("fused", 1))
    few = replace(ground, domain=np.arange(len(PASSAGES)) < 6)
    assert set(study(few, PAIRS, IDS).report["folds"]) == {"question", "law"}


# Nothing is learnt that is asked afterwards


def folds_of(pairs, ground):
    laws = [[int(ground.corpus.laws[row]) for row in rows] for _, rows in pairs]
    return splits.by_question(len(pairs)), *splits.by_law(laws), laws


def test_no_fold_learns_what_it_is_asked(ground, quick, spy, monkeypatch):
    """What the tuner was given: all (for what is kept), five folds by question, five by law, one
    without the domain. Some questions have answers in two laws: only those rows are taken out."""
    monkeypatch.setattr(learning, "grow", trees_by("fused", 1))
    pairs = [
        (t, rows if i % 7 else [*rows, (rows[0] + 24) % len(PASSAGES)])
        for i, (t, rows) in enumerate(PAIRS)
    ]
    study(ground, pairs, IDS)
    by_question, of_law, by_law, laws = folds_of(pairs, ground)
    every, *folds = spy.given
    assert [*every] == pairs and len(folds) == 11
    for fold, learnt in enumerate(folds[:5]):
        assert [*learnt] == [p for p, f in zip(pairs, by_question, strict=True) if f != fold]
    both_kept = 0
    for fold, learnt in enumerate(folds[5:10]):
        texts = {text for text, _ in learnt}
        held = {text for (text, _), f in zip(pairs, by_law, strict=True) if f == fold}
        assert held and not held & texts
        assert texts | held == {text for text, _ in pairs}
        assert all(of_law[ground.corpus.laws[row]] != fold for _, rows in learnt for row in rows)
        both_kept += sum(len(rows) == 2 for _, rows in learnt)
    assert both_kept > 0 and any(len(some) == 2 for some in laws)
    (apart,) = folds[10:]
    assert apart and not any(INSIDE[row] for _, rows in apart for row in rows)


def test_tables_of_a_law_not_seen_hold_no_memory_of_it(ground, spy):
    """Read from the numbers themselves; by question the same columns are full."""
    tables = learning._Tables(ground, PAIRS, lambda *_: None)
    _, of_law, by_law, _ = folds_of(PAIRS, ground)
    known = 0.0
    for i in range(len(PAIRS)):
        for name in ("often_law", "often_row", "memory", "memory_law", "middle"):
            table = tables.found["law"][i]
            unseen = of_law[ground.corpus.laws[table.rows]] == by_law[i]
            assert unseen.any()
            assert not table.values[unseen, NAMES.index(name)].any()
        seen = tables.found["question"][i]
        own = np.isin(seen.rows, PAIRS[i][1])
        known += seen.values[own, NAMES.index("often_law")].sum()
    assert known > 0


def test_a_question_alone_in_its_fold_is_not_its_own_nearest(ground, spy):
    """Its other wording may be near, the question itself would be at 1."""
    tables = learning._Tables(ground, PAIRS, lambda *_: None)
    at = NAMES.index("memory_nearest")
    nearest_seen = [float(tables.found["question"][i].values[0, at]) for i in range(len(PAIRS))]
    assert max(nearest_seen) < 0.95
    known = reader(ground, final_lessons(ground, PAIRS, IDS)).table(PAIRS[0][0])
    assert known.values[0, at] == pytest.approx(1, abs=1e-3)


def test_what_is_remembered_beside_is_not_learnt_from(ground, spy):
    also = [("叫什么来着", [0]), ("到底归哪管", [3])]
    lessons = final_lessons(replace(ground, also=also), PAIRS[:10], IDS[:10])
    assert lessons.ids == (*IDS[:10], "also:0", "also:1")
    assert lessons.links.tolist()[-2:] == [[10, 0], [11, 3]]
    assert [*spy.given[0]] == PAIRS[:10]


def test_fewer_candidates_keep_every_answer_and_the_likeliest(ground, spy, monkeypatch):
    monkeypatch.setattr(learning, "_ROWS", 12)
    tables = learning._Tables(ground, PAIRS, lambda *_: None)
    cut = 0
    for i in range(len(PAIRS)):
        table = tables.found["question"][i]
        fewer = tables._fewer(table, i)
        cut += len(table.rows) > 13 >= len(fewer.rows)
        there = set(PAIRS[i][1]) & set(table.rows.tolist())
        assert there <= set(fewer.rows.tolist()) <= set(table.rows.tolist())
        best = table.rows[np.argmax(table.values[:, NAMES.index("fused")])]
        assert best in fewer.rows
        assert fewer.rows.tolist() == sorted(set(fewer.rows.tolist()))
    assert cut > 100
