"""A whole campaign, played: 51 enterprises, 4,995 workers with planted truths and planted names.

People answer by WeChat numbers, Telegram buttons, web pages and, most of them, straight through
`Quizzing`, which all of these use. Then it is closed, reported and drawn; the figures are held
against the truth, and everything that was left behind is searched for persons.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import io
import logging
import random
import re
import shutil
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import typer
from district import (
    LEFT,
    answering,
    ask,
    attempts,
    campaign,
    chosen,
    district,
)
from scipy.stats import binom
from small import TODAY, write_content, write_laws
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot.assistant import Assistant
from bot.campaign import asking, codes, sheets
from bot.campaign.copied import unreliable
from bot.campaign.plan import Prizes
from bot.campaign.report import build
from bot.channels.telegram import TelegramBot
from bot.channels.web import make_app
from bot.channels.wechat.account import WeChatAccount
from bot.cli.campaign_report import report as command
from bot.desk import Desk
from bot.draw.check import announce, verify
from bot.draw.lots import close, draw, entry_of
from bot.draw.plan import keep_seed
from bot.draw.record import Prize, moment, write_record
from bot.events import Events
from bot.importing import import_paths
from bot.limits import Limits
from bot.persons import Persons
from bot.post import Post
from bot.quizzing import Quizzing, unfinished
from bot.release import Current, build_release
from bot.settings import Settings, Telegram, WeChat
from bot.sim.server import Server
from bot.sim.telegram import TelegramSim
from bot.sim.wechat import WeChatSim
from bot.storage.campaigns import SLOT, Campaigns
from bot.storage.mailbox import Mailbox
from bot.storage.store import open_store
from knowledge.authored import CONTENT, read_content
from knowledge.bound import FILE, LibraryTexts, bind, bound_text
from knowledge.library import Library, publish

pytestmark = pytest.mark.slow

OPENS, CLOSES = date(2026, 11, 1), date(2026, 11, 30)
BEACON = "7b" * 32


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    """The real bank, all of it live: 河南's and the nation's."""
    folder = tmp_path_factory.mktemp("bank")
    shutil.copytree(CONTENT / "quiz", folder / "quiz")
    shutil.copy(CONTENT / "regions.yaml", folder)
    (folder / "topics.yaml").write_text("[]", encoding="utf-8")
    return list(read_content(folder).items)


# Many campaigns, straight from the arithmetic


def forms(of, held):
    """What is left of all who answer, without their answers."""
    from bot.storage.campaigns import Attempt

    return [Attempt(unit, worker.knows, ()) for unit, worker in answering(of)]


def test_over_forty_districts_the_intervals_cover_the_planted_truth_as_promised():
    """Each end is promised at 95 %. Of so many repeats at least what chance leaves in 1 of 100;
    the worst-case bound holds even where those who don't know are the silent ones."""
    repeats, low, high, units, inside, claims = 40, 0, 0, 0, 0, 0
    for n in range(repeats):
        of = ask(district(100 + n, share=0.89, response=0.8), 0.2, seed=f"{n:04x}" * 8)
        held = campaign(of)
        report = build(held, forms(of, held))
        truth = of.truth()
        low += report.figure.low <= truth
        high += report.figure.high >= truth
        claims += report.figure.reached and truth < 0.9
        for unit, line in zip(held.units, _all(report, held), strict=True):
            if line is not None:
                units += 1
                inside += line.low - 1e-9 <= of.truth(unit.id) <= line.high + 1e-9
    least = binom.ppf(0.01, repeats, 0.95)
    assert low >= least and high >= least, (low, high)
    assert units > 1500 and inside >= binom.ppf(0.01, units, 0.9), (inside, units)
    assert claims <= binom.ppf(0.99, repeats, 0.05)
    for n in range(10):
        of = ask(district(200 + n, share=0.85, response=0.9, tied=0.5), 0.2, seed=f"{n:04x}" * 8)
        held = campaign(of)
        figure = build(held, forms(of, held)).figure
        assert figure.lower_worst <= of.truth() <= figure.share + 0.2
        assert figure.share > of.truth(), "silence that goes with ignorance flatters"


