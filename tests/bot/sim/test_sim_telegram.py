"""The simulated Telegram serves an unmodified python-telegram-bot 22 and refuses what Telegram does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    Poll,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    PollAnswerHandler,
    filters,
)

from bot.sim.server import Server
from bot.sim.telegram import TelegramSim

ANN, BEN = 101, 102


@pytest.fixture(scope="module")
def running() -> Iterator[TelegramSim]:
    with TelegramSim(second=0.02) as sim:
        yield sim


@pytest.fixture
def sim(running: TelegramSim) -> TelegramSim:
    running.reset()
    running.set(floods=False, burst=1, fail_next=0, twice=False, privacy=False, https_only=False)
    return running


@asynccontextmanager
async def calling(sim: TelegramSim) -> AsyncIterator[Bot]:
    async with Bot(sim.token, base_url=sim.base_url, base_file_url=f"{sim.url}/file/bot") as bot:
        yield bot


def with_bot(sim: TelegramSim, work: Callable[[Bot], Any]) -> Any:
    async def run() -> Any:
        async with calling(sim) as bot:
            return await work(bot)

    return asyncio.run(run())


def refusal(sim: TelegramSim, work: Callable[[Bot], Any], kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        with_bot(sim, work)
    return str(caught.value)


def test_a_whole_bot_on_long_polling(sim: TelegramSim) -> None:
    """Commands, text, buttons, edits, a quiz with its answer, a document, a clean exit."""
    heard: list[Any] = []

    async def start(update: Update, context: Any) -> None:
        keyboard = InlineKeyboardMarkup(
            [[InlineKeyboardButton("河南", callback_data="region:河南")]]
        )
        await update.message.reply_text(f"您好 {context.args}", reply_markup=keyboard)

    async def pressed(update: Update, context: Any) -> None:
        await update.callback_query.answer("好")
        await update.callback_query.edit_message_text("按河南来答")

    async def said(update: Update, context: Any) -> None:
        await update.message.reply_chat_action("typing")
        message = await update.message.reply_poll(
            "几天答复？", ["10", "20"], type=Poll.QUIZ, correct_option_id=1, is_anonymous=False
        )
        heard.append(message.poll)
        await update.message.reply_document(b"%PDF-1.7", filename="a.pdf")

    async def voted(update: Update, context: Any) -> None:
        heard.append(update.poll_answer)

    async def run() -> None:
        app = Application.builder().token(sim.token).base_url(sim.base_url).build()
        app.add_handler(CommandHandler("start", start))
        app.add_handler(CallbackQueryHandler(pressed))
        app.add_handler(MessageHandler(filters.TEXT, said))
        app.add_handler(PollAnswerHandler(voted))
        async with app:
            await app.start()
            await app.updater.start_polling(poll_interval=0.0, timeout=1)
            await asyncio.to_thread(sim.start, ANN, "spring")
            shown = await until(sim, ANN, 2)
            await asyncio.to_thread(sim.press, ANN, shown[1].extra["message_id"], "河南")
            await wait(lambda: sim.screen(ANN)[1].text == "按河南来答")
            await asyncio.to_thread(sim.text, ANN, "几天答复")
            shown = await until(sim, ANN, 6)
            await asyncio.to_thread(sim.vote, ANN, shown[4].extra["poll"], [1])
            await wait(lambda: len(heard) == 2)
            await app.updater.stop()
            await app.stop()

    asyncio.run(asyncio.wait_for(run(), 10))
    shown = sim.screen(ANN)
    assert [(s.by, s.kind) for s in shown] == [
        *(("me", "text"), ("bot", "text"), ("me", "press"), ("me", "text")),
        *(("bot", "poll"), ("bot", "document")),
    ]
    assert shown[1].extra["edited"] and shown[1].extra["buttons"] == []
    poll, answer = heard
    assert poll.correct_option_ids == (1,) and poll.allows_revoting is False
    assert all(o.api_kwargs.get("persistent_id") or o.persistent_id for o in poll.options)
    assert answer.option_ids == (1,) and answer.poll_id == poll.id
    assert sim.waiting == 0 and sim.violations == {}


async def until(sim: TelegramSim, chat: int, count: int) -> list[Any]:
    await wait(lambda: len(sim.screen(chat)) >= count)
    return sim.screen(chat)


async def wait(done: Callable[[], bool]) -> None:
    while not await asyncio.to_thread(done):
        await asyncio.sleep(0.01)


SMILE = "🙂" * 2048

FAULTS: list[tuple[Callable[[Bot], Any], str]] = [
    (lambda b: b.send_message(ANN, "a" * 4097), "Message is too long"),
    (lambda b: b.send_message(ANN, SMILE + "a"), "Message is too long"),
    (lambda b: b.send_message(ANN, " "), "Message text is empty"),
    (lambda b: b.send_message(999, "x"), "Chat not found"),
    (
        lambda b: b.send_message(ANN, "第3.1条", parse_mode="MarkdownV2"),
        "Can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    ),
    (
        lambda b: b.send_message(ANN, "*粗", parse_mode="MarkdownV2"),
        "Can't parse entities: Can't find end of Bold entity at byte offset 4",
    ),
    (lambda b: b.send_message(ANN, "<x>y", parse_mode="HTML"), 'Can\'t parse entities: Unsupported start tag "x" at byte offset 0'),
    (lambda b: b.send_message(ANN, "x", parse_mode="BBCode"), "Unsupported parse_mode"),
    (
        lambda b: b.send_message(ANN, "短", entities=[MessageEntity("bold", 0, 9)]),
        "Entity ends beyond the text",
    ),
    (
        lambda b: b.send_message(ANN, "🙂", entities=[MessageEntity("bold", 0, 1)]),
        "Entity begins or ends in a middle of a utf-16 symbol",
    ),
    (lambda b: b.send_message(ANN, "x", reply_markup=_button("按", "字" * 22)), "Button_data_invalid"),
    (lambda b: b.send_message(ANN, "x", reply_markup=_button(" ", "a")), "Can't parse inline keyboard button: Text buttons must be non-empty"),
    (
        lambda b: b.send_message(ANN, "x", reply_parameters=ReplyParameters(77)),
        "Message to be replied not found",
    ),
    (lambda b: b.edit_message_text("x", ANN, 77), "Message to edit not found"),
    (lambda b: b.edit_message_text("x", ANN, 1), "Message can't be edited"),
    (lambda b: b.answer_callback_query("77"), "Query is too old and response timeout expired or query id is invalid"),
    (lambda b: b.send_chat_action(ANN, "dancing"), "Wrong parameter action in request"),
    (lambda b: b.send_poll(ANN, "?", ["a", "b"], type="quiz"), "Quiz must have correct options"),
    (lambda b: b.send_poll(ANN, "?" * 301, ["a"]), "Poll question must be non-empty and have at most 300 characters"),
    (lambda b: b.set_my_commands([BotCommand("Help", "x")]), "Bot_command_invalid"),
    (lambda b: b.set_webhook("http://example.com/"), "Bad webhook: an https url must be provided for webhook"),
]  # fmt: skip


def _button(text: str, data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data)]])


@pytest.mark.parametrize(("work", "words"), FAULTS, ids=[w for _, w in FAULTS])
def test_what_telegram_refuses_is_refused_in_its_words(
    sim: TelegramSim, work: Callable[[Bot], Any], words: str
) -> None:
    sim.text(ANN, "在吗")
    assert refusal(sim, work, BadRequest).lower() == words.lower()


def test_what_fits_exactly_is_sent(sim: TelegramSim) -> None:
    sim.text(ANN, "在吗")

    async def work(bot: Bot) -> None:
        await bot.send_message(ANN, SMILE)
        await bot.send_message(ANN, "x", reply_markup=_button("按", "字" * 21))
        sent = await bot.send_message(
            ANN, r"*粗* _斜_ [链接](https://example.com/) \.", parse_mode="MarkdownV2"
        )
        assert sent.text == "粗 斜 链接 ."
        assert [e.type for e in sent.entities] == ["bold", "italic", "text_link"]
        sent = await bot.send_message(ANN, "<b>粗&lt;</b>", parse_mode="HTML")
        assert (sent.text, sent.entities[0].length) == ("粗<", 2)
        await bot.edit_message_text("新", ANN, sent.message_id)
        with pytest.raises(BadRequest, match="not modified"):
            await bot.edit_message_text("新", ANN, sent.message_id)

    with_bot(sim, work)


def test_getters_are_what_ptb_reads(sim: TelegramSim) -> None:
    sim.text(ANN, "在吗")

    async def work(bot: Bot) -> None:
        me = await bot.get_me()
        assert me.is_bot and me.username
        assert (await bot.get_chat(ANN)).type == "private"
        await bot.set_my_commands([BotCommand("help", "怎么用")])
        assert (await bot.get_my_commands())[0].command == "help"
        info = await bot.get_webhook_info()
        assert info.url == ""
        sent = await bot.send_document(ANN, b"%PDF", filename="a.pdf", caption="附件")
        file = await bot.get_file(sent.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"%PDF"

    with_bot(sim, work)


def test_people_and_groups_that_cannot_be_written_to(sim: TelegramSim) -> None:
    sim.text(ANN, "在吗")
    sim.block(ANN)
    assert "blocked" in refusal(sim, lambda b: b.send_message(ANN, "x"), Forbidden)
    sim.unblock(ANN)
    with_bot(sim, lambda b: b.send_message(ANN, "x"))
    sim.deactivate(ANN)
    assert "deactivated" in refusal(sim, lambda b: b.send_message(ANN, "x"), Forbidden)
    group = sim.group()
    with_bot(sim, lambda b: b.send_message(group, "x"))
    new = sim.migrate(group)
    with pytest.raises(ChatMigrated) as moved:
        with_bot(sim, lambda b: b.send_message(group, "x"))
    assert moved.value.new_chat_id == new
    sim.kick(new)
    assert "kicked" in refusal(sim, lambda b: b.send_message(new, "x"), Forbidden)


def test_a_chat_takes_one_message_a_second(sim: TelegramSim) -> None:
    sim.text(ANN, "在吗")
    sim.text(BEN, "在吗")
    sim.set(floods=True, second=1.0)

    async def work(bot: Bot) -> None:
        await bot.send_message(ANN, "1")
        with pytest.raises(RetryAfter) as flood:
            await bot.send_message(ANN, "2")
        assert flood.value._retry_after.total_seconds() == 1
        await bot.send_message(BEN, "1")  # another chat is not held up
        with pytest.raises(RetryAfter):
            await bot.send_message(ANN, "2")

    try:
        with_bot(sim, work)
        assert sim.violations == {"did-not-wait": 1}
        sim.advance(1.01)
        with_bot(sim, lambda b: b.send_message(ANN, "2"))
        sim.flood(ANN, 30)
        with pytest.raises(RetryAfter) as flood:
            with_bot(sim, lambda b: b.send_message(ANN, "3"))
        assert flood.value._retry_after.total_seconds() == 30
    finally:
        sim.set(second=0.02)


def test_a_group_takes_twenty_a_minute_and_all_chats_thirty_a_second(sim: TelegramSim) -> None:
    pace, now = sim.telegram.pace, 1000.0
    sim.set(floods=True, second=1.0)
    try:
        waits = [pace.wait(-1, True, now + n * 1.01) for n in range(21)]
        assert waits[:20] == [0] * 20 and waits[20] == 40
        later = now + 1000
        assert [pace.wait(n, False, later) for n in range(31)] == [0] * 30 + [1]
    finally:
        sim.set(second=0.02)


def test_a_wrong_token_and_a_broken_server(sim: TelegramSim) -> None:
    async def wrong() -> None:
        async with Bot("1:wrong", base_url=sim.base_url) as bot:
            await bot.get_me()

    with pytest.raises(InvalidToken):
        asyncio.run(wrong())
    sim.text(ANN, "在吗")

    async def broken(bot: Bot) -> None:
        sim.telegram.rules.fail_next = 1
        await bot.send_message(ANN, "x")

    assert "Bad Gateway" in refusal(sim, broken, NetworkError)


def test_updates_stay_until_they_are_confirmed(sim: TelegramSim) -> None:
    first, second = sim.text(ANN, "一"), sim.text(ANN, "二")
    assert second == first + 1

    async def work(bot: Bot) -> None:
        for offset, expected in ((0, [first, second]), (0, [first, second]), (second, [second])):
            assert [u.update_id for u in await bot.get_updates(offset)] == expected
        assert [u.update_id for u in await bot.get_updates(-1)] == [second]
        assert await bot.get_updates(second + 1) == ()

    with_bot(sim, work)
    assert sim.waiting == 0
    sim.redeliver()
    assert sim.waiting == 1


def test_two_pollers_and_a_webhook_conflict(sim: TelegramSim) -> None:
    async def work(bot: Bot) -> None:
        first = asyncio.create_task(bot.get_updates(timeout=5))
        await asyncio.sleep(0.1)
        async with calling(sim) as other:
            await other.get_updates(timeout=0)
        with pytest.raises(Conflict, match="terminated by other"):
            await first
        await bot.set_webhook("http://127.0.0.1:9/", secret_token="s")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()

    with_bot(sim, work)


def test_privacy_keeps_a_group_from_the_bot(sim: TelegramSim) -> None:
    sim.set(privacy=True)
    group = sim.group()
    assert sim.text(ANN, "大家好", chat=group) == 0
    assert sim.text(ANN, "/help", chat=group) and sim.text(
        ANN, "@xst_simulated_bot 几天", chat=group
    )


@pytest.fixture
def hook(sim: TelegramSim) -> Iterator[Hooked]:
    hooked = Hooked()
    hooked.server.start()
    yield hooked
    with_bot(sim, lambda b: b.delete_webhook(drop_pending_updates=True))
    hooked.server.stop()


class Hooked:
    """A webhook that answers what a test wants."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.secrets: list[str | None] = []
        self.answers: list[Response] = []
        self.delay = 0.0
        self.server = Server(Starlette(routes=[Route("/hook", self.post, methods=["POST"])]))

    async def post(self, request: Request) -> Response:
        self.seen.append((await request.json())["update_id"])
        self.secrets.append(request.headers.get("x-telegram-bot-api-secret-token"))
        await asyncio.sleep(self.delay)
        return self.answers.pop(0) if self.answers else Response("")


