"""Health, readiness and figures: told to those who watch, and to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels import operating
from bot.metrics import Metrics
from bot.storage.mailbox import Mailbox, Parcel
from bot.storage.store import Store

PERSON = "ab" * 16


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Release:
    """A release that can be lost."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __call__(self) -> str:
        if self.error:
            raise self.error
        return "release"


class Service:
    """The routes over a real database, asked as somebody."""

    def __init__(self, store: Store, home: Path, clock: Clock) -> None:
        self.mailbox = Mailbox(store, clock)
        self.metrics, self.release, self.clock = Metrics(), Release(), clock
        self.app = Starlette(
            routes=operating.routes(self.mailbox, home, self.release, self.metrics, clock)
        )

    def ask(self, path: str, client: str = "127.0.0.1", host: str = "127.0.0.1:8000"):
        asking = TestClient(self.app, client=(client, 5), base_url=f"http://{host}")
        return asking.get(path)

    def later(self, seconds: float = 5.0) -> None:
        self.clock.now += seconds


@pytest.fixture
def service(store: Store, tmp_path: Path, clock: Clock) -> Service:
    return Service(store, tmp_path, clock)


def test_alive_is_told_without_a_look_at_anything(service):
    service.release.error = RuntimeError("gone")
    service.mailbox.store.engine.dispose()
    assert service.ask("/healthz").json() == {"status": "ok"}


def test_ready_when_every_part_holds(service):
    answer = service.ask("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": True,
        "release": True,
        "outbox": True,
        "disk": True,
    }


def test_not_ready_without_a_release_and_the_reason_is_one_fixed_word(service, caplog):
    service.release.error = RuntimeError("somebody typed this")
    answer = service.ask("/readyz")
    assert (answer.status_code, answer.json()["release"]) == (503, False)
    assert "typed" not in answer.text + caplog.text
    service.release.error = None
    service.later()
    assert service.ask("/readyz").status_code == 200


def test_not_ready_when_the_database_cannot_be_written(service):
    with service.mailbox.store.writing() as connection:
        connection.execute(text("DROP TABLE counts"))
    assert service.ask("/readyz").json()["database"] is False


def test_not_ready_when_a_parcel_lies_there_untouched(service):
    parcels = [Parcel("wechat:gh_1", b"x", "{}"), Parcel("wechat:gh_1", b"x", "{}")]
    service.mailbox.post(PERSON, parcels)
    service.later(operating.STUCK - 5)
    assert service.ask("/readyz").status_code == 200
    service.later(10)
    answer = service.ask("/readyz")
    assert (answer.status_code, answer.json()["outbox"]) == (503, False)
    (taken,) = service.mailbox.take(5)
    service.later()
    assert service.ask("/readyz").status_code == 200, "somebody is sending it"
    service.mailbox.later(taken.id, 10 * operating.STUCK)
    service.later(operating.STUCK * 5)
    assert service.ask("/readyz").status_code == 200, "the platform said later; the next waits"


def test_not_ready_when_the_disk_is_full(service, monkeypatch):
    monkeypatch.setattr(operating, "ROOM", 2**60)
    assert service.ask("/readyz").json()["disk"] is False


def test_asking_often_looks_once(service):
    assert service.ask("/readyz").status_code == 200
    service.release.error = RuntimeError()
    assert service.ask("/readyz").status_code == 200
    service.later()
    assert service.ask("/readyz").status_code == 503


def test_figures_tell_what_waits_and_what_was_perhaps_sent_twice(service):
    service.mailbox.post(PERSON, [Parcel("wechat:gh_1", b"x", "{}")])
    service.mailbox.take(1, lease=1)
    service.later()
    service.mailbox.take(1)
    service.metrics.answered("wechat", "answer", 0.01)
    answer = service.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "xst_outbox_waiting 1.0" in answer.text and "xst_perhaps_twice 1.0" in answer.text
    assert 'xst_answers_total{channel="wechat",disposition="answer"} 1.0' in answer.text


def test_figures_are_shown_while_the_database_is_away(service):
    with service.mailbox.store.writing() as connection:
        connection.execute(text("DROP TABLE outbox"))
    assert "xst_outbox_waiting" in service.ask("/metrics").text


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "localhost", 200),
        ("::1", "[::1]:8000", 200),
        ("::1", "[::1]", 200),
        ("10.0.0.7", "127.0.0.1:8000", 404),
        # A proxy on the same machine passes on the name that the world knows.
        ("127.0.0.1", "xst.example.org", 404),
        ("127.0.0.1", "127.0.0.1.example.org", 404),
    ],
)
def test_figures_are_shown_on_the_machine_itself_only(service, client, host, status):
    assert service.ask("/metrics", client, host).status_code == status


def test_without_figures_there_is_no_page_of_them(store, tmp_path, clock):
    routes = operating.routes(Mailbox(store, clock), tmp_path, Release(), None, clock)
    assert [r.path for r in routes] == ["/healthz", "/readyz"]
