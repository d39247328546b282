"""What the mock negotiation says and offers at each point of a run, with the articles behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot import gate, texts
from bot.answer import Draft, finish
from bot.message import Choice, Reply
from bot.sources import Sources
from knowledge.check import allowed_by
from knowledge.citation import Citation
from knowledge.figures import figures
from knowledge.scenes import End, Move, Run, Scene, Step, run

KIND = "rehearse"
"""The head of every payload and task of the exercise."""

CITED = 3
"""Articles shown with one reply; at the end one more."""

COSTLY = 3
"""Points lost by one move from which the way back to it is offered."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a conversation stands: the scene, the moves so far ("" before the first), and whether
    it has begun. The scene has such a run."""

    scene: Scene
    path: str = ""
    begun: bool = False

    @property
    def run(self) -> Run:
        found = run(self.scene, self.path)
        assert found is not None
        return found

    @property
    def ended(self) -> bool:
        return isinstance(self.run.now, End)

    @property
    def under_way(self) -> bool:
        return self.begun and bool(self.path) and not self.ended

    @property
    def task(self) -> str:
        return f"{KIND}:{self.scene.id}" + (f":{self.path}" if self.begun else "")


def stage_of(task: str, sources: Sources) -> Stage | None:
    """Where a session stands; None for another skill's task, or where content has changed."""
    kind, _, rest = task.partition(":")
    ident, begun, path = rest.partition(":")
    scene = sources.scene(ident) if kind == KIND and ident else None
    if scene is None or run(scene, path) is None:
        return None
    return Stage(scene, path, bool(begun))


def numbers(step: Step) -> list[str]:
    """The digits that name a step's moves."""
    return [str(n) for n in range(1, len(step.moves) + 1)]


def choices(stage: Stage) -> tuple[Choice, ...]:
    """What may be chosen here; leaving stands last."""
    head = f"{KIND}:{stage.scene.id}"
    other = Choice(texts.REHEARSE_BUTTON_OTHER, KIND)
    off = Choice(texts.REHEARSE_BUTTON_OFF, f"{KIND}::off")
    if not stage.begun:
        return Choice(texts.REHEARSE_BUTTON_GO, f"{head}:go"), other, off
    now = stage.run.now
    if isinstance(now, Step):
        moves = enumerate(now.moves, 1)
        return (*(Choice(m.text, f"{head}:{now.id}:{n}") for n, m in moves), off)
    lost = max((s.best.points - m.points for s, m in stage.run.taken), default=0)
    back = Choice(texts.REHEARSE_BUTTON_BACK, f"{head}:back")
    again = Choice(texts.REHEARSE_BUTTON_AGAIN, f"{head}:go")
    return (*((back,) if lost >= COSTLY else ()), again, other, off)


def reply(stage: Stage, sources: Sources, first: str = "") -> tuple[Reply, list[str]]:
    """Where the exercise stands, the same however often it is said, and what the gate held back:
    a 为什么 that its articles no longer carry is not said. `first` is said before it."""
    lines, cite, move = _said(stage)
    sums = allowed_by([move.why], move.worked) if move else set()
    held = gate.faults([move.why], move.cite, (), sources, sums) if move else []
    if move is not None and held:
        told = _why(move)
        lines = [texts.REHEARSE_BASIS_GONE if line == told else line for line in lines]
        cite = cite if stage.ended else ()
    live = tuple(c for c in cite if gate.support(c, sources) is not None)
    text = "\n".join([first, *lines] if first else lines)
    # The setting's numbers are invented; what is said of the law was held to its articles above.
    draft = Draft(
        "",
        (text,),
        cite=live,
        allowed=frozenset(figures(text)),
        unreviewed=stage.scene.reviewed == "unreviewed",
    )
    made, more = finish(draft, move.why if move else text, sources)
    made = made or Reply(text, text, "answer")
    return replace(made, choices=choices(stage)), held + more


def _why(move: Move) -> str:
    return texts.REHEARSE_WHY.format(procedure=move.procedure, reasons=move.reasons, why=move.why)


def _said(stage: Stage) -> tuple[list[str], tuple[Citation, ...], Move | None]:
    """The lines, what they rest on, and the move whose 为什么 is among them."""
    scene = stage.scene
    if not stage.begun:
        goals = "；".join(scene.goals)
        lines = [
            texts.REHEARSE_INTRO.format(title=scene.title),
            texts.REHEARSE_SETTING.format(setting=scene.setting),
            texts.REHEARSE_GOALS.format(goals=goals),
            texts.REHEARSE_HOW,
        ]
        return lines, scene.cite, None
    so_far = stage.run
    move = so_far.taken[-1][1] if so_far.taken else None
    told: list[str] = []
    if move is not None:
        told = [texts.REHEARSE_FIRM.format(firm=move.firm), _why(move)]
    if isinstance(so_far.now, Step):
        number = len(so_far.taken) + 1
        head = texts.REHEARSE_HEAD.format(title=scene.title, number=number)
        now = texts.REHEARSE_NOW.format(says=so_far.now.says)
        lines = [head, *told, now, texts.REHEARSE_ASK]
        return lines, move.cite[:CITED] if move else scene.cite, move
    return _ending(scene, so_far, so_far.now, told), _to_read(so_far, so_far.now), move


def _ending(scene: Scene, so_far: Run, end: End, told: list[str]) -> list[str]:
    well = [m.shows for s, m in so_far.taken if m is s.best]
    better = [s.best.shows for s, m in so_far.taken if m is not s.best]
    kind = texts.REHEARSE_KINDS[end.kind]
    lines = [texts.REHEARSE_END.format(title=scene.title, kind=kind), *told, end.says]
    lines.append(
        texts.REHEARSE_SCORE.format(
            procedure=so_far.procedure,
            most_procedure=scene.procedure,
            reasons=so_far.reasons,
            most_reasons=scene.reasons,
        )
    )
    if well:
        lines.append(texts.REHEARSE_WELL.format(shown="；".join(_first(well, 3))))
    if better:
        lines.append(texts.REHEARSE_BETTER.format(shown="；".join(_first(better, 2))))
    lines += [
        texts.REHEARSE_READ,
        texts.REHEARSE_NEXT.format(next=end.next),
        texts.REHEARSE_MARK,
    ]
    return lines


def _to_read(so_far: Run, end: End) -> tuple[Citation, ...]:
    """The last move's articles, the end's, then those of moves that lost points."""
    lost = [c for s, m in so_far.taken if m is not s.best for c in m.cite]
    last = so_far.taken[-1][1].cite[:1] if so_far.taken else ()
    found: dict[Citation, Citation] = {}
    for citation in (*last, *end.cite, *lost):
        found.setdefault(citation.whole, citation)
    return tuple(found.values())[: CITED + 1]


def _first(shown: Iterable[str], most: int) -> list[str]:
    return list(dict.fromkeys(shown))[:most]