def _all(report, held):
    """The line of each unit, None for hidden ones."""
    lines = {line.name: line for line in report.units}
    return [lines.get(u.name) for u in held.units]


def test_copied_units_are_flagged_and_honest_ones_hardly_ever(items):
    """A district with three units of copiers, five times: units with enough sheets to compare."""
    found = honest = flagged = 0
    for n in range(5):
        of = ask(district(300 + n, cheats=3), 0.3)
        held = campaign(of, region="河南")
        bad = unreliable(attempts(of, held, items, seed=n), SLOT)
        found += len(set(of.cheats) & set(bad))
        honest += len(of.workers) - len(of.cheats)
        flagged += len(set(bad) - set(of.cheats))
    assert found >= 13, f"{found} of 15 copied units were found"
    assert flagged <= binom.ppf(0.99, honest, 0.01), f"{flagged} of {honest} honest units"


# One campaign, played through


class Clock:
    now = 1_793_500_000.0

    def __call__(self):
        return self.now


def _unsynced(connection, _):
    connection.execute("PRAGMA synchronous=OFF")


class Sources:
    """A built release, and the real bank beside it."""

    def __init__(self, seen, items):
        self._seen, self._items = seen, items
        self.known = {i.id: i for i in items}

    def __getattr__(self, name):
        return getattr(self._seen, name)

    def items(self):
        return self._items

    def item(self, ident):
        return self.known.get(ident)


