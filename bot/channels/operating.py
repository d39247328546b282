"""What watches the service asks it: whether it lives, whether it can answer, what it counts."""

from __future__ import annotations

import ipaddress
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.faults import where
from bot.metrics import Metrics
from bot.storage import condition
from bot.storage.mailbox import Mailbox

log = logging.getLogger("xst")

FRESH = 2.0
"""Seconds that a finding holds, so that asking often costs nothing."""

STUCK = 300.0
"""Seconds that a parcel may lie there untouched."""

ROOM = 100 * 2**20
"""Bytes that must be free where the data is."""


def routes(
    mailbox: Mailbox,
    home: Path,
    current: Callable[[], object],
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time.time,
) -> list[Route]:
    """`/healthz` and `/readyz`, and `/metrics` where there are `metrics` to show. `current` gives
    the release in service and raises where there is none."""
    watch = Watch(mailbox, home, current, clock)
    found = [Route("/healthz", _alive), Route("/readyz", watch.ready)]
    if metrics is not None:
        shown = metrics

        async def page(request: Request) -> Response:
            """Only for whoever asks on the machine itself, and by its own name."""
            if not _from_here(request):
                return PlainTextResponse("Not Found", 404)
            await to_thread.run_sync(_measure, mailbox, shown)
            return Response(shown.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

        found.append(Route("/metrics", page))
    return found


async def _alive(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class Watch:
    """What `/readyz` says, found at most once in FRESH seconds."""

    def __init__(
        self,
        mailbox: Mailbox,
        home: Path,
        current: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._mailbox, self._home, self._current, self._clock = mailbox, home, current, clock
        self._found: tuple[float, dict[str, bool]] | None = None

    async def ready(self, request: Request) -> Response:
        """200 where everything holds, else 503; which part does not is said in fixed words."""
        now = self._clock()
        if self._found is None or not 0 <= now - self._found[0] < FRESH:
            # Set at once: who asks meanwhile gets what was found before.
            before = self._found[1] if self._found else None
            if before is not None:
                self._found = (now, before)
            self._found = (now, await to_thread.run_sync(self._look))
        found = self._found[1]
        good = all(found.values())
        return JSONResponse(
            {"status": "ready" if good else "not ready", **found}, 200 if good else 503
        )

    def _look(self) -> dict[str, bool]:
        store, now = self._mailbox.store, self._clock()
        return {
            "database": _holds("database", lambda: condition.writable(store)),
            "release": _holds("release", self._current),
            "outbox": _holds("outbox", lambda: not condition.stuck(store, now, STUCK)),
            "disk": _holds("disk", lambda: shutil.disk_usage(self._home).free > ROOM),
        }


def _holds(part: str, look: Callable[[], object]) -> bool:
    try:
        if look() is not False:
            return True
        log.error("not ready: %s", part)
    except Exception as error:
        log.error("not ready: %s: %s", part, where(error))
    return False


def _from_here(request: Request) -> bool:
    # A proxy on this machine also comes from 127.0.0.1, but it asks by the public name.
    host = request.headers.get("host", "")
    name = host[: host.rfind("]") + 1].strip("[]") if "]" in host else host.partition(":")[0]
    return _loopback(request.client.host if request.client else "") and (
        name == "localhost" or _loopback(name)
    )


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _measure(mailbox: Mailbox, metrics: Metrics) -> None:
    try:
        metrics.waiting.set(mailbox.waiting())
        metrics.twice.set(mailbox.counts().get("perhaps_twice", 0))
    except Exception as error:  # the counters of this process are worth having all the same
        log.error("metrics: cannot read: %s", where(error))
