"""The desk: once, in order for one person, together for many, on each kind of database."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import pytest
from small import TODAY
from sqlalchemy import update

from bot import texts
from bot.assistant import HELD_SECONDS, Assistant
from bot.desk import Arrived, Desk, Written, read_session, write_session
from bot.limits import Limits
from bot.message import Incoming, Reply
from bot.persons import Persons, memory_folder, open_persons
from bot.post import MOST_TRIES, Later, Moved, Post, Refused, Sent
from bot.settings import ConfigError
from bot.storage.mailbox import Grant, Mailbox
from bot.storage.tables import OUTBOX
from bot.turn import Forget, Hold, Session, Turn, Vote

KEY = bytes(range(32))


class Echo:
    """An assistant that says what it hears, slowly if told to, and counts."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.heard, self.inside, self.most = seconds, [], 0, 0
        self._lock = threading.Lock()

    def respond(self, incoming, session):
        with self._lock:
            self.heard.append(incoming.text)
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(self.seconds)
        with self._lock:
            self.inside -= 1
        if incoming.text == "boom":
            raise ValueError("secret words")
        effects = (Forget(),) if incoming.text == "forget" else (Vote("card:x", True),)
        said = f"{session.ref}>{incoming.text}"
        return Turn((Reply(said, said, "answer"),), replace(session, ref=incoming.text), effects)

    def urgent(self, incoming):
        return incoming.text == "danger"

    def settle(self, turn, sender, store):
        for effect in turn.effects:
            if isinstance(effect, Vote):
                store.vote(effect.ref, effect.helpful)
        return turn


def write(replies):
    text = "\n".join(r.text for r in replies)
    return Written(text, (text,))


def arrived(key, text, user="u1"):
    return Arrived(f"t:{key}", "t:bot", user, Incoming(text, channel="t"))


@pytest.fixture
def mailbox(live):
    return Mailbox(live)


def desk_of(mailbox, echo, **also):
    return Desk(echo, mailbox, Persons(KEY), **also)


def run(coroutine):
    return asyncio.run(coroutine)


def test_two_deliveries_at_once_compute_once(mailbox, live):
    echo = Echo(0.05)

    async def go():
        desk = desk_of(mailbox, echo)
        return await asyncio.gather(*(desk.answer(arrived(1, "a"), write) for _ in range(5)))

    assert run(go()) == [">a"] * 5
    assert echo.heard == ["a"]
    assert live.votes() == {"card:x": (1, 0)}
    assert mailbox.waiting() == 1


def test_a_delivery_after_a_restart_finds_the_answer(mailbox):
    first, second = Echo(), Echo()

    async def go(echo):
        return await desk_of(mailbox, echo).answer(arrived(1, "a"), write)

    assert run(go(first)) == run(go(second)) == ">a"
    assert second.heard == []


def test_one_persons_messages_stay_in_order_and_others_do_not_wait(mailbox):
    echo = Echo(0.03)

    async def go():
        desk = desk_of(mailbox, echo)
        own = [desk.answer(arrived(n, str(n)), write) for n in range(4)]
        others = [desk.answer(arrived(100 + n, "x", f"v{n}"), write) for n in range(4)]
        return (await asyncio.gather(*own, *others))[:4]

    assert run(go()) == [">0", "0>1", "1>2", "2>3"]
    assert echo.most > 1


def test_hanging_up_does_not_stop_the_work(mailbox):
    """WeChat cuts the connection after five seconds; its redelivery finds the answer."""
    echo = Echo(0.1)

    async def go():
        desk = desk_of(mailbox, echo)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.answer(arrived(1, "a"), write), 0.01)
        return await desk.answer(arrived(1, "a"), write)

    assert run(go()) == ">a"
    assert echo.heard == ["a"]


def test_a_turn_that_fails_is_answered_and_logged_without_words(mailbox, caplog):
    assert run(desk_of(mailbox, Echo()).answer(arrived(1, "boom"), write)) == texts.APOLOGY
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text
    assert "boom" not in caplog.text


def test_who_writes_too_fast_is_asked_to_wait_and_nobody_else(mailbox):
    echo = Echo()

    async def go():
        desk = desk_of(mailbox, echo, limits=Limits(burst=2, seconds=60))
        said = [await desk.answer(arrived(n, str(n)), write) for n in range(3)]
        said.append(await desk.answer(arrived(8, "danger"), write))
        return [*said, await desk.answer(arrived(9, "x", "other"), write)]

    *_, third, danger, other = run(go())
    assert third == texts.SLOWER.format(seconds=60)
    assert danger == "1>danger", "who is in danger never waits"
    assert other == ">x"
    assert echo.heard == ["0", "1", "danger", "x"]


