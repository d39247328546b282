"""One-time codes: made here, of one unit, readable as people copy them, kept only as a hash."""

from __future__ import annotations

import pytest

from bot.campaign import codes

KEY = b"k" * 32


def test_a_code_tells_its_unit_and_no_other_campaign_or_key_knows_it():
    code = codes.make_codes(KEY, "autumn", "u2", 1)[0]
    assert codes.unit_of(KEY, "autumn", ["u1", "u2", "u3"], code) == "u2"
    assert codes.unit_of(KEY, "spring", ["u1", "u2"], code) is None
    assert codes.unit_of(b"o" * 32, "autumn", ["u1", "u2"], code) is None
    assert codes.unit_of(KEY, "autumn", ["u1"], code) is None


def test_one_changed_character_makes_it_unknown():
    code = codes.make_codes(KEY, "autumn", "u1", 1)[0]
    for at, old in enumerate(code):
        if old != "-":
            new = "7" if old != "7" else "8"
            assert codes.unit_of(KEY, "autumn", ["u1"], code[:at] + new + code[at + 1 :]) is None


@pytest.mark.parametrize("typed", ["{}", " {} ", "{l}", "{s}", "{n}"])
def test_a_code_is_read_as_people_type_it(typed):
    code = codes.make_codes(KEY, "autumn", "u1", 1)[0]
    said = typed.format(code, l=code.lower(), s=code.replace("-", " "), n=code.replace("-", ""))
    assert codes.read_code(said) == codes.read_code(code) is not None


def test_o_and_i_are_read_as_nought_and_one():
    assert codes.read_code("O0Il-0000-0000-0000") == codes.read_code("0011-0000-0000-0000")


@pytest.mark.parametrize(
    "text", ["", "1234", "老板不发工资怎么办", "ABCD-EFGH-JKMN-PQRU", "0" * 17]
)
def test_what_is_no_code_is_none(text):
    assert codes.read_code(text) is None


def test_a_thousand_codes_are_different_and_none_stands_in_its_hash():
    made = codes.make_codes(KEY, "autumn", "u1", 1000)
    assert len({codes.spent("autumn", c) for c in made}) == 1000
    assert codes.spent("autumn", made[0]) != codes.spent("spring", made[0])
    assert codes.spent("autumn", made[0].lower()) == codes.spent("autumn", made[0])
