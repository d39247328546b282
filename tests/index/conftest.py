"""A sentence-transformers model of twelve characters, made here: one-hot, so cosines are known."""

from pathlib import Path

import numpy as np
import pytest

CHARACTERS = "工资会代表集体合同假休期"


def save_model(folder: Path, weights: np.ndarray) -> str:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    vocabulary = {"[UNK]": 0, **{c: i + 1 for i, c in enumerate(CHARACTERS)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"."), "isolated")
    static = StaticEmbedding(tokenizer, embedding_weights=weights)
    SentenceTransformer(modules=[static], device="cpu").save(str(folder))
    return str(folder)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> str:
    """One axis per character; unknown ones are the zero vector."""
    size = len(CHARACTERS)
    weights = np.vstack([np.zeros(size), np.eye(size)]).astype(np.float32)
    return save_model(tmp_path_factory.mktemp("model") / "tiny", weights)


@pytest.fixture(scope="session")
def other_model(tmp_path_factory) -> str:
    """The same axes, the other way round."""
    size = len(CHARACTERS)
    weights = np.vstack([np.zeros(size), np.eye(size)[::-1]]).astype(np.float32)
    return save_model(tmp_path_factory.mktemp("model") / "other", weights)
