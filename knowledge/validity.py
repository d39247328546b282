"""What is in force on a day: versions of one law put in order, repeals and reviewed overrides.

Rules of order, strongest first: a reviewed override (`validity.yaml`); a newer text that says
「…同时废止」; a newer version of the same law; the source's own flag. A text that nothing
dates or vouches for stays usable and is marked 效力未核.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge.pieces import Override
from knowledge.records import Status

END_UNKNOWN = "来源标为失效，失效日未载"
"""Why of a text that its source flags as over without saying since when."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one version before it is compared with the others."""

    id: str
    law: str
    label: str = ""  # date label of the version, ISO or ""
    promulgated: date | None = None
    effective: date | None = None
    expired: bool | None = None
    repeals: tuple[str, ...] = ()

    @property
    def start(self) -> date | None:
        return self.effective or self.promulgated or self.dated

    @property
    def dated(self) -> date | None:
        return date.fromisoformat(self.label) if self.label else None


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a version holds (end exclusive), and how sure that is."""

    start: date | None = None
    end: date | None = None
    ended_as: Status = Status.SUPERSEDED
    verified: bool = False
    why: str = ""

    def on(self, day: date) -> Status:
        """What the version is on `day`."""
        if self.end is not None and day >= self.end:
            return self.ended_as
        if self.start is not None and day < self.start:
            return Status.NOT_YET
        return Status.IN_FORCE if self.verified else Status.UNVERIFIED


def judge(
    versions: Sequence[Facts], overrides: Iterable[Override] = (), as_of: date | None = None
) -> dict[str, Validity]:
    """The validity of every version, by id. `as_of` is the day on which the source's flags
    were true: a text flagged as over without a date ends there."""
    as_of = as_of or date.today()
    overrides = list(overrides)
    named = Counter(facts.law for facts in versions)
    versions = [_started(facts, overrides, named[facts.law] == 1) for facts in versions]
    out: dict[str, Validity] = {}
    by_law: dict[str, list[Facts]] = {}
    for facts in versions:
        by_law.setdefault(facts.law, []).append(facts)
    for group in by_law.values():
        group.sort(key=lambda f: (f.start or date.min, f.label, f.id))
        for position, facts in enumerate(group):
            # 宪法修正案 of 1999 does not replace the one of 1993: amendments stand side by side.
            newer = [] if facts.law.endswith("修正案") else group[position + 1 :]
            out[facts.id] = _alone(facts, newer, as_of)
    followed = {i: v.end for i, v in out.items() if v.ended_as is Status.SUPERSEDED}
    _repeal(versions, by_law, out)
    for override in overrides:
        for facts in by_law.get(override.law, ()):
            if override.version in ("", facts.label):
                next_one = None if override.version else followed.get(facts.id)
                out[facts.id] = _override(override, out[facts.id], next_one, as_of)
    return out


def _started(facts: Facts, overrides: Iterable[Override], only: bool) -> Facts:
    """With the reviewed day of coming into force: the version before it holds until then."""
    for override in overrides:
        meant = override.version == facts.label or (only and not override.version)
        if override.law == facts.law and meant and override.status == "in_force" and override.since:
            facts = replace(facts, effective=override.since)
    return facts


def _alone(facts: Facts, newer: list[Facts], as_of: date) -> Validity:
    follower = next((n for n in newer if n.start and n.start != facts.start), None)
    verified = facts.expired is False and facts.start is not None
    if follower is not None:
        why = f"{follower.label or follower.start} 版取代"
        return Validity(facts.start, follower.start, Status.SUPERSEDED, verified, why)
    if facts.expired:
        end = as_of if facts.start is None or facts.start < as_of else facts.start
        return Validity(facts.start, end, Status.REPEALED, False, END_UNKNOWN)
    return Validity(facts.start, None, Status.SUPERSEDED, verified)


def _repeal(
    versions: Sequence[Facts], by_law: Mapping[str, list[Facts]], out: dict[str, Validity]
) -> None:
    """Texts that another one ends. An amended version repeats the clause of its forerunner, so
    a clause speaks from the first version that has it."""
    clauses: dict[tuple[str, str], Facts] = {}
    for facts in sorted(versions, key=lambda f: (f.start or date.max, f.label, f.id)):
        if facts.start is not None:
            for name in facts.repeals:
                clauses.setdefault((facts.law, name), facts)
    for (law, name), facts in clauses.items():
        for old in by_law.get(name, ()):
            assert facts.start is not None
            older = old.start is None or old.start < facts.start
            end = out[old.id].end
            if old.id != facts.id and older and (end is None or end >= facts.start):
                out[old.id] = replace(
                    out[old.id],
                    end=facts.start,
                    ended_as=Status.REPEALED,
                    why=f"由《{law}》废止",
                )


def _override(override: Override, old: Validity, replaced: date | None, as_of: date) -> Validity:
    """What a reviewed correction makes of a version. One that names no version speaks of the
    law: it does not bring back what a newer version `replaced` on a day."""
    why = f"{override.why}（{override.checked}核对）" if override.checked else override.why
    if override.status == "unverified":
        return replace(old, verified=False, why=why)
    if override.status == "in_force":
        ends = [day for day in (override.until, replaced) if day]
        return Validity(old.start, min(ends, default=None), Status.SUPERSEDED, True, why)
    end = override.until or override.since or old.end or as_of
    if replaced is not None and replaced <= end:
        return old
    ended = Status.REPEALED if override.status == "repealed" else Status.SUPERSEDED
    return Validity(old.start, end, ended, old.verified, why)
