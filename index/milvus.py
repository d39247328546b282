"""The engine on Milvus: a file of Milvus Lite to try it out, a cluster for millions of passages.

Milvus is given what FAISS and our arrays do elsewhere: BM25 over jieba's words by its own
function, vectors, and filters, which it applies before it ranks. The prior (`Passage.weight`) is
ours, for it has no place in BM25 there: each ranking is fetched per weight where there are few
(else deeper and deeper, until nothing unseen could come before what is returned), weighted here
and then fused by rank.

Milvus Lite (3.2) differs from a server: one process at a time may open its file; a term's rarity
is counted per segment of at most 100,000 rows and not over all; all of it is Python, so a search
takes time with size; what BM25 gives is negative there. Tested against it only.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.dense import FLAT_ROWS, Encoder, load_encoder, said
from index.fusion import DEPTH, Fused, K
from index.lexical import K1, MOST_TERMS, B, idf
from index.retriever import Hit, Passage, Query, RetrieverError
from index.rows import Floats, ordered
from index.text import Tokens, normalise, runs

FORMAT = 1
BATCH = 500
JIEBA, GRAMS = WORDS = ("jieba", "grams")
"""Who makes the terms: Milvus with jieba (BM25 function), or we (characters and pairs, as the
lexical engine has them, sent as sparse vectors)."""

FUSIONS = ("client", "rrf", "weighted")
"""`client` weights each ranking and fuses here; the others are Milvus's own rankers in one call,
where a weight multiplies the fused score and so counts for far more, and where Lite also ranks
what is not alike at all (it leaves out the radius)."""

# The server's limit on what one search may return.
_MOST = 16_384
_SPARE = 32
# Up to so many different weights are searched for one by one.
_FEW = 4
_OPEN_END = 2**31 - 1
_LONGEST = 65_535  # bytes of a VARCHAR
_PROBES = ["集体协商的代表怎么产生", "用人单位应当支付加班工资。", "union 2024"]
_PROBED = 8  # numbers of each probe: enough to tell one model from another
_ABOUT = "xst.about"
_FIELDS = ["kind", "ref", "weight"]

Progress = Callable[[int, int], None]


def build(
    passages: Iterable[Passage],
    uri: str,
    *,
    name: str = "xst",
    encoder: str | Encoder | None = None,
    words: str = JIEBA,
    terms: Iterable[str] = (),
    token: str = "",
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Milvus:
    """Put `passages` into a new collection at `uri`, make the alias `name` lead to it, open it.

    The collection is named after its content, so a build that was killed and is started again
    goes on where it was: a batch whose ids are all there is not encoded or sent again. The alias
    is moved last; the collection before it stays for who has it open, older ones are dropped.
    One build of a `name` at a time. `terms` are words of the field for jieba. Raises
    RetrieverError for passages, a model or a server that will not do.
    """
    if words not in WORDS:
        raise RetrieverError(f"words：没有 {words}；可用的是 {'、'.join(WORDS)}")
    found = ordered(passages)
    encode = load_encoder(encoder) if isinstance(encoder, str) else encoder
    about = _About(
        format=FORMAT,
        words=words,
        encoder=encoder if isinstance(encoder, str) else "",
        probe=_probe(encode) if encode else [],
        dim=int(encode(_PROBES[:1]).shape[1]) if encode else 0,
        passages=len(found),
        weights=_weights(found),
    )
    with _said_plainly(uri):
        client = _connect(uri, token)
        collection = f"{name}_{_fingerprint(found, about, terms := sorted(terms))}"
        if not client.has_collection(collection):
            _create(client, collection, about, terms)
        client.load_collection(collection)  # after a restart none is loaded, and none answers
        _fill(client, collection, found, encode, about, batch, progress)
        client.flush(collection)
        kept = client.query(collection, "", output_fields=["count(*)"], consistency_level="Strong")[
            0
        ]["count(*)"]
        if kept != len(found):
            raise RetrieverError(
                f"{uri}：{collection} 应有 {len(found)} 条，实有 {kept} 条；请重新运行 xst build"
            )
        _point(client, name, collection)
    return Milvus(client, collection, about, encode)


def open_milvus(
    uri: str,
    *,
    name: str = "xst",
    encoder: str | Encoder | None = None,
    token: str = "",
    fusion: str = "client",
) -> Milvus:
    """The collection that the alias `name` leads to now; a later build is seen by opening again.

    `encoder` says where the model lies, or is it; without one the name kept at the build is
    used. Raises RetrieverError when server or collection are missing, of another format, or the
    model is another one.
    """
    if fusion not in FUSIONS:
        raise RetrieverError(f"fusion：没有 {fusion}；可用的是 {'、'.join(FUSIONS)}")
    with _said_plainly(uri):
        client = _connect(uri, token)
        collection = _current(client, name)
        if collection is None:
            raise RetrieverError(f"{uri}：没有名为 {name} 的索引；请先建立索引")
        client.load_collection(collection)
        described = client.describe_collection(collection)
    told = described.get("properties", {}).get(_ABOUT) or described["description"]
    try:
        about = _About(**json.loads(told))
    except (ValueError, TypeError) as error:
        raise RetrieverError(f"{uri}：{collection} 不是本程序建立的；请重新建立索引") from error
    if about.format != FORMAT:
        raise RetrieverError(
            f"{uri}：{collection} 的格式为 {about.format}，本程序读取 {FORMAT}；请重新建立索引"
        )
    if not about.dim:
        return Milvus(client, collection, about, None, fusion)
    if not (encoder or about.encoder):
        raise RetrieverError(f"{uri}：{collection} 需要语义模型；请设置 XST_ENCODER")
    given = encoder or about.encoder
    encode = load_encoder(given) if isinstance(given, str) else given
    now = _probe(encode)
    # Not bit by bit: another machine rounds elsewhere.
    if np.shape(now) != np.shape(about.probe) or not np.allclose(now, about.probe, atol=2e-3):
        raise RetrieverError(f"{uri}：{collection} 由另一个语义模型建成；请重新建立索引")
    return Milvus(client, collection, about, encode, fusion)


class Milvus:
    """The engine over one collection; made by `build` and `open_milvus`."""

    def __init__(
        self,
        client: Any,
        collection: str,
        about: _About,
        encode: Encoder | None,
        fusion: str = "client",
    ) -> None:
        self.collection, self.about = collection, about
        self._client, self._encode, self._fusion = client, encode, fusion
        self._tokens = Tokens()
        legs = [_Leg(self, "words"), *([_Leg(self, "meaning")] if encode else [])]
        self._engine = Fused([(leg, 1.0) for leg in legs]) if encode else legs[0]

    def search(self, query: Query, k: int) -> list[Hit]:
        """The best `k` passages for `query`, best first.

        Raises RetrieverError when the server does not answer; never with the query's text.
        """
        if k <= 0 or not runs(normalise(query.text)) or query.regions == ():
            return []
        if self._encode and self._fusion != "client":
            return self._hybrid(query, k)
        return self._engine.search(query, k)

    def asked(self, field: str, query: Query) -> Any:
        """What is looked for in `field`: text, a sparse vector or a dense one; None is nothing."""
        text = normalise(query.text)
        if field == "meaning":
            assert self._encode
            vector = self._encode([text])[0]
            return vector.tolist() if vector.any() else None
        if self.about.words == JIEBA:
            return " ".join(runs(text))
        counts = Counter(map(_number, self._tokens.grams(text)))
        return {term: math.sqrt(n) for term, n in counts.most_common(MOST_TERMS)} or None

    def nearest(
        self, field: str, data: Any, query: Query, count: int, weight: float | None = None
    ) -> list[_Found]:
        """The `count` nearest in `field`, before any weight; only those of `weight` if given."""
        with _said_plainly(self.collection, quiet=True):
            (found,) = self._client.search(
                self.collection,
                data=[data],
                anns_field=field,
                limit=count,
                filter=_filter(query, weight),
                output_fields=_FIELDS,
                search_params=self._params(field),
            )
        return [_found(one, abs(one["distance"]) if field == "words" else one["distance"])
                for one in found]  # fmt: skip

    def _hybrid(self, query: Query, k: int) -> list[Hit]:
        from pymilvus import AnnSearchRequest, RRFRanker, WeightedRanker

        depth = min(_MOST, 4 * max(k, DEPTH))
        requests = [
            AnnSearchRequest([data], field, self._params(field), depth,
                             expr=_filter(query) or None)
            for field in ("words", "meaning") if (data := self.asked(field, query)) is not None
        ]  # fmt: skip
        ranker = RRFRanker(K) if self._fusion == "rrf" else WeightedRanker(*[0.5] * len(requests))
        with _said_plainly(self.collection, quiet=True):
            (found,) = self._client.hybrid_search(
                self.collection, requests, ranker, limit=depth, output_fields=_FIELDS
            )
        return _best((_found(one, one["distance"]) for one in found), k)

    def _params(self, field: str) -> dict[str, Any]:
        if field == "meaning":
            return {"metric_type": "IP", "params": {"radius": 0.0}}  # only what is above it
        return {"metric_type": "BM25" if self.about.words == JIEBA else "IP", "params": {}}


class _Leg:
    """One field of a collection as a Retriever, the prior in its scores."""

    def __init__(self, milvus: Milvus, field: str) -> None:
        self._milvus, self._field = milvus, field

    def search(self, query: Query, k: int) -> list[Hit]:
        data = self._milvus.asked(self._field, query)
        if data is None:
            return []
        weights = self._milvus.about.weights
        if not 1 < len(weights) <= _FEW:
            return self._search(data, query, k, max(weights, default=1.0))
        hits = [hit for w in weights if w for hit in self._search(data, query, k, w, only=w)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]

    def _search(
        self, data: Any, query: Query, k: int, heaviest: float, only: float | None = None
    ) -> list[Hit]:
        wanted = min(_MOST, k + _SPARE)
        while True:
            found = self._milvus.nearest(self._field, data, query, wanted, only)
            best = _best(found, k)
            if len(found) < wanted or wanted == _MOST or found[-1].score <= 0:
                return best
            # What was not fetched scores at most as the last did, times the heaviest weight.
            if len(best) == k and found[-1].score * heaviest < best[-1].score:
                return best
            wanted = min(_MOST, 4 * wanted)


@dataclass(frozen=True, slots=True)
class _About:
    """What a collection says of itself, as JSON."""

    format: int
    words: str
    encoder: str
    probe: list[list[float]]
    dim: int
    passages: int
    weights: list[float]


@dataclass(frozen=True, slots=True)
class _Found:
    id: str
    kind: str
    ref: str
    weight: float
    score: float


def _found(one: Any, score: float) -> _Found:
    row = one["entity"]
    # Rounded, because equal vectors may differ in the last bit by their place in a segment.
    return _Found(str(one["id"]), row["kind"], row["ref"], row["weight"], round(score, 6))


def _best(found: Iterable[_Found], k: int) -> list[Hit]:
    hits = [Hit(f.id, f.score * f.weight, f.kind, f.ref) for f in found if f.score * f.weight > 0]
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]


def _filter(query: Query, weight: float | None = None) -> str:
    """`query`'s filters as Milvus writes them; "" is none."""
    parts = []
    if weight is not None:
        parts.append(f"weight == {weight!r}")
    if query.kinds:
        parts.append(f"kind in {_listed(sorted(query.kinds))}")
    if query.regions is not None:
        parts.append(f"region in {_listed(query.regions)}")
    if query.day:
        day = query.day.toordinal()
        parts.append(f"start <= {day} and end > {day}")
    return " and ".join(parts)


