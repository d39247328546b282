"""Candidates for the table of synonyms: what goes together is offered, what is known is not."""

from __future__ import annotations

from datetime import date

import pytest
import typer
import yaml
from typer.testing import CliRunner

from bot.cli.seeds import learn_synonyms, written
from bot.seeds import Seed, dictionary, seeds
from index.text import Tokens
from index.words import join, links
from knowledge.citation import Citation
from knowledge.pieces import Card, Content, Digest

DAY = date(2026, 11, 20)
LAWS = {
    "第一条": "用人单位解除劳动合同应当出具证明",
    "第二条": "用人单位拖欠工资应当限期支付",
    "第三条": "职工享受带薪年休假",
    "第四条": "用人单位解除劳动合同应当书面通知",
    "第五条": "职工参加工会活动",
}
ASKED = {
    "第一条": ["我被炒鱿鱼了怎么办", "炒鱿鱼要给什么", "老板炒鱿鱼没给单子"],
    "第二条": ["老板赖账怎么办", "赖账多久能要回", "厂里一直赖账"],
    "第三条": ["歇班几天怎么办", "歇班有钱吗", "老板不给歇班"],
    "第四条": ["炒鱿鱼要提前说吗", "炒鱿鱼没打招呼", "突然炒鱿鱼怎么办"],
    "第五条": ["老板不给看球怎么办"] * 40,
}
BOOK = list(LAWS.values()) * 20


def content(**more) -> Content:
    cards = [
        Card(f"c{i}", "wages", "", ("worker",), tuple(said), "", "", "", DAY, (cited(article),))
        for i, (article, said) in enumerate(ASKED.items())
    ]
    digests = [Digest(cited(article), says, "", DAY) for article, says in LAWS.items()]
    return Content(cards=tuple(cards), digests=tuple(digests), **more)


def cited(article: str) -> Citation:
    return Citation("劳动合同法", article)


def tokens(**synonyms: str) -> Tokens:
    return Tokens(
        ["炒鱿鱼", "赖账", "歇班", "解除劳动合同", "拖欠工资", "带薪年休假"],
        {lay: [term] for lay, term in synonyms.items()},
    )


def test_the_pair_that_goes_together_comes_first():
    pairs = [("甲 丙", "一 三"), ("甲 丁", "一 二"), ("乙 丙", "三 二"), ("乙 丁", "二 四")]
    found = links([(a.split(), b.split()) for a, b in pairs * 3])
    assert (found[0].left, found[0].right) in {("甲", "一"), ("乙", "二"), ("丙", "三")}
    best = {a: next(x.right for x in found if x.left == a) for a in "甲乙丙"}
    assert best == {"甲": "一", "乙": "二", "丙": "三"}
    assert 0.5 < found[0].share <= 1 and found[0].count == 6


def test_a_word_of_every_text_translates_nothing_better_than_its_own_word_does():
    pairs = [(["怎么办", a], [b, "应当"]) for a, b in ("甲一", "乙二", "丙三", "丁四")] * 4
    found = {(x.left, x.right): x.share for x in links(pairs)}
    assert found["甲", "一"] > 2 * found["甲", "应当"]
    assert found["甲", "一"] > 2 * found["怎么办", "一"]


def test_nothing_is_linked_by_nothing_and_what_is_too_rare_is_left_out():
    assert links([]) == []
    assert links([(["甲"], [])]) == []
    assert links([(["甲"], ["一"])], least=2) == []


def test_neighbours_that_only_stand_together_become_one_word():
    texts = [["摸", "鱼", x] for x in "甲乙丙丁戊己庚辛壬癸"] + [[x, "了"] for x in "甲乙丙" * 200]
    joined = join(texts, 5)
    assert joined[0] == ["摸鱼", "甲"]
    assert joined[10] == ["甲", "了"]
    assert join(texts, 50)[0] == ["摸", "鱼", "甲"]


def test_a_lay_word_is_offered_with_the_legal_word_of_the_articles_that_answer_it():
    found = seeds(content(), tokens(), BOOK, least=3)
    assert (found[0].lay, found[0].term) == ("炒鱿鱼", "解除劳动合同")
    assert (found[0].count, found[0].entries, found[0].example) == (6, 2, "c0#2")
    assert found[0].known == ()


def test_what_the_table_has_already_is_not_offered():
    known = tokens(炒鱿鱼="解除劳动合同")
    assert "解除劳动合同" not in [s.term for s in seeds(content(), known, BOOK, least=3)]


def test_a_word_of_one_card_only_is_no_candidate():
    found = seeds(content(), tokens(), BOOK, least=3)
    assert found and {"赖账", "歇班"}.isdisjoint(s.lay for s in found)


def test_a_lay_word_that_is_common_in_law_is_not_offered():
    """Nobody needs a bridge between the two."""
    laws = [*BOOK, *["用人单位不得炒鱿鱼"] * 30]
    assert "炒鱿鱼" not in [s.lay for s in seeds(content(), tokens(), laws, least=3)]


def test_the_words_of_an_article_stand_beside_its_digest():
    def article(citation: Citation) -> str:
        return "予以遣返" if citation.article in ("第一条", "第四条") else ""

    laws = [*BOOK, *["予以遣返"] * 10]
    terms = [s.term for s in seeds(content(), tokens(), laws, article, least=3)]
    assert "遣返" in terms


def test_the_file_has_the_form_of_the_table_with_figures_as_comments():
    found = [
        Seed("炒鱿鱼", "解除劳动合同", 0.25, 6, 2, "c0#1"),
        Seed("赖账", "拖欠工资", 0.2, 3, 2, "c1#2", ("克扣工资",)),
        Seed("被炒", "解除劳动合同", 0.1, 3, 2, "c0#3"),
    ]
    text = written(found)
    assert yaml.safe_load(text) == [
        {"term": "解除劳动合同", "lay": ["炒鱿鱼", "被炒"]},
        {"term": "拖欠工资", "lay": ["赖账"]},
    ]
    assert '"炒鱿鱼"  # 0.250，6/2，c0#1' in text and "已有 克扣工资" in text


def test_the_dictionary_holds_laws_by_both_names():
    held = Content(digests=(Digest(Citation("中华人民共和国工会法", "第一条"), "", "", DAY),))
    assert {"中华人民共和国工会法", "工会法"} <= set(dictionary(held))


@pytest.mark.parametrize(
    ("given", "said"),
    [(["--file", "x.txt"], ".yaml"), (["--laws", "/nirgends"], "没有这个文件夹")],
)
def test_a_wrong_option_says_what_to_do(given, said):
    app = typer.Typer()
    app.command()(learn_synonyms)
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 1 and said in result.output