class Played:
    """One installation with a district that takes part, and everything it leaves in `home`."""

    def __init__(self, home, release, items):
        self.home, self.clock, self.known = home, Clock(), {i.id: i for i in items}
        self.settings = Settings(home=home, operator="虚构区总工会")
        self.store = open_store(self.settings.database_url)
        # No power fails here, and fifteen thousand answers would wait for the disk.
        self.store.engine.dispose()
        event.listen(self.store.engine, "connect", _unsynced)
        self.sources = Sources(release.on(TODAY), items)
        self.campaigns = Campaigns(self.store, self.clock)
        self.quizzing = Quizzing(self.campaigns, lambda: self.sources, clock=self.clock)
        self.assistant = Assistant(lambda: self.sources, self.store)
        self.assistant.quizzing = self.quizzing
        self.persons = Persons(b"k" * 32)
        self.mailbox = Mailbox(self.store)
        self.of = ask(district(1, share=0.87, cheats=2), 0.22)
        self.chance = random.Random(5)
        self.held = campaign(self.of, opens=OPENS, closes=CLOSES, region="河南")
        self.fair = replace(
            self.held, id="fair", title="有奖问答", sample="自愿", entrance="不用码",
            roster_seed="", draw=Prizes(5, "雨伞", "drand"),
        )  # fmt: skip
        for one in (self.held, self.fair):
            self.campaigns.create(one, asking.points_of(one, items))
            assert self.campaigns.set_status(one.id, "draft", "open")
        self.came = {"wechat": 0, "telegram": 0, "web": 0, "other": 0}
        self.entries = []

    # Handing out

    def hand_out(self):
        """A hat of codes for every unit; who draws which is written nowhere."""
        key = self.campaigns.get("autumn").key
        self.codes = {}
        for unit in self.held.units:
            made = codes.make_codes(key, "autumn", unit.id, unit.asked)
            self.campaigns.issue("autumn", unit.id, len(made))
            text = sheets.slips(self.held, unit, made, "https://xst.example.cn")
            (self.home / f"slips-{unit.id}.html").write_text(text, encoding="utf-8")
            self.chance.shuffle(made)
            self.codes[unit.id] = made

    def code(self, worker):
        return self.codes[worker.unit].pop()

    # Answering

    def item(self, text):
        """The item whose words stand in what somebody sees."""
        bare = "".join(text.split())  # channels break lines where they like
        found = [i for i in self.known.values() if "".join(i.stem.split()) in bare]
        found = [i for i in found if all("".join(o.text.split()) in bare for o in i.options)]
        assert found, text
        return max(found, key=lambda i: len(i.stem))

    def straight(self, worker, code="", scene=""):
        """Through `Quizzing`, at a time of one's own; copiers sit together."""
        if worker.unit in self.of.cheats:
            self.clock.now = 1_793_900_000.0 + self.chance.random() * 300
        else:
            self.clock.now = 1_793_500_000.0 + self.chance.random() * 1_600_000
        person = "" if code else self.persons.person("wechat:gh_1", worker.openid)
        page = self.quizzing.enter(scene, code, person)
        while page.shown:
            if worker.leaves and page.shown.number > LEFT:
                return
            self.clock.now += 5
            plan = chosen(self.of, worker, self.known[page.shown.item])
            places = [page.shown.places.index(p) for p in plan]
            page = self.quizzing.answer(page.token, page.shown.number, places)
            assert not page.problem
        assert page.ending, page
        if page.ending.entry:
            self.entries.append(page.ending.entry)

    def numbers(self, worker, said):
        """What somebody types as an answer to a question shown as text: 「2」, 「1 3」."""
        item = self.item(said)
        plan = chosen(self.of, worker, item)
        lines = dict(re.findall(r"^(\d+) (?:[☐☑] )?(.+)$", said, flags=re.M))
        of = {text: number for number, text in lines.items()}
        self.clock.now += 5
        if "☑" in said:
            return of["选好了"]
        if not plan:
            return "不知道"
        return " ".join(sorted(of[item.options[p].text] for p in plan))

    def on_wechat(self, sim, worker, said):
        for _ in range(20):
            if "【" not in said:
                break
            said = sim.text(worker.openid, self.numbers(worker, said)).text
        self._ended(said, "wechat")

    def on_telegram(self, sim, worker, first):
        sim.text(worker.telegram, first) if not first.startswith("q-") else sim.start(
            worker.telegram, first
        )
        for number in range(1, 20):
            shown = _bot(sim, worker.telegram, number)
            if "【" not in shown.text:
                break
            buttons = shown.extra["buttons"]
            item = self.item("\n".join([shown.text, *buttons]))
            plan = chosen(self.of, worker, item)
            self.clock.now += 5
            labels = [item.options[p].text for p in plan] or ["不知道"]
            if any("☑" in b for b in buttons):
                sim.press(worker.telegram, shown.extra["message_id"], "选好了")
            elif item.kind == "多选":
                places = [n for n, b in enumerate(buttons, 1) if any(x in b for x in labels)]
                sim.text(worker.telegram, " ".join(map(str, places)) if plan else "不知道")
            else:
                sim.press(worker.telegram, shown.extra["message_id"], labels[0])
        self._ended(shown.text, "telegram")

    def on_web(self, client, worker, form):
        said = client.post("/quiz", data=form).text
        for _ in range(13):
            if 'name="number"' not in said:
                break
            token = re.search(r'name="token" value="([^"]+)"', said)[1]
            number = re.search(r'name="number" value="([^"]+)"', said)[1]
            options = re.findall(r'value="(\d+)"><span>(.*?)</span>', said)
            item = self.item(re.sub(r"<[^>]*>", "", said))
            plan = chosen(self.of, worker, item)
            texts = [item.options[p].text for p in plan]
            picks = [value for value, text in options if text in texts] or ["u"]
            self.clock.now += 5
            answer = {"token": token, "number": number, "pick": picks}
            said = client.post("/quiz", data=answer).text
        self._ended(said, "web")

    def _ended(self, said, channel):
        assert re.search(r"答完|答对", said), said
        self.came[channel] += 1
        if entry := re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", said):
            self.entries.append(entry[0])


