"""The official account from a callback to its answer: once, in time, and forgotten when asked."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from contextlib import asynccontextmanager

import httpx
import pytest
import wechat_side as side
from small import TODAY
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from bot import texts
from bot.assistant import Assistant
from bot.channels.wechat.account import WeChatAccount
from bot.desk import Busy, Desk
from bot.limits import Limits
from bot.message import Choice, Cited, Reply
from bot.persons import Persons
from bot.settings import WeChat
from bot.storage.mailbox import Mailbox
from bot.storage.tables import ALLOWANCES, CONVERSATIONS, DELIVERIES, OUTBOX
from bot.turn import Session, Turn

SHORT = {"budget": 0.1, "hold": 0.4}
"""A platform whose five seconds are half of one."""

NAME = f"wechat:{side.ACCOUNT}"


class Slow:
    """An assistant that answers when it is let."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.go, self.asked = threading.Event(), []
        self.reply = reply or Reply("答案在此", "答案在此", "answer")

    def respond(self, incoming, session):
        self.asked.append(incoming)
        assert self.go.wait(10)
        return Turn((self.reply,), Session())

    def settle(self, turn, sender, store):
        return turn


def ready(*replies: Reply) -> Slow:
    slow = Slow(replies[0] if replies else None)
    slow.go.set()
    return slow


class NoApi:
    """WeChat's API where nobody should call it."""

    def __getattr__(self, name):
        raise AssertionError(name)


def account(
    assistant, store, mode="safe", kind="unverified", base="", hold=4.0, budget=3.0, **more
):
    settings = WeChat(
        side.ACCOUNT,
        side.APP_ID,
        side.TOKEN,
        side.KEY,
        side.OLD,
        "secret-91",
        mode,
        kind,
        budget=budget,
    )
    desk = Desk(assistant, Mailbox(store), Persons(b"k" * 32), Limits(burst=1000, rate=1e6))
    return WeChatAccount(settings, desk, base, api=NoApi(), hold=hold, **more)


