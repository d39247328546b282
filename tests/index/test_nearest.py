from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index.nearest import Neighbours, build

COUNT, DIMENSION, FIRST = 500, 64, 20


def unit(count, seed):
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit(COUNT, 1).astype(np.float16)
ASKED = unit(40, 2)


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory):
    path = tmp_path_factory.mktemp("vectors") / "plain.faiss"
    build(VECTORS, path)
    return Neighbours(path)


def exact(vector, mask=None):
    scores = VECTORS.astype(np.float32) @ vector
    return np.argsort(-(scores if mask is None else np.where(mask, scores, -9)), kind="stable")


def test_what_exact_search_finds_is_found(neighbours):
    """Eight bits a number may exchange the last with the next, no more."""
    shares = [len({*neighbours(v, FIRST, None)} & {*exact(v)[:FIRST]}) / FIRST for v in ASKED]
    assert np.mean(shares) >= 0.95
    assert np.mean([neighbours(v, FIRST, None)[0] == exact(v)[0] for v in ASKED]) >= 0.9


def test_a_vector_finds_its_own_row_first(neighbours):
    own = [int(neighbours(VECTORS[row].astype(np.float32), 1, None)[0]) for row in range(COUNT)]
    assert own == list(range(COUNT))


def test_rows_come_nearest_first(neighbours):
    for vector in ASKED:
        scores = VECTORS[neighbours(vector, FIRST, None)].astype(np.float32) @ vector
        assert (np.diff(scores) < 0.01).all()  # an eighth bit's worth apart is a tie


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_only_what_the_mask_allows_is_found_and_still_the_nearest(neighbours, share):
    mask = np.random.default_rng(3).random(COUNT) < share
    for vector in ASKED:
        found = neighbours(vector, FIRST, mask)
        assert mask[found].all()
        allowed = [r for r in exact(vector, mask) if mask[r]]
        acute = [r for r in allowed if VECTORS[r].astype(np.float32) @ vector > 0.01]
        assert len({*found} & {*acute[:FIRST]}) >= 0.8 * len(acute[:FIRST])


def test_a_mask_that_allows_nothing_finds_nothing(neighbours):
    assert neighbours(ASKED[0], FIRST, np.zeros(COUNT, np.bool_)).tolist() == []


def test_a_mask_of_one_finds_that_one(neighbours):
    row = int(exact(ASKED[0])[150])
    mask = np.arange(COUNT) == row
    assert neighbours(ASKED[0], FIRST, mask).tolist() == [row]


def test_a_zero_vector_finds_nothing(neighbours):
    assert neighbours(np.zeros(DIMENSION, np.float32), FIRST, None).tolist() == []


@pytest.mark.parametrize("count", [0, -1])
def test_none_wanted_is_none_found(neighbours, count):
    assert neighbours(ASKED[0], count, None).tolist() == []


def test_only_rows_at_an_acute_angle_are_found_and_none_twice(neighbours):
    found = neighbours(ASKED[0], 10 * COUNT, None)
    scores = VECTORS.astype(np.float32) @ ASKED[0]
    assert len({*found}) == len(found) < COUNT
    assert scores[found].min() > -0.01
    assert set(np.flatnonzero(scores > 0.01)) <= {*found}
    assert found.dtype == np.int32


def test_an_index_of_nothing_finds_nothing(tmp_path):
    """An installation without law texts has one."""
    build(np.zeros((0, DIMENSION), np.float16), tmp_path / "none.faiss")
    assert Neighbours(tmp_path / "none.faiss")(ASKED[0], FIRST, None).tolist() == []


def test_threads_find_the_same_as_one(neighbours):
    mask = np.arange(COUNT) % 2 == 0
    alone = [neighbours(v, FIRST, mask).tolist() for v in ASKED]
    with ThreadPoolExecutor(4) as pool:
        shared = pool.map(lambda v: neighbours(v, FIRST, mask).tolist(), [*ASKED] * 5)
    assert list(shared) == alone * 5
