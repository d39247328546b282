"""Taking in a platform's request: its body within limits, and noticing that it hung up."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from bot.channels.wechat.envelope import MOST_BYTES, Rejected

SLOWEST = 4.0
"""Seconds in which a request's body must have come."""


async def body_in(request: Request) -> bytes:
    """A request's body. Raises Rejected where it is too large or comes too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BYTES:
                    raise Rejected("large", 413)
    except TimeoutError:
        raise Rejected("slow", 408) from None
    return bytes(body)


async def gone_away(request: Request) -> None:
    """Returns when who asked has hung up. The body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
