"""The records of the mock negotiation: scenes that branch, and whether each of them stands.

A run is the list of moves taken, one digit each; everything else (where it stands, what it is
worth) is told from that list, so that nothing can contradict it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from knowledge.citation import Citation
from knowledge.records import NOWHERE, Place

ENDINGS = ("达成", "中止", "失误")
"""An agreement; talks suspended in good order; a mistake that costs."""

TOP = 2
"""Most points of one move, for procedure and for reasons each."""

LEAST_STEPS, MOST_STEPS = 8, 14
MOST_MOVES = 10
"""Longest run."""


@dataclass(frozen=True, slots=True)
class Move:
    """What the workers' side may do at a step, and what comes of it.

    `why` tells what the articles of `cite` make of it; `shows` what a good move shows, said at
    the end; `worked` holds the sums that `why` does with numbers of the setting.
    """

    text: str
    firm: str
    why: str
    cite: tuple[Citation, ...]
    next: str
    procedure: int = 0
    reasons: int = 0
    shows: str = ""
    worked: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return self.procedure + self.reasons


@dataclass(frozen=True, slots=True)
class Step:
    """Where things stand and what the firm says, and the moves to choose from."""

    id: str
    says: str
    moves: tuple[Move, ...]

    @property
    def best(self) -> Move:
        """The move worth most, the first of several."""
        return max(self.moves, key=lambda m: m.points)


@dataclass(frozen=True, slots=True)
class End:
    """How a run ends; `next` is one step to take in real life, after a mistake the way back."""

    id: str
    kind: str
    says: str
    next: str
    cite: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """One exercise. It begins at the first step; `procedure` and `reasons` are the most points
    that a run can reach, both in one run."""

    id: str
    title: str
    setting: str
    goals: tuple[str, ...]
    steps: tuple[Step, ...]
    ends: tuple[End, ...]
    cite: tuple[Citation, ...]
    procedure: int
    reasons: int
    reviewed: str
    drafted: date
    region: str = "国家"
    contract: str = "任何"
    place: Place = NOWHERE

    def find(self, ident: str) -> Step | End | None:
        places: tuple[Step | End, ...] = (*self.steps, *self.ends)
        return next((p for p in places if p.id == ident), None)

    @property
    def claims(self) -> Iterator[tuple[str, tuple[Citation, ...], str, tuple[str, ...]]]:
        """What the law texts must carry: (name, citations, what is said of them, sums)."""
        for step in self.steps:
            for number, move in enumerate(step.moves, 1):
                yield f"{self.id}.{step.id}.{number}", move.cite, move.why, move.worked
        for end in self.ends:
            yield f"{self.id}.{end.id}", end.cite, f"{end.says}{end.next}", ()
        yield self.id, self.cite, "", ()

    @property
    def said(self) -> Iterator[str]:
        """Every sentence that people read."""
        yield from (self.title, self.setting, *self.goals)
        for step in self.steps:
            yield step.says
            for move in step.moves:
                yield from (move.text, move.firm, move.why, move.shows)
        for end in self.ends:
            yield from (end.says, end.next)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as far as it went: each step met and the move taken there, and where it stands."""

    taken: tuple[tuple[Step, Move], ...]
    now: Step | End

    @property
    def procedure(self) -> int:
        return sum(move.procedure for _, move in self.taken)

    @property
    def reasons(self) -> int:
        return sum(move.reasons for _, move in self.taken)


def run(scene: Scene, path: str) -> Run | None:
    """The run whose moves are the digits of `path`, from 1; None if the scene has no such run."""
    now: Step | End | None = scene.steps[0]
    taken: list[tuple[Step, Move]] = []
    for digit in path:
        number = int(digit) if digit in "123456789" else 0
        if not isinstance(now, Step) or not 1 <= number <= len(now.moves):
            return None
        move = now.moves[number - 1]
        taken.append((now, move))
        now = scene.find(move.next)
    return Run(tuple(taken), now) if now is not None else None


def before_mistake(scene: Scene, path: str) -> str:
    """`path` up to the first of the worst moves that it holds: where to try again."""
    found = run(scene, path)
    if found is None or not found.taken:
        return ""
    lost = [step.best.points - move.points for step, move in found.taken]
    return path[: lost.index(max(lost))]


