"""The methods of the Bot API that a bot calls, with Telegram's own words for what is wrong.

Source: core.telegram.org/bots/api, version 10.0.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sim.telegram_messages import Messages
from bot.sim.telegram_platform import Telegram
from bot.sim.telegram_text import Refused, bad
from bot.sim.telegram_updates import Hook

MOST_WAIT = 50
ALWAYS_TRUE = {
    *("setMyDescription", "setMyShortDescription", "setMyName", "setChatMenuButton"),
    *("logOut", "close", "leaveChat", "setMessageReaction", "setMyDefaultAdministratorRights"),
}

Arguments = dict[str, Any]
Method = Callable[[Arguments], Awaitable[Any]]


class Api:
    """The Bot API over one simulated bot."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram, self._messages = telegram, Messages(telegram)
        self._commands: dict[str, list[dict[str, Any]]] = {}
        self._methods: dict[str, Method] = {
            "getMe": self._me,
            "getUpdates": self._updates,
            "setWebhook": self._set_hook,
            "deleteWebhook": self._delete_hook,
            "getWebhookInfo": self._hook_info,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._delete_commands,
            **self._messages.methods(),
        }
        self._lower = {name.lower(): name for name in self._methods}
        telegram.updates._call = self.call

    def routes(self) -> list[Route]:
        return [
            Route("/file/bot{token}/{file}", self._download),
            Route("/bot{token}/{method}", self._called, methods=["GET", "POST"]),
        ]

    async def call(self, method: str, asked: Arguments) -> Any:
        """Carry out a method. Raises Refused."""
        if method in ALWAYS_TRUE:
            return True
        name = self._lower.get(method.lower())
        if name is None:
            raise Refused(404, "Not Found: method not found")
        return await self._methods[name](asked)

    async def _called(self, request: Request) -> Response:
        rules, method = self._telegram.rules, request.path_params["method"]
        self._telegram.screens.counts[f"api {method}"] += 1
        if rules.latency:
            await asyncio.sleep(rules.latency)
        if request.path_params["token"] != self._telegram.token:
            return _refused(Refused(401, "Unauthorized"))
        if rules.fail_next > 0 and method != "getUpdates":
            rules.fail_next -= 1
            return _refused(Refused(502, "Bad Gateway"))
        try:
            return JSONResponse(
                {"ok": True, "result": await self.call(method, await _asked(request))}
            )
        except Refused as refused:
            self._telegram.screens.counts[f"refused {refused.code}"] += 1
            return _refused(refused)

    async def _download(self, request: Request) -> Response:
        content = self._telegram.files.get(request.path_params["file"])
        if content is None or request.path_params["token"] != self._telegram.token:
            return _refused(Refused(404, "Not Found"))
        return Response(content, media_type="application/octet-stream")

    async def _me(self, asked: Arguments) -> Any:
        return self._telegram.me

    async def _updates(self, asked: Arguments) -> Any:
        return await self._telegram.updates.poll(
            int(asked.get("offset") or 0),
            int(asked.get("limit") or 100),
            min(MOST_WAIT, float(asked.get("timeout") or 0)),
            asked.get("allowed_updates"),
        )

    async def _set_hook(self, asked: Arguments) -> Any:
        url, secret = str(asked.get("url") or ""), str(asked.get("secret_token") or "")
        if url and not url.startswith("https://"):
            local = re.match(r"http://(127\.0\.0\.1|localhost)[:/]", url)
            if self._telegram.rules.https_only or not local:
                raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad("secret token contains unallowed characters")
        if url and not secret:
            self._telegram.screens.violate("webhook-without-secret")
        most = int(asked.get("max_connections") or 40)
        if not 1 <= most <= 100:
            raise bad("bad webhook: max_connections is wrong")
        hook = Hook(url, secret, most, list(asked.get("allowed_updates") or []))
        await self._telegram.updates.set_hook(hook, bool(asked.get("drop_pending_updates")))
        return True

    async def _delete_hook(self, asked: Arguments) -> Any:
        await self._telegram.updates.set_hook(Hook(), bool(asked.get("drop_pending_updates")))
        return True

    async def _hook_info(self, asked: Arguments) -> Any:
        hook = self._telegram.updates.hook
        info: dict[str, Any] = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._telegram.updates.waiting),
        }
        if hook.url:
            info |= {"max_connections": hook.most, "ip_address": "127.0.0.1"}
        if hook.kinds:
            info["allowed_updates"] = hook.kinds
        if hook.error:
            info |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
        return info

    async def _set_commands(self, asked: Arguments) -> Any:
        commands = asked.get("commands")
        if not isinstance(commands, list) or len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).lstrip("/")):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands[_scope(asked)] = commands
        return True

    async def _get_commands(self, asked: Arguments) -> Any:
        return self._commands.get(_scope(asked), [])

    async def _delete_commands(self, asked: Arguments) -> Any:
        self._commands.pop(_scope(asked), None)
        return True


def _scope(asked: Arguments) -> str:
    return json.dumps([asked.get("scope"), asked.get("language_code")], sort_keys=True)


async def _asked(request: Request) -> Arguments:
    """Arguments from the query, a form, multipart or JSON; structures come as JSON in text."""
    asked: Arguments = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = await request.json()
        except ValueError as error:
            raise bad("can't parse JSON") from error
        return asked | (body if isinstance(body, dict) else {})
    if request.method == "POST":
        form = await request.form()
        asked |= dict(form.items())
    return {name: _value(name, value) for name, value in asked.items()}


TEXTS = {"text", "caption", "question", "explanation", "description", "url", "secret_token"}


def _value(name: str, value: Any) -> Any:
    """Text stays text even where it looks like JSON; everything else is JSON where it can be."""
    if isinstance(value, UploadFile) or name in TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _refused(refused: Refused) -> Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        body["parameters"] = refused.parameters
    return JSONResponse(body, refused.code)
