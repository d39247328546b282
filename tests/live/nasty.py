"""The platforms' APIs at their worst: every answer a fault that repeats what it was asked."""

from __future__ import annotations

import itertools

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Nasty:
    """`token` is the access token that it hands out; `calls` counts what it was asked."""

    def __init__(self, token: str) -> None:
        self._token, self.calls = token, 0
        self._turns = itertools.count()
        ways = ["GET", "POST"]
        self.app = Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self._gives, methods=ways),
                Route("/cgi-bin/gettoken", self._gives, methods=ways),
                Route("/bot{token}/{method}", self._telegram, methods=ways),
                Route("/{path:path}", self._wechat, methods=ways),
            ]
        )

    async def _gives(self, _: Request) -> Response:
        self.calls += 1
        return JSONResponse({"errcode": 0, "access_token": self._token, "expires_in": 7200})

    async def _wechat(self, request: Request) -> Response:
        said = await self._said(request)
        match next(self._turns) % 5:
            case 0:
                return JSONResponse({"errcode": 40001, "errmsg": said})
            case 1:
                return JSONResponse({"errcode": 45015, "errmsg": said})
            case 2:
                return Response(said, 500)
            case 3:
                return Response(said, media_type="application/json")
        return JSONResponse({"errcode": 0, "errmsg": said})

    async def _telegram(self, request: Request) -> Response:
        said = await self._said(request)
        match next(self._turns) % 6:
            case 0:
                return Response(said, 500)
            case 1:
                return _fault(429, said, retry_after=1)
            case 2:
                return _fault(400, said)
            case 3:
                return Response(said)
            case 4:
                return _fault(401, said)
        return JSONResponse({"ok": True, "result": {"description": said}})

    async def _said(self, request: Request) -> str:
        self.calls += 1
        body = (await request.body()).decode("utf-8", "replace")
        return f"{request.url} {dict(request.headers)} {body}"


def _fault(code: int, said: str, **parameters: int) -> Response:
    told = {"ok": False, "error_code": code, "description": said, "parameters": parameters}
    return JSONResponse(told, code)
