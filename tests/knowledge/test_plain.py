import json
from dataclasses import fields, is_dataclass, replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from knowledge.citation import Citation
from knowledge.pieces import (
    Card,
    Case,
    Digest,
    Guard,
    Override,
    Place,
    Point,
    Region,
    Rule,
    Span,
    Synonym,
    Topic,
)
from knowledge.plain import from_plain, to_plain

TEXT = st.text(max_size=6)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
DAY = st.dates()
PLACE = st.builds(Place, TEXT, st.integers(0, 99))
CITES = st.lists(st.builds(Citation, TEXT, TEXT, st.integers(0, 9)), max_size=2).map(tuple)
SPANS = st.lists(st.builds(Span, TEXT, TEXT), max_size=2).map(tuple)
RULE = st.builds(Rule, TEXT, TEXT, TEXT, TEXT, TEXT, CITES, SPANS, TEXT, TEXTS, PLACE)
RECORDS = st.one_of(
    RULE,
    st.builds(Point, TEXT, TEXT, TEXT, TEXT, TEXTS, TEXT, st.lists(RULE, max_size=2).map(tuple), TEXT, DAY),
    st.builds(Digest, st.builds(Citation, TEXT), TEXT, TEXT, DAY, PLACE),
    st.builds(Guard, TEXT, TEXT, TEXTS, st.lists(TEXTS, max_size=2).map(tuple), TEXTS, PLACE),
    st.builds(Override, TEXT, TEXT, TEXT, TEXT, TEXT, st.none() | DAY, st.none() | DAY, PLACE),
    st.builds(Topic, TEXT, TEXT, TEXT, TEXTS, CITES, PLACE),
    st.builds(Synonym, TEXT, TEXTS, PLACE),
    st.builds(Region, TEXT, TEXT, TEXT, TEXTS, PLACE),
)  # fmt: skip


def there_and_back(record):
    return from_plain(type(record), json.loads(json.dumps(to_plain(record), ensure_ascii=False)))


@given(RECORDS)
def test_what_is_saved_is_loaded(record):
    assert there_and_back(record) == record


def test_every_record_of_the_real_content_is_loaded_as_it_was_saved(real):
    kinds = set()
    for field in fields(real):
        for record in getattr(real, field.name):
            assert there_and_back(record) == record
            kinds.add(type(record))
    assert kinds >= {Card, Point, Case, Topic, Synonym, Region, Override}


def test_a_plain_value_is_what_json_knows():
    override = Override("茶法", "repealed", "新", "2026-11-20", since=date(2025, 1, 1))
    assert to_plain(override) == {
        "law": "茶法", "status": "repealed", "why": "新", "checked": "2026-11-20", "version": "",
        "since": "2025-01-01", "until": None, "place": {"file": "", "line": 0},
    }  # fmt: skip


def test_a_field_that_is_missing_takes_its_default():
    """A library built before a field was added must still load."""
    plain = to_plain(Region("河南", "河南省"))
    del plain["also"]
    assert from_plain(Region, plain) == Region("河南", "河南省")
    assert is_dataclass(replace(Region("河南", "河南省"), parent="国家"))
