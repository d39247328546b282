"""The last word on every response: security headers, and a page where an error got through."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.faults import where

log = logging.getLogger("xst")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
STATIC_SECONDS = 7 * 24 * 3600


class Guard:
    """ASGI middleware. An error that escapes is logged by kind and place only – a traceback
    could quote what somebody typed – and answered by `fault(path, 500)`."""

    def __init__(self, app: ASGIApp, fault: Callable[[str, int], Response]) -> None:
        self._app, self._fault = app, fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, started = scope["path"], False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                keep = path.startswith("/static/") and message["status"] in (200, 304)
                headers["Cache-Control"] = (
                    f"public, max-age={STATIC_SECONDS}" if keep else "no-store"
                )
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            log.error("web: request failed: %s", where(error))
            if not started:
                await self._fault(path, 500)(scope, receive, guarded)
