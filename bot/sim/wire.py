"""A lean HTTP client for load generators: it must cost far less than what it measures."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass

MOST_HEAD = 64 * 1024

IDLE = 3.0
"""Seconds after which a connection is not used again: uvicorn hangs up after five."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One request of a platform, ready to be posted: path with query, body, further headers."""

    path: str
    body: bytes = b""
    headers: str = ""
    method: str = "POST"

    def bytes(self) -> bytes:
        return (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: {len(self.body)}\r\n{self.headers}\r\n"
        ).encode() + self.body


class Wire:
    """Connections to one server, kept for the next request. Used inside one event loop."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._free: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = deque()

    async def post(self, callback: Callback, timeout: float = 5.0) -> tuple[int, bytes]:
        """Status and body. Raises OSError where the connection breaks or cannot be made (also
        for an answer that is no HTTP), TimeoutError where nothing came in time."""
        async with asyncio.timeout(timeout):
            reader, writer = await self._connection()
            whole = False
            try:
                writer.write(callback.bytes())
                status, body, keep = await _read(reader)
                whole = keep
            finally:
                if whole:
                    self._free.append((reader, writer, time.monotonic()))
                else:
                    writer.close()
        return status, body

    def close(self) -> None:
        while self._free:
            self._free.pop()[1].close()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._free:
            reader, writer, since = self._free.pop()
            fresh = time.monotonic() - since < IDLE
            if fresh and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port, limit=MOST_HEAD)


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(":", 1) for line in head[1:] if ":" in line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), body, "close" not in headers.get("connection", "")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError):
        raise ConnectionResetError from None
