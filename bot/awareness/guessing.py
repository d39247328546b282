"""What guessing does to a figure, and what a pass mark keeps out."""

from __future__ import annotations

from scipy.stats import binom

from bot.awareness.inputs import share, whole


def without_guessing(observed: float, options: int = 4) -> float:
    """Share who know, where everybody else guesses among `options`; 0 at the least."""
    share("observed（答对的比例）", observed, zero=True)
    chance = 1 / whole("options（选项数）", options, 2)
    return max(0.0, (observed - chance) / (1 - chance))


def with_guessing(true: float, options: int = 4) -> float:
    """Share of right answers to be seen where `true` know and the others guess."""
    share("true（真懂的比例）", true, zero=True)
    return true + (1 - true) / whole("options（选项数）", options, 2)


def pass_chance(
    needed: int, items: int, knows: float = 0.0, options: int = 4, tries: int = 1
) -> float:
    """Chance to get `needed` of `items` right for somebody who knows the share `knows` of them and
    guesses the rest, in the best of `tries` attempts."""
    right = with_guessing(knows, options)
    return float(1 - (1 - binom.sf(needed - 1, items, right)) ** tries)
