"""Issuing certificates to those who passed, and saying of all of them which no longer hold."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.exam.bound import VALID_YEARS, later, stale
from bot.exam.certificate import FRESH, Certificate, Status, sign
from bot.exam.enrol import ALPHABET
from bot.exam.form import digest_of
from bot.exam.records import Candidate, Issued, Sitting
from bot.exam.store import ExamStore
from knowledge.citation import Citation


def due(store: ExamStore) -> list[tuple[Candidate, Sitting]]:
    """People and sittings that were passed and have no certificate yet."""
    done = {c.sitting for c in store.certificates()}
    people = {c.number: c for c in store.candidates()}
    return [(people[s.number], s) for s in store.sittings() if s.passed and s.id not in done]


def issue(
    store: ExamStore,
    person: Candidate,
    sitting: Sitting,
    issuer: str,
    private: Ed25519PrivateKey,
    day: date,
) -> Issued:
    """Sign and keep the certificate of a passed sitting; three years from the exam."""
    assert sitting.passed and sitting.ended
    assert sitting.total is not None and sitting.correct is not None and sitting.needed is not None
    places = [p for p in store.places(sitting.id) if not p.void]
    expires = later(sitting.ended, VALID_YEARS) - timedelta(days=1)
    serial = new_serial(day)
    said = Certificate(
        serial, issuer, person.name, person.unit, day, expires, sitting.ended,
        sitting.correct, sitting.total, sitting.needed, digest_of([p.placed for p in places]), "",
    )  # fmt: skip
    text = sign(said, private)
    bound = tuple(dict(p.bound) for p in places)
    made = Issued(serial, person.number, sitting.id, day, expires, text, bound)
    store.issue(made)
    return made


def status_of(issued: Sequence[Issued], digest: Callable[[Citation], str], day: date) -> Status:
    """What holds of all certificates on a day; those past their end are left out. The key is set
    when the list is signed."""
    running = [c for c in issued if c.expires >= day]
    revoked = {c.serial: str(c.revoked) for c in running if c.revoked}
    ended = [c.serial for c in running if stale(c.bound, digest)]
    return Status("", day, day + FRESH, revoked, ended)


def new_serial(day: date) -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"XST-{day.year}-{drawn[:4]}-{drawn[4:]}"
