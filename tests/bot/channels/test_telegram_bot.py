"""The Telegram channel against a small Bot API in memory: in, stored, out."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from small import TODAY
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import texts
from bot.assistant import Assistant
from bot.channels.telegram.api import Api
from bot.channels.telegram.bot import HEADER, TelegramBot
from bot.channels.telegram.check import delete_hook, diagnose, set_hook
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.sender import TelegramSender
from bot.desk import Busy, Desk
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Later, Moved, Post, Refused, Sent
from bot.settings import ConfigError, Telegram
from bot.storage.mailbox import Mailbox

TOKEN = "777:not-a-real-token"
SETTINGS = Telegram(TOKEN, "s3cret_Token", api="https://telegram.invalid")
ACCOUNT = "telegram:777"
# The library warns of what we mean to do; in a service these filters are set by the channel.
pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning")

QUESTION = "公司收到工资协商要约，多少天内要答复？"


class BotApi(httpx.AsyncBaseTransport):
    """Telegram's side: keeps updates until they are confirmed, answers what it is told to."""

    def __init__(self):
        self.calls, self.faults, self.updates, self.hook = [], {}, [], ""

    async def handle_async_request(self, request):
        method = request.url.path.rpartition("/")[2]
        params = {k: _value(v) for k, v in parse_qsl((await request.aread()).decode())}
        self.calls.append((method, params))
        if fault := self._fault(method, params):
            return fault
        return httpx.Response(200, json={"ok": True, "result": await self._result(method, params)})

    def _fault(self, method, params):
        for key in ((method, str(params.get("chat_id"))), (method, "")):
            if waiting := self.faults.get(key):
                return waiting.pop(0)
        return None

    async def _result(self, method, params):
        if method == "getUpdates":
            offset = params.get("offset", 0)
            self.updates = [u for u in self.updates if u["update_id"] >= offset]
            await asyncio.sleep(0 if self.updates else 0.01)
            return self.updates
        if method == "getMe":
            return {"id": 777, "is_bot": True, "first_name": "协商通", "username": "xst_bot"}
        if method == "getWebhookInfo":
            return {"url": self.hook, "pending_update_count": 0}
        return True

    def fail(self, method, status, chat="", **more):
        body = {"ok": False, "error_code": status, "description": "Bad", **more}
        self.faults.setdefault((method, chat), []).append(httpx.Response(status, json=body))

    def made(self, method):
        return [params for m, params in self.calls if m == method]


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def update(number, text, user=5, chat=None, **more):
    chat = chat or {"id": user, "type": "private", "first_name": "工"}
    sender = {"id": user, "is_bot": False, "first_name": "工"}
    said = {"message_id": number, "date": 1, "chat": chat, "from": sender, "text": text, **more}
    return {"update_id": number, "message": said}


def press(number, data, user=5):
    chat = {"id": user, "type": "private", "first_name": "工"}
    robot = {"id": 777, "is_bot": True, "first_name": "b"}
    on = {"message_id": 1, "date": 1, "chat": chat, "from": robot, "text": "……"}
    sender = {"id": user, "is_bot": False, "first_name": "工"}
    query = {"id": f"q{number}", "from": sender, "chat_instance": "c", "data": data, "message": on}
    return {"update_id": number, "callback_query": query}


class Place:
    """A desk, a bot on it, and the post that empties its outbox."""

    def __init__(self, release, store):
        sources = release.on(TODAY)
        self.api = BotApi()
        self.mailbox = Mailbox(store)
        self.persons = Persons(bytes(32))
        limits = Limits(burst=1000)
        self.desk = Desk(Assistant(lambda: sources, store), self.mailbox, self.persons, limits)
        self.bot = TelegramBot(SETTINGS, self.desk, "https://x.invalid", self._api())
        self.now = 0.0
        self.sender = TelegramSender(
            self._api(), self.mailbox, Pace(lambda: self.now), sleep=self._sleep
        )
        self.post = Post(self.mailbox, self.persons, {ACCOUNT: self.sender})

    def _api(self):
        return Api(SETTINGS, self.api)

    async def _sleep(self, seconds):
        self.now += seconds

    async def sent(self, rounds=12):
        """Everything that is due, sent; the texts that reached somebody."""
        for _ in range(rounds):
            self.now += 2
            if not await self.post.once():
                break
        return [call["text"] for call in self.api.made("sendMessage")]

    def app(self):
        return TestClient(Starlette(routes=self.bot.routes()))


