"""The page that checks a prize draw, under /draw/; it is static, and works as a saved file too."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

HERE = Path(__file__).parent / "static"
FILES = ("draw.js", "draw.css", "chat.css", "icon.svg")


def draw_routes() -> list[Route]:
    """`/draw/` and what it needs, beside it so that its links hold in a folder as well."""

    async def page(request: Request) -> Response:
        return FileResponse(HERE / "draw.html")

    async def beside(request: Request) -> Response:
        return FileResponse(HERE / request.url.path.rpartition("/")[2])

    async def bare(request: Request) -> Response:
        return RedirectResponse("/draw/", 308)

    files = [Route(f"/draw/{name}", beside) for name in FILES]
    return [Route("/draw", bare), Route("/draw/", page), *files]
