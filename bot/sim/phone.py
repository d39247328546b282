"""The page with a phone: a person who chats with the account through the simulated WeChat."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

PAGE = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def routes() -> list[BaseRoute]:
    """`/` and its files, to be served beside the control API that the page calls."""

    async def page(_: Request) -> Response:
        return FileResponse(PAGE / "phone.html", headers=HEADERS)

    return [Route("/", page), Mount("/phone", StaticFiles(directory=PAGE))]