@pytest.fixture
def place(release, store):
    return Place(release, store)


def deliver(client, raw, secret=SETTINGS.secret):
    content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return client.post("/telegram", content=content, headers={HEADER: secret}).status_code


# The webhook


@pytest.mark.parametrize("secret", ["", "wrong", "s3cret_Toke", "S3CRET_TOKEN", "ÿ" * 12])
def test_a_forged_update_is_refused_and_nothing_comes_of_it(place, secret):
    """Complaint 22: a webhook without its secret takes anybody's updates."""
    with place.app() as client:
        assert deliver(client, update(1, QUESTION), secret.encode("latin-1")) == 403
    assert place.mailbox.waiting() == 0
    assert b'reason="secret"} 1.0' in place.desk.metrics.page()


def test_without_a_secret_no_webhook_starts(place):
    """Complaint 22."""
    with pytest.raises(ConfigError, match="XST_TELEGRAM_SECRET"):
        TelegramBot(Telegram(TOKEN, ""), place.desk)
    assert TelegramBot(Telegram(TOKEN, "", "polling"), place.desk).routes() == []


def test_a_token_that_is_none_is_named_but_not_shown(place):
    with pytest.raises(ConfigError) as caught:
        TelegramBot(Telegram("hunter2", "s"), place.desk)
    assert "hunter2" not in str(caught.value)
    assert TOKEN not in repr(SETTINGS) and SETTINGS.secret not in repr(SETTINGS)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "json"),
        (b"{", 400, "json"),
        (b"\xff\xfe", 400, "json"),
        (b"[" * 100_000, 400, "json"),
        (b"[]", 400, "form"),
        (b"{}", 400, "form"),
        (b'{"update_id": "1"}', 400, "form"),
        (b'{"update_id": true}', 400, "form"),
        (b'{"update_id": 1, "message": 3}', 200, "unreadable"),
        (b" " * 1_100_000, 413, "large"),
    ],
)
def test_a_malformed_body_is_refused_with_a_counted_reason(place, body, status, reason):
    with place.app() as client:
        assert deliver(client, body) == status
    assert f'reason="{reason}"}} 1.0'.encode() in place.desk.metrics.page()


def test_an_update_is_answered_once_however_often_it_comes(place):
    """PTB does not deduplicate; Telegram delivers again whatever was not acknowledged."""
    with place.app() as client:
        assert [deliver(client, update(1, QUESTION)) for _ in range(3)] == [200] * 3
    texts_sent = asyncio.run(place.sent())
    assert len(texts_sent) == 1 and "20日" in texts_sent[0]


def test_two_updates_with_the_same_words_are_two(place):
    with place.app() as client:
        deliver(client, update(1, QUESTION))
        deliver(client, update(2, QUESTION))
    assert len(asyncio.run(place.sent())) == 2


@pytest.mark.parametrize("error", [Busy(), OperationalError("insert 秘密", {}, Exception("x"))])
def test_what_was_not_stored_is_not_acknowledged(place, error, caplog):
    async def fails(arrived, write):
        raise error

    place.desk.answer = fails
    with place.app() as client:
        assert deliver(client, update(1, QUESTION)) == 503
    assert "秘密" not in caplog.text


def test_what_is_kept_holds_no_words_and_no_id(place, store):
    """Complaint 25: an anonymous bot that kept user ids, in its backups too."""
    user = 5_123_456_789
    with place.app() as client:
        deliver(client, update(1, "我叫王小明，工资被拖欠了", user))
    path = store.engine.url.database
    with sqlite3.connect(path) as raw:
        dump = "\n".join(raw.iterdump())
    assert place.mailbox.waiting() == 1
    for file in (Path(path), Path(path + "-wal")):
        data = file.read_bytes()
        for secret in ("王小明", str(user)):
            assert secret.encode() not in data and secret not in dump


