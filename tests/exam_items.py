"""An invented bank and a library whose articles can change, for tests of the exam."""

from dataclasses import replace
from datetime import date

from bot.exam.enrol import Person, candidates
from bot.exam.rules import Rules
from bot.exam.sitting import Exam
from bot.exam.store import PRAGMAS, ExamStore
from knowledge.citation import Citation
from knowledge.lessons import AREAS, Claim, Item, Option

DAY = date(2026, 11, 21)
NOON = 1_795_233_600.0
"""Noon of DAY in China, in seconds since 1970."""

__all__ = ["CLAIM", "DAY", "NOON", "PRAGMAS", "Library", "Room", "bank", "item"]

CLAIM = Claim(figure="1日")


def item(area, level, point, form, region="国家", kind="单选"):
    """One question; its right option says so, which only a test may do."""
    ident = f"a{area}-l{level}-p{point}-{form}"
    texts = {"判断": ["对", "错"], "多选": ["对一", "对二", "错一", "错二"]}
    said = texts.get(kind, ["对一", "错一", "错二", "错三"])
    options = tuple(Option(t, CLAIM, t.startswith("对")) for t in said)
    return Item(
        id=ident,
        point=f"a{area}-l{level}-p{point}",
        area=area,
        level=level,
        region=region,
        contract="任何",
        kind=kind,
        stem=f"领域{area}难度{level}知识点{point}的第{form}种问法？",
        options=options,
        why="因为如此。",
        cite=(Citation("虚构规定", f"第{_number(area)}条"),),
        reviewed="unreviewed",
        drafted=DAY,
    )


def _number(n):
    return "一二三四五六七八九十"[n - 1] if n <= 10 else f"十{'一二'[n - 11]}"


def bank(points=3, forms="abc"):
    """`points` for each of 12 areas and 3 levels, three forms each; some several and true/false."""
    kinds = {1: "判断", 2: "单选", 3: "多选"}
    return [
        item(a, lv, p, f, kind=kinds[lv] if p == 1 else "单选")
        for a in AREAS
        for lv in (1, 2, 3)
        for p in range(1, points + 1)
        for f in forms
    ]


class Library:
    """Live items and digests of articles, and a clock; all can be changed."""

    def __init__(self, items=None):
        self.items = bank() if items is None else items
        self.changed: set[str] = set()
        self.now = NOON

    def digest(self, citation):
        return "new" if str(citation) in self.changed else f"old {citation}"

    def withdraw(self, *idents):
        self.items = [i for i in self.items if i.id not in idents]

    def reword(self, ident):
        self.items = [replace(i, stem=i.stem + "！") if i.id == ident else i for i in self.items]


class Room:
    """An exam with enrolled people, in a folder."""

    # Without waiting for the disk 120 times an exam; a test that kills takes the real ones.
    pragmas = ("synchronous=OFF", "secure_delete=ON", "foreign_keys=ON")

    def __init__(self, folder, names=("张三", "李四"), items=None, ratings=None, **rules):
        self.library = Library(items)
        self.rules = Rules(organiser="虚构区总工会", **{"least_seconds": 0} | rules)
        self.ratings = ratings
        self.folder = folder
        self.exam = self.reopened()
        made = candidates([Person(n, "虚构厂") for n in names], (), DAY)
        assert self.exam.store.enrol([c for c, _ in made]) == []
        self.secrets = {c.number: secret for c, secret in made}
        self.numbers = list(self.secrets)

    def reopened(self):
        """The same exam as a new process would open it."""
        self.exam = Exam(
            ExamStore(self.folder / "exam.db", self.pragmas),
            lambda: self.library.items,
            self.library.digest,
            self.rules,
            self.ratings,
            lambda: self.library.now,
        )
        return self.exam

    def right(self, question):
        return [n for n, text in question.options if text.startswith("对")]

    def wrong(self, question):
        return [next(n for n, text in question.options if text.startswith("错"))]

    def answer(self, number, right=1000, of=1000):
        """Answer what is open, the first `right` of them rightly; how many were answered."""
        done = 0
        while done < of and (q := self.exam.question(number)) is not None:
            picked = self.right(q) if done < right else self.wrong(q)
            assert self.exam.answer(number, q.place, picked) == ""
            done += 1
        return done

    def sit(self, number, right=1000):
        self.exam.begin(number)
        self.answer(number, right)
        return self.exam.hand_in(number)

    def wait(self, days):
        self.library.now += days * 86400