@asynccontextmanager
async def platform(channel):
    transport = httpx.ASGITransport(Starlette(routes=channel.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://xst.test") as client:
        yield client
        channel._desk and await channel._desk.drained()


async def deliver(client, inner, mode="safe", cut=5.0, **more):
    """One delivery as WeChat makes it; None where it hung up first."""
    query, body = side.callback(inner, mode, **more)
    try:
        return await asyncio.wait_for(client.post("/wechat", params=query, content=body), cut)
    except TimeoutError:
        return None


def play(channel, *inner, mode="safe"):
    async def run():
        async with platform(channel) as client:
            return [await deliver(client, one, mode) for one in inner]

    return [side.answer(r.text) for r in asyncio.run(run())]


def rows(store, table):
    with store.reading() as connection:
        return connection.execute(select(table)).mappings().all()


def refusals(channel, reason):
    labels = {"channel": "wechat", "reason": reason}
    return channel._desk.metrics.registry.get_sample_value("xst_rejected_total", labels)


@pytest.fixture
def real(release, store):
    sources = release.on(TODAY)
    return Assistant(lambda: sources, store)


# What people write and press


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_a_question_is_answered_in_every_mode(real, store, mode):
    (said,) = play(account(real, store, mode), side.message("收到要约多少天要答复"), mode=mode)
    assert "20日内书面回应" in said and texts.CHOOSE_NUMBER in said


@pytest.mark.parametrize("typed", ["1", "1。", "①", "第一个", "选1"])
def test_choices_are_picked_by_number(real, store, typed):
    here = account(real, store)
    menu, said = play(here, side.event("subscribe"), side.message(typed, 2))
    first = menu.split(texts.CHOOSE_NUMBER)[1].strip().splitlines()[0]
    assert first == f"1 {texts.MENU[0]}" and said and said != menu


def test_following_welcomes_and_names_a_campaign_that_is_unknown(real, store):
    plain, scene, scan = play(
        account(real, store),
        side.event("subscribe"),
        side.event("subscribe", "qrscene_may2027"),
        side.event("SCAN", "may2027"),
    )
    assert plain.startswith(texts.WELCOME[:10])
    assert scene.startswith(texts.SCENE_UNKNOWN) and scan.startswith(texts.SCENE_UNKNOWN)


def test_menu_entries_answer_and_say_honestly_what_is_not_open(real, store):
    said = play(
        account(real, store),
        side.event("CLICK", "ask:老板不发工资怎么办"),
        side.event("CLICK", "open:quiz"),
        side.event("CLICK", "open:demand"),
        side.event("CLICK", "V1001_OF_AN_OLDER_MENU"),
    )
    assert "工资每月至少支付一次" in said[0]
    assert said[1].startswith(texts.QUIZ_MENU) and texts.QUIZ_BUTTON_DAILY in said[1]
    assert said[2:3] == [texts.NOT_OPEN["demand"]]
    assert said[3]


def test_events_that_ask_nothing_are_acknowledged_without_effect(real, store):
    here = account(real, store)
    said = play(
        here,
        side.event("VIEW", "https://example.org"),
        side.event("LOCATION", Latitude="34.7", Longitude="113.6", Precision="40"),
        side.event("TEMPLATESENDJOBFINISH", MsgID="200163836", Status="success"),
        side.event("subscribe_msg_popup_event"),
        side.event("something_of_2030"),
    )
    assert said == [""] * 5
    assert not rows(store, DELIVERIES) and not rows(store, CONVERSATIONS)


def test_what_holds_no_words_gets_a_helpful_sentence(real, store):
    here = account(real, store)
    voice, known, image, video, file = play(
        here,
        side.message(kind="voice", ident=1, MediaId="m", Format="amr"),
        side.message(
            kind="voice", ident=2, MediaId="m", Format="amr", Recognition="老板不发工资怎么办"
        ),
        side.message(kind="image", ident=3, PicUrl="http://x", MediaId="m"),
        side.message(kind="video", ident=4, MediaId="m", ThumbMediaId="t"),
        side.message(kind="file", ident=5, Title="工资条.xlsx", FileKey="k"),
    )
    assert voice.startswith(texts.VOICE_UNREAD[:8]) and "工资每月" in known
    assert image.startswith(texts.IMAGE_UNREAD[:6])
    assert video.startswith(texts.OTHER_UNREAD[:8]) and file.startswith(texts.OTHER_UNREAD[:8])


def test_a_position_offers_its_province_and_takes_it_only_when_told(real, store):
    here = account(real, store)
    offered, taken, abroad = play(
        here,
        side.message(
            kind="location",
            ident=1,
            Location_X="34.75",
            Location_Y="113.63",
            Scale="15",
            Label="某路",
        ),
        side.message("1", 2),
        side.message(kind="location", ident=3, Location_X="0", Location_Y="nan"),
    )
    assert offered.startswith(texts.PLACE_OFFERED.format(region="河南")) and "河南" in taken
    assert abroad.startswith(texts.PLACE_ASKED)
    assert json.loads(rows(store, CONVERSATIONS)[0]["session"])["region"] == "河南"


def test_an_item_of_a_message_with_a_menu_counts_as_pressed(real, store):
    here = account(real, store, kind="verified")
    (said,) = play(here, side.message("忘记", 1, bizmsgmenuid="ask:老板不发工资怎么办"))
    assert "工资每月" in said
    assert [r["kind"] for r in rows(store, ALLOWANCES)] == ["act"]


# Once


def test_a_message_delivered_three_times_has_one_effect(store):
    """Complaint 2."""
    here = account(assistant := ready(), store)
    inner = side.message("问", 77)
    assert play(here, inner, inner, inner) == ["答案在此"] * 3
    assert len(assistant.asked) == 1 and len(rows(store, DELIVERIES)) == 1


def test_one_msgid_of_two_people_is_two_messages(store):
    """Complaint 3: the ids of voice messages have collided."""
    here = account(assistant := ready(), store)
    first = side.message(kind="voice", ident=9, Recognition="问")
    second = first.replace(side.USER, "oANOTHER")

    async def run():
        async with platform(here) as client:
            return [await deliver(client, one) for one in (first, second)]

    answers = asyncio.run(run())
    assert all("<Encrypt>" in a.text for a in answers) and len(assistant.asked) == 2


def test_events_of_one_second_are_told_apart(store):
    """Complaint 4: they share sender and time."""
    here = account(assistant := ready(), store)
    now = int(time.time())
    play(
        here,
        side.event("CLICK", "help", now),
        side.event("CLICK", "more", now),
        side.event("SCAN", "help", now),
        side.event("CLICK", "help", now),
    )
    assert len(assistant.asked) == 3


def test_two_deliveries_at_once_compute_once(store):
    here = account(assistant := Slow(), store, budget=2.0, hold=3.0)

    async def run():
        async with platform(here) as client:
            inner = side.message("问", 5)
            both = [asyncio.create_task(deliver(client, inner)) for _ in range(2)]
            await asyncio.sleep(0.1)
            assistant.go.set()
            return [side.answer((await b).text) for b in both]

    assert asyncio.run(run()) == ["答案在此"] * 2
    assert len(assistant.asked) == 1


# In time


def test_a_slow_answer_is_waited_for_and_given_to_the_next_delivery(store):
    """Complaints 1, 8 and 9: nothing is said in place of the answer, and it is computed once."""
    here = account(assistant := Slow(), store, **SHORT)

    async def run():
        async with platform(here) as client:
            inner = side.message("问", 5)
            first = await deliver(client, inner, cut=0.2)
            assistant.go.set()
            await here._desk.drained()
            started = time.perf_counter()
            second = await deliver(client, inner)
            return first, side.answer(second.text), time.perf_counter() - started

    first, second, took = asyncio.run(run())
    assert first is None and second == "答案在此" and took < 0.2
    assert len(assistant.asked) == 1


def test_an_answer_past_the_budget_is_not_sent_on_that_connection(store):
    here = account(assistant := Slow(), store, budget=0.1, hold=0.4)

    async def run():
        async with platform(here) as client:
            held = asyncio.create_task(deliver(client, side.message("问", 5)))
            await asyncio.sleep(0.2)
            assistant.go.set()
            return await held

    response = asyncio.run(run())
    assert response.status_code == 503 and response.content == b""


def test_on_the_third_delivery_something_is_said_within_the_budget(store):
    here = account(assistant := Slow(), store, **SHORT)

    async def run():
        async with platform(here) as client:
            inner, took = side.message("问", 5), 0.0
            for cut in (0.2, 0.2, 5.0):
                started = time.perf_counter()
                response = await deliver(client, inner, cut=cut)
                took = time.perf_counter() - started
            assistant.go.set()
            return side.answer(response.text), took

    said, took = asyncio.run(run())
    assert said == texts.SLOW and took < 0.25
    assert len(assistant.asked) == 1
    assert not rows(store, OUTBOX)  # an account that may not send says no more


def test_a_late_answer_follows_where_the_account_may_send(store):
    here = account(assistant := Slow(), store, kind="verified", **SHORT)

    async def run():
        async with platform(here) as client:
            inner = side.message("问", 5)
            for cut in (0.2, 0.2, 5.0):
                response = await deliver(client, inner, cut=cut)
            assistant.go.set()
            await here._desk.drained()
            for _ in range(50):
                if not here._following:
                    break
                await asyncio.sleep(0.02)
            return side.answer(response.text)

    assert asyncio.run(run()) == texts.SLOW_FOLLOWS
    (parcel,) = rows(store, OUTBOX)
    assert json.loads(here._desk.persons.read(parcel["body"])) == {"text": "答案在此"}
    assert here._desk.persons.open(parcel["target"]) == side.USER


def test_a_second_question_while_the_first_runs_is_answered_too(store):
    here = account(assistant := Slow(), store, budget=2.0, hold=3.0)

    async def run():
        async with platform(here) as client:
            both = [
                asyncio.create_task(deliver(client, side.message(t, n)))
                for n, t in ((1, "一"), (2, "二"))
            ]
            await asyncio.sleep(0.1)
            assistant.go.set()
            return [side.answer((await b).text) for b in both]

    assert asyncio.run(run()) == ["答案在此"] * 2
    assert [i.text for i in assistant.asked] == ["一", "二"]


def test_what_cannot_be_stored_is_not_acknowledged_and_tried_again(store):
    here = account(ready(), store, budget=0.9, hold=1.5)
    answer, failures = here._desk.answer, [Busy(), OperationalError("select", {}, Exception())]

    async def failing(*args):
        if failures:
            raise failures.pop()
        return await answer(*args)

    here._desk.answer = failing
    assert play(here, side.message("问")) == ["答案在此"]


def test_while_nothing_can_be_stored_connections_are_held(store):
    here = account(ready(), store, **SHORT)

    async def failing(*_):
        raise Busy

    here._desk.answer = failing

    async def run():
        async with platform(here) as client:
            inner = side.message("问", 5)
            return [await deliver(client, inner, cut=cut) for cut in (0.2, 0.2, 5)]

    first, second, third = asyncio.run(run())
    assert first is second is None and side.answer(third.text) in (texts.SLOW, texts.APOLOGY)


def test_a_platform_that_hangs_up_frees_the_connection(store):
    here = account(assistant := Slow(), store, budget=0.05, hold=30.0)
    query, body = side.callback(side.message("问"))
    sent, events = [], asyncio.Queue()

    async def run():
        await events.put({"type": "http.request", "body": body, "more_body": False})
        scope = {
            "type": "http", "method": "POST", "path": "/wechat", "headers": [], "http_version": "1.1",
            "query_string": str(httpx.QueryParams(query)).encode(), "root_path": "", "scheme": "http",
        }  # fmt: skip
        handler = asyncio.create_task(
            Starlette(routes=here.routes())(scope, events.get, _append(sent))
        )
        await asyncio.sleep(0.2)
        assert not handler.done()
        await events.put({"type": "http.disconnect"})
        await asyncio.wait_for(handler, 1.0)
        assistant.go.set()
        await here._desk.drained()

    asyncio.run(run())
    assert len(rows(store, DELIVERIES)) == 1  # the work went on


def _append(sent):
    async def send(message):
        sent.append(message)

    return send


# Forgotten


def test_unfollowing_deletes_every_row_and_leaves_no_pseudonym_in_the_files(real, store, tmp_path):
    here = account(real, store, kind="verified")
    person = here._desk.person(NAME, side.USER)
    asked = side.message("老板不发工资怎么办", 1)
    play(here, side.event("subscribe"), asked)
    files = list(tmp_path.glob("live.db*"))
    assert any(person.encode() in f.read_bytes() for f in files)
    leave = side.event("unsubscribe", "")
    assert play(here, leave, leave) == ["", ""]
    for table in (DELIVERIES, CONVERSATIONS, OUTBOX, ALLOWANCES):
        assert not rows(store, table)
    assert not any(person.encode() in f.read_bytes() for f in tmp_path.glob("live.db*"))


def test_a_message_from_before_leaving_that_comes_again_leaves_nothing(real, store):
    here, now = account(real, store), int(time.time())
    asked = side.message("老板不发工资怎么办", 1)
    play(here, asked, side.event("unsubscribe", created=now + 1), asked)
    assert not rows(store, DELIVERIES) and not rows(store, CONVERSATIONS)
    (welcome,) = play(here, side.event("subscribe", created=now + 2))
    assert welcome and len(rows(store, DELIVERIES)) == 1


# The ledger


def test_a_message_allows_five_in_48_hours_and_a_press_three_in_a_minute(real, store):
    here = account(real, store, kind="service")
    play(here, side.message("你好", 1), side.event("CLICK", "help"))
    now = time.time()
    found = {
        r["kind"]: (r["remaining"], round((r["until"] - now) / 60)) for r in rows(store, ALLOWANCES)
    }
    assert found == {"message": (5, 2880), "act": (3, 1)}


def test_an_account_that_may_not_send_keeps_no_ledger(real, store):
    play(account(real, store, kind="unverified"), side.message("你好", 1))
    assert not rows(store, ALLOWANCES)


def test_what_is_allowed_is_noted_before_the_kind_is_known(real, store):
    """Else everybody who wrote in the first seconds could not be sent anything for two days."""
    play(account(real, store, kind=""), side.message("你好", 2))
    assert [r["remaining"] for r in rows(store, ALLOWANCES)] == [5]


# At the door


def test_whatever_is_malformed_is_one_4xx_with_a_counted_reason(store):
    here = account(ready(), store, "plain")
    good = side.message("问")
    bad = {
        "xml": [
            "", "{}", "<xml>", "\ufeff<xml/>", "<html><a>b</a></html>", "<xml>a</xml>", "<xml><a>&b;</a></xml>",
            '<!DOCTYPE x [<!ENTITY a "b">]><xml><a>&a;</a></xml>', "<xml>" + "<a>" * 9 + "</a>" * 9 + "</xml>",
            "<xml>" + "<a>b</a>" * 500 + "</xml>", "<xml><?php x?><a>b</a></xml>",
        ],
        "fields": [
            "<xml><a>b</a></xml>", good.replace("MsgId", "Id"), good.replace("Content", "Text"),
            good.replace(side.USER, ""), good.replace(side.USER, "x" * 65), good.replace("CreateTime>", "Time>"),
            good.replace("<![CDATA[问]]>", "<a>1</a><a>2</a>"), side.event(""), good.replace("<![CDATA[1]]></MsgId>", "<![CDATA[x]]></MsgId>"),
        ],
        "account": [good.replace(side.ACCOUNT, "gh_other")],
        "large": [good.replace("问", "问" * 40_000)],
    }  # fmt: skip

    async def run():
        async with platform(here) as client:
            for reason, bodies in bad.items():
                for n, body in enumerate(bodies, 1):
                    response = await deliver(client, body, "plain")
                    assert 400 <= response.status_code < 500 and not response.content, (reason, n)
                    assert refusals(here, reason) == n, (reason, n, body[:80])

    asyncio.run(run())
    assert not rows(store, DELIVERIES)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "gb18030", "utf-32"])
