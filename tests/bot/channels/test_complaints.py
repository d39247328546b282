"""What users of other bots complained about, 25 threads: each claim played against the service as
`xst serve` makes it, with WeChat and Telegram simulated. Beside it, which test plays which case
of WeChat's protocol."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import itertools
import re
import sqlite3
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from bot import texts
from bot.channels.plain import utf8, utf16
from bot.channels.wechat.client import Api
from bot.channels.wechat.condition import diagnose
from bot.channels.wechat.menu import payload, read_menu
from bot.channels.wechat.service import body_of
from bot.channels.wechat.tokens import Shared
from bot.cli import app as xst
from bot.message import Choice, Cited, Reply
from bot.persons import Persons
from bot.post import Refused
from bot.serving import make_server
from bot.settings import ConfigError, Telegram, WeChat
from bot.sim.server import Server
from bot.sim.telegram import TelegramSim
from bot.sim.wechat import WeChatSim
from bot.storage.backup import back_up
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store
from bot.storage.tables import CONVERSATIONS, DELIVERIES, OUTBOX
from bot.turn import Session, Turn

# The library warns of what we mean to do; in a service these filters are set by the channel.
pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning"),
]

TESTS = Path(__file__).parents[2]

PLAY = "bot/channels/test_wechat_play.py::"
ACCOUNT = "bot/channels/test_wechat_account.py::"
CLIENT = "bot/channels/test_wechat_client.py::"
CRYPTO = "bot/channels/test_wechat_crypto.py::"
MENU = "bot/channels/test_wechat_menu.py::"
SIM = "bot/sim/test_sim_wechat.py::"
SIM_API = "bot/sim/test_sim_wechat_api.py::"
BOT = "bot/channels/test_telegram_bot.py::"
UPDATES = "bot/channels/test_telegram_updates.py::"
PLAYED = "bot/channels/test_telegram_played.py::"

ELSEWHERE: dict[int, tuple[str, ...]] = {
    1: (ACCOUNT + "test_a_slow_answer_is_waited_for_and_given_to_the_next_delivery",),
    2: (
        ACCOUNT + "test_a_message_delivered_three_times_has_one_effect",
        PLAYED + "test_every_update_twice_and_a_broken_network_make_one_answer_each",
        "bot/channels/test_wecom_played.py::"
        "test_a_member_is_answered_whatever_is_delivered_twice",
        "live/test_kill.py::test_killed_at_any_moment_every_message_has_its_effect_once",
        "live/test_replicas.py::test_two_replicas_have_each_message_its_effect_once",
    ),
    3: (ACCOUNT + "test_one_msgid_of_two_people_is_two_messages",),
    4: (ACCOUNT + "test_events_of_one_second_are_told_apart",),
    6: (CLIENT + "test_the_kind_is_what_weChat_refuses",),
    8: (ACCOUNT + "test_a_slow_answer_is_waited_for_and_given_to_the_next_delivery",),
    9: (PLAY + "test_a_very_slow_answer_follows_as_a_customer_service_message",),
    10: (CLIENT + "test_what_waits_in_the_outbox_reaches_the_person",),
    11: (ACCOUNT + "test_an_answer_is_cut_at_2047_bytes_between_characters_with_a_link_to_all_of_it",),
    14: (CRYPTO + "test_in_aes_mode_signature_is_no_proof",),
    15: (
        PLAY + "test_every_message_and_event_of_the_protocol",
        PLAY + "test_forgeries_are_refused_in_every_mode",
    ),
    16: (CLIENT + "test_four_cold_replicas_fetch_one_token",),
    18: (
        CLIENT + "test_configuration_faults_of_the_token_are_not_retried",
        "bot/channels/test_wecom_app.py::"
        "test_a_strange_address_is_explained_once_and_not_retried",
    ),
    19: (CLIENT + "test_text_is_sent_as_it_is",),
    20: (
        UPDATES + "test_4096_is_counted_in_utf16_units",
        UPDATES + "test_nothing_is_parsed_and_no_page_is_fetched",
    ),
    21: (
        PLAYED + "test_a_flooded_chat_waits_alone",
        BOT + "test_a_flood_in_one_chat_stops_no_other",
        BOT + "test_a_chat_that_was_flooded_is_left_alone_until_its_time",
    ),
    22: (
        BOT + "test_a_forged_update_is_refused_and_nothing_comes_of_it",
        BOT + "test_without_a_secret_no_webhook_starts",
    ),
    23: (
        "bot/test_ask.py::test_a_text_out_of_force_is_answered_with_what_replaced_it",
        "bot/test_gate.py::test_forged_content_is_stopped",
        "bot/test_gate.py::test_on_a_past_day_the_law_of_that_day_is_cited",
    ),
    24: (
        "bot/test_gate.py::test_what_fails_the_gate_is_not_sent",
        "bot/test_outside.py::"
        "test_a_message_about_something_else_is_declined_and_a_fragment_asked_back",
        "bot/test_ask.py::test_a_question_is_kept_only_after_it_was_shown_and_agreed",
    ),
    25: (
        BOT + "test_what_is_kept_holds_no_words_and_no_id",
        "bot/test_backup.py::test_a_backup_holds_nothing_that_helps_to_find_a_person",
        "live/test_markers.py::test_no_secret_id_or_word_is_written_anywhere",
    ),
}  # fmt: skip
"""Complaint -> tests in other files that play it, too or (9, 15, 21) alone; each names the number
in its docstring."""

HERE = "bot/channels/test_complaints.py::"

CASES: dict[str, tuple[str, ...]] = {
    "GET verify": (
        PLAY + "test_every_message_and_event_of_the_protocol",
        CRYPTO + "test_verification_echoes_only_for_whoever_knows_the_token",
        SIM + "test_verification_wants_the_echo_and_refuses_it_to_a_forger",
    ),
    "Plain, compatible and safe mode": (
        PLAY + "test_every_message_and_event_of_the_protocol",
        PLAY + "test_forgeries_are_refused_in_every_mode",
        SIM + "test_a_right_bot_is_heard_in_every_mode",
        SIM + "test_safe_mode_shows_nothing_in_the_open",
        CRYPTO + "test_compatible_mode_takes_both",
    ),
    "Compatible mode: reply either way": (
        SIM + "test_compatible_mode_takes_a_plain_reply_and_safe_mode_does_not",
        SIM + "test_plain_mode_takes_no_encrypted_reply",
    ),
    "Key rotation": (
        HERE + "test_a_changed_key_is_taken_in_every_mode_that_has_one",
        CRYPTO + "test_while_keys_change_the_old_one_is_taken_and_answered_with",
        SIM + "test_a_former_key_is_used_by_rule_and_answered_with_the_same",
    ),
    "5 s and retries": (
        HERE + "test_01_a_slow_handler_runs_once_and_the_person_gets_the_answer",
        HERE + "test_08_behind_a_slow_gateway_the_budget_still_leaves_time_to_answer",
        SIM + "test_a_slow_bot_gets_the_same_message_three_times_and_the_user_the_fault",
    ),
    "Valid silence": (
        PLAY + "test_every_message_and_event_of_the_protocol",
        SIM + "test_silence_is_valid_in_two_ways_only",
        SIM + "test_a_reply_that_breaks_a_rule_shows_the_fault",
    ),
    "Dedup": (
        HERE + "test_02_a_message_that_arrives_three_times_has_its_effect_once",
        HERE + "test_03_one_msgid_of_two_people_is_answered_to_both",
        HERE + "test_04_events_of_one_second_are_told_apart_and_leaving_deletes",
        PLAY + "test_deliveries_that_come_twice_and_again_say_the_same",
    ),
    "Messages": (
        PLAY + "test_every_message_and_event_of_the_protocol",
        SIM + "test_every_message_and_event_parses_with_wechatpy",
    ),
    "Events": (
        PLAY + "test_every_message_and_event_of_the_protocol",
        HERE + "test_04_events_of_one_second_are_told_apart_and_leaving_deletes",
        ACCOUNT + "test_unfollowing_deletes_every_row_and_leaves_no_pseudonym_in_the_files",
    ),
    "Passive text size": (
        HERE + "test_12_a_passive_text_has_2047_bytes_at_most",
        SIM + "test_2047_bytes_pass_and_control_characters_and_a_split_cdata_do_not",
    ),
    "/cgi-bin/token": (
        SIM_API + "test_each_token_fetch_ends_the_one_before_after_five_minutes",
        SIM_API + "test_a_2001st_token_of_the_day_is_refused",
        SIM_API + "test_what_a_fetch_may_be_wrong_in",
        HERE + "test_17_what_others_do_with_the_account_costs_one_retry_at_most",
    ),
    "/cgi-bin/stable_token": (
        SIM_API + "test_the_stable_token_stays_the_same_inside_its_life",
        SIM_API + "test_a_forced_stable_token_ends_the_other_at_once_and_is_rationed",
        HERE + "test_16_four_workers_renew_a_token_once",
    ),
    "Errors": (
        HERE + "test_each_error_that_the_platform_gives_has_its_outcome",
        CLIENT + "test_each_refusal_has_its_outcome",
        CLIENT + "test_a_refused_token_is_one_retry",
    ),
    "Customer-service send": (
        CLIENT + "test_no_more_is_sent_than_the_ledger_allows",
        ACCOUNT + "test_a_message_allows_five_in_48_hours_and_a_press_three_in_a_minute",
        ACCOUNT + "test_an_item_of_a_message_with_a_menu_counts_as_pressed",
        SIM_API + "test_five_messages_are_allowed_for_48_hours_after_a_message",
        SIM_API + "test_three_messages_are_allowed_for_a_minute_after_an_action",
        SIM_API + "test_typing_needs_somebody_who_was_just_there",
    ),
    "msgmenu": (SIM_API + "test_messages_are_checked_like_there",),
    "Menu": (
        PLAY + "test_the_menu_that_ships_is_taken_and_every_entry_answers",
        MENU + "test_limits_are_inclusive_and_count_bytes",
        SIM_API + "test_a_menu_is_measured",
    ),
    "Media": (SIM_API + "test_media_go_up_and_down",),
    "Subscription notice": (SIM_API + "test_a_notice_needs_one_acceptance_each",),
    "Account kinds": (
        PLAY + "test_the_kind_is_asked_of_wechat",
        HERE + "test_06_an_account_that_may_not_send_is_found_out_and_explained",
        SIM_API + "test_kinds_of_accounts_may_do_what_their_kind_may",
    ),
}
"""Row of the protocol's table -> tests that play it; those of the callback in all three modes."""


