"""Amounts that change with the year: minimum wage, wage guideline, CPI, heat allowance …

The project ships none. An operator fills in a spreadsheet (`xst figures template`), each row
with its source and the day it was published, and imports it (`xst figures import`); an answer
that needs an amount which is missing or out of date says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlite_utils

from knowledge.pieces import AMOUNTS
from knowledge.records import KnowledgeError
from knowledge.regions import Regions

COLUMNS = {
    "kind": "种类",
    "region": "地区",
    "grade": "档次",
    "year": "年度",
    "value": "数值",
    "unit": "单位",
    "since": "施行日期",
    "until": "失效日期",
    "source": "来源",
    "published": "公布日期",
}
NEEDED = ("kind", "region", "year", "value", "unit", "source", "published")
UNITS = ("元/月", "元/小时", "元/天", "元/年", "%")
SHEET = "数额"
TABLE = "amount"

STALE_YEARS = 2
"""A row that names no end is no longer given as current this many years after its own."""


class AmountsError(KnowledgeError):
    """A spreadsheet is no table of amounts; `faults` name row and column each."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        super().__init__(f"{path}：\n" + "\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount: what (`kind` of AMOUNTS), where, for which grade (一类区, 下线 …) and year, from
    when until when (None: not said), and who published it on which day."""

    kind: str
    region: str
    year: int
    value: float
    unit: str
    source: str
    published: date
    grade: str = ""
    since: date | None = None
    until: date | None = None

    def current(self, day: date) -> bool:
        """Whether it may be given as what holds on `day`."""
        if self.since and self.since > day:
            return False
        return self.until >= day if self.until else self.year > day.year - STALE_YEARS

    @property
    def shown(self) -> str:
        number = f"{self.value:,.10g}"
        if self.unit == "%":
            return f"{number}%"
        money, _, per = self.unit.partition("/")
        return f"每{per}{number}{money}"


def write_template(path: Path) -> None:
    """An empty spreadsheet with its columns, lists to choose from and a page of instructions."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = SHEET
    sheet.append(list(COLUMNS.values()))
    for number, name in enumerate(COLUMNS, 1):
        cell = sheet.cell(1, number)
        cell.font = Font(bold=True)
        sheet.column_dimensions[cell.column_letter].width = 24 if name == "source" else 14
    for name, listed in (("kind", AMOUNTS), ("unit", UNITS)):
        column = sheet.cell(1, list(COLUMNS).index(name) + 1).column_letter
        rule = DataValidation(type="list", formula1='"' + ",".join(listed) + '"', allow_blank=True)
        sheet.add_data_validation(rule)
        rule.add(f"{column}2:{column}2000")
    sheet.freeze_panes = "A2"
    help_ = book.create_sheet("说明")
    for line in (
        "一行一个数额，只填“数额”这一页。",
        f"种类：{'、'.join(AMOUNTS)}。",
        "地区：省或市的名字，如 河南、郑州。全国统一的写 国家。",
        "档次：一类区、二类区、基准线、上线、下线 等；没有就空着。",
        f"年度：四位数字。单位：{'、'.join(UNITS)}。",
        "施行日期、失效日期、公布日期：2026-01-01 这样的日期；不知道失效日期就空着。",
        "来源：文件名和文号，或公布它的网页地址。没有来源的数额不要填。",
    ):
        help_.append([line])
    help_.column_dimensions["A"].width = 80
    book.save(path)