def test_xml_in_another_encoding_is_refused(store, encoding):
    """A document type written in UTF-16 is not found by looking for its bytes."""
    here = account(ready(), store, "plain")

    async def run():
        async with platform(here) as client:
            query, _ = side.callback("", "plain")
            body = f'<?xml version="1.0" encoding="{encoding}"?>{side.message("问")}'.encode(
                encoding
            )
            return (await client.post("/wechat", params=query, content=body)).status_code

    assert asyncio.run(run()) == 400


def test_a_document_type_in_what_somebody_typed_is_just_text(store):
    here = account(assistant := ready(), store)
    play(here, side.message("<!DOCTYPE html> 怎么写 <!ENTITY x>"))
    assert assistant.asked[0].text == "<!DOCTYPE html> 怎么写 <!ENTITY x>"


def test_a_body_that_comes_too_slowly_is_refused(store, monkeypatch):
    monkeypatch.setattr("bot.channels.bodies.SLOWEST", 0.1)
    here = account(ready(), store)

    async def drops():
        yield b"<xml>"
        await asyncio.sleep(1)

    async def run():
        async with platform(here) as client:
            return (await client.post("/wechat", content=drops())).status_code

    assert asyncio.run(run()) == 408


# What is said


def test_an_answer_with_everything_xml_hates_arrives_whole(store):
    nasty = "第一条 ]]> <![CDATA[ & < > ]]]]> \x00\x0b\ud800 完"
    here = account(ready(Reply(nasty, nasty, "answer")), store)
    assert play(here, side.message("问")) == ["第一条 ]]> <![CDATA[ & < > ]]]]>  完"]


