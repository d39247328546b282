import numpy as np
import pytest

from index.rerank import Reranked, load_judge
from index.retriever import Hit, Query, RetrieverError

TEXTS = {
    "a": "报酬应当按月支付",
    "b": "职工代表由选举产生",
    "c": "克扣报酬的责令改正",
    "d": "代表任期三年",
    "e": "组织经费由单位拨付",
}
HITS = [Hit(id, 1.0 - i / 10, "article", f"ref-{id}") for i, id in enumerate(TEXTS)]


class Listed:
    """An engine that always finds the same, and notes how many it was asked for."""

    def __init__(self, hits=HITS):
        self.hits, self.asked = list(hits), []

    def search(self, query, k):
        self.asked.append(k)
        return self.hits[:k] if query.text else []


class Judged:
    """A judge who knows the answer by heart, and notes what it was shown."""

    def __init__(self, **worth):
        self.worth, self.shown = {TEXTS[id]: w for id, w in worth.items()}, []

    def __call__(self, pairs):
        self.shown += pairs
        return np.array([self.worth.get(text, 0) for _, text in pairs], np.float32)


def ranked(judge, hits=HITS, depth=3, k=5):
    engine = Reranked(Listed(hits), judge, TEXTS.__getitem__, depth)
    return engine.search(Query("谁来选代表"), k)


def test_the_first_hits_come_in_the_order_of_the_judge_the_others_behind():
    found = ranked(Judged(a=-3, b=4, c=1))
    assert [hit.id for hit in found] == ["b", "c", "a", "d", "e"]
    assert {hit.id: (hit.kind, hit.ref) for hit in found} == {h.id: (h.kind, h.ref) for h in HITS}


def test_the_judge_reads_the_question_with_each_of_the_first_passages_only():
    judge = Judged()
    ranked(judge)
    assert judge.shown == [("谁来选代表", TEXTS[id]) for id in "abc"]


def test_scores_fall_from_the_judged_to_the_others():
    scores = [hit.score for hit in ranked(Judged(a=-30, b=-30.5, c=-31))]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 5


def test_equal_judgements_come_by_id():
    backwards = [Hit(id, 1.0, "article", id) for id in "cba"]
    assert [hit.id for hit in ranked(Judged(), backwards)] == ["a", "b", "c"]


@pytest.mark.parametrize("scale", [1, pytest.param(100)])
def test_the_order_of_large_judgements_is_kept(scale):
    """A model that ends in a plain linear layer may give any number."""
    found = ranked(Judged(a=0.4 * scale, b=0.5 * scale, c=0.6 * scale))
    assert [hit.id for hit in found][:3] == ["c", "b", "a"]


@pytest.mark.parametrize(("k", "found"), [(-1, 0), (0, 0), (1, 1), (3, 3), (4, 4), (9, 5)])
def test_at_most_k_come(k, found):
    assert [hit.id for hit in ranked(Judged(c=9, b=8, a=7), k=k)] == list("cbade")[:found]


def test_a_small_k_still_has_the_whole_depth_judged():
    engine = Listed()
    found = Reranked(engine, Judged(c=5), TEXTS.__getitem__, 3).search(Query("代表"), 1)
    assert ([hit.id for hit in found], engine.asked) == (["c"], [3])


def test_nothing_found_is_nothing_judged():
    judge = Judged()
    assert Reranked(Listed(), judge, TEXTS.__getitem__).search(Query(""), 5) == []
    assert judge.shown == []


def test_fewer_hits_than_the_depth_are_all_judged():
    assert [hit.id for hit in ranked(Judged(e=3), depth=30)] == ["e", "a", "b", "c", "d"]


# A real cross-encoder


def save_cross_encoder(folder, labels):
    """BERT of one layer and sixteen numbers, untrained, over single characters."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    characters = sorted({c for text in TEXTS.values() for c in text} | set("谁来选工资"))
    folder.mkdir()
    words = folder / "words.txt"
    words.write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]), encoding="utf-8"
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(characters) + 5,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=labels,
        initializer_range=1.0,
    )
    BertForSequenceClassification(config).save_pretrained(folder / "bert")
    BertTokenizer(str(words)).save_pretrained(folder / "bert")
    model = CrossEncoder(str(folder / "bert"), device="cpu")
    model.save(str(folder / "model"))
    return str(folder / "model")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_cross_encoder(tmp_path_factory.mktemp("judges") / "one", 1)


def test_the_order_is_the_one_that_the_model_s_own_predict_gives(model):
    from sentence_transformers import CrossEncoder

    pairs = [("谁来选代表", text) for text in TEXTS.values()]
    own = CrossEncoder(model, device="cpu").predict(pairs)
    assert len(set(np.round(own, 4).tolist())) == len(TEXTS)  # else the order proves nothing
    judge = load_judge(model)
    assert judge(pairs) == pytest.approx(own, abs=1e-5)
    expected = [list(TEXTS)[i] for i in np.argsort(-own)]
    assert expected != list(TEXTS)
    assert [hit.id for hit in ranked(judge, depth=30)] == expected


def test_a_model_that_gives_several_numbers_for_a_pair_is_no_judge(tmp_path):
    with pytest.raises(RetrieverError, match="不是重排模型"):
        load_judge(save_cross_encoder(tmp_path / "three", 3))


def test_a_missing_model_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RetrieverError, match="XST_RERANKER"):
        load_judge(str(tmp_path / "nowhere"))