def test_whoever_blocks_the_bot_is_forgotten(place):
    with place.app() as client:
        deliver(client, update(1, QUESTION))
        robot = {"user": {"id": 777, "is_bot": True, "first_name": "b"}}
        change = {
            "chat": {"id": 5, "type": "private"},
            "from": {"id": 5, "is_bot": False, "first_name": "工"},
            "date": 1,
            "old_chat_member": {**robot, "status": "member"},
            "new_chat_member": {**robot, "status": "kicked", "until_date": 0},
        }
        assert deliver(client, {"update_id": 2, "my_chat_member": change}) == 200
    assert place.mailbox.waiting() == 0
    assert place.mailbox.forget(place.persons.person(ACCOUNT, "5")) == 0


# Conversations


def test_a_region_pressed_answers_for_it(place):
    async def talk():
        await place.bot.take(update(1, QUESTION))
        await place.sent()
        rows = place.api.made("sendMessage")[0]["reply_markup"]["inline_keyboard"]
        data = next(b["callback_data"] for r in rows for b in r if b["text"] == "河南")
        await place.bot.take(press(2, data))
        return await place.sent()

    said = asyncio.run(talk())
    assert "10个工作日" in said[1]
    assert place.api.made("answerCallbackQuery") == [{"callback_query_id": "q2"}]


def test_a_typed_number_still_picks(place):
    async def talk():
        await place.bot.take(update(1, "/region", entities=[_command(7)]))
        await place.bot.take(update(2, "1"))
        return await place.sent()

    said = asyncio.run(talk())
    assert said[0] == texts.PLACE_ASKED
    assert said[1] != texts.NO_CONTENT and len(said) == 2


def test_a_thumb_under_an_old_answer_says_so_and_counts_nothing(place, store):
    async def talk():
        await place.bot.take(update(1, QUESTION))
        await place.sent()
        rows = place.api.made("sendMessage")[0]["reply_markup"]["inline_keyboard"]
        up = next(b["callback_data"] for r in rows for b in r if b["text"] == texts.BUTTON_UP)
        await place.bot.take(update(2, "拖欠工资怎么办"))
        await place.bot.take(press(3, up))
        old = (await place.sent())[-1], dict(store.votes())
        await place.bot.take(update(4, QUESTION))
        await place.bot.take(press(5, up))
        return old, (await place.sent())[-1], dict(store.votes())

    (stale, none), thanks, one = asyncio.run(talk())
    assert (stale, none) == (texts.WEB_STALE, {})
    assert thanks == texts.THANKS_UP and len(one) == 1


def test_forget_deletes_the_session_and_still_says_so(place):
    """What says that all is deleted waits in the same outbox that is emptied."""
    person = place.persons.person(ACCOUNT, "5")

    async def talk():
        await place.bot.take(update(1, "河南"))
        await place.bot.take(update(2, "/forget", entities=[_command(7)]))
        await place.bot.take(update(2, "/forget", entities=[_command(7)]))
        return await place.sent()

    assert asyncio.run(talk()) == [texts.FORGOTTEN]
    assert place.mailbox.forget(person) == 1  # the mark of the update that asked for it


