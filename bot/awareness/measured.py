"""One measurement as it was taken, and the four things that may be said of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.awareness.inputs import LEAST_RESPONSE, METRICS, REACH, AwarenessError, counts, needed_of

# The four values of `claim`, and no other; scripts may compare with them.
REACHED = "已达到90%"
REACHED_AMONG = "答题者中已达到90%"
UNPROVEN = "尚不能证明"
PUBLICITY = "宣传数据，不作为达标依据"


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. `random`: who was asked was drawn at random from the whole roster, and
    nobody was put in for somebody else; False for volunteers, prize quizzes, whoever came by.

    `correct` are people: with the one item of 知晓率 who chose the right option, with a quiz who
    reached the pass mark. `asked` were invited, silent ones included; where all of a roster were
    invited `asked` is `population`. `deff` is the design effect where whole groups were drawn
    (`planning.design_effect`), 1 where people were.
    """

    population: int
    asked: int
    answered: int
    correct: int
    random: bool = True
    metric: str = ""
    deff: float = 1.0

    def __post_init__(self) -> None:
        counts(self.population, self.asked, self.answered, self.correct)
        if self.metric and self.metric not in METRICS:
            raise AwarenessError(f"metric（指标）是“{self.metric}”，应为 {'、'.join(METRICS)} 之一")
        if not self.deff >= 1:
            raise AwarenessError(f"deff（设计效应）是 {self.deff}，应不小于 1")

    @property
    def silent(self) -> int:
        return self.asked - self.answered

    @property
    def response_rate(self) -> float:
        """Answered of asked; 0 where nobody was asked."""
        return self.answered / self.asked if self.asked else 0.0

    @property
    def enough_response(self) -> bool:
        return self.asked > 0 and self.answered >= needed_of(self.asked, LEAST_RESPONSE)

    @property
    def publicity(self) -> bool:
        """Whether the figures are never an indicator, however good."""
        return not self.random or self.metric == REACH

    @property
    def census(self) -> bool:
        return self.answered == self.population

    @property
    def more_for_response(self) -> int:
        """How many of the silent are missing for the response rate that a claim asks."""
        return max(0, needed_of(self.asked, LEAST_RESPONSE) - self.answered)
