"""Checking a draw's record step by step, in words that people read, and announcing one that holds.

`bot/channels/static/draw.js` says the same in the browser; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, zip_longest

from bot.draw.lots import beacon_bytes, commit, ranking, root_of, round_at, split, time_of, where
from bot.draw.record import (
    DRAND,
    METHOD,
    Announcement,
    Beacon,
    Closed,
    DrawError,
    Drawn,
    Prize,
    Record,
    digest,
    moment,
)

TOP_PRIZE = 50_000
"""Yuan; the ceiling for prizes in business promotions, followed here too."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `good` is None where people must look themselves."""

    step: str
    good: bool | None
    says: str


def verify(record: Record, pinned: Sequence[str] = (), beacon: str = "") -> list[Finding]:
    """Everything a record can be held to, in the order of its steps.

    `pinned` are digests that the reader noted when a step was published (at least 16 digits), and
    `beacon` is what the reader looked up: a record that was rewritten as a whole is consistent in
    itself, and only these tell.
    """
    found = _announced(record.announcement)
    digests = [digest(record.announcement)]
    if record.closed is not None:
        found += _closed(record.announcement, record.closed)
        digests.append(digest(record.closed))
        if record.drawn is not None:
            found += _drawn(record.announcement, record.closed, record.drawn, beacon)
    for noted in pinned:
        same = len(noted) >= 16 and any(d.startswith(noted.lower()) for d in digests)
        said = "与这份记录里的一份相同" if same else "与这份记录里的都不同：公布之后被改过"
        found.append(Finding("对照", same, f"您记下的摘要 {noted[:16]}… {said}"))
    if not pinned:
        shown = "；".join(f"{n} {d[:16]}" for n, d in zip(("公告", "名单"), digests, strict=False))
        found.append(
            Finding("对照", None, f"请与当初公布的摘要对照（整份重写只有这样才看得出）：{shown}")
        )
    return found


def _finding(step: str, good: bool, yes: str, no: str) -> Finding:
    return Finding(step, good, yes if good else no)


def _announced(said: Announcement) -> list[Finding]:
    step = "公告"
    times = (said.made, said.opens, said.closes, said.beacon.at, said.reveal_by, said.claim_by)
    order = [moment(t) for t in times]
    # Only the announcement may come at the very moment of opening.
    right = order[0] <= order[1] and all(a < b for a, b in pairwise(order[1:]))
    number = sum(p.number for p in said.prizes)
    found = [
        _finding(
            step,
            said.method == METHOD,
            f"抽奖办法是 {METHOD}",
            f"抽奖办法写的是 {said.method}，这里只会核对 {METHOD}",
        ),
        _finding(
            step,
            right,
            "先公告、后开始、再截止，信标在截止之后",
            "时间先后不对：应当公告、开始、截止、信标、公布种子、领奖截止依次在后",
        ),
        _finding(
            step,
            number == said.winners,
            f"奖品共 {number} 份，与中奖人数相同",
            f"奖品共 {number} 份，公告的中奖人数却是 {said.winners}",
        ),
    ]
    if said.beacon.source == DRAND:
        real = time_of(said.beacon.round)
        found.append(
            _finding(
                step,
                real == moment(said.beacon.at),
                f"drand 第 {said.beacon.round} 轮正是在公告所写的时间公布",
                f"drand 第 {said.beacon.round} 轮不在公告所写的时间公布",
            )
        )
    elif not (said.beacon.what.strip() and said.beacon.where.strip()):
        found.append(Finding(step, False, "信标没有写明是什么、在哪里公布"))
    if said.prizes and (top := max(p.value for p in said.prizes)) > TOP_PRIZE:
        found.append(
            Finding(step, None, f"最高奖 {top} 元，超过商业有奖销售的上限 {TOP_PRIZE} 元，请参照")
        )
    return found


def _closed(said: Announcement, closed: Closed) -> list[Finding]:
    step, entries = "封存", closed.entries
    twice = len(entries) - len(set(entries))
    return [
        _finding(
            step,
            closed.announcement == digest(said),
            "封存时的公告就是这一份",
            "公告在封存名单之后被改过",
        ),
        _finding(
            step,
            moment(said.closes) <= moment(closed.made) < moment(said.beacon.at),
            "名单在截止之后、信标公布之前封存",
            "名单不是在截止之后、信标公布之前封存的",
        ),
        _finding(
            step,
            not twice and list(entries) == sorted(entries),
            f"名单 {len(entries)} 个，没有重复，顺序正确",
            f"名单里有 {twice} 个重复" if twice else "名单的顺序不对",
        ),
        _finding(
            step,
            root_of(entries) == closed.root,
            "名单与封存值相符",
            "名单与封存值不符：封存之后有人加了、删了或改了",
        ),
    ]