@pytest.mark.parametrize("shift", range(4))
def test_an_answer_is_cut_at_2047_bytes_between_characters_with_a_link_to_all_of_it(store, shift):
    """Complaints 11, 12 and 13."""
    cited = Cited("某法", "第一条", "国家", "现行有效", "", quote="字" * 900, official=True)
    long = "x" * shift + "长" * 900
    reply = Reply(
        long, long, "answer", (cited,), choices=(Choice("别的", "ref:card:other"),), ref="card:long"
    )
    here = account(ready(reply), store, base="https://xst.example")
    (said,) = play(here, side.message("问"))
    assert 1990 <= len(said.encode()) <= 2047
    assert "……" in said and texts.WHOLE.format(link="https://xst.example/card/long") in said
    assert said.endswith(f"{texts.CHOOSE_NUMBER}\n1 别的")


def test_choices_with_a_page_are_links_where_there_is_room(store):
    reply = Reply(
        "短", "短", "answer", choices=(Choice("高温", "ref:card:heat"), Choice("更多", "more"))
    )
    here = account(ready(reply), store, base="https://xst.example/")
    (said,) = play(here, side.message("问"))
    assert '1 <a href="https://xst.example/card/heat">高温</a>\n2 更多' in said
    (said,) = play(account(ready(reply), store), side.message("问", 2))
    assert "1 高温\n2 更多" in said


def test_nothing_of_a_message_or_secret_is_logged(real, store, caplog):
    caplog.set_level(logging.DEBUG)
    here = account(real, store, kind="verified", hold=0.2)

    async def failing(*_):
        raise OperationalError("insert 夜班补贴", {}, Exception(side.USER))

    play(here, side.message("夜班补贴三年没涨", 1))
    here._desk.forget = failing
    play_status(here, side.event("unsubscribe"))
    # The client that plays WeChat logs what it asks for.
    said = " ".join(r.getMessage() for r in caplog.records if not r.name.startswith("http"))
    for secret in (side.USER, "夜班", side.TOKEN, side.KEY, side.OLD, "secret-91"):
        assert secret not in said
    assert "not deleted: OperationalError" in said


def play_status(channel, inner):
    async def run():
        async with platform(channel) as client:
            return (await deliver(client, inner)).status_code

    return asyncio.run(run())
