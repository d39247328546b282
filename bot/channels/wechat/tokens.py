"""An access token that replicas share: one renews it, the others wait a moment and read it.

Where each process renewed for itself, each new token could end the others' (four workers in a
loop, complaint 16); where one alone may, its death may not block the rest: so a lease, with a
time-out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from bot.persons import Persons
from bot.storage.mailbox import Mailbox

LEASE = 12.0
"""Seconds in which whoever renews must be done."""

PATIENCE = 15.0
"""Seconds that others wait for it."""

MARGIN = 200.0
"""Seconds before its end from which a token is not used. Under 300: up to then the platform
gives the same one again."""

Fetch = Callable[[bool], tuple[str, float]]
"""Whether by force -> a token and for how many seconds it holds; raises what a call raises."""


class Waited(Exception):
    """Nobody renewed the token in time; try later."""


class Tokens(Protocol):
    """Where a token is kept."""

    def get(self, fetch: Fetch, bad: str = "") -> str: ...


class Alone:
    """A token for one process: commands that run once."""

    def __init__(self) -> None:
        self._token = ""

    def get(self, fetch: Fetch, bad: str = "") -> str:
        if not self._token or self._token == bad:
            self._token = _fetched(fetch, bad)[0]
        return self._token


class Shared:
    """A token in the database, sealed."""

    def __init__(
        self,
        mailbox: Mailbox,
        persons: Persons,
        account: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._mailbox, self._persons, self._account = mailbox, persons, account
        self._clock, self._sleep = clock, sleep

    def get(self, fetch: Fetch, bad: str = "") -> str:
        """A token that holds and is not `bad` (refused a moment ago). Blocks for PATIENCE at
        most. Raises Waited, and what `fetch` raises."""
        until = time.monotonic() + PATIENCE
        while True:
            if token := self._kept(bad):
                return token
            if self._mailbox.may_renew(self._account, LEASE):
                return self._renewed(fetch, bad)
            if time.monotonic() >= until:
                raise Waited
            self._sleep(0.1)

    def _renewed(self, fetch: Fetch, bad: str) -> str:
        try:
            if token := self._kept(bad):  # another was just done when we got the lease
                self._mailbox.not_renewed(self._account)
                return token
            token, seconds = _fetched(fetch, bad)
            self._mailbox.renewed(self._account, self._persons.seal(token), seconds)
            return token
        except BaseException:
            self._mailbox.not_renewed(self._account)
            raise

    def _kept(self, bad: str) -> str:
        found = self._mailbox.token(self._account)
        if found is None or found[1] - self._clock() < MARGIN:
            return ""
        # Sealed under a key that is gone, or refused: as good as none.
        token = self._persons.open(found[0]) or ""
        return "" if token == bad else token


def _fetched(fetch: Fetch, bad: str) -> tuple[str, float]:
    token, seconds = fetch(False)
    # The platform gives the same one for as long as it thinks it holds.
    return fetch(True) if bad and token == bad else (token, seconds)