def _drawn(said: Announcement, closed: Closed, drawn: Drawn, looked_up: str) -> list[Finding]:
    step = "开奖"
    found = [
        _finding(
            step,
            drawn.closed == digest(closed),
            "开奖用的名单就是封存的那一份",
            "名单在开奖之后被改过",
        ),
        _finding(
            step,
            moment(drawn.made) >= moment(said.beacon.at),
            "开奖在信标公布之后",
            "开奖的时间早于信标公布",
        ),
    ]
    late = moment(drawn.made) > moment(said.reveal_by)
    found.append(
        _finding(
            step,
            late != bool(drawn.seed),
            "种子在期限之内公布" if drawn.seed else "过了公布种子的期限才按后备办法开奖",
            "过了公布种子的期限才用种子开奖" if drawn.seed else "不到期限就没有用种子",
        )
    )
    if drawn.seed:
        found.append(
            _finding(
                step,
                commit(bytes.fromhex(drawn.seed)) == said.commit,
                "种子与公告的承诺值相符",
                "种子与公告的承诺值不符：种子被换过",
            )
        )
    else:
        found.append(
            _finding(
                step,
                bool(drawn.withheld),
                f"没有公布种子，按公告的后备办法只用信标。写明的原因：{drawn.withheld}",
                "没有公布种子，也没有写明原因",
            )
        )
    try:
        beacon = beacon_bytes(said.beacon, drawn.beacon)
        if looked_up:
            same = beacon == beacon_bytes(said.beacon, looked_up)
            found.append(_finding(step, same, "信标与您查到的相同", "信标与您查到的不同"))
        else:
            found.append(Finding(step, None, f"信标请您自己查对：{where(said.beacon)}"))
    except DrawError as error:
        return [*found, Finding(step, False, str(error))]
    root = root_of(closed.entries)
    order = ranking(closed.entries, bytes.fromhex(drawn.seed), root, beacon)
    winners, reserves = split(said, order)
    for name, written, right in (
        ("中奖", drawn.winners, winners),
        ("候补", drawn.reserves, reserves),
    ):
        differs = [n for n, (a, b) in enumerate(zip_longest(written, right), 1) if a != b]
        found.append(
            _finding(
                step,
                not differs,
                f"{name}名单重算一遍，{len(right)} 个都相同",
                f"{name}名单与重算的结果不同，从第 {differs[0] if differs else 0} 个起",
            )
        )
    return found


def announce(
    *,
    title: str,
    organiser: str,
    prizes: Sequence[Prize],
    opens: datetime,
    closes: datetime,
    claim: str,
    rules: str,
    seed: bytes,
    now: datetime,
    reserves: int = 0,
    beacon: Beacon | None = None,
    reveal_by: datetime | None = None,
    claim_by: datetime | None = None,
) -> Announcement:
    """An announcement that verifies. Left out: drand's first round an hour after the end, the seed
    within three days of the beacon, prizes claimed within thirty more. Raises DrawError."""
    if beacon is None:
        number = round_at(closes + timedelta(hours=1))
        at = time_of(number).astimezone(closes.tzinfo).isoformat(timespec="seconds")
        beacon = Beacon(DRAND, at, number, "", "")
    reveal_by = reveal_by or moment(beacon.at) + timedelta(days=3)
    claim_by = claim_by or reveal_by + timedelta(days=30)
    zone = closes.tzinfo

    def shown(time: datetime) -> str:
        return time.astimezone(zone).isoformat(timespec="seconds")

    made = Announcement(
        title=title, organiser=organiser, prizes=tuple(prizes),
        winners=sum(p.number for p in prizes), reserves=reserves,
        made=shown(now), opens=shown(opens), closes=shown(closes), beacon=beacon,
        reveal_by=shown(reveal_by), claim_by=shown(claim_by), claim=claim, rules=rules,
        method=METHOD, commit=commit(seed),
    )  # fmt: skip
    if bad := [f.says for f in _announced(made) if f.good is False]:
        raise DrawError("；".join(bad))
    return made
