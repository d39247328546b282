"""`xst sim`: the platforms played by processes, and the demonstration."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import out

if TYPE_CHECKING:
    from starlette.types import ASGIApp

sim = typer.Typer(
    help="模拟平台：微信、Telegram、企业微信；给试用、测试和压测用，不连真的平台。",
    no_args_is_help=True,
)

HOST = Annotated[str, typer.Option(help="监听地址")]
SECOND = Annotated[float, typer.Option(help="平台的一秒有多长；0.1 就快十倍")]


@sim.command()
def wechat(
    hook: Annotated[str, typer.Option(help="机器人的地址")] = "http://127.0.0.1:8000/wechat",
    port: Annotated[int, typer.Option(help="端口")] = 8070,
    host: HOST = "127.0.0.1",
    account: Annotated[str, typer.Option(help="公众号原始 ID")] = "gh_0123456789ab",
    app_id: Annotated[str, typer.Option(help="AppID")] = "wx0123456789abcdef",
    mode: Annotated[str, typer.Option(help="plain | compatible | safe")] = "safe",
    kind: Annotated[str, typer.Option(help="unverified | verified | service")] = "service",
    second: SECOND = 1.0,
    token: Annotated[str, typer.Option(envvar="XST_WECHAT_TOKEN", show_envvar=True)] = "",
    aes_key: Annotated[str, typer.Option(envvar="XST_WECHAT_AES_KEY")] = "",
    old_aes_key: Annotated[str, typer.Option(envvar="XST_WECHAT_OLD_AES_KEY")] = "",
    secret: Annotated[str, typer.Option(envvar="XST_WECHAT_SECRET")] = "",
) -> None:
    """模拟公众号和 api.weixin.qq.com；浏览器打开端口就是一部手机。"""
    from bot.sim import phone
    from bot.sim.server import Clock
    from bot.sim.wechat import make_app
    from bot.sim.wechat_api import Api
    from bot.sim.wechat_platform import WeChat
    from bot.sim.wechat_rules import Account, Rules

    given = {"token": token, "aes_key": aes_key, "old_aes_key": old_aes_key, "secret": secret}
    known = Account(account, app_id, **{k: v for k, v in given.items() if v})
    platform = WeChat(hook, known, Rules(kind=kind, mode=mode, second=second), Clock())
    url = f"http://{host}:{port}"
    _tell(f"模拟微信：{url}（手机）  接口 {url}/cgi-bin  控制 {url}/_sim")
    for name in ("token", "aes_key", "secret"):
        if not given[name]:
            _tell(f"XST_WECHAT_{name.upper()}={getattr(known, name)}")
    _serve(make_app(platform, Api(platform), phone.routes()), host, port)


@sim.command()
def telegram(
    hook: Annotated[str, typer.Option(help="不给则等机器人来取，或自己 setWebhook")] = "",
    port: Annotated[int, typer.Option(help="端口")] = 8080,
    host: HOST = "127.0.0.1",
    second: SECOND = 1.0,
    token: Annotated[str, typer.Option(envvar="XST_TELEGRAM_TOKEN")] = "",
    secret: Annotated[str, typer.Option(envvar="XST_TELEGRAM_SECRET")] = "",
) -> None:
    """模拟 Telegram 的 Bot API，给没改过的 python-telegram-bot 22 用。"""
    from bot.sim.server import Clock
    from bot.sim.telegram import TOKEN as DEFAULT
    from bot.sim.telegram import make_app
    from bot.sim.telegram_platform import Telegram
    from bot.sim.telegram_rules import Rules
    from bot.sim.telegram_updates import Hook

    platform = Telegram(token or DEFAULT, Rules(second=second), Clock())
    platform.updates.hook = Hook(hook, secret)
    url = f"http://{host}:{port}"
    _tell(f"模拟 Telegram：base_url {url}/bot  控制 {url}/_sim")
    if not token:
        _tell(f"XST_TELEGRAM_TOKEN={DEFAULT}")
    _serve(make_app(platform), host, port)


@sim.command()
def wecom(
    hook: Annotated[str, typer.Option(help="机器人的地址")] = "http://127.0.0.1:8000/wecom",
    port: Annotated[int, typer.Option(help="端口")] = 8090,
    host: HOST = "127.0.0.1",
    corp_id: Annotated[str, typer.Option(help="企业 ID")] = "ww0123456789abcdef",
    agent_id: Annotated[int, typer.Option(help="应用的 AgentId")] = 1000002,
    second: SECOND = 1.0,
    token: Annotated[str, typer.Option(envvar="XST_WECOM_TOKEN")] = "",
    aes_key: Annotated[str, typer.Option(envvar="XST_WECOM_AES_KEY")] = "",
    secret: Annotated[str, typer.Option(envvar="XST_WECOM_SECRET")] = "",
) -> None:
    """模拟企业微信的一个应用。"""
    from bot.sim.server import Clock
    from bot.sim.wecom import make_app
    from bot.sim.wecom_platform import App, Rules, WeCom

    given = {"token": token, "aes_key": aes_key, "secret": secret}
    known = App(corp_id, agent_id, **{k: v for k, v in given.items() if v})
    url = f"http://{host}:{port}"
    _tell(f"模拟企业微信：接口 {url}/cgi-bin  控制 {url}/_sim")
    for name, value in given.items():
        if not value:
            _tell(f"XST_WECOM_{name.upper()}={getattr(known, name)}")
    _serve(make_app(WeCom(hook, known, Rules(second=second), Clock())), host, port)


@sim.command()
def demo(
    port: Annotated[int, typer.Option(help="手机页面的端口；服务用下一个")] = 8070,
) -> None:
    """试用：模拟的微信加一部手机，接上真的服务。什么也不留下。"""
    from bot.settings import Settings, default_home
    from bot.sim import phone
    from bot.sim.demo import served
    from bot.sim.server import Clock, Server
    from bot.sim.wechat import make_app
    from bot.sim.wechat_api import Api
    from bot.sim.wechat_platform import WeChat
    from bot.sim.wechat_rules import Account, Rules

    # Only where the library is: channels configured here are no matter of the demonstration's.
    settings = Settings(home=Path(os.environ.get("XST_HOME") or default_home()))
    account = Account()
    hook = f"http://127.0.0.1:{port + 1}/wechat"
    platform = WeChat(hook, account, Rules(), Clock())
    server = Server(make_app(platform, Api(platform), phone.routes()), port=port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the service must end too
    server.start()
    try:
        with served(settings, account, server.url, port + 1) as url:
            if problem := server.run(platform.verify()):
                _tell(f"接入验证没有通过：{problem}")
            _tell(f"打开 {server.url} 就是一部手机；网页在 {url}  （按 Ctrl+C 停止）")
            while True:
                time.sleep(3600)
    finally:
        server.stop()


def _serve(app: ASGIApp, host: str, port: int) -> None:
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def _tell(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
