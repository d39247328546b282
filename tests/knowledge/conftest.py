"""Parsed texts and content as values, so that a test states only what it is about."""

from datetime import date

import pytest

from knowledge.authored import read_content
from knowledge.library import Library, Shelf, publish
from knowledge.numerals import article_label
from knowledge.records import Level, ParsedArticle, ParsedText

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="session")
def law():
    """A text whose articles are 第一条, 第二条 … in order; a pair gives the number too."""

    def make(name="茶歇规定", *texts, version="2004-01-20", **more):
        units = enumerate(texts or ("为了喝茶，制定本规定。",), 1)
        articles = tuple(
            ParsedArticle(*t) if isinstance(t, tuple) else ParsedArticle(article_label(i), t)
            for i, t in units
        )
        given = {"source": f"{name}({version}).md", "title": name, "level": Level.RULE} | more
        return ParsedText(name=name, version=version, articles=articles, **given)

    return make


@pytest.fixture(scope="session")
def real():
    """The project's own content; that it loads without a fault is claimed in test_content."""
    return read_content(faults=[])


@pytest.fixture
def library(tmp_path):
    """Texts -> the library that serves them; validity as of TODAY."""
    opened = []

    def build(*texts, overrides=(), content=None, as_of=TODAY):
        number = len(opened)
        with Shelf(tmp_path / f"shelf{number}.db") as shelf:
            for text in texts:
                shelf.add(text)
            shelf.settle(overrides, as_of)
        target = tmp_path / f"library{number}.db"
        publish(tmp_path / f"shelf{number}.db", target, content or {}, {"day": "2026-11-20"})
        opened.append(Library(target))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


QUESTIONS = "茶歇多久, 歇多久, 喝茶多少分钟, 茶歇时间, 多久算茶歇, 歇一会行不"

CARD = """
- id: {id}
  topic: time
  title: 茶歇多久
  audience: [worker]
  questions: [茶歇多久, 歇多久, 喝茶多少分钟, 茶歇时间, 多久算茶歇, 歇一会行不]
  answer: {answer}
  cite: [{cite}]
  next: 问问班长。
  reviewed: unreviewed
  drafted: 2026-11-20
"""

RULE = """
point: {point}
title: 多少日内答复
step: 应约
topic: time
questions: [几天答复, 多久回话, 答复期限, 多少日回, 何时答复, 几日内回]
next: 留下签收凭证。
reviewed: unreviewed
drafted: 2026-11-20
rules:
  - id: {point}.national
    region: 国家
    contract: 任何
    says: {says}
    figures:
      - {{number: {number}, unit: {unit}, compare: 以内, from: 收到要求, to: 书面回应}}
    cite: [{cite}]
"""

CASE = """---
id: tea-case
title: 一杯茶
topic: time
region: 国家
industry: 纺织
source: 某报
questions: [茶歇案例, 别人怎么歇, 有没有例子]
cite: [{cite}]
reviewed: unreviewed
drafted: 2026-11-20
---
## 发生了什么
{happened}

## 为什么成
人齐。

## 可以照做
先问。
"""

TOPICS = "- {id: time, name: 工时, words: [歇]}\n"
REGIONS = """- {name: 国家, full: 中华人民共和国, also: [全国]}
- {name: 河南, full: 河南省, parent: 国家}
"""


@pytest.fixture
def folder(tmp_path):
    """Files by name -> a content folder; topics and regions are there unless given."""

    def write(files):
        root = tmp_path / "content"
        for name, text in ({"topics.yaml": TOPICS, "regions.yaml": REGIONS} | files).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return root

    return write


@pytest.fixture
def card():
    def make(id="tea", answer="茶歇20分钟。", cite="《茶歇规定》第二条"):
        made = CARD.format(id=id, answer=answer, cite=cite)
        # A wording belongs to one entry only.
        return (
            made if id == "tea" else made.replace(QUESTIONS, QUESTIONS.replace(",", f"{id},") + id)
        )

    return make


@pytest.fixture
def rule():
    def make(point="reply", says="20日内答复。", number=20, unit="日", cite="《茶歇规定》第三条"):
        return RULE.format(point=point, says=says, number=number, unit=unit, cite=cite)

    return make


@pytest.fixture
def case():
    def make(happened="三百人歇了一小时，工资涨了8%。", cite="《茶歇规定》第二条"):
        return CASE.format(happened=happened, cite=cite)

    return make


@pytest.fixture
def content(folder):
    """Files by name -> the content, read without a fault."""
    return lambda files: read_content(folder(files))