def _bot(sim, chat, count):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        shown = [s for s in sim.screen(chat) if s.by == "bot"]
        if len(shown) >= count:
            return shown[count - 1]
        time.sleep(0.01)
    raise AssertionError(f"{len(shown)} things were said, not {count}: {sim.screen(chat)[-3:]}")


@contextlib.contextmanager
def channels(played):
    """WeChat and Telegram, simulated, and one service that talks with both."""
    with WeChatSim(mode="safe", kind="verified") as wx, TelegramSim() as tg:
        a = wx.account
        settings = WeChat(
            a.account, a.app_id, a.token, a.aes_key, a.old_aes_key, a.secret, "safe", "verified",
            api=wx.url,
        )  # fmt: skip
        desk = Desk(played.assistant, played.mailbox, played.persons, Limits(burst=1000))
        account = WeChatAccount(settings, desk, "")

        @contextlib.asynccontextmanager
        async def lifespan(_):
            bot = TelegramBot(Telegram(tg.token, mode="polling", api=tg.url), desk)
            senders = {account.name: account, bot.account: bot}
            post = Post(played.mailbox, played.persons, senders)
            desk.posted, stop = post.nudge, asyncio.Event()
            work = [asyncio.create_task(post.run()), asyncio.create_task(bot.poll(stop))]
            yield
            stop.set()
            await work[1]
            work[0].cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await bot.close()

        server = Server(Starlette(routes=account.routes(), lifespan=lifespan))
        server.start()
        wx.hook = f"{server.url}/wechat"
        try:
            yield wx, tg
        finally:
            server.stop()


@pytest.fixture(scope="module")
def played(tmp_path_factory, release, items):
    """Everything that happens, once for all tests below."""
    home = tmp_path_factory.mktemp("played") / "home"
    home.mkdir()
    log = logging.FileHandler(home / "xst.log", encoding="utf-8")
    log.setFormatter(Events())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        yield _play(Played(home, release, items))
    finally:
        root.removeHandler(log)
        root.setLevel(level)
        log.close()


def _play(played):
    of, fair = played.of, played.fair
    played.roster = {w.line for people in of.workers.values() for w in people}
    opens = datetime(2026, 11, 1, tzinfo=UTC)
    played.secret = bytes(range(32))
    announced = announce(
        title=fair.title, organiser=fair.organiser, prizes=[Prize("雨伞", 5, 60)], opens=opens,
        closes=datetime(2026, 11, 30, 10, tzinfo=UTC), claim="服务窗口凭码领取",
        rules="答完就能抽，与对错无关", seed=played.secret, now=opens - timedelta(days=3),
        reserves=2,
    )  # fmt: skip
    (played.home / "draws").mkdir()
    keep_seed(played.home / "draws", announced.commit, played.secret)
    played.hand_out()
    people = answering(of)
    honest = [w for _, w in people if w.unit not in of.cheats and not w.leaves]
    chats = played.chance.sample(honest, 15)
    guests = played.chance.sample([w for w in honest if w not in chats], 120)
    client = TestClient(
        make_app(played.assistant, lambda: played.sources, played.settings),
        base_url="http://127.0.0.1:8000",
    )
    with channels(played) as (wx, tg):
        # Telegram lets a bot say one thing a second in a chat: all of them at one time.
        first = [(w, played.code(w)) for w in chats[5:10]]
        first += [(w, fair.scene(w.unit)) for w in guests[:2]]
        with ThreadPoolExecutor(len(first)) as pool:
            telling = [pool.submit(played.on_telegram, tg, w, said) for w, said in first]
            for worker in chats[:5]:
                played.on_wechat(wx, worker, wx.text(worker.openid, played.code(worker)).text)
            for worker in guests[2:4]:
                scene = fair.scene(worker.unit)
                played.on_wechat(wx, worker, wx.follow(worker.openid, scene).text)
            for one in telling:
                one.result()
        assert wx.violations == tg.violations == {}
    for worker in chats[10:]:
        played.on_web(client, worker, {"code": played.code(worker)})
    for worker in guests[4:]:
        played.straight(worker, scene=fair.scene(worker.unit))
    for _, worker in people:
        if worker not in chats:
            played.straight(worker, played.code(worker))
    played.before = played.campaigns.attempts("autumn")
    for one in (played.held, fair):
        assert played.campaigns.close(
            one.id, lambda s, one=one: unfinished(one, s), lambda a: unreliable(a, SLOT)
        )
    record = close(announced, played.campaigns.entries("fair"), moment(announced.closes))
    when = moment(announced.beacon.at) + timedelta(hours=1)
    played.record = draw(record, played.secret, BEACON, when)
    (played.home / "draw.json").write_text(write_record(played.record), encoding="utf-8")
    app = typer.Typer()
    app.command()(command)
    out = played.home / "report"
    for ident in ("autumn", "fair"):
        done = CliRunner().invoke(
            app, [ident, "--out", str(out)], env={"XST_HOME": str(played.home)}
        )
        assert done.exit_code == 0, done.output
    after = played.campaigns.get("autumn")
    played.report = build(
        after.campaign, played.campaigns.attempts("autumn"), points=after.points,
        bank=played.known, progress=played.campaigns.progress("autumn"),
        unreliable=after.unreliable,
    )  # fmt: skip
    return played


