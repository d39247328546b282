"""Taking part in a campaign, the same from every channel: enter, answer, see the last page.

A page that was given is stored before; the same answer sent twice has one effect.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace

from bot.campaign import asking, codes
from bot.campaign.asking import Ending, Page, Sitting
from bot.campaign.plan import Campaign, Unit, read_scene
from bot.draw.lots import new_entry
from bot.sources import Sources
from bot.storage.campaigns import Advanced, Attempt, Campaigns, Held, Kept
from bot.storage.store import Store
from knowledge.lessons import Item
from knowledge.plain import from_plain, to_plain

_TOKEN = re.compile(r"[0-9a-f]{32}")

LOOKED = 2.0
"""Seconds that a campaign's state is taken from memory."""


class Quizzing:
    """Campaigns of one installation. Safe between threads.

    `round_key` gives the key in memory of a publicity round, made at its first use; without it
    such keys last as long as this process.
    """

    def __init__(
        self,
        campaigns: Campaigns,
        sources: Callable[[], Sources],
        round_key: Callable[[str], bytes] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.campaigns, self._sources, self._clock = campaigns, sources, clock
        self._round_key = round_key or self._own_key
        self._seen: dict[str, tuple[float, Held | None]] = {}
        self._keys: dict[str, bytes] = {}
        self._fitting: dict[str, tuple[Sequence[Item] | None, dict[str, Item]]] = {}

    def within(self, store: Store) -> Quizzing:
        """The same, inside a transaction that somebody else ends."""
        inside = copy(self)
        inside.campaigns = Campaigns(store, self._clock)
        return inside

    def held(self, ident: str) -> Held | None:
        """A campaign, not older than LOOKED seconds."""
        at, held = self._seen.get(ident, (0.0, None))
        if self._clock() - at > LOOKED:
            if len(self._seen) > 1000:  # anybody may ask for anything
                self._seen.clear()
            held = self.campaigns.get(ident)
            self._seen[ident] = (self._clock(), held)
        return held

    def runs(self, held: Held) -> bool:
        """Whether a campaign takes answers today."""
        day = self._sources().day
        return held.status == "open" and held.campaign.opens <= day <= held.campaign.closes

    def open_by_code(self, code: str) -> tuple[Held, str] | None:
        """The running campaign and unit that a code is of."""
        for held in self.campaigns.all():
            if self.runs(held):
                units = [u.id for u in held.campaign.units]
                unit = codes.unit_of(held.key, held.campaign.id, units, code)
                if unit:
                    return held, unit
        return None

    def door(self, scene: str) -> tuple[Held, Unit | None] | None:
        """The running campaign of a scene and the unit it names, None for another scene."""
        read = read_scene(scene)
        held = self.held(read[0]) if read else None
        if read is None or held is None or not self.runs(held):
            return None
        return held, held.campaign.unit(read[1])

    def enter(self, scene: str = "", code: str = "", person: str = "") -> Page:
        """Begin, or go on where this code stopped. `person` is the pseudonym that a chat knows,
        "" on the web: without codes it takes part once in a publicity round."""
        if code:
            found = self.open_by_code(code)
            if found is None:
                read = codes.read_code(code) is not None
                return Page(problem="code-unknown" if read else "code-form")
            held, unit = found
            return self._begin(held, unit, codes.spent(held.campaign.id, code))
        door = self.door(scene)
        if door is None:
            return Page(problem="closed")
        held, of = door
        campaign = held.campaign
        if campaign.entrance == "答题码":
            return Page(title=campaign.title, problem="code-needed")
        if of is None:
            return Page(title=campaign.title, problem="unit-unknown")
        if not self._items(held, of.id):  # before it is noted that they took part
            return Page(title=campaign.title, problem="empty")
        if person and not self.campaigns.partake(campaign.id, *self._once(campaign.id, person)):
            return Page(title=campaign.title, problem="again")
        return self._begin(held, of.id, "", draws=bool(person))

    def page(self, token: str) -> Page:
        """Where a sitting stands, for whoever loads its page again."""
        return self._step(token, self._shown)

    def answer(self, token: str, number: int, picked: Sequence[int]) -> Page:
        """Answer question `number` (from 1) by the places shown (from 0; none is 不知道).

        An answer to an earlier question changes nothing; the page is the one that stands.
        """
        return self._step(token, lambda k, held: self._answered(k, held, number, picked))

    def _step(self, token: str, do: Callable[[Kept, Held], Advanced]) -> Page:
        def step(kept: Kept) -> Advanced:
            held = self.held(kept.sitting.campaign)
            if held is not None and kept.ending is not None:
                return do(kept, held)  # a last page outlives the last day
            if held is None or not self.runs(held):
                return Advanced(kept, outcome=Page(problem="closed"))
            return do(kept, held)

        # Anybody may send anything; PostgreSQL would refuse some of it with an error.
        made = self.campaigns.advance(token, step) if _TOKEN.fullmatch(token) else None
        page: Page = made.outcome if made else Page(problem="gone")
        return page

    # Steps: they compute, `Campaigns` stores

    def _begin(self, held: Held, unit: str, code: str, draws: bool = True) -> Page:
        campaign = held.campaign
        items = list(self._items(held, unit).values())
        token = secrets.token_hex(16)
        sitting = asking.begin(campaign, unit, held.points, items, token)
        if 2 * len(sitting.items) < _whole(campaign):
            return Page(title=campaign.title, problem="empty")
        sitting = replace(sitting, draws=draws and campaign.draw is not None)
        of = campaign.unit(unit)
        kept = self.campaigns.begin(sitting, code, of.asked if of and code else 0)
        if isinstance(kept, str):
            problem = kept if kept == "closed" else f"code-{kept}"
            return Page(title=campaign.title, problem=problem)
        return self.page(kept.sitting.token)

    def _shown(self, kept: Kept, held: Held) -> Advanced:
        """The open question of a sitting: withdrawn ones are exchanged, the clock is started."""
        if kept.ending is not None:
            return Advanced(kept, outcome=_ended(kept))
        sitting = kept.sitting
        known = self._items(held, sitting.unit)
        while sitting.open and sitting.open not in known:
            gone = self._sources().item(sitting.open)
            put = asking.instead(gone, sitting, list(known.values())) if gone else None
            sitting = asking.exchange(sitting, put)
        if not sitting.open:
            return self._end(sitting, held, None)
        if not sitting.since:
            sitting = replace(sitting, since=self._clock())
        shown = asking.show(sitting, known[sitting.open])
        page = Page(sitting.token, held.campaign.title, shown)
        return Advanced(replace(kept, sitting=sitting), outcome=page)

    def _answered(self, kept: Kept, held: Held, number: int, picked: Sequence[int]) -> Advanced:
        current = self._shown(kept, held)
        page: Page = current.outcome
        if page.shown is None or page.shown.number != number:
            return current
        places = page.shown.places
        if any(not 0 <= p < len(places) for p in picked):
            return replace(current, outcome=replace(page, problem="choice"))
        if not page.shown.several and len(picked) > 1:
            return replace(current, outcome=replace(page, problem="one-only"))
        sitting = current.kept.sitting
        left = held.campaign.seconds - (self._clock() - sitting.since)
        if left > 0:
            return replace(current, outcome=replace(page, problem="too-fast", wait=int(left) + 1))
        item = self._items(held, sitting.unit)[page.shown.item]
        sitting = asking.answer(sitting, item, [places[p] for p in picked])
        said = asking.feedback(item, sitting.answers[-1])
        if not sitting.open:
            return self._end(sitting, held, said)
        after = self._shown(Kept(sitting), held)
        return replace(after, outcome=replace(after.outcome, feedback=said))

    def _end(self, sitting: Sitting, held: Held, said: asking.Feedback | None) -> Advanced:
        campaign = held.campaign
        code, entry = new_entry() if sitting.draws else ("", "")
        missed = tuple(sorted({a.area for a in sitting.answers if not a.right and a.area}))
        ending = Ending(sitting.score, len(sitting.answers), missed, code, not campaign.measures)
        attempt = Attempt(sitting.unit, asking.passed(campaign, sitting), sitting.answers)
        # The answers go; what is left is shown again for some minutes. A lot is kept without the
        # score: who claims a prize shows the one, and must not be joined to the other.
        bare = replace(sitting, items=(), answers=(), seed=0)
        page = Page(sitting.token, campaign.title, feedback=said, ending=ending)
        lot = replace(ending, score=0, of=0, missed=())
        kept = replace(page, feedback=None, ending=lot) if code else page
        return Advanced(Kept(bare, to_plain(kept)), attempt, entry, page)

    def _items(self, held: Held, unit: str) -> Mapping[str, Item]:
        """What may be asked there now, by id."""
        campaign = held.campaign
        if campaign.metric == "知晓率":
            of = campaign.unit(unit)
            asked = campaign.recognise if of else ()
            return {r.id: asking.recognition(r, of) for r in asked if of}
        live = self._sources().items()
        known, fitting = self._fitting.get(campaign.id, (None, {}))
        if known is not live:  # the release or the day changed
            fitting = {i.id: i for i in asking.fitting(campaign, live)}
            self._fitting[campaign.id] = (live, fitting)
        return fitting

    def _once(self, ident: str, person: str) -> tuple[str, str]:
        """The generation of a publicity round's key, and the keyed hash of a pseudonym."""
        key = self._round_key(ident)
        generation = hashlib.sha256(b"generation" + key).hexdigest()[:16]
        return generation, hmac.digest(key, person.encode(), hashlib.sha256).hex()[:32]

    def _own_key(self, ident: str) -> bytes:
        return self._keys.setdefault(ident, secrets.token_bytes(32))


def unfinished(campaign: Campaign, sitting: Sitting) -> Attempt:
    """What becomes of a sitting that nobody finished: the questions left open are not known.

    Else whoever sees that they fail could leave, and only those who pass would be counted.
    """
    left = tuple(
        asking.Answered(i, "", 0, (), False) for i in sitting.items[len(sitting.answers) :]
    )
    whole = replace(sitting, answers=(*sitting.answers, *left))
    return Attempt(sitting.unit, asking.passed(campaign, whole), whole.answers)


def _whole(campaign: Campaign) -> int:
    """How many questions a form has when nothing is withdrawn; with less than half left,
    nobody is asked."""
    return len(campaign.recognise) if campaign.metric == "知晓率" else campaign.form.items


def _ended(kept: Kept) -> Page:
    assert kept.ending is not None
    return from_plain(Page, dict(kept.ending))
