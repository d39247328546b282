"""款 and 项 of an article, and the numbers of heads: what 第二款第三项 points at."""

import pytest

from knowledge.structure import items, marker, number, paragraphs

LEAVE = """职工有下列情形之一的，可以请协商假：
（一）担任协商代表；
（二）参加培训：
1.会前培训；
2.会后培训；
（三）其他情形。
协商假期间工资照发。
企业不得扣减：
（一）奖金；
（二）津贴。"""


def test_items_belong_to_the_paragraph_before_them():
    found = paragraphs(LEAVE)
    assert len(found) == 3
    assert found[1] == "协商假期间工资照发。"
    assert items(found[2]) == ["（一）奖金；", "（二）津贴。"]


def test_nested_items_stay_inside_their_item():
    first = items(paragraphs(LEAVE)[0])
    assert len(first) == 3
    assert first[1] == "（二）参加培训：\n1.会前培训；\n2.会后培训；"


def test_half_width_brackets_and_full_width_dots_are_list_heads_too():
    assert marker("(三)其他") == ("（一）", 3)
    assert marker("2．同毗邻地区") == ("1.", 2)
    assert marker("十二、附则") == ("一、", 12)
    assert marker("③其他") == ("①", 3)


@pytest.mark.parametrize(
    "line", ["3.5元以上的", "第三人不服的", "（略）", "一般规定", "2008年以后"]
)
def test_what_is_no_list_head_is_left_alone(line):
    assert marker(line) is None


def test_lost_item_numbers_do_not_make_new_paragraphs():
    """The source of some Shandong texts lost （一）（二）; the sentence still runs through ；."""
    text = "工会有权监督下列事项：\n工资支付情况；\n休息休假情况。\n企业应当配合。"
    found = paragraphs(text)
    assert len(found) == 2
    assert items(found[0]) == ["工资支付情况；", "休息休假情况。"]


def test_items_in_one_line_are_parted():
    assert items("包括：（一）工资；（二）工时。") == ["（一）工资；", "（二）工时。"]


def test_a_table_stays_with_its_paragraph():
    assert paragraphs("按下表执行。\n| 工种 | 补贴 |\n| 焊工 | 30 |") == [
        "按下表执行。\n| 工种 | 补贴 |\n| 焊工 | 30 |"
    ]


def test_a_paragraph_without_items_has_none():
    assert items("企业应当答复。") == []
    assert paragraphs("") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("一百零三", 103), ("一百〇三", 103), ("十", 10), ("一千二百六十", 1260), ("17", 17)],
)
def test_numbers_of_heads(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["三五十", "", "二百三", "百分", "三一五"])
def test_what_is_no_well_formed_number(text):
    assert number(text) is None
