"""Customer-service messages (客服消息): what an account may send on its own, within its ledger.

Only verified accounts may; which kind this is, is configured or asked: an account that may not is
told 48001.
"""

from __future__ import annotations

import asyncio
import json
import logging

import anyio
from anyio import to_thread

from bot.channels.plain import clean, cut, utf8
from bot.channels.wechat.client import (
    BAD_TOKEN,
    GONE,
    NO_PERMISSION,
    OVER_QUOTA,
    USED_UP,
    Api,
    ApiError,
    ConfigurationFault,
    Unreachable,
)
from bot.channels.wechat.render import MOST
from bot.channels.wechat.tokens import Waited
from bot.desk import Desk
from bot.faults import where
from bot.post import Later, Outcome, Refused, Sent
from bot.settings import WeChat

log = logging.getLogger("xst")

KINDS = ("verified", "service")
"""The kinds of account that may send."""

LONG = 300.0
"""Seconds to wait where somebody has to change a setting first."""

QUOTA = 3600.0
"""Seconds to wait when the day's quota is used up."""


class Service:
    """Sends for one account. Safe to use from many tasks."""

    def __init__(self, settings: WeChat, api: Api, desk: Desk) -> None:
        self.kind = settings.kind
        self._may_ask = bool(settings.secret)
        self._api, self._mailbox, self._metrics = api, desk.mailbox, desk.metrics
        self._threads = anyio.CapacityLimiter(4)

    @property
    def allowed(self) -> bool:
        return self.kind in KINDS

    async def find_kind(self) -> None:
        """Learn the kind where it is not configured: ask until it is known or a person has to
        change something. Until then nothing is sent."""
        wait = 5.0
        while not self.kind and self._may_ask:
            try:
                self.kind = await to_thread.run_sync(kind_of, self._api, limiter=self._threads)
                log.info("wechat: this is a %s account", self.kind)
                return
            except ConfigurationFault as fault:
                log.error("wechat: account kind not known: %s %s", fault.code, fault.advice)
                wait = LONG
            except Exception as error:
                log.error("wechat: account kind not known: %s", where(error))
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONG)

    async def send(self, target: str, body: str, person: str) -> Outcome:
        """One text; takes it from the person's allowance first, so that a process killed between
        sending and noting it never sends more than WeChat allows."""
        if not self.kind and self._may_ask:
            return Later()  # what waits from before a start is not lost for that
        if not self.allowed:
            return Refused("not_permitted")
        text = text_of(body)
        if not text:
            return Refused("empty")
        spent = False
        try:
            # Without a token nothing can be sent, so nothing is spent either.
            await to_thread.run_sync(self._api.ready, limiter=self._threads)
            if not await to_thread.run_sync(self._mailbox.spend, person):
                self._metrics.quota("wechat", "none")
                return Refused("no_allowance")
            spent = True
            self._metrics.quota("wechat", "spent")
            await to_thread.run_sync(self._api.send_text, target, text, limiter=self._threads)
        except ApiError as error:
            outcome = await self._refused(error, person)
            if spent and isinstance(outcome, Later):
                await to_thread.run_sync(self._mailbox.unspend, person)
            return outcome
        except (Unreachable, Waited) as error:
            log.warning("wechat: %s", where(error))
            return Later(perhaps=spent)
        return Sent()

    async def _refused(self, error: ApiError, person: str) -> Outcome:
        code = error.code
        if code in USED_UP:
            await to_thread.run_sync(self._mailbox.used_up, person)
            self._metrics.quota("wechat", "none")
            return Refused("no_allowance")
        if code in GONE:
            return Refused("gone")
        if code in OVER_QUOTA:
            return Later(QUOTA)
        if code == NO_PERMISSION:
            self.kind = "unverified"
            log.error("wechat: %s %s", code, error.advice)
            return Refused("not_permitted")
        if isinstance(error, ConfigurationFault):
            log.error("wechat: %s %s", code, error.advice)
            return Later(LONG)
        if code < 0 or code in BAD_TOKEN:
            return Later()
        log.error("wechat: refused with %s", code)
        return Refused(f"code_{code}")


def kind_of(api: Api) -> str:
    """Ask WeChat what the account may do: customer service is for verified accounts, template
    messages for verified service accounts."""
    if not _permitted(api, "customservice/getkflist"):
        return "unverified"
    return "service" if _permitted(api, "template/get_industry") else "verified"


def _permitted(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except ApiError as error:
        if error.code == NO_PERMISSION:
            return False
        if isinstance(error, ConfigurationFault) or error.code < 0:
            raise
    return True  # also where it says that the feature is not set up


def body_of(text: str) -> str:
    """A parcel's body."""
    return json.dumps({"text": text}, ensure_ascii=False)


def text_of(body: str) -> str:
    try:
        return cut(clean(str(json.loads(body)["text"])), MOST, utf8)
    except (ValueError, KeyError, TypeError):
        return ""