def test_in_a_group_everybody_has_their_own_conversation_and_nothing_personal(place):
    group = {"id": -100, "type": "supergroup", "title": "车间"}

    def ask(number, text, user):
        mention = {"type": "mention", "offset": 0, "length": 8}
        return update(number, f"@xst_bot {text}", user, group, entities=[mention])

    async def talk():
        await place.bot.take(ask(1, "河南", 5))
        await place.bot.take(ask(2, QUESTION, 6))
        await place.bot.take(ask(3, QUESTION, 5))
        await place.bot.take(ask(4, "找真人", 5))
        return await place.sent()

    said = asyncio.run(talk())
    calls = {c["reply_parameters"]["message_id"]: c for c in place.api.made("sendMessage")}
    assert {c["chat_id"] for c in calls.values()} == {-100} and len(said) == 4
    assert "10个工作日" in calls[3]["text"] and not calls[2]["text"].startswith("河南")
    assert calls[4]["text"] == texts.IN_PRIVATE
    assert texts.BUTTON_PERSON not in json.dumps(calls[2], ensure_ascii=False)
    assert len(place.api.made("getMe")) == 1


def test_a_group_waits_for_nobodys_name_when_telegram_is_away(place):
    place.api.fail("getMe", 502)
    group = {"id": -100, "type": "group", "title": "车间"}
    asyncio.run(place.bot.take(update(1, "大家好", 5, group)))
    assert place.mailbox.waiting() == 0


# Long polling


def polled(place, until, seconds=5.0):
    """Poll until `until()` holds."""

    async def run():
        stop = asyncio.Event()
        polling = asyncio.create_task(place.bot.poll(stop))
        deadline = asyncio.get_running_loop().time() + seconds
        while not until() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        stop.set()
        await polling

    asyncio.run(run())


def test_polling_confirms_an_update_only_after_it_was_stored(place):
    place.api.updates = [update(n, QUESTION, user=n) for n in (1, 2, 3)]
    answer, failing = place.desk.answer, [True]

    async def once_away(arrived, write):
        if failing and arrived.user == "2":
            failing.pop()
            raise OperationalError("", {}, Exception())
        return await answer(arrived, write)

    place.desk.answer = once_away
    polled(place, lambda: not place.api.updates)
    offsets = [c["offset"] for c in place.api.made("getUpdates")]
    assert offsets[:3] == [0, 0, 4]  # the second was not stored: all three are fetched again
    assert place.mailbox.waiting() == 3  # and no one is answered twice


def test_polling_asks_for_what_it_reads_and_holds_the_line(place):
    polled(place, lambda: place.api.calls)
    call = place.api.made("getUpdates")[0]
    assert call["timeout"] == 25
    assert "poll" not in call["allowed_updates"] and "callback_query" in call["allowed_updates"]


def test_an_unreadable_update_does_not_hold_up_the_others(place):
    place.api.updates = [{"update_id": 1, "message": "?"}, update(2, QUESTION)]
    polled(place, lambda: not place.api.updates)
    assert place.mailbox.waiting() == 1


def test_an_update_that_always_fails_is_tried_three_times_and_left(place, monkeypatch, caplog):
    """Else one fault of ours would silence the bot for everybody."""
    monkeypatch.setattr("bot.channels.telegram.bot.LONGEST", 0.01)
    answer = place.desk.answer

    async def fails(arrived, write):
        if arrived.user == "1":
            raise ValueError("秘密的话")
        return await answer(arrived, write)

    place.desk.answer = fails
    place.api.updates = [update(1, QUESTION, user=1), update(2, QUESTION, user=2)]
    polled(place, lambda: not place.api.updates)
    offsets = [c["offset"] for c in place.api.made("getUpdates")]
    assert offsets[:4] == [0, 0, 0, 3]
    assert place.mailbox.waiting() == 1
    assert "given up: ValueError" in caplog.text and "秘密" not in caplog.text


def test_polling_goes_on_after_a_fault_and_explains_a_conflict(place, caplog):
    caplog.set_level(logging.WARNING, "xst")
    place.api.fail("getUpdates", 502)
    polled(place, lambda: len(place.api.calls) > 2)
    place.api.fail("getUpdates", 409)
    polled(place, lambda: "409" in caplog.text)
    assert "webhook delete" in caplog.text and "NetworkError" in caplog.text
    assert TOKEN not in caplog.text


# Sending

PERSON = "a" * 32


def sends(place, target="5", **call):
    body = json.dumps({"method": "sendMessage", "text": "答", **call})
    return asyncio.run(place.sender.send(target, body, PERSON))


