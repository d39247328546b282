import json

import numpy as np
import pytest

from index.encoder import Static, install, is_ours, open_static, pack, spaced, unpack
from index.grams import Vocabulary
from index.retriever import RetrieverError

NAMES = ["工", "资", "假", "工资", "资假", "会"]
TEXTS = ["工资", "工资假，工会", "会", "龘", "", "工工工 资"]


def made(seed=0, dimension=8):
    weights = np.random.default_rng(seed).normal(size=(len(NAMES), dimension)).astype(np.float32)
    return Static(Vocabulary(NAMES), weights)


def axes():
    return Static(Vocabulary(NAMES), np.eye(len(NAMES), dtype=np.float32))


def test_a_text_is_the_mean_of_its_grams_at_length_one():
    """工, 资 and 工资, each on its axis."""
    expected = np.array([1, 1, 0, 1, 0, 0]) / np.sqrt(3)
    assert axes()(["工资"])[0] == pytest.approx(expected, abs=1e-6)


def test_a_gram_said_twice_counts_twice():
    assert axes()(["工工资"])[0] == pytest.approx(
        np.array([2, 1, 0, 1, 0, 0]) / np.sqrt(6), abs=1e-6
    )


def test_a_text_without_a_known_gram_is_zero():
    assert not axes()(["龘", "", "，"]).any()


def test_vectors_of_one_text_and_of_many_are_the_same():
    encoder = made()
    many = encoder(TEXTS)
    assert many.dtype == np.float32
    for text, vector in zip(TEXTS, many, strict=True):
        ids = encoder.vocabulary.ids(text)
        assert encoder.vector(ids) == pytest.approx(vector, abs=1e-6)
        assert encoder([text])[0] == pytest.approx(vector, abs=1e-6)


def test_texts_beyond_one_block_get_their_own_vectors(monkeypatch):
    encoder = made()
    whole = encoder(TEXTS)
    monkeypatch.setattr("index.encoder._AT_ONCE", 2)
    assert np.array_equal(encoder(TEXTS), whole)


def test_no_texts_are_no_vectors():
    assert made()([]).shape == (0, 8)


def test_packing_loses_at_most_half_a_step_of_each_gram(tmp_path):
    encoder = made()
    encoder.weights[0] *= 1000  # a large gram must not coarsen the others
    encoder.weights[1] = 0
    pack(encoder, tmp_path / "new" / "m.npz")
    found = unpack(tmp_path / "new" / "m.npz")
    assert found.vocabulary.names == NAMES
    step = np.abs(encoder.weights).max(axis=1, keepdims=True) / 127
    assert (np.abs(found.weights - encoder.weights) <= step / 2 * (1 + 1e-4)).all()
    assert not found.weights[1].any()


def test_packing_leaves_no_draft_behind(tmp_path):
    pack(made(), tmp_path / "m.npz")
    pack(made(1), tmp_path / "m.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["m.npz"]
    assert np.allclose(unpack(tmp_path / "m.npz").weights, made(1).weights, atol=0.02)


def test_a_fingerprint_is_of_grams_and_weights():
    assert made().fingerprint() == made().fingerprint()
    assert made().fingerprint() != made(1).fingerprint()
    renamed = Static(Vocabulary([*NAMES[:-1], "代"]), made().weights)
    assert renamed.fingerprint() != made().fingerprint()


def test_a_missing_encoder_is_named(tmp_path):
    with pytest.raises(RetrieverError, match="gone"):
        unpack(tmp_path / "gone.npz")
    with pytest.raises(RetrieverError, match="gone"):
        open_static(tmp_path / "gone")


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_pack_cut_short_is_refused(tmp_path, kept):
    path = tmp_path / "m.npz"
    pack(made(), path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(RetrieverError, match=r"m\.npz"):
        unpack(path)


@pytest.mark.parametrize("content", [b"no archive", b"\x93NUMPY", b"PK\x03\x04"])
def test_what_is_no_pack_is_refused(tmp_path, content):
    path = tmp_path / "m.npz"
    path.write_bytes(content)
    with pytest.raises(RetrieverError, match=r"m\.npz"):
        unpack(path)


def test_a_pack_with_any_byte_turned_is_refused_or_reads_as_before(tmp_path):
    """Some bytes (times, paddings) mean nothing; none may end in another exception."""
    path = tmp_path / "m.npz"
    pack(made(), path)
    whole, good = path.read_bytes(), unpack(path).weights
    other = []
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            assert np.array_equal(unpack(path).weights, good)
        except RetrieverError:
            pass
        except Exception as error:
            other.append((at, type(error).__name__))
    assert not other


def test_a_pack_whose_parts_do_not_fit_is_refused(tmp_path):
    path = tmp_path / "m.npz"
    names = np.frombuffer("\n".join(NAMES[:3]).encode(), np.uint8)
    small = np.ones((len(NAMES), 4), np.int8)
    np.savez_compressed(path, names=names, weights=small, scale=np.ones(len(NAMES), np.float32))
    with pytest.raises(RetrieverError, match=r"m\.npz"):
        unpack(path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "articles"
    install(made(1), folder)
    install(made(), folder)  # the second replaces the first
    return folder


def test_sentence_transformers_reads_spaced_grams_as_we_do(installed):
    from sentence_transformers import SentenceTransformer

    encoder = made()
    model = SentenceTransformer(str(installed), device="cpu")
    lines = [
        spaced(encoder.vocabulary.names[i] for i in encoder.vocabulary.ids(text)) for text in TEXTS
    ]
    assert lines[0] == "工 工资 资"
    theirs = model.encode(lines, normalize_embeddings=True)
    assert theirs == pytest.approx(encoder(TEXTS), abs=1e-5)


def test_what_is_installed_opens_with_the_same_vectors(installed):
    assert is_ours(installed)
    assert np.array_equal(open_static(installed)(TEXTS), made()(TEXTS))
    assert open_static(installed).fingerprint() == made().fingerprint()
    assert [folder.name for folder in installed.parent.iterdir()] == ["articles"]


def test_a_model_of_others_is_not_ours(tiny_model, tmp_path):
    from pathlib import Path

    assert not is_ours(Path(tiny_model))
    assert not is_ours(tmp_path / "nowhere")


def folder_of(encoder, folder):
    """The two files that `open_static` reads, without torch."""
    folder.mkdir()
    names = json.dumps(encoder.vocabulary.names, ensure_ascii=False)
    (folder / "grams.json").write_text(names, encoding="utf-8")
    np.save(folder / "grams.npy", encoder.weights)
    return folder


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, kept) for name in ("grams.json", "grams.npy") for kept in (0.5, 0.95)),
        ("grams.json", 0.0),
        pytest.param("grams.npy", 0.0),
    ],
)
def test_an_installed_model_cut_short_is_refused(tmp_path, name, kept):
    file = folder_of(made(), tmp_path / "m") / name
    file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    with pytest.raises(RetrieverError, match="xst build"):
        open_static(tmp_path / "m")


@pytest.mark.parametrize(
    "content", ['["工"]', "{}", "3", '["工资假", "资", "假", "会", "代", "表"]']
)
def test_grams_that_do_not_fit_their_vectors_are_refused(tmp_path, content):
    (folder_of(made(), tmp_path / "m") / "grams.json").write_text(content, encoding="utf-8")
    with pytest.raises(RetrieverError, match="xst build"):
        open_static(tmp_path / "m")
