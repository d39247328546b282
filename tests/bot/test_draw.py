"""The prize draw: its arithmetic, its steps, and every way of cheating that a record can show."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from bot.draw.check import announce, verify
from bot.draw.lots import (
    beacon_bytes,
    close,
    commit,
    draw,
    entry_of,
    new_entry,
    prize_of,
    ranking,
    root_of,
    round_at,
    time_of,
)
from bot.draw.record import (
    PUBLIC,
    Beacon,
    DrawError,
    Prize,
    Record,
    digest,
    moment,
    read_record,
    write_record,
)

SEED = bytes.fromhex("00" * 31 + "2a")
BEACON = "bb" * 32
ENTRIES = [hashlib.sha256(f"entry-{n}".encode()).hexdigest() for n in range(200)]
OPENS = datetime(2026, 12, 1, tzinfo=UTC)
CLOSES = datetime(2026, 12, 20, 10, tzinfo=UTC)
PRIZES = (Prize("一等奖", 1, 300), Prize("二等奖", 2, 60))


def announced(**other):
    said = {
        "title": "有奖问答",
        "organiser": "虚构区总工会",
        "prizes": PRIZES,
        "opens": OPENS,
        "closes": CLOSES,
        "claim": "到服务窗口凭码领取",
        "rules": "一人一次，公布后不改",
        "seed": SEED,
        "now": OPENS - timedelta(days=3),
        "reserves": 2,
    }
    return announce(**said | other)


def closed(entries=ENTRIES, **other):
    return close(announced(**other), entries, CLOSES + timedelta(minutes=5))


def drawn(entries=ENTRIES, **other):
    record = closed(entries, **other)
    return draw(record, SEED, BEACON, moment(record.announcement.beacon.at) + timedelta(hours=1))


def wrong(record, **known):
    return [(f.step, f.says) for f in verify(record, **known) if f.good is False]


# The worked example


def test_the_commitment_of_the_worked_example():
    """The published example gives a seed and its commitment; its 200 entries are not listed."""
    assert commit(SEED) == "0a28e9ffef0073f9a6a674cf57ee77307f38f0f1bebb087888d9011ed0eeefdf"


def test_an_example_of_200_entries_step_by_step():
    """The same figures by the formulas alone, and fixed, so that no version draws otherwise."""
    entries = [e[:16] for e in ENTRIES]
    root = hashlib.sha256("\n".join(sorted(entries)).encode()).hexdigest()
    assert root_of(reversed(entries)) == root
    assert root == "7ed9c146bc7701d914d964fe19b0f576479091e5fdba56e3561c5e51c9a6394e"
    ranked = ranking(entries, SEED, root, bytes.fromhex(BEACON))
    assert ranked[:3] == ["0ec639199b8b44ae", "7bc765add585f97f", "288bb95b4a481d70"]
    assert sorted(ranked) == sorted(entries)


def test_every_place_is_as_likely_for_every_entry():
    """2,000 draws of 3 winners among 200; a fixed sequence of seeds, so it holds or never does."""
    entries = [e[:16] for e in ENTRIES]
    root, wins = root_of(entries), dict.fromkeys(entries, 0)
    for n in range(2000):
        beacon = hashlib.sha256(f"beacon {n}".encode()).digest()
        for winner in ranking(entries, SEED, root, beacon)[:3]:
            wins[winner] += 1
    found = chisquare(list(wins.values()))
    assert sum(wins.values()) == 6000
    assert 0.01 < found.pvalue < 0.99


# Codes


def test_a_code_is_shown_once_and_its_entry_tells_nothing_of_it():
    pairs = [new_entry() for _ in range(50)]
    assert len({entry for _, entry in pairs}) == 50
    for code, entry in pairs:
        assert entry_of(code) == entry and len(entry) == 64
        assert code.replace("-", "").lower() not in entry


def test_a_code_is_understood_as_people_type_it():
    entry = entry_of("7K2M-901T-4HVN-8PWD")
    for typed in (
        "7k2m 9o1t 4hvn 8pwd",
        "７Ｋ２Ｍ－９０１Ｔ－４ＨＶＮ－８ＰＷＤ",
        "7K2M9OLT4HVN8PWD\n",
        "7k2m—90it—4hvn—8pwd",
    ):
        assert entry_of(typed) == entry


@pytest.mark.parametrize("typed", ["", "7K2M", "7K2M-901T-4HVN-8PWDX", "7K2M-901T-4HVN-8PW!"])
def test_what_is_no_code_is_said(typed):
    with pytest.raises(DrawError, match="16 位"):
        entry_of(typed)


# The steps


def test_an_honest_draw_has_nothing_wrong_and_says_what_to_look_up():
    record = drawn()
    assert wrong(record) == []
    asked = [f.says for f in verify(record) if f.good is None]
    assert len(asked) == 2
    assert f"/public/{record.announcement.beacon.round}" in asked[0]
    assert digest(record.announcement)[:16] in asked[1] and digest(record.closed)[:16] in asked[1]
    pinned = (digest(record.announcement), digest(record.closed)[:20])
    assert all(f.good for f in verify(record, pinned, BEACON.upper()))


def test_what_is_written_is_read_again():
    for record in (Record(announced()), closed(), drawn()):
        assert read_record(write_record(record)) == record


def test_prizes_go_by_rank_and_reserves_follow():
    record = drawn()
    first, _, third = record.drawn.winners
    assert prize_of(record, first) == (1, PRIZES[0])
    assert prize_of(record, third) == (3, PRIZES[1])
    assert prize_of(record, record.drawn.reserves[1]) == (2, None)
    loser = next(e for e in ENTRIES if e not in (*record.drawn.winners, *record.drawn.reserves))
    assert prize_of(record, loser) == (0, None)


def test_fewer_entries_than_prizes_all_win():
    record = drawn(ENTRIES[:2])
    assert set(record.drawn.winners) == set(ENTRIES[:2]) and record.drawn.reserves == ()
    assert wrong(record) == []
    assert wrong(drawn([])) == []


def test_the_list_is_closed_after_the_end_and_before_the_beacon_only():
    said = announced()
    with pytest.raises(DrawError, match="才截止"):
        close(said, ENTRIES, CLOSES - timedelta(seconds=1))
    with pytest.raises(DrawError, match="作废"):
        close(said, ENTRIES, moment(said.beacon.at))
    with pytest.raises(DrawError, match="出现了两次"):
        close(said, [*ENTRIES, ENTRIES[7]], CLOSES)


def test_no_draw_before_the_beacon_nor_with_another_seed():
    record = closed()
    at = moment(record.announcement.beacon.at)
    with pytest.raises(DrawError, match="还不能开奖"):
        draw(record, SEED, BEACON, at - timedelta(seconds=1))
    with pytest.raises(DrawError, match="承诺值不符"):
        draw(record, bytes(32), BEACON, at)
    with pytest.raises(DrawError, match="64 位"):
        draw(record, SEED, "abc", at)


def test_a_seed_kept_back_leaves_the_beacon_alone_and_shows():
    record = closed()
    late = moment(record.announcement.reveal_by) + timedelta(seconds=1)
    with pytest.raises(DrawError, match="才能不用种子"):
        draw(record, b"", BEACON, moment(record.announcement.reveal_by), "机器坏了")
    with pytest.raises(DrawError, match="写明为什么"):
        draw(record, b"", BEACON, late)
    with pytest.raises(DrawError, match="已经过了"):
        draw(record, SEED, BEACON, late)
    fallen = draw(record, b"", BEACON, late, "机器坏了")
    assert wrong(fallen) == []
    assert any("机器坏了" in f.says for f in verify(fallen))
    assert fallen.drawn.winners != drawn().drawn.winners
    key = hashlib.sha256(bytes.fromhex(record.closed.root + BEACON)).digest()
    first = min(ENTRIES, key=lambda e: hmac.digest(key, e.encode(), "sha256"))
    assert fallen.drawn.winners[0] == first


def test_a_lottery_or_an_index_may_be_the_beacon():
    beacon = Beacon(PUBLIC, "2026-12-22T21:30:00+08:00", 0, "双色球第1期号码", "发行机构网站")
    record = close(announced(beacon=beacon), ENTRIES, CLOSES)
    when = moment(beacon.at) + timedelta(hours=1)
    one = draw(record, SEED, "01 05 09 17 22 30 07", when)
    other = draw(record, SEED, "01 05 09 17 22 30 08", when)
    assert wrong(one) == [] and one.drawn.winners != other.drawn.winners
    assert wrong(one, beacon=" ０１ 05 09 17 22 30 07 ") == []
    assert beacon_bytes(beacon, "０１") == beacon_bytes(beacon, "01 ")


def test_rounds_of_drand_and_their_times():
    assert time_of(1) == datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
    # 2026-04-20 00:00:00 UTC is round 27,946,612 (published by clients of the network).
    assert round_at(datetime(2026, 4, 20, tzinfo=UTC)) == 27_946_612
    assert time_of(27_946_612) == datetime(2026, 4, 20, tzinfo=UTC)
    assert round_at(datetime(2026, 4, 20, 0, 0, 1, tzinfo=UTC)) == 27_946_613
    beacon = announced().beacon
    assert moment(beacon.at) >= CLOSES + timedelta(hours=1)


# Tampering


def _rewrite(record, **parts):
    changed = {k: replace(getattr(record, k), **v) for k, v in parts.items()}
    return replace(record, **changed)


def _with_list(record, entries):
    return _rewrite(record, closed={"entries": tuple(sorted(entries))})


ANOTHER = hashlib.sha256(b"a friend of the organiser").hexdigest()


@pytest.mark.parametrize(
    ("tamper", "step", "says"),
    [
        (lambda r: _with_list(r, r.closed.entries[1:]), "封存", "名单与封存值不符"),
        (lambda r: _with_list(r, [*r.closed.entries, ANOTHER]), "封存", "名单与封存值不符"),
        (lambda r: _with_list(r, [*r.closed.entries, r.closed.entries[5]]), "封存", "1 个重复"),
        (lambda r: _with_list(r, [ANOTHER, *r.closed.entries[1:]]), "封存", "名单与封存值不符"),
        (
            lambda r: _rewrite(r, closed={"entries": r.closed.entries[::-1]}),
            "封存",
            "顺序不对",
        ),
        (lambda r: _rewrite(r, drawn={"seed": "00" * 31 + "2b"}), "开奖", "种子被换过"),
        (lambda r: _rewrite(r, drawn={"seed": ""}), "开奖", "不到期限就没有用种子"),
        (lambda r: _rewrite(r, drawn={"beacon": "bb" * 31 + "bc"}), "开奖", "中奖名单与重算"),
        (lambda r: _rewrite(r, drawn={"beacon": "随便"}), "开奖", "64 位"),
        (
            lambda r: _rewrite(r, drawn={"winners": (*r.drawn.winners[:2], ANOTHER)}),
            "开奖",
            "从第 3 个起",
        ),
        (
            lambda r: _rewrite(r, drawn={"winners": r.drawn.winners[1::-1] + r.drawn.winners[2:]}),
            "开奖",
            "从第 1 个起",
        ),
        (lambda r: _rewrite(r, drawn={"winners": r.drawn.winners[:2]}), "开奖", "从第 3 个起"),
        (
            lambda r: _rewrite(r, drawn={"reserves": r.drawn.reserves[::-1]}),
            "开奖",
            "候补名单与重算",
        ),
        (
            lambda r: _rewrite(r, announcement={"commit": commit(bytes(32))}),
            "封存",
            "公告在封存名单之后被改过",
        ),
        (
            lambda r: _rewrite(r, announcement={"rules": "中奖者须为主办方亲友"}),
            "封存",
            "公告在封存名单之后被改过",
        ),
        (
            lambda r: _rewrite(r, announcement={"prizes": (Prize("一等奖", 1, 300),)}),
            "公告",
            "公告的中奖人数却是 3",
        ),
        (
            lambda r: _rewrite(r, closed={"made": r.announcement.beacon.at}),
            "封存",
            "不是在截止之后、信标公布之前",
        ),
        (lambda r: _rewrite(r, drawn={"made": r.closed.made}), "开奖", "早于信标公布"),
        (
            lambda r: _rewrite(
                r,
                announcement={"beacon": replace(r.announcement.beacon, round=5)},
            ),
            "公告",
            "第 5 轮不在公告所写的时间",
        ),
        (lambda r: _rewrite(r, announcement={"method": "抓阄"}), "公告", "只会核对"),
        (
            lambda r: _rewrite(r, announcement={"made": r.announcement.closes}),
            "公告",
            "时间先后不对",
        ),
    ],
)
def test_each_tampering_is_found_and_its_step_is_named(tamper, step, says):
    honest = drawn()
    found = wrong(tamper(honest))
    assert wrong(honest) == []
    assert found and found[0][0] == step
    assert any(says in said for where, said in found if where == step)


def test_a_record_rewritten_as_a_whole_is_told_by_what_people_noted():
    """Consistent in itself: only the digest on the poster, or the list published at the close,
    tells that an entry was added later."""
    honest, forged = drawn(), drawn([*ENTRIES, ANOTHER])
    assert wrong(forged) == []
    assert wrong(forged, pinned=[digest(honest.announcement)]) == []
    assert wrong(forged, pinned=[digest(honest.closed)])[0][0] == "对照"
    assert wrong(honest, pinned=["0a28"])[0][0] == "对照"  # four digits prove nothing
    assert wrong(forged, beacon="cc" * 32)[0] == ("开奖", "信标与您查到的不同")


def test_a_prize_over_the_ceiling_is_pointed_out_not_refused():
    said = Record(announced(prizes=(Prize("汽车", 1, 50_001),)))
    assert wrong(said) == []
    assert any("50001 元" in f.says for f in verify(said) if f.good is None)
    fine = Record(announced(prizes=(Prize("汽车", 1, 50_000),)))
    assert not any("上限" in f.says for f in verify(fine))


# Reading


def _raw():
    return json.loads(write_record(drawn()))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r.pop("announcement"), "缺少字段 announcement"),
        (lambda r: r.update(extra=1), "不认识的字段 extra"),
        (lambda r: r.pop("closed"), "没有 closed"),
        (lambda r: r["announcement"].pop("commit"), "announcement: 缺少字段 commit"),
        (lambda r: r["announcement"].update(commit="AB"), "announcement.commit: 应是 64 位"),
        (lambda r: r["announcement"].update(winners=True), "announcement.winners: 应是不小于 1"),
        (lambda r: r["announcement"].update(winners=3.0), "announcement.winners"),
        (lambda r: r["announcement"].update(opens="明天"), "announcement.opens: 应是带时区的时间"),
        (
            lambda r: r["announcement"].update(opens="2026-02-30T00:00:00Z"),
            "没有“2026-02-30T00:00:00Z”这个时间",
        ),
        (lambda r: r["announcement"].update(title="  "), "announcement.title"),
        (lambda r: r["announcement"]["prizes"][1].pop("value"), "prizes 第 2 项: 缺少字段 value"),
        (lambda r: r["closed"]["entries"].append("XY"), "closed.entries 第 201 项"),
        (lambda r: r["drawn"].update(seed="2a"), "drawn.seed: 应是 0、64 位"),
        (lambda r: r["announcement"]["beacon"].update(source="骰子"), "beacon.source"),
    ],
)
def test_a_faulty_record_is_refused_with_its_field(change, says):
    raw = _raw()
    change(raw)
    with pytest.raises(DrawError, match=says):
        read_record(json.dumps(raw))


def test_a_field_written_twice_is_refused():
    """Two readers could otherwise see two different records in one file."""
    text = write_record(drawn()).replace('"seed":', '"seed": "", "seed":')
    with pytest.raises(DrawError, match="seed 写了两次"):
        read_record(text)


@given(st.text())
@settings(max_examples=60, deadline=None)
def test_nonsense_is_a_clear_refusal(text):
    with pytest.raises(DrawError):
        read_record(text)