def _listed(names: Sequence[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


# Building


def _create(client: Any, collection: str, about: _About, terms: Sequence[str]) -> None:
    from pymilvus import DataType, Function, FunctionType

    told = json.dumps({name: getattr(about, name) for name in about.__slots__})
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False, description=told)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=512)
    for name in ("kind", "region", "ref"):
        schema.add_field(name, DataType.VARCHAR, max_length=512)
    for name in ("start", "end"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("weight", DataType.DOUBLE)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    indexes = client.prepare_index_params()
    if about.words == JIEBA:
        # Lite takes `dict` for more words, a server for all: there `_default_` is jieba's own.
        jieba = {"type": "jieba", "mode": "search", "dict": ["_default_", *terms]}
        schema.add_field(
            "said",
            DataType.VARCHAR,
            max_length=_LONGEST,
            enable_analyzer=True,
            analyzer_params={"tokenizer": jieba},
        )
        bm25 = Function("bm25", FunctionType.BM25, ["said"], ["words"])
        schema.add_function(bm25)
        indexes.add_index(
            "words",
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"bm25_k1": K1, "bm25_b": B},
        )
    else:
        indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    if about.dim:
        schema.add_field("meaning", DataType.FLOAT_VECTOR, dim=about.dim)
        # Exact while it is fast: a graph loses its way among many equal vectors.
        kind = "FLAT" if about.passages <= FLAT_ROWS else "AUTOINDEX"
        indexes.add_index("meaning", index_type=kind, metric_type="IP")
    for name in ("kind", "region"):
        indexes.add_index(name, index_type="INVERTED")
    # Said twice: Lite keeps no description, and a server might refuse a property one day.
    client.create_collection(
        collection, schema=schema, index_params=indexes, properties={_ABOUT: told}
    )


