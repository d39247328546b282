"""The draw from the roster: the same for everybody, fair, and refused where it can not be."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from scipy.stats import chisquare

from bot.awareness import sampling
from bot.awareness.inputs import AwarenessError

SEED = bytes.fromhex("9f" * 32)
ROSTER = [f"{i:03d},张{i}" for i in range(1, 101)]


def test_anybody_can_repeat_the_draw_with_three_lines_of_python():
    by_hand = sorted(ROSTER, key=lambda s: hmac.new(SEED, s.encode(), hashlib.sha256).hexdigest())
    assert sampling.draw(ROSTER, 10, SEED) == by_hand[:10]


def test_a_known_ticket_does_not_change():
    """Frozen: a new version must draw the same people from an old seed."""
    assert sampling.ticket(SEED, "001,张1") == (
        "dbc70e8ce33d9f4ab91499c41b55959117c42d1b5e1fdee8e0a1e28fd100c7cb"
    )


def test_order_and_white_space_of_the_file_change_nothing():
    shuffled = [f"  {line}\r" for line in reversed(ROSTER)]
    assert [s.strip() for s in sampling.draw(shuffled, 10, SEED)] == sampling.draw(ROSTER, 10, SEED)
    assert sampling.fingerprint(shuffled) == sampling.fingerprint(ROSTER)


def test_one_person_more_changes_the_fingerprint_but_not_the_others_order():
    longer = [*ROSTER, "101,李1"]
    assert sampling.fingerprint(longer) != sampling.fingerprint(ROSTER)
    order = sampling.ranked(longer, SEED)
    order.remove("101,李1")
    assert order == sampling.ranked(ROSTER, SEED)


def test_a_longer_draw_begins_with_the_shorter():
    assert sampling.draw(ROSTER, 20, SEED)[:10] == sampling.draw(ROSTER, 10, SEED)


def test_everybody_is_drawn_equally_often():
    seen = dict.fromkeys(ROSTER, 0)
    for i in range(2000):
        for line in sampling.draw(ROSTER, 10, i.to_bytes(4, "big")):
            seen[line] += 1
    assert chisquare(list(seen.values())).pvalue > 0.01


def test_a_line_that_stands_twice_is_refused_with_both_places():
    with pytest.raises(AwarenessError, match="第 3 人与第 1 人"):
        sampling.draw(["甲", "乙", "甲 "], 1, SEED)


def test_more_than_the_roster_are_refused():
    with pytest.raises(AwarenessError, match="只有 100 人"):
        sampling.draw(ROSTER, 101, SEED)


@pytest.mark.parametrize("text", ["", "xyz", "abc", "0x"])
def test_a_seed_that_is_none_is_refused(text):
    with pytest.raises(AwarenessError, match="seed"):
        sampling.read_seed(text)


def test_places_are_shared_out_by_largest_remainders():
    assert sampling.allot({"甲": 350, "乙": 100, "丙": 50}, 100) == {"甲": 70, "乙": 20, "丙": 10}
    assert sampling.allot({"甲": 1, "乙": 1, "丙": 1}, 2) == {"甲": 1, "乙": 1, "丙": 0}
    assert sampling.allot({"甲": 5, "乙": 3}, 8) == {"甲": 5, "乙": 3}
    assert sampling.allot({}, 0) == {}


def test_strata_are_drawn_with_the_same_tickets():
    strata = {"甲": ROSTER[:60], "乙": ROSTER[60:]}
    drawn = sampling.draw_strata(strata, {"甲": 6, "乙": 4}, SEED)
    assert drawn["甲"] == sampling.draw(ROSTER[:60], 6, SEED)
    order = sampling.ranked(ROSTER, SEED)
    assert drawn["乙"] == [line for line in order if line in strata["乙"]][:4]
