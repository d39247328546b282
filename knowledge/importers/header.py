"""What is known of a text besides its articles: name, dates, version, level, region, repeals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from knowledge.citation import law_name
from knowledge.importers.closing import effective_in, repeals_in
from knowledge.importers.dates import Dated, Event, events
from knowledge.importers.draft import Draft
from knowledge.importers.places import NATION, region
from knowledge.importers.status import StatusRow, split_date
from knowledge.records import Level, ParsedArticle, Warning_

_FOLDERS = {
    **{level.value: level for level in Level},
    **dict.fromkeys(
        (
            "宪法相关法",
            "民法典",
            "民法商法",
            "刑法",
            "行政法",
            "经济法",
            "社会法",
            "诉讼与非诉讼程序法",
        ),
        Level.LAW,
    ),
}
_COURT = re.compile(r"^(?:最高人民法院|最高人民检察院)")
_LOCAL_LAW = re.compile(r"(?:条例|规定|办法|决定|决议|规则|细则)(?:（.+?）)?$")
_MINISTRY = re.compile(
    r"(?:部|委员会|总局|银行|署|部门)(?:办公厅)?(?:令|公布|发布|颁布|印发)|部令|部务会议|劳部发|社部发"
)
_ONE_STEP = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Facts:
    """The header of a ParsedText."""

    title: str
    name: str
    part: str
    promulgated: date | None
    amended: date | None
    effective: date | None
    version: str
    level: Level
    region: str
    repeals: tuple[str, ...]
    expired: bool | None
    warnings: tuple[Warning_, ...]


def facts(
    draft: Draft, units: Sequence[ParsedArticle], path: Path, row: StatusRow | None = None
) -> Facts:
    """Put together what title, header, file name, folder, closing articles and table say.

    `effective` is the version's: an amended text whose closing article still names the
    original day takes the 施行 date of its header or table if later, else the day of the last
    amendment. `version` is the date in the file name, else the latest passing or amendment.
    """
    stem, label = split_date(path.stem)
    title = draft.title or stem
    name = law_name(plain_marks(title))
    known = events(draft.header)
    listed = row.publish if row else None
    promulgated, amended = _made(known, label or listed)
    latest = max((d for d in (promulgated, amended) if d), default=None)
    version = label or latest or listed
    first = effective_in(units)
    named = promulgated or latest if isinstance(first, str) else first
    starts = [d.day for d in known if d.event is Event.EFFECTIVE]
    starts += [row.valid_from] if row and row.valid_from else []
    effective = _effective(named, starts, amended)
    level = _level(draft, path, row)
    folders = path.parts[-5:-1]
    said = row is not None or any(f in _FOLDERS for f in folders)
    place = region(name, folders, local=(level is Level.LOCAL) if said else None)
    if level is Level.OTHER or (level is Level.RULE and place != NATION):
        level = _by_title(name, draft, place)
    if level is not Level.LOCAL and level is not Level.OTHER:
        place = NATION
    warnings = []
    if not version:
        warnings.append(Warning_("no-date"))
    if label and amended and amended > label:
        warnings.append(Warning_("date-differs", amended.isoformat()))
    if not draft.part and name != law_name(stem) and level is not Level.CASE:
        warnings.append(Warning_("title-differs", stem))
    return Facts(
        title, name, draft.part, promulgated, amended, effective,
        version.isoformat() if version else "", level, place,
        tuple(r.name for r in repeals_in(units, title)) if level is not Level.CASE else (),
        row.expired if row else None, tuple(warnings),
    )  # fmt: skip


def plain_marks(title: str) -> str:
    """A title with <…> and 〈〉 as printed brackets 《》, single blanks, no file-name date."""
    title = re.sub(r"[<＜]([^<>＜＞]{2,60})[>＞]", r"〈\1〉", title)
    return re.sub(r"\s+", " ", title).strip()


def _made(known: Sequence[Dated], label: date | None) -> tuple[date | None, date | None]:
    """(first made, last amended). What comes within a year of a step belongs to it (批准, 公布).

    A later 通过 without 修正 is an amendment too, as courts revise; so is a later `label`.
    """
    made = [d for d in known if d.event is not Event.EFFECTIVE]
    if not made:
        return label, None
    begin = made[0].day
    original = [d for d in made if d.day <= begin + _ONE_STEP and d.event is not Event.AMENDED]
    published = [d.day for d in original if d.event is Event.PUBLISHED]
    days = published or [d.day for d in original]
    promulgated = days[-1] if days else None
    later = [d.day for d in made if d not in original]
    if label and label > max([*later, begin + _ONE_STEP]):
        later.append(label)
    return promulgated, max(later, default=None)


def _effective(named: date | None, starts: Sequence[date], amended: date | None) -> date | None:
    later = [day for day in starts if amended is None or day >= amended]
    if amended is None:
        return named or (later[-1] if later else None)
    if named and named >= amended:
        return named
    return later[-1] if later else amended


def _level(draft: Draft, path: Path, row: StatusRow | None) -> Level:
    """By the table, then the nearest folder, then the file's own note 层级：…."""
    if row:
        for level in Level:
            if level.value == row.level:
                return level
    for folder in reversed(path.parts[-5:-1]):
        if folder in _FOLDERS:
            return _FOLDERS[folder]
    note = re.search(r"层级[:：]\s*([一-鿿]+)", draft.note)
    return next((lv for lv in Level if note and lv.value == note[1]), Level.OTHER)


def _by_title(name: str, draft: Draft, place: str) -> Level:
    """By the words of title and promulgation lines; OTHER when they do not tell."""
    lines = "\n".join(draft.header)
    if _COURT.match(name):
        return Level.INTERPRETATION
    if place != NATION:
        government = "人民政府令" in lines or ("人民政府" in lines and "人民代表大会" not in lines)
        return Level.LOCAL if _LOCAL_LAW.search(name) and not government else Level.OTHER
    if name in ("宪法", "宪法修正案"):
        return Level.CONSTITUTION
    if "最高人民法院" in lines or "最高人民检察院" in lines:
        return Level.INTERPRETATION
    if re.search(r"(?:法|法典|修正案.{0,6})$", name) or "全国人民代表大会" in lines:
        return Level.LAW if "办法" not in name[-4:] else Level.OTHER
    if "国务院" in re.sub(r"国务院[^令公发]{2,12}(?:部|局|委员会)", "", lines) or name.endswith(
        "条例"
    ):
        return Level.REGULATION
    return Level.RULE if _MINISTRY.search(lines) else Level.OTHER