def test_forgetting_leaves_the_mark_of_the_wish_and_nothing_else(mailbox):
    async def go():
        desk = desk_of(mailbox, Echo())
        await desk.answer(arrived(1, "a"), write)
        await desk.answer(arrived(2, "forget"), write)
        again = await desk.answer(arrived(2, "forget"), write)
        return again, await desk.answer(arrived(3, "b"), write)

    assert run(go()) == ("a>forget", ">b")


def test_whoever_leaves_takes_a_question_that_waits_for_consent_along(release, mailbox, live):
    sources = release.on(TODAY)
    now = [0.0]
    assistant = Assistant(lambda: sources, live, clock=lambda: now[0])

    async def go():
        desk = desk_of(mailbox, assistant)
        for n, said in enumerate(("找真人", "夜班补贴多少")):
            await desk.answer(arrived(n, said), write)
        assert assistant._held
        await desk.forget("t:bot", "u1")

    run(go())
    assert not assistant._held


def test_a_question_nobody_agreed_to_is_let_go_after_ten_minutes(release, live):
    sources = release.on(TODAY)
    now = [0.0]
    assistant = Assistant(lambda: sources, live, clock=lambda: now[0])
    assistant.settle(Turn((), Session(), (Hold("夜班补贴多少"),)), "p", live)
    now[0] = HELD_SECONDS - 1
    assistant.forget_old()
    assert assistant._held
    now[0] = HELD_SECONDS
    assistant.forget_old()
    assert not assistant._held


def test_whoever_gives_up_waiting_leaves_the_line(mailbox):
    async def go():
        desk = desk_of(mailbox, Echo(0.1))
        work = asyncio.create_task(desk.answer(arrived(1, "a"), write))
        await asyncio.sleep(0.02)
        leaving = asyncio.create_task(desk.forget("t:bot", "u1"))
        await asyncio.sleep(0.02)
        leaving.cancel()
        await work
        return desk._lines

    assert run(go()) == {}


def test_a_grant_is_given_once(mailbox):
    one = replace(arrived(1, "a"), grant=Grant("message", 5, 100))

    async def go():
        desk = desk_of(mailbox, Echo())
        await desk.answer(one, write)
        person = desk.person("t:bot", "u1")
        assert mailbox.spend(person)
        await desk.answer(one, write)
        return mailbox.allowed(person)

    assert run(go()) == 4


def test_no_word_and_no_id_reaches_the_database(tmp_path, live, mailbox):
    """The text is in memory only; ids are hashed or sealed under a key that is elsewhere."""

    class Region(Echo):
        """Quotes what it hears, as the preview for the instructor's queue does."""

        def respond(self, incoming, session):
            return super().respond(incoming, replace(session, region="my control"))

        def settle(self, turn, sender, store):
            return replace(turn, session=replace(turn.session, ref="card:x"))

    async def go():
        desk = desk_of(mailbox, Region())
        first = await desk.answer(arrived(1, "my secret words", "openid-77"), write)
        again = await desk.answer(arrived(1, "my secret words", "openid-77"), write)
        return first, again

    assert run(go()) == (">my secret words", ">my secret words")
    with live.reading() as connection:
        rows = []
        for table in ("deliveries", "conversations", "outbox", "allowances"):
            rows += connection.exec_driver_sql(f"SELECT * FROM {table}").all()
    dump = repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows])
    assert "my control" in dump
    for word in ("secret", "openid", "t:1"):
        assert word not in dump


def test_a_session_survives_writing_and_an_old_form_starts_anew():
    session = Session("河南", "工资", "card:x", ("more",), "question")
    assert read_session(write_session(session)) == session
    assert read_session('{"region": 3, "nonsense": 1}') == Session()
    assert read_session("") == Session()


# Pseudonyms


def test_pseudonyms_differ_by_account_and_key_and_say_nothing():
    persons = Persons(KEY)
    assert persons.person("a", "bc") != persons.person("ab", "c")
    assert persons.person("a", "b") != Persons(KEY[::-1]).person("a", "b")
    sealed = persons.seal("openid")
    assert persons.open(sealed) == "openid"
    assert Persons(KEY[::-1]).open(sealed) is None
    assert persons.open(sealed[:-1]) is None
    assert b"openid" not in sealed