def set_hook(sim: TelegramSim, hook: Hooked, **more: Any) -> None:
    with_bot(sim, lambda b: b.set_webhook(f"{hook.server.url}/hook", secret_token="s3cret", **more))


def test_a_webhook_gets_updates_with_the_secret_and_again_until_taken(
    sim: TelegramSim, hook: Hooked
) -> None:
    set_hook(sim, hook)
    hook.answers = [Response("", 500), Response("", 403)]
    ident = sim.text(ANN, "在吗")
    assert sim.settle(5)
    assert hook.seen == [ident] * 3 and set(hook.secrets) == {"s3cret"}
    info = with_bot(sim, lambda b: b.get_webhook_info())
    assert info.last_error_message == "Wrong response from the webhook: 403 Forbidden"
    sim.redeliver()
    assert sim.settle(5) and hook.seen == [ident] * 4
    sim.set(twice=True)
    other = sim.text(ANN, "在吗")
    assert sim.settle(5) and hook.seen.count(other) == 2


def test_a_slow_update_does_not_hold_the_others_and_is_tried_again(
    sim: TelegramSim, hook: Hooked
) -> None:
    set_hook(sim, hook)
    hook.delay = 2.0  # the time-out is 60 × 0.02 = 1.2 s
    slow = sim.text(ANN, "慢")
    time.sleep(0.1)
    hook.delay = 0.0
    quick = sim.text(BEN, "快")
    assert sim.settle(5)
    assert hook.seen[:2] == [slow, quick] and hook.seen.count(slow) == 2


