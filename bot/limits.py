"""How fast one person may write, and all together."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

PEOPLE = 50_000
"""Of how many people the last messages are remembered, in memory only."""


class Limits:
    """Token buckets (one for each key and one for all); safe between threads.

    A key may do `burst` things at once and one more every `seconds`; all together `rate` things
    a second, a hundred seconds' worth at once never.
    """

    def __init__(
        self,
        burst: int = 10,
        seconds: float = 3.0,
        rate: float = 200.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.burst, self.seconds, self.rate, self._clock = burst, seconds, rate, clock
        self._keys: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._all = (rate, clock())
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """0 and one thing taken where `key` may act now, else the seconds until it may."""
        now = self._clock()
        with self._lock:
            left, at = self._keys.pop(key, (float(self.burst), now))
            left = min(self.burst, left + (now - at) / self.seconds)
            if left < 1:
                self._keys[key] = (left, now)
                return (1 - left) * self.seconds
            self._keys[key] = (left - 1, now)
            while len(self._keys) > PEOPLE:
                self._keys.popitem(last=False)
            return 0.0

    def crowded(self) -> bool:
        """Whether all together are at their limit; takes one thing where they are not."""
        now = self._clock()
        with self._lock:
            left, at = self._all
            left = min(self.rate, left + (now - at) * self.rate)
            if left < 1:
                self._all = (left, now)
                return True
            self._all = (left - 1, now)
            return False