def _fill(
    client: Any,
    collection: str,
    passages: Sequence[Passage],
    encode: Encoder | None,
    about: _About,
    batch: int,
    progress: Progress | None,
) -> None:
    weigh = _Grams(passages) if about.words == GRAMS else None
    for low in range(0, len(passages), batch):
        part = passages[low : low + batch]
        there = client.query(
            collection,
            f"id in {_listed([p.id for p in part])}",
            output_fields=["id"],
            consistency_level="Strong",
        )
        if len(there) < len(part):
            vectors = encode([said(p) for p in part]) if encode else None
            client.upsert(collection, [*_rows(part, vectors, weigh)])
        if progress:
            progress(low + len(part), len(passages))


def _rows(
    passages: Sequence[Passage], vectors: Floats | None, weigh: _Grams | None
) -> Iterator[dict[str, Any]]:
    for i, p in enumerate(passages):
        row: dict[str, Any] = {
            "id": p.id,
            "kind": p.kind,
            "region": p.region,
            "ref": p.ref or p.id,
            "start": p.start.toordinal() if p.start else 0,
            "end": p.end.toordinal() if p.end else _OPEN_END,
            "weight": p.weight,
        }
        if weigh:
            row["words"] = weigh(p)
        else:
            text = " ".join(runs(said(p))).encode()[:_LONGEST]
            row["said"] = text.decode(errors="ignore")  # a character cut in half goes
        if vectors is not None:
            row["meaning"] = vectors[i].tolist()
        yield row


