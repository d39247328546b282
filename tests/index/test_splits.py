import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import splits


@given(st.integers(0, 300), st.integers(1, 9), st.integers(0, 5))
def test_folds_by_question_are_of_nearly_equal_size(count, folds, seed):
    sizes = np.bincount(splits.by_question(count, folds, seed), minlength=folds)
    assert (len(sizes), sizes.sum()) == (folds, count)
    assert sizes.max() - sizes.min() <= 1


def test_the_same_seed_parts_the_same_and_another_does_not():
    laws = [[i % 30] for i in range(100)]
    one, same, other = (splits.by_question(100, seed=s) for s in (3, 3, 4))
    assert one.tolist() == same.tolist() != other.tolist()
    one, same, other = (splits.by_law(laws, seed=s)[1] for s in (3, 3, 4))
    assert one.tolist() == same.tolist() != other.tolist()


def test_questions_are_shuffled_and_not_dealt_in_turn():
    """Files often hold the same law in a row, and wordings of one article side by side."""
    assert splits.by_question(100).tolist() != [i % splits.FOLDS for i in range(100)]


@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=3), max_size=40))
def test_a_question_lies_in_the_fold_of_its_first_law(laws):
    of_law, of_question = splits.by_law(laws)
    assert of_question.tolist() == [of_law[some[0]] for some in laws]
    needed = {law for some in laws for law in some}
    assert {law for law, fold in enumerate(of_law.tolist()) if fold >= 0} == needed
    sizes = np.bincount(of_law[of_law >= 0], minlength=splits.FOLDS)
    assert len(sizes) == splits.FOLDS and sizes.max() - sizes.min() <= 1


def test_a_law_that_no_question_needs_has_no_fold():
    of_law, of_question = splits.by_law([[3], [1, 3], [1]])
    assert of_law[[0, 2]].tolist() == [-1, -1]
    assert of_question[1] == of_question[2] == of_law[1] != of_law[3] == of_question[0]


@pytest.mark.parametrize(
    ("rows", "inside"), [([0], True), ([1], False), ([1, 2], True), ([1, 3], False)]
)
def test_one_answer_inside_puts_a_question_into_the_domain(rows, inside):
    assert splits.by_domain([rows], np.array([True, False, True, False])).tolist() == [inside]
