"""The control API of every simulator: `POST /_sim/NAME` calls the method NAME with a JSON object.

Reading calls answer GET too, with the query as arguments.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, is_dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Call = Callable[..., Awaitable[Any]]


class Wrong(Exception):
    """The caller asked for something that cannot be: no such user, button, rule."""


def control_routes(calls: Iterable[Call]) -> list[Route]:
    """Routes for these methods under their own names, and `GET /_sim` that lists them."""
    named = {call.__name__: call for call in calls}

    async def called(request: Request) -> Response:
        call = named.get(request.path_params["name"])
        if call is None:
            return _fault(404, "no such call")
        try:
            arguments = await _arguments(request)
            bound = inspect.signature(call).bind(**arguments)
        except (TypeError, ValueError) as error:
            return _fault(400, str(error))
        try:
            result = await call(*bound.args, **bound.kwargs)
        except Wrong as error:
            return _fault(400, str(error))
        return JSONResponse({"ok": True, "result": plain(result)})

    async def listed(request: Request) -> Response:
        return JSONResponse(
            {name: f"{name}{inspect.signature(call)}" for name, call in sorted(named.items())}
        )

    return [
        Route("/_sim", listed),
        Route("/_sim/{name}", called, methods=["GET", "POST"]),
    ]


def change(rules: Any, changes: dict[str, Any]) -> None:
    """Set fields of a dataclass of rules by name. Raises Wrong for a name it has not."""
    known = set(rules.__dataclass_fields__)
    if unknown := set(changes) - known:
        raise Wrong(f"unknown rules {sorted(unknown)}; there are {sorted(known)}")
    for name, value in changes.items():
        setattr(rules, name, value)


def plain(value: Any) -> Any:
    """Dataclasses, tuples and counters as what JSON has."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


async def _arguments(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query_params)
    body = await request.body()
    arguments = json.loads(body) if body else {}
    if not isinstance(arguments, dict):
        raise ValueError("a JSON object is needed")
    return arguments


def _fault(status: int, message: str) -> Response:
    return JSONResponse({"ok": False, "error": message}, status)
