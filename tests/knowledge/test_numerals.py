import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.numerals import (
    CHINESE,
    article_label,
    exact,
    narrow,
    normal_article,
    to_chinese,
    to_float,
    to_int,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十", 10), ("十五", 15), ("二十", 20), ("一百零五", 105), ("一百一十", 110),
        ("一千零五十", 1050), ("两百零三", 203), ("二十万", 200_000), ("三千五百万", 35_000_000),
        ("一亿二千万", 120_000_000), ("一万亿", 10**12), ("百", 100), ("万", 10_000),
        ("两", 2), ("〇", 0), ("零", 0), ("二〇二四", 2024), ("一二〇", 120),
        ("17", 17), ("１７", 17), ("1,000", 1000), ("5千", 5000), ("1.5万", 15_000),
        ("１．５万", 15_000), ("3万5千", 35_000), ("2.5亿", 250_000_000),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_script(text, value):
    assert to_int(text) == value


@pytest.mark.parametrize(("text", "value"), [("一百二", 120), ("三万五", 35_000), ("二百五", 250)])
def test_a_spoken_number_without_its_last_unit_is_completed(text, value):
    """People say 一百二 for 120; written law says 一百零二 for 102."""
    assert to_int(text) == value
    assert exact(text) is None


@pytest.mark.parametrize(
    "text", ["", "几", "十几", "半", "1.5", "一点五", "abc", "1,00", "-3", "三天"]
)
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(ValueError, match="number"):
        to_int(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("1.1万", 11_000), ("一点五", 1.5), ("零点零五", 0.05), ("三点五万", 35_000)],
)
def test_decimals_are_read_exactly(text, value):
    assert to_float(text) == value


@given(st.integers(0, 99_999_999))
def test_what_is_written_in_chinese_is_read_back(number):
    assert to_int(to_chinese(number)) == number
    assert exact(to_chinese(number)) == (number or None)


@given(st.text(alphabet=CHINESE + "0123456789.,点 第条", max_size=12))
def test_any_text_is_a_number_or_a_value_error(text):
    """Law texts are full of slips; a reader that raised anything else would stop an import."""
    try:
        value = to_int(text)
    except ValueError:
        assert exact(text) is None
    else:
        assert value >= 0


@pytest.mark.parametrize("text", ["三五十", "十百", "〇", "0", "1.5", "一百三", "一千三百零"])
def test_a_slip_does_not_number_an_article(text):
    assert exact(text) is None
    assert normal_article(f"第{text}条") == f"第{text}条"


@pytest.mark.parametrize(
    ("number", "text"),
    [(10, "十"), (19, "十九"), (20, "二十"), (105, "一百零五"), (110, "一百一十"),
     (1001, "一千零一"), (1011, "一千零一十一"), (10_010, "一万零一十"), (15_000, "一万五千"),
     (200_000, "二十万"), (12_003_004, "一千二百万三千零四")],
)  # fmt: skip
def test_numbers_are_written_as_laws_write_them(number, text):
    assert to_chinese(number) == text


@pytest.mark.parametrize("number", [-1, 100_000_000])
def test_a_number_out_of_range_is_not_written_wrongly(number):
    with pytest.raises(ValueError, match="range"):
        to_chinese(number)


@pytest.mark.parametrize(
    ("text", "label"),
    [("第20条", "第二十条"), ("第 二十 条", "第二十条"), ("第２０条", "第二十条"),
     ("第262条之2", "第二百六十二条之二"), ("第一〇五条", "第一百零五条"),
     ("一、", "一、"), ("附录", "附录"), ("全文", "全文"), ("", "")],
)  # fmt: skip
def test_an_article_has_one_label(text, label):
    assert normal_article(text) == label


def test_an_inserted_article_keeps_its_branch():
    assert article_label(262, 2) == "第二百六十二条之二"


def test_widths_change_and_chinese_punctuation_stays():
    assert narrow("（１０％，Ａ．）「」") == "（10%，A.）「」"


@given(st.text(max_size=40))
def test_narrowing_keeps_every_offset(text):
    """Places found in the narrow text are used to cut the original."""
    assert len(narrow(text)) == len(text)
    assert narrow(narrow(text)) == narrow(text)