def test_what_is_sent_goes_to_the_chat_and_its_topic(place):
    assert sends(place, "-100/33") == Sent()
    assert place.api.made("sendMessage") == [
        {"text": "答", "chat_id": -100, "message_thread_id": 33}
    ]


@pytest.mark.parametrize(
    ("status", "more", "outcome"),
    [
        (429, {"parameters": {"retry_after": 17}}, Later(17.0)),
        (400, {"parameters": {"migrate_to_chat_id": -200}}, Moved("-200")),
        (400, {"description": "Bad Request: message is too long"}, Refused("bad_request")),
        (403, {"description": "Forbidden: bot was blocked by the user"}, Refused("blocked")),
        (401, {}, Later(300.0)),
        (404, {}, Later(300.0)),
        (500, {}, Later(perhaps=True)),
        (502, {}, Later(perhaps=True)),
    ],
)
def test_each_refusal_of_telegrams_has_its_outcome(place, status, more, outcome):
    place.api.fail("sendMessage", status, **more)
    assert sends(place) == outcome


def test_a_silent_network_is_tried_later(place):
    async def away(request):
        raise httpx.ReadTimeout("slow https://telegram.invalid/bot777")

    place.api.handle_async_request = away
    assert sends(place) == Later(perhaps=True)  # it may have heard us


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_never_left_is_no_duplicate_when_it_is_sent_again(place, error):
    async def away(request):
        raise error("no way")

    place.api.handle_async_request = away
    assert sends(place) == Later()


def test_an_answer_to_an_old_press_is_no_fault_of_the_message(place):
    place.api.fail("answerCallbackQuery", 400, description="Bad Request: query is too old")
    body = json.dumps({"method": "answerCallbackQuery", "callback_query_id": "q"})
    assert asyncio.run(place.sender.send("5", body, PERSON)) == Refused("too_late")
    assert "chat_id" not in place.api.calls[0][1]


def test_a_deleted_topic_is_answered_in_the_group(place):
    place.api.fail("sendMessage", 400, description="Bad Request: message thread not found")
    assert sends(place, "-100/33") == Moved("-100")


def test_a_flood_in_one_chat_stops_no_other(place):
    """Complaint 21: one flooded call paused all. Here 429 closes its own chat only."""

    async def run():
        for n in (1, 2, 3):
            await place.bot.take(update(n, QUESTION, user=n))
        place.api.fail("sendMessage", 429, chat="2", parameters={"retry_after": 30})
        await place.sent()

    asyncio.run(run())
    assert [c["chat_id"] for c in place.api.made("sendMessage")] in (
        [a, b, c] for a in (1, 2, 3) for b in (1, 2, 3) for c in (1, 2, 3) if len({a, b, c}) == 3
    )
    assert place.mailbox.waiting() == 1  # the flooded one, for later


def test_a_chat_that_was_flooded_is_left_alone_until_its_time(place):
    """Complaint 21."""
    place.api.fail("sendMessage", 429, parameters={"retry_after": 30})
    assert sends(place) == Later(30.0)
    assert sends(place) == Later(30.0)
    assert len(place.api.calls) == 1
    place.now += 31
    assert sends(place) == Sent()


def test_a_person_who_blocked_the_bot_is_forgotten_with_all_that_waits(place):
    async def run():
        await place.bot.take(update(1, QUESTION))
        await place.bot.take(update(2, QUESTION))
        place.api.fail("sendMessage", 403)
        await place.sent()

    asyncio.run(run())
    assert len(place.api.made("sendMessage")) == 1
    assert place.mailbox.waiting() == 0
    assert place.mailbox.forget(place.persons.person(ACCOUNT, "5")) == 0