def found(place: str) -> ast.FunctionDef:
    file, _, name = place.partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)


def test_every_complaint_has_a_test_and_what_is_named_exists():
    here = [int(m[1]) for name in globals() if (m := re.match(r"test_(\d\d)_", name))]
    assert sorted({*here, *ELSEWHERE}) == list(range(1, 26))
    assert set(range(1, 26)) - set(here) == {9, 15, 21}
    for number, places in ELSEWHERE.items():
        for place in places:
            said = ast.get_docstring(found(place)) or ""
            named = re.search(r"[Cc]omplaints? ([\d, and]+)", said)
            assert named and str(number) in re.findall(r"\d+", named[1]), (number, place)


def test_every_case_of_the_protocol_has_a_test():
    assert len(CASES) == 19
    for places in CASES.values():
        assert all(map(found, places))


# The service under test

SECOND = 0.08
"""Five of WeChat's are 0.4 s; the budget of three is 0.24 s."""

MODES = ("plain", "compatible", "safe")
URL = "https://xst.example"
QUESTION, ANSWER = "收到要约多少天要答复", "20日内"
WAGES = "老板不发工资怎么办"

_people = itertools.count(1)


def somebody() -> str:
    return f"person-{next(_people)}"


class Place:
    """A service, a simulated WeChat in front of it, and an assistant that can be made to think."""

    def __init__(self, sim: WeChatSim, service, url: str) -> None:
        self.sim, self.service, self.url = sim, service, url
        self.settings = service.settings.wechat
        self.channel = service.senders[f"wechat:{sim.account.account}"]
        self.mailbox, self.store = service.desk.mailbox, service.desk.mailbox.store
        self._respond = service.assistant.respond
        service.assistant.respond = self._thinking
        self.asked, self.thinks, self.says = [], 0.0, None

    def _thinking(self, incoming, session):
        self.asked.append(incoming)
        turn = Turn((self.says,), Session()) if self.says else self._respond(incoming, session)
        time.sleep(self.thinks * SECOND)
        return turn

    def fresh(self) -> Place:
        """With a clean screen, and nothing planted."""
        self.asked, self.thinks, self.says = [], 0.0, None
        self.sim.reset()
        self.sim.set(
            twice=False, duplicates=0, old_key=False, kind="service", whitelist=None, fail_next=0,
            quota=None, latency=0.0,
        )  # fmt: skip
        self.channel.service.kind = "service"
        self.later(0)
        self.channel.service._api._fault = None
        with self.store.writing() as connection:
            connection.execute(OUTBOX.delete())
        return self

    def rows(self, table, user: str) -> int:
        """What is kept of a person in a table."""
        person = self.service.desk.person(self.channel.name, user)
        with self.store.reading() as connection:
            counted = select(func.count()).select_from(table).where(table.c.person == person)
            return int(connection.execute(counted).scalar_one())

    def shown(self, user: str, words: str, seconds: float = 5.0) -> bool:
        """Whether the account comes to say these words."""
        return waited(
            lambda: any(words in s.text for s in self.sim.screen(user) if s.by == "bot"), seconds
        )

    def put_off(self) -> int:
        """How many parcels were tried once and wait for another time."""
        query = select(func.count()).where(OUTBOX.c.tries == 1, OUTBOX.c.leased == 0.0)
        with self.store.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def later(self, seconds: float) -> None:
        """Let time pass for what waits to be sent."""
        self.mailbox._clock = lambda: time.time() + seconds
        self.channel.service._api._clock = lambda: time.monotonic() + seconds