def test_everybody_who_answered_is_counted_once_whatever_channel_they_came_by(played):
    assert played.came == {"wechat": 7, "telegram": 7, "web": 5, "other": 0}
    kept = played.campaigns.attempts("autumn")
    assert len(kept) == len(answering(played.of))
    by_unit = {u: sum(a.unit == u for a in kept) for u in played.of.asked}
    assert by_unit == {
        u: sum(unit == u for unit, _ in answering(played.of)) for u in played.of.asked
    }


def test_the_report_covers_the_planted_truth_and_names_the_copiers_units_only(played):
    report, of = played.report, played.of
    assert set(report.unreliable) >= {of.names[u] for u in of.cheats}
    assert len(report.unreliable) <= len(of.cheats) + 2, "one unit in a hundred at most by chance"
    gone = tuple(u for u in of.workers if of.names[u] in report.unreliable)
    truth = of.truth(without=gone)
    figure = report.figure
    assert figure.low <= truth <= figure.high
    assert figure.lower_worst < truth
    assert figure.possible[0] <= truth <= figure.possible[1]
    covered = [
        line.low - 1e-9 <= of.truth(u.id) <= line.high + 1e-9
        for u, line in zip(played.held.units, _all(report, played.held), strict=True)
        if line is not None
    ]
    assert len(covered) > 30 and sum(covered) >= binom.ppf(0.01, len(covered), 0.9)


def test_the_harder_areas_are_what_the_report_says_is_missing(played):
    assert {a.area for a in played.report.missing[:3]} == {4, 8, 10}
    assert len(played.report.items.lines) >= 12


def test_the_draw_verifies_and_a_winner_can_claim(played):
    found = verify(played.record, beacon=BEACON)
    assert all(f.good is not False for f in found), [f for f in found if f.good is False]
    assert sorted(map(entry_of, played.entries)) == list(played.record.closed.entries)
    mine = {entry_of(e): e for e in played.entries}
    assert all(w in mine for w in played.record.drawn.winners)
    assert len(played.record.drawn.winners) == 5


def test_the_prize_round_is_publicity_and_no_more(played):
    said = (played.home / "report" / "fair.html").read_text(encoding="utf-8")
    assert "达到" not in said and "人次" in said


SHAPES = rb"1399\d{7}|GH\d{6}|oPLANTED\d{6}[0-9a-f]{12}|71000\d{5}|(?:[\xe4-\xe9][\x80-\xbf]{2}){3}\d{4}\xe5\x8f\xb7"