def read_sheet(path: Path, regions: Regions) -> list[Amount]:
    """The amounts of a spreadsheet. Raises AmountsError that lists every fault by row."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except OSError as error:
        raise AmountsError(path, [f"打不开：{error.strerror or error}"]) from error
    except Exception as error:  # openpyxl raises what zipfile, xml and its own code raise
        raise AmountsError(path, ["不是 Excel 文件（.xlsx），请另存为 .xlsx"]) from error
    sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    book.close()
    head = [str(c or "").strip() for c in rows[0]] if rows else []
    missing = [COLUMNS[n] for n in NEEDED if COLUMNS[n] not in head]
    if missing:
        said = "、".join(missing)
        raise AmountsError(path, [f"第1行：缺少列 {said}；可用 xst figures template 得到空表"])
    place = {name: head.index(title) for name, title in COLUMNS.items() if title in head}
    found: dict[tuple[str, str, str, int, str], Amount] = {}
    faults: list[str] = []
    for number, row in enumerate(rows[1:], 2):
        cells = {n: row[i] if i < len(row) else None for n, i in place.items()}
        if all(c is None or str(c).strip() == "" for c in cells.values()):
            continue
        try:
            amount = _amount(cells, regions)
        except ValueError as error:
            faults.append(f"第{number}行 {error}")
            continue
        key = (amount.kind, amount.region, amount.grade, amount.year, amount.unit)
        if key in found:
            faults.append(f"第{number}行：与上面的一行重复（种类、地区、档次、年度、单位都相同）")
        found[key] = amount
    if not found and not faults:
        faults.append("没有数据行")
    if faults:
        raise AmountsError(path, faults)
    return list(found.values())


def _amount(cells: dict[str, Any], regions: Regions) -> Amount:
    for name in NEEDED:
        if cells.get(name) is None or str(cells[name]).strip() == "":
            raise ValueError(f"{COLUMNS[name]}：没有填")
    kind, unit = str(cells["kind"]).strip(), str(cells["unit"]).strip()
    if kind not in AMOUNTS:
        raise ValueError(f"{COLUMNS['kind']}：“{kind}”不在 {'、'.join(AMOUNTS)} 之中")
    if unit not in UNITS:
        raise ValueError(f"{COLUMNS['unit']}：“{unit}”不在 {'、'.join(UNITS)} 之中")
    region = regions.named(str(cells["region"]))
    if not region:
        raise ValueError(f"{COLUMNS['region']}：没认出“{cells['region']}”，请写省或市的名字")
    amount = Amount(
        kind,
        region,
        int(_number(cells["year"], "year", 1990, 2100)),
        _number(cells["value"], "value", 0, 1e7),
        unit,
        str(cells["source"]).strip(),
        _date(cells["published"], "published") or date.min,
        str(cells.get("grade") or "").strip(),
        _date(cells.get("since"), "since"),
        _date(cells.get("until"), "until"),
    )
    if amount.since and amount.until and amount.until < amount.since:
        raise ValueError(f"{COLUMNS['until']}：早于{COLUMNS['since']}")
    return amount


def _number(value: Any, name: str, low: float, high: float) -> float:
    try:
        number = float(str(value).replace(",", "").strip())
    except ValueError:
        raise ValueError(f"{COLUMNS[name]}：“{value}”不是数字") from None
    if not low < number < high:
        raise ValueError(f"{COLUMNS[name]}：“{value}”不在合理的范围里")
    return number


def _date(value: Any, name: str) -> date | None:
    if value is None or str(value).strip() == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip().replace("/", "-").replace(".", "-")
    try:
        return date(*(int(part) for part in text.split("-")))
    except (ValueError, TypeError):
        raise ValueError(f"{COLUMNS[name]}：“{value}”不是日期，应如 2026-01-01") from None


def keep(path: Path, amounts: Iterable[Amount]) -> int:
    """Add amounts to those kept in `path`, replacing equal kind, region, grade, year and unit;
    swapped in one step. How many are kept now."""
    kept = {_key(a): a for a in (*open_amounts(path), *amounts)}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    database = sqlite_utils.Database(draft)
    rows = [{k: _plain(v) for k, v in asdict(a).items()} for a in kept.values()]
    database.table(TABLE).insert_all(rows, pk=("kind", "region", "grade", "year", "unit"))
    database.close()
    draft.replace(path)
    return len(rows)


def open_amounts(path: Path) -> list[Amount]:
    """What `keep` wrote; none if there is no file. Raises AmountsError for a damaged one."""
    if not path.exists():
        return []
    try:
        database = sqlite_utils.Database(path)
        rows = list(database.table(TABLE).rows)
        database.close()
        names = {f.name for f in fields(Amount)}
        return [Amount(**{k: _real(k, v) for k, v in row.items() if k in names}) for row in rows]
    except Exception as error:  # sqlite3 and sqlite_utils raise their own kinds
        raise AmountsError(path, ["读不出；请删掉它，重新 xst figures import"]) from error


def _key(a: Amount) -> tuple[str, str, str, int, str]:
    return a.kind, a.region, a.grade, a.year, a.unit


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _real(name: str, value: Any) -> Any:
    if name in ("since", "until", "published"):
        return date.fromisoformat(value) if value else None
    return value
