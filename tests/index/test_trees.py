import json
import subprocess
import sys

import numpy as np
import pytest

from index.features import NAMES, Table
from index.retriever import RetrieverError
from index.trees import Blend, Trees, grow, open_blend, open_trees

pytest.importorskip("lightgbm")

COLUMNS = ("words", "plain", "memory", "size")
CANDIDATES = 20


def tables(count, seed=0):
    """What answers has words above the rest on the whole, memory in half of the questions, and
    nothing of note in plain and size."""
    chance = np.random.default_rng(seed)
    found, answers = [], []
    for _ in range(count):
        rows = np.sort(chance.choice(1000, CANDIDATES, replace=False)).astype(np.int32)
        right = chance.integers(CANDIDATES)
        values = np.zeros((CANDIDATES, len(NAMES)), np.float32)
        for name in COLUMNS:
            values[:, NAMES.index(name)] = chance.random(CANDIDATES)
        values[right, NAMES.index("words")] += 0.8
        values[right, NAMES.index("memory")] += 0.8 * (chance.random() < 0.5)
        found.append(Table(rows, values))
        answers.append({int(rows[right])})
    return found, answers


def firsts(trees, count=100, seed=7):
    seen, answers = tables(count, seed)
    return np.mean(
        [t.rows[np.argmax(trees.scores(t))] in a for t, a in zip(seen, answers, strict=True)]
    )


@pytest.fixture(scope="module")
def learnt():
    return grow(*tables(150), columns=COLUMNS, rounds=60, seeds=(0, 1))


def test_what_answers_comes_first_on_questions_not_seen(learnt):
    """By chance one in twenty; by words alone, the better of the columns, fewer than by both."""
    seen, answers = tables(100, 7)
    at = NAMES.index("words")
    words = np.mean(
        [t.rows[np.argmax(t.values[:, at])] in a for t, a in zip(seen, answers, strict=True)]
    )
    assert firsts(learnt) > words + 0.02


def test_the_same_seed_gives_the_same_trees(learnt):
    again = grow(*tables(150), columns=COLUMNS, rounds=60, seeds=(0, 1))
    (table,), _ = tables(1, 9)
    assert np.array_equal(again.scores(table), learnt.scores(table))
    other = grow(*tables(150), columns=COLUMNS, rounds=60, seeds=(5,))
    assert not np.array_equal(other.scores(table), learnt.scores(table))


def test_several_seeds_add_their_scores(learnt):
    one, two = (grow(*tables(150), columns=COLUMNS, rounds=60, seeds=(s,)) for s in (0, 1))
    (table,), _ = tables(1, 9)
    both = one.scores(table) + two.scores(table)
    assert learnt.scores(table) == pytest.approx(both, abs=1e-5)


def test_what_is_saved_scores_as_before(tmp_path, learnt):
    learnt.save(tmp_path)
    opened = open_trees(tmp_path, COLUMNS)
    for table in tables(5, 11)[0]:
        assert np.array_equal(opened.scores(table), learnt.scores(table))
        assert np.array_equal(opened.shares(table), learnt.shares(table))


def test_shares_add_up_to_the_score_but_for_what_is_the_same_for_all(learnt):
    for table in tables(5, 11)[0]:
        shares, scores = learnt.shares(table), learnt.scores(table)
        assert shares.shape == (CANDIDATES, len(COLUMNS))
        rest = scores - shares.sum(axis=1)
        assert rest == pytest.approx(np.full(CANDIDATES, rest[0]), abs=1e-4)


def test_a_column_that_tells_nothing_gets_the_smallest_shares(learnt):
    shares = np.concatenate([np.abs(learnt.shares(t)) for t in tables(20, 11)[0]]).mean(axis=0)
    by_name = dict(zip(COLUMNS, shares.tolist(), strict=True))
    assert by_name["words"] > by_name["memory"] > max(by_name["plain"], by_name["size"])


def test_columns_that_were_not_chosen_do_not_matter(learnt):
    (table,), _ = tables(1, 9)
    noise = np.random.default_rng(1).random(table.values.shape).astype(np.float32)
    for name in COLUMNS:
        noise[:, NAMES.index(name)] = table.values[:, NAMES.index(name)]
    assert np.array_equal(learnt.scores(Table(table.rows, noise)), learnt.scores(table))


def test_a_table_without_candidates_has_no_scores(learnt):
    nothing = Table(np.zeros(0, np.int32), np.zeros((0, len(NAMES)), np.float32))
    assert learnt.scores(nothing).shape == (0,)


@pytest.mark.parametrize("answer", [set(), {5000}, set(range(1000))])
def test_where_no_question_can_teach_nothing_is_grown(answer):
    """No answer among the candidates, or nothing but answers."""
    found, _ = tables(3)
    with pytest.raises(RetrieverError, match="无法训练"):
        grow(found, [answer] * 3, columns=COLUMNS, rounds=2)
    with pytest.raises(RetrieverError, match="无法训练"):
        grow([], [], columns=COLUMNS, rounds=2)


