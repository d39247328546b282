"""As much of Telegram's Bot API as a load needs: takes every call, remembers what it was for."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class BotApi:
    """Counts calls; `pace` is how many seconds a call takes.

    `queries` counts the acknowledgements of each press, `texts` each (chat, text) sent.
    """

    def __init__(self, pace: float = 0.0, keep: bool = True) -> None:
        self.pace, self._keep = pace, keep
        self.calls: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()
        self.texts: Counter[tuple[int, str]] = Counter()
        self.app = Starlette(
            routes=[Route("/bot{token}/{method}", self._called, methods=["GET", "POST"])]
        )

    async def _called(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            params = await _params(request)
        except ClientDisconnect:  # the caller was killed
            return Response(status_code=400)
        self.calls[method] += 1
        if self._keep and method == "answerCallbackQuery":
            self.queries[str(params.get("callback_query_id"))] += 1
        if self._keep and method == "sendMessage":
            self.texts[int(params["chat_id"]), str(params["text"])] += 1
        if self.pace:
            await asyncio.sleep(self.pace)
        return JSONResponse({"ok": True, "result": _result(method, params)})


def _result(method: str, params: dict[str, Any]) -> Any:
    if method == "getMe":
        return {"id": 1, "is_bot": True, "first_name": "协商通", "username": "xst_bot"}
    if method == "sendMessage":
        chat = {"id": int(params["chat_id"]), "type": "private"}
        return {"message_id": 1, "date": 1, "chat": chat, "text": params["text"]}
    return True


async def _params(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        found = json.loads(await request.body())
        return found if isinstance(found, dict) else {}
    return {**request.query_params, **{k: str(v) for k, v in (await request.form()).items()}}