def test_what_waited_comes_when_the_webhook_is_set(sim: TelegramSim, hook: Hooked) -> None:
    idents = [sim.text(ANN, f"{n}") for n in range(60)]
    set_hook(sim, hook)
    assert sim.settle(5) and sorted(hook.seen) == idents


def test_a_method_in_the_webhooks_answer_is_carried_out(sim: TelegramSim, hook: Hooked) -> None:
    set_hook(sim, hook)
    hook.answers = [JSONResponse({"method": "sendMessage", "chat_id": ANN, "text": "您好"})]
    sim.text(ANN, "在吗")
    assert sim.settle(5) and sim.screen(ANN)[-1].text == "您好"


def test_a_webhook_without_a_secret_is_a_violation(sim: TelegramSim, hook: Hooked) -> None:
    with_bot(sim, lambda b: b.set_webhook(f"{hook.server.url}/hook"))
    assert sim.violations == {"webhook-without-secret": 1}


def test_the_control_api_of_telegram_does_the_same_over_http(sim: TelegramSim) -> None:
    answer = httpx.post(
        f"{sim.url}/_sim/text", json={"user": ANN, "text": "/start"}, trust_env=False
    )
    assert answer.json()["ok"] and sim.waiting == 1
    shown = httpx.get(f"{sim.url}/_sim/screen?chat={ANN}", trust_env=False).json()["result"]
    assert shown[0]["text"] == "/start"
    assert httpx.post(f"{sim.url}/_sim/press", json={"user": 1}, trust_env=False).status_code == 400


def test_a_bot_gets_only_the_kinds_it_wants(sim: TelegramSim, hook: Hooked) -> None:
    set_hook(sim, hook, allowed_updates=["callback_query", "message"])
    sim.block(ANN)
    sim.unblock(ANN)
    ident = sim.text(ANN, "在吗")
    assert sim.settle(5) and hook.seen == [ident]


def test_the_same_webhook_set_again_disturbs_nothing(sim: TelegramSim, hook: Hooked) -> None:
    set_hook(sim, hook)
    hook.delay = 0.2
    ident = sim.text(ANN, "在吗")
    time.sleep(0.05)
    set_hook(sim, hook)  # a replica starts
    assert sim.settle(5) and hook.seen == [ident]