def test_questions_that_cannot_teach_change_nothing():
    found, answers = tables(60)
    lost, _ = tables(20, 3)
    one = grow(found, answers, columns=COLUMNS, rounds=5)
    more = grow([*lost, *found], [*[{5000}] * 20, *answers], columns=COLUMNS, rounds=5)
    assert np.array_equal(one.scores(lost[0]), more.scores(lost[0]))


def test_tables_and_answers_must_be_as_many():
    found, answers = tables(3)
    with pytest.raises(ValueError):
        grow(found, answers[:2], columns=COLUMNS)


@pytest.mark.parametrize("content", ["", "no trees", "tree\nversion=v4\n"])
def test_damaged_trees_are_refused_with_what_to_do(tmp_path, content):
    (tmp_path / "trees.only.0.txt").write_text(content, encoding="utf-8")
    with pytest.raises(RetrieverError, match="xst learn"):
        open_trees(tmp_path, COLUMNS)


OPENING = """
import sys
from pathlib import Path
from index.retriever import RetrieverError
from index.trees import open_trees
try:
    open_trees(Path(sys.argv[1]), sys.argv[2:])
except RetrieverError:
    print("refused")
"""


def test_trees_cut_short_are_refused(tmp_path, learnt):
    """In a process of its own, for LightGBM ends the one that reads half a tree."""
    learnt.save(tmp_path)
    file = tmp_path / "trees.only.1.txt"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: len(text) // 2], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", OPENING, str(tmp_path), *COLUMNS], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "refused\n")


def test_a_folder_without_trees_is_refused(tmp_path):
    """Else every candidate would score 0, and the order be that of the rows."""
    with pytest.raises(RetrieverError, match="xst learn"):
        open_trees(tmp_path, COLUMNS)


def test_trees_of_other_columns_are_refused(tmp_path, learnt):
    learnt.save(tmp_path)
    with pytest.raises(RetrieverError, match="xst learn"):
        open_trees(tmp_path, COLUMNS[:-1])


def test_fewer_trees_saved_over_more_are_all_that_open(tmp_path, learnt):
    learnt.save(tmp_path)
    one = grow(*tables(60), columns=COLUMNS, rounds=2, seeds=(0,))
    one.save(tmp_path)
    (table,), _ = tables(1, 9)
    assert np.array_equal(open_trees(tmp_path, COLUMNS).scores(table), one.scores(table))


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError):
        Trees([], ["nonsense"])


# Two sets of trees, mixed


@pytest.fixture(scope="module")
def blend(learnt):
    unknown = grow(*tables(150, 2), columns=COLUMNS, rounds=20, seeds=(3,))
    return Blend(learnt, unknown, 0.7)


def test_a_blend_is_mixed_by_its_share(blend):
    for table in tables(5, 13)[0]:
        known, unknown = blend.known.scores(table), blend.unknown.scores(table)
        assert np.abs(known - unknown).max() > 0.1
        assert blend.scores(table) == pytest.approx(0.7 * known + 0.3 * unknown, abs=1e-5)


def test_a_share_of_one_needs_no_other_trees(learnt, blend):
    (table,), _ = tables(1, 13)
    assert np.array_equal(Blend(learnt).scores(table), learnt.scores(table))
    with pytest.raises(ValueError, match="share"):
        Blend(learnt, None, 0.5)


def test_the_shares_of_columns_add_up(blend):
    (table,), _ = tables(1, 13)
    some = Table(table.rows[3:9], table.values[3:9])
    rest = blend.scores(table)[3:9] - blend.shares(some).sum(axis=1)
    assert rest == pytest.approx(np.full(6, rest[0]), abs=1e-4)


def test_a_blend_of_no_candidates_has_no_scores(blend):
    nothing = Table(np.zeros(0, np.int32), np.zeros((0, len(NAMES)), np.float32))
    assert blend.scores(nothing).shape == (0,)


@pytest.mark.parametrize("alone", [False, True])
def test_a_blend_that_is_saved_scores_as_before(tmp_path, blend, learnt, alone):
    assert open_blend(tmp_path) is None
    saved = Blend(learnt) if alone else blend
    blend.save(tmp_path)
    saved.save(tmp_path)
    assert bool(list(tmp_path.glob("trees.unknown.*"))) != alone
    opened = open_blend(tmp_path)
    for table in tables(5, 13)[0]:
        assert np.array_equal(opened.scores(table), saved.scores(table))
        assert np.array_equal(opened.shares(table), saved.shares(table))


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"columns": ["nonsense"], "share": 1}', '{"columns": 3, "share": 1}'),
        json.dumps({"columns": list(COLUMNS), "share": 2}),
    ],
)
def test_a_damaged_account_of_a_blend_is_refused(tmp_path, blend, content):
    blend.save(tmp_path)
    (tmp_path / "trees.json").write_text(content, encoding="utf-8")
    with pytest.raises(RetrieverError, match="xst learn"):
        open_blend(tmp_path)