def left_behind(folder):
    """Every file with its bytes, those inside a .docx too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield path.name, content
            if path.suffix == ".docx":
                with zipfile.ZipFile(io.BytesIO(content)) as file:
                    for name in file.namelist():
                        yield f"{path.name}/{name}", file.read(name)


def persons_in(folder, planted, hashes):
    """(file, what) for every planted id, and every hash of one, in the files of a folder."""
    found = []
    for name, content in left_behind(folder):
        found += [(name, m) for m in re.findall(SHAPES, content) if m in planted]
        for token in re.findall(rb"[0-9a-fA-F]{16,}", content):
            token = token.lower()
            starts = {token[n : n + 16] for n in range(max(1, len(token) - 15))}
            found += [(name, t) for t in starts & hashes]
        found += [(name, raw) for raw in hashes if raw and len(raw) == 20 and raw in content]
    return found


def hashes_of(ids, keys):
    """The first 16 hexadecimal digits of the hashes that could stand for these ids."""
    made = set()
    for ident in ids:
        for digest in (
            hashlib.sha256(ident).hexdigest(), hashlib.sha1(ident).hexdigest(),
            hashlib.md5(ident).hexdigest(), *(hmac.digest(k, ident, "sha256").hex() for k in keys),
        ):  # fmt: skip
            made.add(digest[:16].encode())
    return made


def test_no_person_can_be_found_in_anything_that_was_left(played, tmp_path):
    """Tables, log, WAL, report, draw record and slips; with the keys that are kept on disk."""
    workers = [w for people in played.of.asked.values() for w in people]
    planted = {ident.encode() for w in workers for ident in w.ids}
    keys = [played.campaigns.get(i).key for i in ("autumn", "fair")]
    keys += [p.read_bytes().strip() for p in played.home.rglob("*.key")]
    hashes = hashes_of(planted, keys)
    names = {name for name, _ in left_behind(played.home)}
    assert {"live.db", "xst.log", "draw.json", "autumn.html", "autumn.docx"} <= names
    assert any("-wal" in n for n in names), "the write-ahead log is searched, too"
    assert persons_in(played.home, planted, hashes) == []
    one = workers[0]
    for ident in one.ids:  # the search can find
        (tmp_path / "leak.txt").write_text(f"见 {ident} 。", encoding="utf-8")
        assert persons_in(tmp_path, planted, hashes), ident
    (tmp_path / "leak.txt").write_text(
        "h=" + hmac.digest(keys[0], one.openid.encode(), "sha256").hex()[:32], encoding="utf-8"
    )
    assert persons_in(tmp_path, planted, hashes)


def test_no_code_that_was_used_stands_beside_answers_and_no_time_is_kept(played):
    assert all(a.slot is None for a in played.campaigns.attempts("autumn"))
    with played.store.reading() as connection:
        for table in ("sittings", "partaken"):
            count = f"SELECT count(*) FROM {table} WHERE campaign IN ('autumn', 'fair')"
            assert connection.exec_driver_sql(count).scalar() == 0
    assert all(a.slot is not None for a in played.before), "while it ran, slots were"


# The law changes while people answer

CHANGING = """- point: reply
  area: 4
  level: 1
  teaches: 二十日内回应
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
{reply}
- point: refuse
  area: 5
  level: 1
  teaches: 代表至少三人
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
{refuse}
- point: spare
  area: 4
  level: 1
  teaches: 没有正当理由不得拒绝
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
{spare}
"""
FORM = """    - id: {point}-{form}
      kind: 判断
      stem: {stem}（{form}）
      answer: 对
      claim: {{near: [{near}]{figure}}}
      why: 条文就是这样写的。
      cite: [《协商规定》第{article}条]
