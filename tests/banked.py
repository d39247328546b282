"""The small release with the invented question bank: what a turn of practice or a campaign sees."""

from __future__ import annotations

from bank import bank


class Banked:
    """Sources with these items live; everything else is the small release's."""

    def __init__(self, seen, items=None) -> None:
        self.seen = seen
        self.live = bank() if items is None else list(items)
        self.known = {i.id: i for i in self.live}

    def __getattr__(self, name):
        return getattr(self.seen, name)

    def items(self):
        return self.live

    def item(self, ident):
        return self.known.get(ident)

    def on(self, day) -> Banked:
        other = Banked(self.seen.at(day), self.live)
        other.known = self.known
        return other