def test_the_key_is_shared_through_memory_and_is_not_in_the_home(tmp_path):
    home, memory = tmp_path / "home", tmp_path / "run"
    folder = memory_folder(home, {"XST_RUN": str(memory)})
    assert folder == memory
    one, two = open_persons(folder), open_persons(folder)
    assert one.person("a", "b") == two.person("a", "b")
    assert not home.exists()
    assert oct((memory / "persons.key").stat().st_mode)[-3:] == "600"
    (memory / "persons.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"persons\.key"):
        open_persons(folder)
    assert open_persons(None).person("a", "b") != open_persons(None).person("a", "b")


# The outbox


class Fake:
    """A platform that answers with what it is told to."""

    def __init__(self, *outcomes) -> None:
        self.outcomes, self.sent = list(outcomes), []

    async def send(self, target, body, person):
        self.sent.append((target, body))
        outcome = self.outcomes.pop(0) if self.outcomes else Sent()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def posted(mailbox, fake, rounds=1):
    desk = desk_of(mailbox, Echo())
    await desk.answer(arrived(1, "a"), write)
    await desk.answer(arrived(2, "b"), write)
    post = Post(mailbox, Persons(KEY), {"t:bot": fake})
    for _ in range(rounds):
        await post.once()


def test_parcels_go_out_in_order_to_whom_they_are_for(mailbox):
    fake = Fake()
    run(posted(mailbox, fake, 2))
    assert fake.sent == [("u1", ">a"), ("u1", "a>b")]
    assert mailbox.waiting() == 0


def test_a_refused_parcel_is_counted_and_the_next_goes_on(mailbox):
    fake = Fake(Refused("blocked"))
    run(posted(mailbox, fake, 2))
    assert [body for _, body in fake.sent] == [">a", "a>b"]
    assert mailbox.counts() == {"given_up:blocked": 1}


def test_a_moved_chat_is_followed(mailbox):
    fake = Fake(Moved("u2"))
    run(posted(mailbox, fake, 2))
    assert fake.sent[:2] == [("u1", ">a"), ("u2", ">a")]


def test_what_a_platform_puts_off_waits_and_holds_up_its_own_line_only(mailbox):
    fake = Fake(Later(30))

    async def go():
        await posted(mailbox, fake)
        desk = desk_of(mailbox, Echo())
        await desk.answer(arrived(3, "c", "other"), write)
        await Post(mailbox, Persons(KEY), {"t:bot": fake}).once()

    run(go())
    assert fake.sent == [("u1", ">a"), ("other", ">c")]
    assert mailbox.waiting() == 2


def test_what_may_have_arrived_is_sent_again_and_counted(mailbox):
    async def go():
        desk = desk_of(mailbox, Echo())
        await desk.answer(arrived(1, "a"), write)
        post = Post(mailbox, Persons(KEY), {"t:bot": fake})
        for _ in range(3):
            await post.once()

    fake = Fake(Later(0.0), Later(0.0, perhaps=True))
    run(go())
    assert len(fake.sent) == 3 and mailbox.waiting() == 0
    assert mailbox.counts() == {"perhaps_twice": 1}


def test_an_outage_of_hours_loses_nothing(mailbox):
    """Only a sender that breaks by a fault of ours is given up after some tries."""

    async def go(fake, times):
        await desk_of(mailbox, Echo()).answer(arrived(times, "a"), write)
        post = Post(mailbox, Persons(KEY), {"t:bot": fake})
        for _ in range(times):
            with mailbox.store.writing() as connection:
                connection.execute(update(OUTBOX).values(due=0.0))
            await post.once()

    run(go(Fake(*[Later()] * 50), 51))
    assert mailbox.waiting() == 0 and mailbox.counts() == {}
    run(go(Fake(*[RuntimeError()] * 50), MOST_TRIES))
    assert mailbox.waiting() == 0 and mailbox.counts()["given_up:tries"] == 1


def test_a_sender_that_breaks_is_tried_again_later(mailbox, caplog):
    fake = Fake(RuntimeError("token=abc"))
    run(posted(mailbox, fake))
    assert mailbox.waiting() == 2
    assert "token=abc" not in caplog.text


def test_without_the_key_a_parcel_is_given_up_and_counted(mailbox):
    """After the machine restarted nobody knows whom it was for."""

    async def go():
        await desk_of(mailbox, Echo()).answer(arrived(1, "a"), write)
        await Post(mailbox, Persons(KEY[::-1]), {"t:bot": Fake()}).once()

    run(go())
    assert mailbox.counts() == {"given_up:key_gone": 1}


def test_the_running_post_is_woken_by_a_nudge(mailbox):
    fake = Fake()

    async def go():
        post = Post(mailbox, Persons(KEY), {"t:bot": fake})
        desk = desk_of(mailbox, Echo(), posted=post.nudge)
        running = asyncio.create_task(post.run())
        await asyncio.sleep(0.05)
        start = time.perf_counter()
        await desk.answer(arrived(1, "a"), write)
        while not fake.sent:
            await asyncio.sleep(0.005)
        running.cancel()
        return time.perf_counter() - start

    assert run(go()) < 0.9  # it looks by itself only once a second