"""


def _forms(point, stem, near, figure, article):
    values = {"point": point, "stem": stem, "near": near, "figure": figure, "article": article}
    return "".join(FORM.format(form=f, **values) for f in "abc").rstrip("\n")


def test_a_law_that_changes_mid_campaign_takes_exactly_its_items_and_no_score(tmp_path):
    home = tmp_path / "home"
    settings = Settings(home=home, operator="试验工会")
    folder, laws = write_content(home / "content"), write_laws(home / "laws")
    (folder / "quiz").mkdir()
    text = CHANGING.format(
        reply=_forms("reply", "收到要求20日内书面回应", "回应", ", figure: 20日", "二"),
        refuse=_forms("refuse", "每方代表至少3人", "代表", ", figure: 3人, compare: 至少", "四"),
        spare=_forms("spare", "拒绝协商的责令改正", "拒绝", ", says: {责令改正: 责令改正}", "三"),
    )
    (folder / "quiz" / "law.yaml").write_text(text, encoding="utf-8")
    with (folder / "digests" / "协商规定.yaml").open("a", encoding="utf-8") as file:
        file.write('  第四条: "每方代表至少3人。"\n')
    import_paths([laws], settings.shelf, overrides=read_content(folder).overrides)
    publish(settings.shelf, tmp_path / "proof.db", {}, {})
    proof = Library(tmp_path / "proof.db")
    bound = bind(read_content(folder).items, LibraryTexts(proof, TODAY))
    proof.close()
    (folder / FILE).write_text(bound_text(bound), encoding="utf-8")
    build_release(settings, read_content(folder))
    ticks = iter(range(0, 10_000, 5))
    current = Current(settings, lambda: TODAY, lambda: float(next(ticks)))
    clock = Clock()
    campaigns = Campaigns(open_store(settings.database_url), clock)
    quizzing = Quizzing(campaigns, current, clock=clock)
    of = district(9, units=1, workers=60)
    ask(of, 1.0)
    held = campaign(of, opens=OPENS, closes=CLOSES, sample="全员", passing=2)
    held = replace(held, form=replace(held.form, items=2, areas=(4, 5)))
    campaigns.create(held, ("reply", "refuse"))
    campaigns.set_status(held.id, "draft", "open")
    key, unit = campaigns.get(held.id).key, held.units[0].id
    made = codes.make_codes(key, held.id, unit, 24)
    before = {i.id: i for i in current().items()}
    assert len(before) == 9

    def right(page):
        clock.now += 10
        item = current().item(page.shown.item)
        places = [page.shown.places.index(p) for p in item.key]
        return quizzing.answer(page.token, page.shown.number, places)

    def through(page):
        met = []
        while page.shown:
            met.append(page.shown.item)
            page = right(page)
        assert page.ending
        return met

    for code in made[:12]:
        assert {i[:5] for i in through(quizzing.enter(code=code))} == {"reply", "refus"}
    under_way = [quizzing.enter(code=c) for c in made[12:18]]  # shown, not answered yet
    law = laws / "协商规定(2004-01-20).md"
    law.write_text(law.read_text(encoding="utf-8").replace("20日内以书面", "10日内以书面"), "utf-8")
    import_paths([laws], settings.shelf, overrides=read_content(folder).overrides)
    time.sleep(0.01)
    build_release(settings, read_content(folder))

    gone = set(before) - {i.id for i in current().items()}
    assert gone == {"reply-a", "reply-b", "reply-c"}, "exactly the items that cite the article"
    assert {w.item.id for w in current().standing.withdrawn} == gone
    for page in under_way:
        assert not gone & set(through(quizzing.page(page.token)))
    for code in made[18:]:
        assert not gone & set(through(quizzing.enter(code=code)))
    kept = campaigns.attempts(held.id)
    assert len(kept) == 24 and all(a.passed for a in kept), "scores given stand"
    old = [one for a in kept for one in a.answers if one.item in gone]
    assert len(old) == 12 and {(o.item, o.version) for o in old} <= {
        (i, before[i].version) for i in gone
    }
    assert campaigns.close(held.id, lambda s: unfinished(held, s), lambda a: unreliable(a, SLOT))
    report = build(held, campaigns.attempts(held.id), bank={i: current().item(i) for i in before})
    said = {(line.id, line.version) for line in report.items.lines}
    assert {(o.item, o.version) for o in old} <= said
