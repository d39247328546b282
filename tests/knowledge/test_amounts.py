"""Amounts that change with the year come from an operator's spreadsheet, or not at all."""

from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from knowledge.amounts import (
    COLUMNS,
    Amount,
    AmountsError,
    keep,
    open_amounts,
    read_sheet,
    write_template,
)
from knowledge.pieces import Region
from knowledge.regions import Regions

REGIONS = Regions([Region("国家", "中华人民共和国"), Region("河南", "河南省", "国家")])
TITLES = tuple(COLUMNS.values())
GOOD = ["最低工资", "河南", "一类区", 2026, 2200, "元/月", "2026-01-01", "", "某文件", "2025-12-20"]


@pytest.fixture
def sheet(tmp_path):
    def write(*rows, head=TITLES):
        path = tmp_path / "amounts.xlsx"
        book = Workbook()
        book.active.append(list(head))
        for row in rows:
            book.active.append(list(row))
        book.save(path)
        return path

    return write


def changed(column, value):
    row = list(GOOD)
    row[list(COLUMNS).index(column)] = value
    return row


def test_a_row_becomes_an_amount_with_its_source(sheet):
    (found,) = read_sheet(sheet(GOOD), REGIONS)
    assert (found.kind, found.region, found.grade, found.year) == (
        "最低工资",
        "河南",
        "一类区",
        2026,
    )
    assert found.shown == "每月2,200元"
    assert (found.since, found.published) == (date(2026, 1, 1), date(2025, 12, 20))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("kind", "奖金", "种类"),
        ("region", "火星", "火星"),
        ("year", "去年", "年度"),
        ("value", "两千", "数值"),
        ("value", -1, "数值"),
        ("unit", "美元", "单位"),
        ("source", "", "来源"),
        ("published", "昨天", "公布日期"),
        ("until", "2020-01-01", "失效日期"),
    ],
)
def test_a_bad_row_is_named_with_its_column(sheet, column, value, said):
    with pytest.raises(AmountsError, match=said) as caught:
        read_sheet(sheet(GOOD, changed(column, value)), REGIONS)
    assert caught.value.faults[0].startswith("第3行")


def test_every_fault_is_listed_and_nothing_is_kept(sheet):
    with pytest.raises(AmountsError) as caught:
        read_sheet(sheet(changed("year", ""), GOOD, GOOD), REGIONS)
    assert [f[:3] for f in caught.value.faults] == ["第2行", "第4行"]


def test_a_table_without_its_columns_or_no_table_is_refused(sheet, tmp_path):
    with pytest.raises(AmountsError, match="缺少列"):
        read_sheet(sheet(GOOD, head=["a", "b"]), REGIONS)
    text = tmp_path / "no.xlsx"
    text.write_text("no", encoding="utf-8")
    with pytest.raises(AmountsError, match="不是 Excel"):
        read_sheet(text, REGIONS)
    with pytest.raises(AmountsError, match="打不开"):
        read_sheet(tmp_path / "none.xlsx", REGIONS)


def test_the_template_takes_rows_as_it_stands(tmp_path):
    path = tmp_path / "template.xlsx"
    write_template(path)
    with pytest.raises(AmountsError, match="没有数据行"):
        read_sheet(path, REGIONS)
    book = load_workbook(path)
    book["数额"].append(GOOD)
    book.save(path)
    assert len(read_sheet(path, REGIONS)) == 1


def test_importing_again_replaces_the_same_amount_and_keeps_others(sheet, tmp_path):
    kept = tmp_path / "home" / "amounts.db"
    keep(kept, read_sheet(sheet(GOOD, changed("grade", "二类区")), REGIONS))
    assert keep(kept, read_sheet(sheet(changed("value", 2300)), REGIONS)) == 2
    assert {a.grade: a.value for a in open_amounts(kept)} == {"一类区": 2300, "二类区": 2200}
    assert open_amounts(tmp_path / "none.db") == []


@pytest.mark.parametrize(
    ("since", "until", "year", "current"),
    [
        (date(2026, 1, 1), None, 2026, True),
        (date(2027, 1, 1), None, 2027, False),
        (None, date(2026, 6, 30), 2026, False),
        (None, None, 2025, True),
        (None, None, 2024, False),
    ],
)
def test_an_amount_is_current_only_within_its_time(since, until, year, current):
    amount = Amount("最低工资", "河南", year, 1, "元/月", "某", date(2025, 1, 1), "", since, until)
    assert amount.current(date(2026, 11, 20)) is current
