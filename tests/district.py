"""A district of invented enterprises for tests: who knows, who is silent, who copies; planted."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date

from bot.awareness import sampling
from bot.campaign.asking import Answered, begin, points_of
from bot.campaign.plan import Campaign, Unit
from bot.storage.campaigns import Attempt

PASS, ITEMS, LEFT = 8, 12, 5
SEED = "5eed" * 8
FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文斌婷浩宇欣然子涵"
KINDS = ("机械", "纺织", "食品", "物流", "电子", "家具", "印务", "化工", "建材", "客运")
PLACES = ("红旗", "东风", "长江", "太行", "中原", "新华", "金水", "淇河", "龙门", "嵩山")


@dataclass(slots=True)
class Worker:
    """Somebody on the roster, with everything that must never be found anywhere. `right` is how
    many of twelve they get right; `answers` whether they answer when asked, `leaves` whether
    they go half way (only some of those who don't know do)."""

    name: str
    phone: str
    badge: str
    openid: str
    telegram: int
    unit: str
    right: int
    answers: bool = True
    leaves: bool = False

    @property
    def line(self) -> str:
        """Their line on the roster."""
        return f"{self.badge} {self.name} {self.phone}"

    @property
    def ids(self) -> tuple[str, ...]:
        return self.name, self.phone, self.badge, self.openid, str(self.telegram)

    @property
    def knows(self) -> bool:
        return self.right >= PASS


@dataclass(slots=True)
class District:
    """`truth` by unit and of all: the shares that a census would find."""

    workers: dict[str, list[Worker]]
    names: dict[str, str]
    cheats: tuple[str, ...] = ()
    asked: dict[str, list[Worker]] = field(default_factory=dict)

    def truth(self, unit: str = "", without: tuple[str, ...] = ()) -> float:
        units = [unit] if unit else [u for u in self.workers if u not in without]
        people = [w for u in units for w in self.workers[u]]
        return sum(w.knows for w in people) / len(people)


def district(
    seed: int = 1,
    units: int = 51,
    workers: int = 4995,
    share: float = 0.88,
    spread: float = 0.06,
    response: float = 0.8,
    cheats: int = 0,
    tied: float = 0.0,
) -> District:
    """Sizes and truths drawn by `seed`. `tied`: how much less those answer who don't know."""
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(1, workers - 14 * units), units - 1))
    spare = [b - a for a, b in zip([0, *cuts], [*cuts, workers - 14 * units], strict=True)]
    sizes = [14 + s for s in spare]
    made, names, number = {}, {}, 0
    for at, size in enumerate(sizes):
        unit = f"e{at + 1:02}"
        names[unit] = (
            f"{PLACES[at % 10]}{KINDS[(at // 5) % 10]}{'一二三四五六七八九十'[at // 10]}厂"
        )
        truth = min(0.99, max(0.3, chance.gauss(share, spread)))
        people = []
        for _ in range(size):
            number += 1
            knows = chance.random() < truth
            right = chance.choice((8, 9, 10, 10, 11, 11, 12, 12)) if knows else chance.randint(3, 7)
            people.append(
                Worker(
                    chance.choice(FAMILY) + "".join(chance.sample(GIVEN, 2)) + f"{number:04}号",
                    f"1399{chance.randint(0, 9_999_999):07}",
                    f"GH{number:06}",
                    f"oPLANTED{number:06}{chance.randbytes(6).hex()}",
                    7_100_000_000 + number,
                    unit,
                    right,
                    chance.random() < response - (0 if knows else tied),
                    not knows and chance.random() < 0.1,
                )
            )
        made[unit] = people
    large = sorted(made, key=lambda u: -len(made[u]))
    return District(made, names, tuple(large[2 : 2 + cheats]))


def ask(of: District, share: float = 0.25, least: int = 12, seed: str = SEED) -> District:
    """Draw from the roster by the published seed, in every unit for itself; of copiers' units
    more, for a handful of forms with parallel items can not be compared."""
    read = sampling.read_seed(seed)
    for unit, people in of.workers.items():
        of_unit = min(1.0, 2 * share) if unit in of.cheats else share
        n = max(least, round(of_unit * len(people)))
        lines = {w.line: w for w in people}
        drawn = sampling.draw(list(lines), min(n, len(people)), read)
        of.asked[unit] = [lines[line] for line in drawn]
    return of


def campaign(of: District, **more) -> Campaign:
    units = tuple(
        Unit(u, of.names[u], len(people), len(of.asked[u])) for u, people in of.workers.items()
    )
    values = {
        "id": "autumn",
        "title": "集体协商基本了解测评",
        "organiser": "虚构区总工会",
        "metric": "基本了解率",
        "sample": "名册随机",
        "entrance": "答题码",
        "opens": date(2026, 12, 1),
        "closes": date(2026, 12, 20),
        "roster_seed": SEED,
    }
    return Campaign(units=units, **(values | more))


def attempts(of: District, made: Campaign, items, seed: int = 7) -> list[Attempt]:
    """What all who answer leave, without a database: for many repeats."""
    points, known = points_of(made, items), {i.id: i for i in items}
    out = []
    for unit, worker in answering(of):
        sitting = begin(made, unit, points, items, f"{seed}-{worker.badge}")
        answers = []
        for n, i in enumerate(sitting.items):
            item = known[i]
            if worker.leaves and n >= LEFT:
                answers.append(Answered(i, "", 0, (), False))
                continue
            said = chosen(of, worker, item, seed)
            answers.append(Answered(i, item.version, item.area, said, said == item.key))
        right = sum(a.right for a in answers)
        slot = 100 if unit in of.cheats else None
        out.append(Attempt(unit, right >= PASS, tuple(answers), slot))
    return out


def answering(of: District) -> list[tuple[str, Worker]]:
    """Who was asked and answers, unit by unit; copiers all do."""
    return [
        (unit, worker)
        for unit, people in of.asked.items()
        for worker in people
        if worker.answers or unit in of.cheats
    ]


def chosen(of: District, worker: Worker, item, seed: int = 7) -> tuple[int, ...]:
    """What somebody chooses, as places in the item as written. The harder areas (4, 8 and 10) are
    missed first. In a unit of copiers everybody chooses by one list."""
    if worker.unit in of.cheats:
        chance = random.Random(f"{worker.unit} {item.id}")
        return _other(chance, item) if chance.random() < 0.3 else item.key
    chance = random.Random(f"{seed} {worker.badge}")
    hard = {4: 0.25, 8: 0.3, 10: 0.5}
    order = sorted(range(1, ITEMS + 1), key=lambda a: chance.random() * hard.get(a, 1.0))
    if item.area not in order[: ITEMS - worker.right]:
        return item.key
    return _wrong(random.Random(f"{seed} {worker.badge} {item.id}"), item)


def _wrong(chance: random.Random, item) -> tuple[int, ...]:
    return () if chance.random() < 0.15 else _other(chance, item)


def _other(chance: random.Random, item) -> tuple[int, ...]:
    others = [(n,) for n in range(len(item.options)) if (n,) != item.key]
    return chance.choice(others)
