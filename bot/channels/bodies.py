"""Taking in a request: its body within limits of size and time, and noticing a hang-up."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

SLOWEST = 4.0
"""Seconds in which a body must have come; platforms send theirs at once."""


class Unread(Exception):
    """A body that was not read. `reason` is large | slow | cut, for the count."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status


async def read(request: Request, most: int, seconds: float = SLOWEST) -> bytes:
    """The body, counted while it comes, whatever its header says. Raises Unread."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise Unread("large", 413)
    except TimeoutError:
        raise Unread("slow", 408) from None
    except ClientDisconnect:
        raise Unread("cut", 400) from None
    return bytes(body)


async def gone_away(request: Request) -> None:
    """Returns when who asked has hung up. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