class _Grams:
    """BM25 as sparse vectors: idf × what a passage gains from a term, so a product is the score.

    Titles, chapters and text count alike, as in `index.lexical`.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._tokens = Tokens()
        self._count = len(passages)
        self._df: Counter[int] = Counter()
        total = 0
        for passage in passages:
            counts = self._counts(passage)
            self._df.update(counts.keys())
            total += _length(passage)
        self._mean = total / self._count if total else 1.0

    def __call__(self, passage: Passage) -> dict[int, float]:
        norm = K1 * (1 - B + B * _length(passage) / self._mean)
        return {
            term: idf(self._count, self._df[term]) * tf * (K1 + 1) / (tf + norm)
            for term, tf in self._counts(passage).items()
        } or {0: 1e-6}  # an empty vector is refused; no term has the number 0

    def _counts(self, passage: Passage) -> Counter[int]:
        return Counter(map(_number, self._tokens.grams(said(passage))))


def _length(passage: Passage) -> int:
    return sum(map(len, runs(said(passage))))


def _number(term: str) -> int:
    """A number for a term below 2^32 - 1; of a million terms some hundred share one."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass")) % (2**32 - 2) + 1


def _weights(passages: Iterable[Passage]) -> list[float]:
    """Every weight there is; where they are many, the heaviest alone."""
    found = sorted({p.weight for p in passages})
    return found if len(found) <= _FEW else found[-1:]


def _fingerprint(passages: Iterable[Passage], about: _About, terms: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps([astuple(about), terms]).encode())
    for passage in passages:
        digest.update(json.dumps([str(v) for v in astuple(passage)]).encode() + b"\n")
    return digest.hexdigest()[:12]


def _probe(encode: Encoder) -> list[list[float]]:
    return [[round(float(x), 4) for x in vector[:_PROBED]] for vector in encode(_PROBES)]


# The server


def _connect(uri: str, token: str) -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise RetrieverError(
            "Milvus 索引需要 pymilvus；请运行 pip install 'xieshangtong[milvus]'"
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it reports what it also raises
    if uri.endswith(".db"):
        for noisy in ("milvus_lite", "grpc._server"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        Path(uri).absolute().parent.mkdir(parents=True, exist_ok=True)
        with suppress(ImportError):
            import jieba

            jieba.setLogLevel("CRITICAL")
    return MilvusClient(uri, token=token)


@contextmanager
def _said_plainly(place: str, quiet: bool = False) -> Iterator[None]:
    """Milvus's faults as a RetrieverError; `quiet` leaves its words out: they may quote a query."""
    try:
        yield
    except RetrieverError:
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pymilvus", "grpc", "milvus_lite")):
            raise
        if quiet:
            raise RetrieverError(
                f"Milvus 没有回答（{place}，{type(error).__name__}）；请检查服务是否在运行"
            ) from None
        hint = (
            "文件可能正被另一个进程使用（Milvus Lite 只许一个进程打开）"
            if place.endswith(".db")
            else "请检查地址和令牌，服务是否在运行"
        )
        raise RetrieverError(f"{place}：Milvus 出错（{error}）；{hint}") from error


def _current(client: Any, name: str) -> str | None:
    for collection in _ours(client, name):
        if name in client.list_aliases(collection)["aliases"]:
            return collection
    return None


def _ours(client: Any, name: str) -> list[str]:
    named = re.compile(rf"{re.escape(name)}_[0-9a-f]{{12}}")
    return [found for found in client.list_collections() if named.fullmatch(found)]


def _point(client: Any, name: str, collection: str) -> None:
    """Let the alias lead to `collection`; keep the one before, drop the others."""
    before = _current(client, name)
    if before is None:
        client.create_alias(collection, name)
    elif before != collection:
        client.alter_alias(collection, name)
    for found in _ours(client, name):
        if found not in (collection, before):
            client.drop_collection(found)
