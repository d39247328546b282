"""The project's wordings on a retrieval benchmark, and the speed figures."""

from __future__ import annotations

import gzip
import json

from bot.benching import content_questions, resident_mb


def test_wordings_lead_to_the_benchmarks_articles_each_once(tmp_path):
    """A card may cite two paragraphs of one article; the benchmark knows the article."""
    rows = [
        {"_id": "L1", "law": "中华人民共和国劳动合同法", "art_zh": "第三十条", "text": "…"},
        {"_id": "L2", "law": "劳动法", "art_zh": "第44条", "text": "…"},
    ]
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
    found = content_questions(tmp_path)
    assert {p.ref for p in found} == {"L1", "L2"}
    assert len({p.id for p in found}) == len(found) > 20
    assert all(p.kind == "question" and p.text for p in found)


def test_resident_memory_is_a_sane_figure():
    assert 10 < resident_mb() < 10_000
