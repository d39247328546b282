"""`xst campaign codes` and `sheet`: what an organiser prints. The codes are kept nowhere."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.campaign.codes import make_codes
from bot.campaign.plan import Campaign, Unit
from bot.campaign.sheets import TELEGRAM, WECHAT, Way, png_file, poster, slips, svg_file
from bot.cli import campaigning
from bot.cli.campaigning import STATUS, found, kept, say, write_new
from bot.cli.common import fail
from bot.settings import Settings, Telegram
from bot.settings import WeChat as WeChatSettings

if TYPE_CHECKING:
    from bot.channels.wechat.client import Api

SPARE = 0.2
"""How many codes more than people asked may be made: for slips that are spoilt."""

LONGEST = 30
"""Days that a WeChat code of a scene lasts, unless it is one of the 100,000 for ever."""

Ident = Annotated[str, typer.Argument(help="活动编号", metavar="ID")]
One = Annotated[str, typer.Option(help="只做这个单位（编号）")]


def codes(
    ident: Ident,
    target: Annotated[Path, typer.Option("--out", help="写到哪个文件；不写 --unit 时是文件夹")],
    unit: One = "",
    count: Annotated[int, typer.Option(min=0, help="多少个；不写就补足要请的人数")] = 0,
    spare: Annotated[bool, typer.Option("--spare", help="真的要多印")] = False,
) -> None:
    """印答题码：一张张剪开、混着抽的纸条（HTML，用浏览器打印）。码不存在任何别的地方。"""
    with kept() as (settings, campaigns):
        held = found(campaigns, ident)
        plan = held.campaign
        if plan.entrance != "答题码":
            fail(f"活动 {ident} 不用答题码")
        if held.status not in ("draft", "open"):
            fail(f"活动 {ident} {STATUS[held.status]}")
        url = _url(settings)
        issued = campaigns.issued(ident)
        for one in _units(plan, unit):
            before = issued.get(one.id, 0)
            number = count or max(0, one.asked - before)
            if number == 0:
                say(f"{one.name}：已经发了 {before} 个，够了")
                continue
            _not_too_many(one, before, number, spare)
            made = make_codes(held.key, ident, one.id, number)
            random.SystemRandom().shuffle(made)
            path = target if unit else target / f"{ident}_{one.id}.html"
            write_new(path, slips(plan, one, made, url).encode(), 0o600)
            campaigns.issue(ident, one.id, number)
            say(f"{one.name}：{number} 个（这个单位一共 {before + number} 个），写在 {path}")
    say("用浏览器打开、打印（A4，不缩放），剪开混匀，由抽到的人自己摸。印完删掉文件：码没有另存。")


def _not_too_many(unit: Unit, before: int, number: int, spare: bool) -> None:
    most = unit.asked + math.ceil(SPARE * unit.asked)
    if before + number > most and not spare:
        fail(
            f"{unit.name} 请 {unit.asked} 人，已发 {before} 个，再发 {number} 个就超过 {most} 个："
            "多出来的码，一个人能捡去答几次，还会占掉抽到的人的名额（先答的算，满了就进不去）。"
            "印坏、丢失的先找回撕掉；真的要印，加 --spare"
        )


def sheet(
    ident: Ident,
    target: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")],
    unit: One = "",
) -> None:
    """做海报：每个单位一页 A4（HTML），和它的二维码（PNG、SVG）；有服务号的，加公众号的码。"""
    with kept() as (settings, campaigns):
        plan = found(campaigns, ident).campaign
    url = _url(settings)
    name = _bot_name(settings.telegram)
    api = _wechat(settings.wechat)
    units = _units(plan, unit)
    for one in units:
        scene, stem = plan.scene(one.id), f"{ident}_{one.id}"
        codes_ = {"": f"{url}/quiz/{scene}"}
        others = []
        if api and (link := _scene_code(api, plan, scene)):
            codes_["-wechat"] = link
            others.append(Way(WECHAT, link))
        elif api:
            api = None  # said once; the others would be refused just so
        if name:
            codes_["-telegram"] = f"https://t.me/{name}?start={scene}"
            others.append(Way(TELEGRAM, codes_["-telegram"]))
        for more, link in codes_.items():
            write_new(target / f"{stem}{more}.png", png_file(link))
            write_new(target / f"{stem}{more}.svg", svg_file(link))
        write_new(target / f"{stem}.html", poster(plan, one, url, others).encode())
    say(
        f"{len(units)} 个单位的海报写在 {target}：用浏览器打开 .html 打印；.png、.svg 可以自己排版。"
    )


def _units(plan: Campaign, ident: str) -> list[Unit]:
    if not ident:
        return list(plan.units)
    if (one := plan.unit(ident)) is None:
        known = "、".join(u.id for u in plan.units[:20])
        fail(f"--unit: 活动里没有单位 {ident}；有 {known}" + ("…" if len(plan.units) > 20 else ""))
    return [one]


def _url(settings: Settings) -> str:
    if not settings.url:
        fail(f"{settings.config}: 先在 [server] 写上 url（网页的地址），码才知道指向哪里")
    return settings.url


# The other channels


def _bot_name(settings: Telegram | None) -> str:
    """The bot's name as Telegram tells it; "" where there is no bot, or no answer."""
    if settings is None:
        return ""
    import asyncio

    from telegram.error import TelegramError

    from bot.channels.telegram.api import Api as BotApi

    async def asked() -> str:
        api = BotApi(settings)
        try:
            return str((await api.call("getMe")).get("username", ""))
        finally:
            await api.close()

    try:
        return asyncio.run(asked())
    except TelegramError as error:
        say(f"Telegram 的码没有做：问不到机器人的名字（{type(error).__name__}）；网页的照做。")
        return ""


def _wechat(settings: WeChatSettings | None) -> Api | None:
    """The account's API where it may make codes; says so where it may not."""
    if settings is None:
        say("公众号的码没有做：xst.toml 里没有 [wechat]；用微信扫网页的码一样能答。")
        return None
    from bot.channels.wechat.client import Api, ApiError, Unreachable
    from bot.channels.wechat.service import kind_of
    from bot.channels.wechat.tokens import Alone, Waited

    api = Api(settings, Alone())
    try:
        kind = settings.kind or kind_of(api)
    except ApiError as error:
        say(f"公众号的码没有做：微信拒绝了（{error.code}）：{error.advice}")
        return None
    except (Unreachable, Waited):
        say("公众号的码没有做：连不上微信的接口；网页的照做。")
        return None
    if kind != "service":
        say("公众号的码没有做：带参数的二维码只有认证的服务号能做；用微信扫网页的码一样能答。")
        return None
    return api


def _scene_code(api: Api, plan: Campaign, scene: str) -> str:
    """What a WeChat code of a scene carries: it opens the account and says the scene. ""
    (said why) where WeChat makes none."""
    from bot.channels.wechat.client import ApiError, Unreachable
    from bot.channels.wechat.qrcode import scene_code

    days = (plan.closes - campaigning.today()).days + 1
    try:
        return scene_code(api, scene, days if days <= LONGEST else 0)
    except ApiError as error:
        say(f"公众号的码没有做：微信拒绝了（{error.code}）：{error.advice}")
    except Unreachable:
        say("公众号的码没有做：连不上微信的接口；网页的照做。")
    return ""
