import pytest

from index.fusion import Fused
from index.retriever import Hit, Query


class Listed:
    """Answers every query with the same ids, best first."""

    def __init__(self, *ids):
        self.ids = ids

    def search(self, query, k):
        hits = [Hit(id, 1.0 - i / 100, "article", id) for i, id in enumerate(self.ids)]
        return hits[:k]


def found(fused, k=10):
    return [(hit.id, hit.score) for hit in fused.search(Query("工资"), k)]


def test_a_score_is_the_sum_of_reciprocal_ranks_by_hand():
    fused = Fused([(Listed("a", "b"), 1.0), (Listed("c", "a"), 1.0)])
    assert found(fused) == [
        ("a", pytest.approx(1 / 61 + 1 / 62)),
        ("c", pytest.approx(1 / 61)),
        ("b", pytest.approx(1 / 62)),
    ]


def test_weights_multiply_the_share_of_an_engine():
    fused = Fused([(Listed("a", "b"), 1.0), (Listed("b"), 0.5)])
    assert found(fused) == [
        ("b", pytest.approx(1 / 62 + 0.5 / 61)),
        ("a", pytest.approx(1 / 61)),
    ]


def test_equal_scores_come_by_id_whoever_gave_them():
    fused = Fused([(Listed("z", "y", "x"), 1.0), (Listed("x", "y", "z"), 1.0)])
    assert [id for id, _ in found(fused)] == ["x", "z", "y"]


def test_an_engine_without_weight_adds_nothing():
    assert [id for id, _ in found(Fused([(Listed("a"), 1.0), (Listed("b"), 0.0)]))] == ["a"]


def test_engines_are_read_deeper_than_what_is_asked_for():
    """b is second everywhere, and so first of all."""
    fused = Fused([(Listed("a", "b"), 1.0), (Listed("c", "b"), 1.0)])
    assert [id for id, _ in found(fused, k=1)] == ["b"]
