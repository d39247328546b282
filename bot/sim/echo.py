"""A bare bot that answers every callback with its own text: what the stack alone can do.

Written as the libraries' own pages show it, WeChat by wechatpy in safe mode and Telegram by
python-telegram-bot, with no storage, no deduplication and no content. `xst bench callbacks`
measures it beside the assistant: `python -m bot.sim.echo PORT`, secrets in the environment.
"""

from __future__ import annotations

import os
import sys

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

    return Starlette(
        routes=[
            Route("/wechat", wechat, methods=["POST"]),
            Route("/telegram", telegram, methods=["POST"]),
            Route("/healthz", lambda _: Response("ok")),
        ]
    )


def main() -> None:
    app = make_app(*(os.environ[n] for n in ("ECHO_TOKEN", "ECHO_AES_KEY", "ECHO_APP_ID")))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
