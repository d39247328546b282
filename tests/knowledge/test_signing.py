"""Signatures: by a named person, for certain words, gone when the words change."""

from dataclasses import replace
from datetime import date

import pytest

from knowledge.forms import ContentError
from knowledge.pieces import Content
from knowledge.signing import name_of, read_signatures, sign, signable, signed

ON = date(2026, 11, 20)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "signatures.yaml"


def test_a_signed_entry_names_who_signed_it_where_and_when(content, card, kept):
    found = content({"cards/a.yaml": card()})
    sign(kept, found, ["tea"], "李审", "某市总工会法律部", ON)
    good, stale = signed(found, read_signatures(kept))
    assert good.cards[0].reviewed == "李审（某市总工会法律部）2026-11-20"
    assert stale == []


def test_a_changed_entry_is_unreviewed_again(content, card, kept):
    sign(kept, content({"cards/a.yaml": card()}), ["tea"], "李审", "某市总工会", ON)
    changed = content({"cards/a.yaml": card().replace("问问班长", "问问工会")})
    good, stale = signed(changed, read_signatures(kept))
    assert good.cards[0].reviewed == "unreviewed"
    assert [s.entry for s in stale] == ["tea"]


def test_moving_an_entry_in_its_file_keeps_its_signature(content, card, kept):
    sign(kept, content({"cards/a.yaml": card()}), ["tea"], "李审", "某市总工会", ON)
    moved = content({"cards/a.yaml": "# a line\n" + card()})
    assert signed(moved, read_signatures(kept))[0].cards[0].reviewed != "unreviewed"


def test_signing_again_replaces_and_signing_others_keeps(content, card, kept):
    found = content({"cards/a.yaml": card("coffee") + card()})
    sign(kept, found, ["tea", "coffee"], "李审", "某市总工会", ON)
    sign(kept, found, ["tea"], "王审", '律师"事务所', ON)
    assert {s.entry: s.by for s in read_signatures(kept)} == {"coffee": "李审", "tea": "王审"}
    assert read_signatures(kept)[1].office == '律师"事务所'


@pytest.mark.parametrize(
    ("names", "by", "office", "said"),
    [
        (["cocoa"], "李审", "某市总工会", "cocoa"),
        (["tea"], " ", "某市总工会", "--by"),
        (["tea"], "李审", "", "--office"),
    ],
)
def test_a_signature_needs_an_entry_a_person_and_an_office(
    content, card, kept, names, by, office, said
):
    with pytest.raises(ContentError, match=said):
        sign(kept, content({"cards/a.yaml": card()}), names, by, office, ON)
    assert not kept.exists()


def test_a_damaged_file_is_named_with_its_line(kept):
    kept.write_text("- {entry: tea, by: 李审}\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"signatures\.yaml:1"):
        read_signatures(kept)


def test_a_signed_scene_says_who_signed_it_until_one_of_its_words_changes(real, kept):
    scene, other = real.scenes[:2]
    sign(kept, real, [f"演练：{scene.id}"], "李审", "某市总工会法律部", ON)
    good, stale = signed(real, read_signatures(kept))
    assert [s.reviewed for s in good.scenes[:2]] == [
        "李审（某市总工会法律部）2026-11-20",
        other.reviewed,
    ]
    assert stale == []
    step = scene.steps[-1]
    move = replace(step.moves[-1], why=step.moves[-1].why + "改了。")
    step = replace(step, moves=(*step.moves[:-1], move))
    changed = replace(scene, steps=(*scene.steps[:-1], step))
    good, stale = signed(Content(scenes=(changed,)), read_signatures(kept))
    assert good.scenes[0].reviewed == "unreviewed"
    assert [s.entry for s in stale] == [f"演练：{scene.id}"]


def test_no_two_entries_of_ours_are_signed_under_one_name(real):
    """A card and a scene may have one id; one signature must not stand for both."""
    entries = (*real.cards, *real.points, *real.cases, *real.digests, *real.terms, *real.scenes)
    assert len({name_of(e) for e in entries}) == len(entries) == len(signable(real))
