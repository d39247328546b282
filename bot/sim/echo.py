"""A bare bot that answers every callback with its own text: what the stack alone can do.

Written as the libraries' own pages show it, WeChat by wechatpy in safe mode and Telegram by
python-telegram-bot, with no storage, no deduplication and no content; and a form that asks on and
on. `xst bench callbacks` and `xst bench quiz` measure it beside the assistant:
`python -m bot.sim.echo PORT`, secrets in the environment.
"""

from __future__ import annotations

import os
import sys
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import Update
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import create_reply


def make_app(token: str, aes_key: str, app_id: str) -> Starlette:
    crypto = WeChatCrypto(token, aes_key, app_id)

    async def wechat(request: Request) -> Response:
        query = request.query_params
        body = await request.body()
        text = crypto.decrypt_message(
            body, query["msg_signature"], query["timestamp"], query["nonce"]
        )
        message = parse_message(text)
        reply = create_reply(message.content, message=message)
        sealed = crypto.encrypt_message(reply.render(), query["nonce"], query["timestamp"])
        return Response(sealed, media_type="text/xml")

    async def telegram(request: Request) -> Response:
        update = Update.de_json(await request.json(), None)
        if update.message is None:
            return Response()
        said = {"chat_id": update.message.chat.id, "text": update.message.text}
        return JSONResponse({"method": "sendMessage", **said})

    async def quiz(request: Request) -> Response:
        said = dict(parse_qsl((await request.body()).decode()))
        number = int(said.get("number", 0)) + 1
        return Response(question(number), media_type="text/html; charset=utf-8")

    return Starlette(
        routes=[
            Route("/quiz", quiz, methods=["POST"]),
            Route("/wechat", wechat, methods=["POST"]),
            Route("/telegram", telegram, methods=["POST"]),
            Route("/healthz", lambda _: Response("ok")),
        ]
    )


def question(number: int) -> str:
    """A page that asks on without end, of the quiz's own form and nothing else."""
    options = "".join(
        f'<label><input type="radio" name="pick" value="{n}"><span>{o}</span></label>'
        for n, o in enumerate("甲乙丙丁")
    )
    return (
        '<form method="post" action="/quiz"><input type="hidden" name="token" value="t">'
        f'<input type="hidden" name="number" value="{number}">'
        f"<fieldset><legend>第 {number} 题</legend>{options}</fieldset></form>"
    )


def main() -> None:
    app = make_app(*(os.environ[n] for n in ("ECHO_TOKEN", "ECHO_AES_KEY", "ECHO_APP_ID")))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