def test_a_migrated_group_is_answered_at_its_new_id(place):
    group = {"id": -100, "type": "group", "title": "车间"}
    mention = {"type": "mention", "offset": 0, "length": 8}

    async def run():
        raw = update(1, f"@xst_bot {QUESTION}", 5, group, entities=[mention])
        await place.bot.take(raw)
        place.api.fail("sendMessage", 400, parameters={"migrate_to_chat_id": -1002})
        await place.sent()

    asyncio.run(run())
    assert [c["chat_id"] for c in place.api.made("sendMessage")] == [-100, -1002]
    assert place.mailbox.waiting() == 0


def test_a_refused_token_is_logged_once(place, caplog):
    for _ in range(3):
        place.api.fail("sendMessage", 401)
        sends(place)
        place.now += 2
    assert caplog.text.count("token is refused") == 1


# Pace


def test_one_chat_gets_one_message_a_second():
    pace = Pace(lambda: 100.0)
    assert pace.wait("a", "5") == 0
    assert 1.0 < pace.wait("b", "5") < 1.1
    assert 2.0 < pace.wait("c", "5") < 2.2
    assert 1.0 < pace.wait("b", "5") < 1.1  # asked again, it keeps its place


def test_a_group_gets_twenty_messages_a_minute_and_all_chats_thirty_a_second():
    now = [0.0]
    pace = Pace(lambda: now[0])
    for n in range(20):
        now[0] = n * 1.1
        assert pace.wait(str(n), "-100") == 0
    now[0] = 23.0
    assert 37.0 < pace.wait("x", "-100") < 39.0
    assert pace.wait("x", "5") == 0
    assert pace.wait("y", "6") == pytest.approx(1 / 30)
    now[0] += 0.04
    assert pace.wait("y", "6") == 0


# The operator's part


def test_the_webhook_is_set_with_its_secret_and_the_commands(place):
    api = Api(SETTINGS, place.api)
    url = asyncio.run(set_hook(SETTINGS, "https://x.invalid/", api))
    call = place.api.made("setWebhook")[0]
    assert url == call["url"] == "https://x.invalid/telegram"
    assert call["secret_token"] == SETTINGS.secret and "my_chat_member" in call["allowed_updates"]
    commands = [c["command"] for c in place.api.made("setMyCommands")[0]["commands"]]
    assert commands == ["help", "region", "quiz", "practice", "daily", "forget"]
    asyncio.run(delete_hook(SETTINGS, Api(SETTINGS, place.api)))
    assert place.api.made("deleteWebhook") == [{"drop_pending_updates": False}]


def test_the_webhook_needs_a_secure_address_and_a_secret_telegram_takes(place):
    with pytest.raises(ConfigError, match="https"):
        asyncio.run(set_hook(SETTINGS, "http://127.0.0.1:8000", Api(SETTINGS, place.api)))
    odd = Telegram(TOKEN, "有字", api=SETTINGS.api)
    with pytest.raises(ConfigError) as caught:
        asyncio.run(set_hook(odd, "https://x.invalid", Api(odd, place.api)))
    assert "有字" not in str(caught.value)
    assert not place.api.calls


def test_the_doctor_says_that_data_leaves_the_country_and_what_is_missing(place):
    def states(settings=SETTINGS, url="https://x.invalid"):
        return diagnose(settings, url, Api(settings, place.api))

    found = states()
    assert found[0][0] == "提示" and "出境" in found[0][1]
    assert ("缺", "webhook set") in [(s, t[-11:]) for s, t in found]
    place.api.hook = "https://x.invalid/telegram"
    assert not [t for s, t in states() if s == "缺"]
    place.api.hook = "https://other.invalid/telegram"
    assert [t for s, t in states() if s == "缺" and "other.invalid" in t]
    polling = Telegram(TOKEN, "", "polling", SETTINGS.api)
    assert [t for s, t in states(polling) if s == "缺" and "webhook delete" in t]
    place.api.fail("getMe", 401)
    assert [t for s, t in states() if s == "缺" and "BotFather" in t]
    place.api.fail("getMe", 502)
    assert [t for s, t in states() if s == "缺" and "连不上" in t]
    assert TOKEN not in str(found)


def _command(length):
    return {"type": "bot_command", "offset": 0, "length": length}