def faults(scene: Scene) -> list[str]:
    """What is wrong with the way a scene branches and counts; empty if it stands."""
    known = [*(s.id for s in scene.steps), *(e.id for e in scene.ends)]
    found = [f"{i}: 这个名字用了不止一处" for i in sorted({i for i in known if known.count(i) > 1})]
    lost = [
        f"{step.id}: 选项“{move.text}” 的 next “{move.next}” 不存在"
        for step in scene.steps
        for move in step.moves
        if move.next not in known
    ]
    if found or lost:
        return found + lost
    if ring := _ring(scene):
        return [f"{ring}: 会绕回这一步；每一步都要往前走"]
    met = _met(scene)
    found = [f"{i}: 走不到" for i in known if i not in met]
    if not LEAST_STEPS <= len(scene.steps) <= MOST_STEPS:
        found.append(f"应有 {LEAST_STEPS} 到 {MOST_STEPS} 步，现在 {len(scene.steps)} 步")
    kinds = {end.kind for end in scene.ends}
    if not {"达成", "失误"} <= kinds:
        found.append("至少要有一个“达成”和一个“失误”的结局")
    return [*found, *_values(scene)]


def _values(scene: Scene) -> list[str]:
    """Faults of the points: what is best at a step, and what can be reached in all."""
    found = []
    for step in scene.steps:
        best = [n for n, m in enumerate(step.moves, 1) if m.points == step.best.points]
        if len(best) > 1 or not step.best.points:
            found.append(f"{step.id}: 应有且只有一个得分最高的选项")
        if not step.best.shows:
            found.append(f"{step.id}: 得分最高的选项要写 shows")
    firsts = [s.moves.index(s.best) for s in scene.steps]
    often = max(firsts, key=firsts.count)
    if firsts.count(often) * 2 > len(firsts):
        found.append(f"最好的选项多半排在第 {often + 1} 个，请换换位置")
    totals = _totals(scene)
    procedure = max(p for p, _, _, _ in totals)
    reasons = max(r for _, r, _, _ in totals)
    both = max(p + r for p, r, _, _ in totals)
    if not (
        scene.procedure == procedure and scene.reasons == reasons and procedure + reasons == both
    ):
        found.append(
            f"procedure、reasons 写 {scene.procedure}、{scene.reasons}，走得到的最高分是 "
            f"{procedure}、{reasons}，一次走完最多 {both}"
        )
    if any(p + r == both and careless for p, r, _, careless in totals):
        found.append("得了满分的走法里有不得分的一步：弯路给的分太多")
    longest = max(length for _, _, length, _ in totals)
    if longest > MOST_MOVES:
        found.append(f"最长的走法有 {longest} 步，最多 {MOST_MOVES} 步")
    return found


def _totals(scene: Scene) -> frozenset[tuple[int, int, int, bool]]:
    """Of every run that ends: points for procedure, for reasons, length, and whether one of its
    moves was worth nothing."""
    found: dict[str, frozenset[tuple[int, int, int, bool]]] = {
        end.id: frozenset({(0, 0, 0, False)}) for end in scene.ends
    }

    def after(ident: str) -> frozenset[tuple[int, int, int, bool]]:
        if ident not in found:
            step = scene.find(ident)
            assert isinstance(step, Step)
            found[ident] = frozenset(
                (m.procedure + p, m.reasons + r, n + 1, careless or not m.points)
                for m in step.moves
                for p, r, n, careless in after(m.next)
            )
        return found[ident]

    return after(scene.steps[0].id)


def _ring(scene: Scene) -> str:
    """A step that leads back to itself, "" if none does."""
    open_: set[str] = set()
    done: set[str] = set()

    def visit(ident: str) -> str:
        if ident in done:
            return ""
        if ident in open_:
            return ident
        open_.add(ident)
        step = scene.find(ident)
        for move in step.moves if isinstance(step, Step) else ():
            if ring := visit(move.next):
                return ring
        open_.discard(ident)
        done.add(ident)
        return ""

    return next((ring for step in scene.steps if (ring := visit(step.id))), "")


def _met(scene: Scene) -> set[str]:
    """Every step and end that a run can come to."""
    met: set[str] = set()
    ahead = [scene.steps[0].id]
    while ahead:
        ident = ahead.pop()
        step = scene.find(ident)
        if ident not in met and isinstance(step, Step):
            ahead += [move.next for move in step.moves]
        met.add(ident)
    return met
