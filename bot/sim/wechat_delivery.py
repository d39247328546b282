"""Delivers messages to the bot as WeChat does: signed, in three modes, five seconds, three times.

Assumed where the pages are silent: a refused or broken connection and (by rule) HTTP 5xx count
as no answer, and the next delivery begins when the five seconds of the former are over.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

import httpx

from bot.sim.crypt import Crypt, signature
from bot.sim.screen import Screens
from bot.sim.wechat_reply import Answer, Expected, judge
from bot.sim.wechat_rules import Account, Rules

SECONDS = 5.0
LOST = Answer("fault", reason="no-answer")


@dataclass(frozen=True, slots=True)
class Request:
    """One delivery, ready to be posted."""

    params: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a message: `outcome` "reply" | "silence" | "fault", after how many
    deliveries and seconds."""

    msg_id: int
    outcome: str
    kind: str
    text: str
    reason: str
    deliveries: int
    seconds: float


class Courier:
    """Brings messages to one bot. Used inside the simulator's event loop."""

    def __init__(self, hook: str, account: Account, rules: Rules, screens: Screens) -> None:
        self.hook, self.account, self.rules = hook, account, rules
        self._screens = screens
        self._crypt = Crypt(account.aes_key, account.app_id)
        self._old = Crypt(account.old_aes_key, account.app_id)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self.http = httpx.AsyncClient(timeout=None, trust_env=False, limits=limits)

    async def deliver(self, user: str, xml: str, msg_id: int = 0) -> Delivered:
        """Deliver until answered or given up."""
        started, counts, rules = time.monotonic(), self._screens.counts, self.rules
        answer, number = LOST, 0
        for number in range(1, max(1, rules.deliveries) + 1):
            slot = time.monotonic() + SECONDS * rules.second
            counts["redeliveries"] += number > 1
            if rules.twice:
                found = await asyncio.gather(*(self._once(user, xml) for _ in range(2)))
                if None not in found and found[0] != found[1]:
                    self._screens.violate("answers-differ")
                taken = next((a for a in found if a is not None), None)
            else:
                taken = await self._once(user, xml)
            if taken is not None:
                answer = taken
                break
            if number < rules.deliveries:
                await asyncio.sleep(max(0.0, slot - time.monotonic()))
        seconds = time.monotonic() - started
        for _ in range(rules.duplicates if answer is not LOST else 0):
            counts["duplicates"] += 1
            if await self._once(user, xml) not in (answer, None):
                self._screens.violate("answers-differ")
        counts[{"reply": "replies", "silence": "silences", "fault": "faults"}[answer.outcome]] += 1
        if answer.outcome == "fault":
            self._screens.violate(answer.reason)
        return Delivered(
            msg_id, answer.outcome, answer.kind, answer.text, answer.reason, number, seconds
        )

    async def _once(self, user: str, xml: str) -> Answer | None:
        """The answer to one delivery; None where there was none in time."""
        self._screens.counts["deliveries"] += 1
        request = self.request(user, xml)
        try:
            async with asyncio.timeout(SECONDS * self.rules.second):
                response = await self.post(request)
        except TimeoutError:
            self._screens.counts["timeouts"] += 1
            return None
        except httpx.TransportError:
            self._screens.counts["unreachable"] += 1
            return None
        if response.status_code >= 500 and self.rules.retry_errors:
            self._screens.counts[f"http_{response.status_code}"] += 1
            return None
        return judge(response.status_code, response.content, self._expected(user))

    async def post(self, request: Request) -> httpx.Response:
        return await self.http.post(
            self.hook,
            params=request.params,
            content=request.body,
            headers={"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"},
        )

    def request(self, user: str, xml: str) -> Request:
        """A delivery under the mode in force, with a timestamp, nonce and signature of its own."""
        token, stamp, nonce = self.account.token, str(int(time.time())), secrets.token_hex(8)
        params = {
            "signature": signature(token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "openid": user,
        }
        if self.rules.mode == "plain":
            return Request(params, xml.encode())
        encrypted = self.crypt.encrypt(xml)
        params |= {
            "encrypt_type": "aes",
            "msg_signature": signature(token, stamp, nonce, encrypted),
        }
        inside = xml.removeprefix("<xml>").removesuffix("</xml>")
        if self.rules.mode == "safe":
            inside = f"<ToUserName><![CDATA[{self.account.account}]]></ToUserName>"
        body = f"<xml>{inside}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return Request(params, body.encode())

    async def verify(self) -> str:
        """Do what the console does when the address is saved: "" if it is right, else what is
        wrong."""
        token, stamp, nonce = self.account.token, str(int(time.time())), secrets.token_hex(8)
        echo = str(secrets.randbelow(10**18))
        good = signature(token, stamp, nonce)
        forged = signature("somebody-else", stamp, nonce)
        for signed, right in ((good, True), (forged, False)):
            params = {"signature": signed, "timestamp": stamp, "nonce": nonce, "echostr": echo}
            try:
                async with asyncio.timeout(SECONDS * self.rules.second):
                    response = await self.http.get(self.hook, params=params)
            except (TimeoutError, httpx.TransportError):
                return "verify-no-answer"
            echoed = response.status_code == 200 and response.text == echo
            if right and not echoed:
                return "verify-not-echoed"
            if not right and echo in response.text:
                return "verify-forged-echoed"
        return ""

    @property
    def crypt(self) -> Crypt:
        return self._old if self.rules.old_key else self._crypt

    def _expected(self, user: str) -> Expected:
        mode = self.rules.mode
        return Expected(
            user,
            self.account.account,
            self.account.token,
            self.account.app_id,
            crypt=None if mode == "plain" else self.crypt,
            needed=mode == "safe",
        )