def waited(true, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def late(place: Place, *users: str) -> None:
    """These people ask something at the same time that takes more than WeChat's fifteen seconds."""
    place.thinks = 16
    with ThreadPoolExecutor(len(users)) as pool:
        for done in pool.map(lambda user: place.sim.text(user, QUESTION), users):
            assert done.text in (texts.SLOW, texts.SLOW_FOLLOWS) and done.deliveries == 3
    place.thinks = 0.0


@contextlib.contextmanager
def serving(settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XST_RUN", str(Path(settings.database.removeprefix("sqlite:///")).parent))
        pages, service = make_server(settings)
    server = Server(pages)
    server.start()
    try:
        yield service, server.url
    finally:
        server.stop()


@contextlib.contextmanager
def placed(full, folder: Path, mode: str = "safe", kind: str = "service", says: str = "service"):
    """`kind` is what the account is, `says` what is configured."""
    folder.mkdir(exist_ok=True)
    with WeChatSim(mode=mode, kind=kind, second=SECOND) as sim:
        a = sim.account
        wechat = WeChat(
            a.account, a.app_id, a.token, a.aes_key, a.old_aes_key, a.secret, mode, says, sim.url
        )
        wechat = replace(wechat, budget=wechat.budget * SECOND)
        settings = replace(full, database=f"sqlite:///{folder / 'live.db'}", url=URL, wechat=wechat)
        with serving(settings) as (service, url):
            sim.hook = f"{url}/wechat"
            yield Place(sim, service, url)


@pytest.fixture(scope="module")
def places(full, tmp_path_factory):
    """mode -> its place, made when it is asked for first."""
    with contextlib.ExitStack() as stack:
        made: dict[str, Place] = {}

        def of(mode: str) -> Place:
            if mode not in made:
                folder = tmp_path_factory.mktemp(mode)
                made[mode] = stack.enter_context(placed(full, folder, mode))
                made[mode].sim.text(somebody(), "你好")  # what loads on first use
            return made[mode].fresh()

        yield of


@pytest.fixture
def place(places):
    return places("safe")


@pytest.fixture(params=MODES)
def each(request, places):
    return places(request.param)


# WeChat: once, and in time


def test_01_a_slow_handler_runs_once_and_the_person_gets_the_answer(each):
    each.thinks, user = 6, somebody()
    done = each.sim.text(user, QUESTION)
    assert ANSWER in done.text and done.deliveries == 2
    assert len(each.asked) == 1
    assert [s.by for s in each.sim.screen(user)] == ["me", "bot"]  # no 故障 from the platform
    assert each.sim.violations == {}


def test_02_a_message_that_arrives_three_times_has_its_effect_once(each):
    user = somebody()
    each.sim.text(user, WAGES)
    before = each.store.votes().get("card:wage-arrears", (0, 0))[0]
    each.sim.set(twice=True, duplicates=1)
    assert each.sim.text(user, "有用", menu_id="up").text.startswith(texts.THANKS_UP)
    assert each.sim.counts["deliveries"] == 4 and len(each.asked) == 2
    assert each.store.votes()["card:wage-arrears"][0] == before + 1
    assert each.rows(DELIVERIES, user) == 2
    assert each.sim.violations == {}  # the same was said to all three


def test_03_one_msgid_of_two_people_is_answered_to_both(each):
    one, other = somebody(), somebody()
    assert ANSWER in each.sim.voice(one, QUESTION, msg_id=77).text
    assert "工资每月" in each.sim.voice(other, WAGES, msg_id=77).text


def test_04_events_of_one_second_are_told_apart_and_leaving_deletes(each, monkeypatch):
    now = time.time()
    monkeypatch.setattr(
        "bot.sim.wechat_platform.time",
        SimpleNamespace(time=lambda: now, monotonic=time.monotonic),
    )
    user = somebody()
    assert each.sim.follow(user).text.startswith(texts.WELCOME[:9])
    assert each.sim.click(user, "open:quiz").text.startswith(texts.QUIZ_MENU)
    assert "工资每月" in each.sim.click(user, f"ask:{WAGES}").text
    assert each.sim.redeliver().outcome == "reply" and len(each.asked) == 3
    assert each.rows(CONVERSATIONS, user) == 1
    assert each.sim.position(user, 34.75, 113.63).outcome == "silence"
    each.sim.unfollow(user)
    assert each.rows(CONVERSATIONS, user) == each.rows(DELIVERIES, user) == 0


DETOUR = re.compile("正在思考|思考中|回复任意|任意文字|稍后查看")


def test_05_an_unverified_account_answers_at_once_and_asks_for_no_detour(place):
    place.sim.set(kind="unverified")
    place.channel.service.kind = "unverified"
    for question in (QUESTION, WAGES, "高温津贴一天多少", "要约", "旧办法还管用吗", "你是真人吗"):
        done = place.sim.text(somebody(), question)
        assert (done.outcome, done.deliveries) == ("reply", 1)
        assert done.seconds < 5 * SECOND and not DETOUR.search(done.text)
    place.thinks = 6  # and not when it is slow either
    assert ANSWER in place.sim.text(somebody(), QUESTION).text
    assert not [name for name in place.sim.counts if name.startswith("api ")]


def test_06_an_account_that_may_not_send_is_found_out_and_explained(full, tmp_path):
    with placed(full, tmp_path / "asked", kind="unverified", says="") as place:
        assert waited(lambda: place.channel.service.kind == "unverified")
        assert any("未认证" in said for _, said in diagnose(place.settings, URL))
    with placed(full, tmp_path / "wrong", kind="unverified", says="verified") as place:
        late(place, "o1")
        assert waited(lambda: place.sim.counts.get("api message/custom/send"))
        assert waited(lambda: not place.mailbox.waiting())
        person = place.service.desk.person(place.channel.name, "o1")
        again = asyncio.run(place.channel.send("o1", body_of("好"), person))
        assert again == Refused("not_permitted") and not place.channel.serves
        assert place.sim.counts["api message/custom/send"] == 1
        state, said = diagnose(place.settings, URL)[-1]
        assert state == "缺" and "未认证" in said


def test_07_an_account_whose_address_is_refused_goes_on_and_says_why(place):
    user = somebody()
    late(place, user)
    assert place.shown(user, ANSWER)  # for ten minutes all is well
    place.sim.reset()
    place.sim.set(whitelist=["10.0.0.1"])
    place.sim.kill_tokens()
    late(place, user)
    assert ANSWER in place.sim.text(user, QUESTION).text  # what WeChat asks for is answered
    assert waited(lambda: place.sim.counts.get("errcode 40164"))
    state, said = diagnose(place.settings, URL)[-1]
    assert state == "缺" and "IP白名单" in said
    assert waited(lambda: place.put_off() == 1)
    place.sim.set(whitelist=None)
    place.later(400)
    assert waited(lambda: not place.mailbox.waiting())
    last = place.sim.screen(user)[-1]
    assert last.kind == "service-text" and ANSWER in last.text


def test_07_what_somebody_types_is_never_said_by_the_account(place):
    """What could get it banned: an official account answers for every word it sends."""
    for said in ("鹦鹉螺号", f"鹦鹉螺号厂{WAGES}", f"{QUESTION}鹦鹉螺号"):
        assert "鹦鹉螺" not in place.sim.text(somebody(), said).text


def test_08_behind_a_slow_gateway_the_budget_still_leaves_time_to_answer(each):
    """A gateway that takes 0.8 of WeChat's five seconds."""
    http = httpx.AsyncClient(timeout=4.8 * SECOND, trust_env=False)

    async def passed_on(request):
        body = await request.body()
        await asyncio.sleep(0.2 * SECOND)
        try:
            answer = await http.post(f"{each.url}/wechat?{request.url.query}", content=body)
        except httpx.TransportError:
            return Response(status_code=504)
        await asyncio.sleep(0.6 * SECOND)
        return Response(answer.content, answer.status_code, media_type="text/xml")

    gateway = Server(Starlette(routes=[Route("/wechat", passed_on, methods=["POST"])]))
    gateway.start()
    hook, each.sim.hook = each.sim.hook, f"{gateway.url}/wechat"
    try:
        assert ANSWER in each.sim.text(somebody(), QUESTION).text
        late(each, somebody())  # a sentence in time, not 故障
    finally:
        each.sim.hook = hook
        gateway.stop()
    assert each.sim.violations == {}


def test_10_whatever_is_sent_by_the_account_itself_arrives(place):
    users = [somebody() for _ in range(6)]
    late(place, *users)
    assert all(place.shown(user, ANSWER) for user in users)
    assert [len([s for s in place.sim.screen(u) if s.kind == "service-text"]) for u in users] == (
        [1] * len(users)
    )
    assert waited(lambda: not place.mailbox.waiting())
    assert place.sim.violations == {}


# WeChat: what is said


def long_reply(characters: int) -> Reply:
    """An answer of many Chinese characters with law text and a choice."""
    said = "每方代表至少三人，会议应当有三分之二以上代表出席。" * 200
    cited = Cited("新办法", "第一条", "国家", "现行有效", "", quote="字" * 900, official=True)
    said = said[:characters]
    return Reply(
        said, said, "answer", (cited,), choices=(Choice("别的", "more"),), ref="card:wage-arrears"
    )


@pytest.mark.parametrize("characters", [600, 660, 700, 2048, 4000])
def test_11_a_long_chinese_answer_arrives_with_the_hint_of_more(each, characters):
    each.says = long_reply(characters)
    done = each.sim.text(somebody(), QUESTION)
    assert (done.outcome, done.reason) == ("reply", "")
    assert utf8(done.text) <= 2047
    assert texts.WHOLE.format(link=f"{URL}/card/wage-arrears") in done.text
    assert done.text.endswith(f"{texts.CHOOSE_NUMBER}\n1 别的")


def test_12_a_passive_text_has_2047_bytes_at_most(each):
    for bytes_ in range(2044, 2051):
        text = "长" * (bytes_ // 3) + "x" * (bytes_ % 3)
        each.says = Reply(text, text, "answer")
        done = each.sim.text(somebody(), QUESTION)
        assert done.outcome == "reply"
        if bytes_ <= 2047:
            assert done.text == text
        else:
            assert done.text.endswith("……") and utf8(done.text) > 2040


def test_13_a_long_answer_has_a_link_to_the_whole_of_it(place):
    place.says = long_reply(2000)
    said = place.sim.text(somebody(), QUESTION).text
    link = re.search(rf"{re.escape(URL)}(/\S+)", said)
    assert link
    place.says = None
    page = httpx.get(place.url + link[1], trust_env=False)
    assert page.status_code == 200
    for part in ("工资每月至少支付一次", "收集考勤和工资条", "第一条", "现行有效"):
        assert part in page.text
    assert not DETOUR.search(said) and "继续" not in said


def test_14_in_aes_mode_only_msg_signature_opens_the_door(place, places):
    for here in (place, places("compatible")):

        def post(change, body=b"", here=here):
            request = here.sim.request("o1", here.sim.xml("o1", QUESTION))
            params = {**request.params, **change(request.params)}
            params = {name: value for name, value in params.items() if value}
            content = body or request.body
            return httpx.post(here.sim.hook, params=params, content=content, trust_env=False)

        other = here.sim.request("o1", here.sim.xml("o1", "伪造")).body
        assert post(lambda p: {"msg_signature": p["signature"]}).status_code == 403
        assert post(lambda p: {"msg_signature": ""}).status_code == 403
        assert post(lambda p: {}, other).status_code == 403
        assert here.asked == []
        assert b"<Encrypt>" in post(lambda p: {"signature": ""}).content
        assert len(here.asked) == 1


# WeChat: its API


def test_16_four_workers_renew_a_token_once(place):
    url, name = place.service.settings.database, "wechat:four"
    apis = [
        Api(place.settings, Shared(Mailbox(open_store(url)), Persons(b"k" * 32), name))
        for _ in range(4)
    ]
    place.sim.set(latency=0.03)
    for renewed in (1, 2, 3):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: apis[n % 4].get("getcallbackip"), range(16)))
        assert place.sim.counts["api stable_token"] == renewed
        place.sim.kill_tokens()
    assert "api token" not in place.sim.counts


def test_17_what_others_do_with_the_account_costs_one_retry_at_most(place):
    api, account = place.channel.service._api, place.sim.account
    who = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
    place.sim.text("o1", QUESTION)
    api.send_text("o1", "一")
    before, dead = (
        place.sim.counts.get("api stable_token", 0),
        place.sim.counts.get("errcode 40001", 0),
    )
    for _ in range(3):  # another program fetches the old kind of token
        httpx.get(f"{place.sim.url}/cgi-bin/token", params=who, trust_env=False)
        place.sim.advance(310)
    api.send_text("o1", "二")
    assert place.sim.counts.get("api stable_token", 0) == before
    assert place.sim.counts.get("errcode 40001", 0) == dead
    httpx.post(
        f"{place.sim.url}/cgi-bin/stable_token",
        json={**who, "force_refresh": True},
        trust_env=False,
    )
    api.send_text("o1", "三")
    assert place.sim.counts["errcode 40001"] == dead + 1
    assert place.sim.counts["api stable_token"] == before + 2
    assert [s.text for s in place.sim.screen("o1")[-3:]] == ["一", "二", "三"]


def test_18_a_server_that_is_not_on_the_list_asks_a_few_times_and_not_for_ever(place):
    users = [somebody() for _ in range(12)]
    for user in users:
        place.sim.text(user, "你好")
    place.sim.set(whitelist=["10.0.0.1"])
    place.sim.kill_tokens()
    before = place.sim.counts.get("api stable_token", 0)
    desk = place.service.desk
    for user in users:
        arrived = SimpleNamespace(user=user, account=place.channel.name)
        parcel = desk.parcel(arrived, body_of("迟到的答案"))
        place.mailbox.post(desk.person(place.channel.name, user), [parcel])
    assert waited(lambda: place.sim.counts.get("errcode 40164"))
    assert waited(lambda: place.put_off() == len(users))
    time.sleep(1.1)  # the outbox was looked at again
    assert place.put_off() == len(users)
    asked = place.sim.counts["api stable_token"] - before
    assert 1 <= asked <= 4  # as many as may send at one time
    place.sim.set(whitelist=None)
    place.later(400)
    assert all(place.shown(user, "迟到的答案") for user in users)


def test_19_chinese_leaves_as_chinese(place):
    place.sim.text("o1", "你好")
    place.channel.service._api.send_text("o1", "协商，第一条 😀")
    assert place.sim.screen("o1")[-1].text == "协商，第一条 😀"
    place.channel.service._api.post("menu/create", payload(read_menu()))
    names = [button["name"] for button in place.sim.wechat.menu["button"]]
    assert names and all(re.fullmatch(r"[\u4e00-\u9fff]+", name) for name in names)
    assert place.sim.violations == {}


def test_a_changed_key_is_taken_in_every_mode_that_has_one(each):
    each.sim.set(old_key=True)
    assert ANSWER in each.sim.text(somebody(), QUESTION).text
    each.sim.set(old_key=False)
    assert ANSWER in each.sim.text(somebody(), QUESTION).text
    assert each.sim.violations == {}


def test_each_error_that_the_platform_gives_has_its_outcome(place):
    def send(user: str) -> str:
        person = place.service.desk.person(place.channel.name, user)
        outcome = asyncio.run(place.channel.send(user, body_of("好"), person))
        return getattr(outcome, "reason", type(outcome).__name__)

    def errors() -> dict[str, int]:
        return {n[8:]: c for n, c in place.sim.counts.items() if n.startswith("errcode ")}

    here = somebody()
    place.sim.text(here, "你好")
    assert send(here) == "Sent"
    place.sim.set(fail_next=1)
    assert (send(here), errors()) == ("Later", {"-1": 1})
    place.sim.kill_tokens()
    assert (send(here), errors()) == ("Sent", {"-1": 1, "40001": 1})
    place.sim.advance(7300)
    assert (send(here), errors().get("42001")) == ("Sent", 1)
    place.sim.set(quota=0)
    assert (send(here), errors().get("45009")) == ("Later", 1)
    place.sim.set(quota=None)
    place.sim.advance(48 * 3600)
    assert (send(here), errors().get("45015")) == ("no_allowance", 1)
    place.sim.kill_tokens()  # our clock did not go on with WeChat's
    used = somebody()
    place.sim.text(used, "你好")
    place.sim.wechat.users[used].grants["message"] = (0, 1e12)
    assert (send(used), errors().get("45047")) == ("no_allowance", 1)
    gone = somebody()
    place.sim.text(gone, "你好")
    del place.sim.wechat.users[gone]
    assert (send(gone), errors().get("40003")) == ("gone", 1)
    unverified = somebody()
    place.sim.text(unverified, "你好")
    place.sim.set(kind="unverified")
    assert (send(unverified), errors().get("48001")) == ("not_permitted", 1)
    assert send(unverified) == "not_permitted" and errors()["48001"] == 1


# Telegram


class Chat:
    """A service with a Telegram webhook, and a simulated Telegram."""

    def __init__(self, sim: TelegramSim, service, url: str) -> None:
        self.sim, self.service, self.url = sim, service, url
        self.mailbox = service.desk.mailbox
        self._respond, self.says = service.assistant.respond, None
        service.assistant.respond = self._said

    def _said(self, incoming, session):
        return Turn((self.says,), Session()) if self.says else self._respond(incoming, session)

    def answer(self, user: int, text: str):
        """What is said to somebody who has not written yet."""
        self.sim.text(user, text)
        assert waited(lambda: any(s.by == "bot" for s in self.sim.screen(user)))
        return next(s for s in self.sim.screen(user) if s.by == "bot")


SECRET = "s3cret_Token-of-the-webhook"


@pytest.fixture(scope="module")
def telegram(full, tmp_path_factory):
    folder = tmp_path_factory.mktemp("telegram")
    with TelegramSim() as sim:
        settings = replace(
            full,
            database=f"sqlite:///{folder / 'live.db'}",
            url=URL,
            telegram=Telegram(sim.token, SECRET, "webhook", sim.url),
        )
        with serving(settings) as (service, url):
            hook = {"url": f"{url}/telegram", "secret_token": SECRET}
            httpx.post(f"{sim.base_url}{sim.token}/setWebhook", json=hook, trust_env=False)
            yield Chat(sim, service, url)


@pytest.fixture
def chat(telegram):
    telegram.says = None
    return telegram


def test_20_what_is_said_is_counted_as_it_is_shown(chat):
    marks = "*第_一*条 [见](http://x.example) <b>粗</b> `码` \\ "
    for user, text in ((201, marks), (202, "😀" * 2048), (203, marks * 200), (204, "😀" * 2049)):
        chat.says = Reply(text, text, "answer")
        said = chat.answer(user, QUESTION).text
        assert utf16(said) <= 4096
        if utf16(text) <= 4096:
            assert said.strip() == text.strip()
        else:
            assert said.startswith(text[:1000]) and utf16(said) > 3900
    assert chat.sim.violations == {}


def test_22_a_webhook_has_a_secret_or_does_not_start(chat, full, tmp_path, monkeypatch):
    forged = {
        "update_id": 9_000_001,
        "message": {
            "message_id": 1, "date": 1, "text": QUESTION, "chat": {"id": 220, "type": "private"},
            "from": {"id": 220, "is_bot": False, "first_name": "x"},
        },
    }  # fmt: skip
    name = "X-Telegram-Bot-Api-Secret-Token"
    for headers in ({}, {name: ""}, {name: "wrong"}, {name: SECRET[:-1]}, {name: SECRET.upper()}):
        answer = httpx.post(f"{chat.url}/telegram", json=forged, headers=headers, trust_env=False)
        assert (answer.status_code, answer.content) == (403, b"")
    assert ANSWER in chat.answer(221, QUESTION).text  # with it, Telegram is heard
    assert chat.sim.screen(220) == [] and waited(lambda: not chat.mailbox.waiting())
    assert chat.sim.violations == {}  # which counts a webhook without a secret
    (tmp_path / "xst.toml").write_text("[telegram]\n", "utf-8")
    monkeypatch.setenv("XST_HOME", str(tmp_path))
    monkeypatch.setenv("XST_TELEGRAM_TOKEN", chat.sim.token)
    started = CliRunner().invoke(xst, ["serve"])
    assert isinstance(started.exception, ConfigError)
    assert "XST_TELEGRAM_SECRET" in str(started.exception)


def test_25_neither_live_state_nor_a_backup_knows_who_wrote(chat, tmp_path):
    user, words = 5_123_456_789, "鹦鹉螺七号"
    assert "工资" in chat.answer(user, f"我叫王小明，{words}厂老板不发工资怎么办").text
    with pytest.MonkeyPatch.context() as patch:  # and with what is still to be sent
        patch.setattr(chat.mailbox, "take", lambda *_: [])
        chat.sim.text(user, f"{words}{QUESTION}")
        assert waited(chat.mailbox.waiting)
        settings = chat.service.settings
        path = Path(settings.database.removeprefix("sqlite:///"))
        backup, _ = back_up(settings.database, settings.home, tmp_path / "b.zip")
        with contextlib.closing(sqlite3.connect(path)) as raw:
            kept = ["\n".join(raw.iterdump()).encode()]
        kept += [file.read_bytes() for file in path.parent.glob("live.db*")]
        with zipfile.ZipFile(backup) as archive:
            backed_up = [archive.read(name) for name in archive.namelist()]
    person = chat.service.desk.person(f"telegram:{chat.sim.token.partition(':')[0]}", str(user))
    assert any(person.encode() in data for data in kept)
    assert not any(person.encode() in data for data in backed_up)
    for secret in (str(user), words, "王小明"):
        assert not any(secret.encode() in data for data in [*kept, *backed_up]), secret
        assert secret not in "".join(map(ascii, kept))


# Answers


def test_23_what_is_no_longer_law_is_named_so_and_never_an_answers_basis(place):
    for question in ("旧办法还管用吗", "按《旧办法》每方代表十人对吗"):
        said = place.sim.text(somebody(), question).text
        assert said.startswith("《旧办法》已废止") and "《新办法》第二条（国家，现行有效" in said
    for question in (QUESTION, WAGES, "每方代表几人", "代表十人的规定"):
        basis = place.sim.text(somebody(), question).text.partition(texts.BASIS)[2]
        assert "《旧办法》" not in basis
    assert "现行有效" in basis
    for law, label in (("旧办法@1990-01-01", "已废止"), ("新办法@2020-01-01", "现行有效")):
        page = httpx.get(f"{place.url}/law/{law}", trust_env=False)
        assert page.status_code == 200 and label in page.text


def test_24_a_question_outside_the_field_gets_no_law_and_may_be_kept_for_a_person(place):
    for question in ("楼上漏水泡了天花板找谁赔", "明天天气怎么样", "彩票中奖号码是多少"):
        said = place.sim.text(somebody(), question).text
        assert said.startswith(texts.OUT_OF_FIELD)
        assert texts.BASIS not in said and "《" not in said
    user = somebody()
    place.sim.text(user, "x", menu_id="person")
    shown = place.sim.text(user, "我叫张伟，外包转正式要满几年").text
    assert "张伟" not in shown and place.store.queue() == []
    number = re.search(rf"^(\d) {texts.BUTTON_AGREE}$", shown, re.M)
    assert number and "取件码" in place.sim.text(user, number[1]).text
    assert [q.question for q in place.store.queue()] == ["【姓名】，外包转正式要满几年"]
