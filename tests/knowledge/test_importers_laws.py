"""The importers on the real corpus: every file, every count, every named trap (XST_LAWS)."""

import os
import re
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from knowledge.importers import WARNINGS, find, match, read, status_table
from knowledge.records import Level

LAWS = os.environ.get("XST_LAWS")
pytestmark = [
    pytest.mark.laws,
    pytest.mark.skipif(not LAWS, reason="XST_LAWS names no folder of law texts"),
]
SECONDS = 25
PLAIN = re.compile(r"^第[零〇○一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?", re.M)


@pytest.fixture(scope="module")
def corpus():
    begun = time.process_time()
    texts = [read(path) for path in find([Path(LAWS)])]
    return texts, time.process_time() - begun


@pytest.fixture(scope="module")
def texts(corpus):
    return corpus[0]


@pytest.fixture(scope="module")
def first_set(texts):
    return [t for t in texts if "lawrefbook" in Path(t.source).parts]


@pytest.fixture(scope="module")
def one(texts):
    def named(part):
        found = [t for t in texts if part in Path(t.source).name]
        assert len(found) == 1, [t.source for t in found]
        return found[0]

    return named


def articles(text):
    return [u for u in text.articles if u.kind == "article"]


def numbers(text):
    return [u.number for u in articles(text)]


def warned(text):
    return {w.kind: w.detail for w in text.warnings}


def test_every_file_is_read_in_time(corpus):
    texts, seconds = corpus
    assert len(texts) == 3501
    assert seconds < SECONDS


def test_the_number_of_articles_and_where_it_differs_from_a_plain_count(first_set):
    """147,288 lines open with 第X条; what the splitter adds and leaves out is named here."""
    plain, differs = 0, {}
    for text in first_set:
        body = Path(text.source).read_text(encoding="utf-8").split("<!-- INFO END -->")[1]
        heads = len(PLAIN.findall(body))
        plain += heads
        if heads != len(articles(text)):
            differs[Path(text.source).stem.split("(")[0]] = len(articles(text)) - heads
    cases = {name: n for name, n in differs.items() if n == -1}
    assert plain == 147_288
    assert len(cases) == 5  # articles cited in cases
    assert {name: n for name, n in differs.items() if n != -1} == {
        "飞行基本规则": 112,  # chapters printed in one line
        "最高人民法院关于适用《刑事诉讼法》的解释": 4,  # blank inside the head
        "彭水苗族土家族自治县城乡建设管理条例": 2,  # dash for 一
        "青岛市海上交通安全条例": 1,
        "浙江省农村生活污水处理设施管理条例": 1,
        "重庆市合同格式条款监督条例": 1,
        "刑事诉讼法": 1,
        "宪法修正案（2018年）": -5,  # articles quoted inside 第五十二条
    }
    assert sum(len(articles(text)) for text in first_set) == 147_400


def test_only_these_texts_have_no_articles(first_set):
    kinds = Counter()
    for text in first_set:
        kind = {u.kind for u in text.articles} - {"preamble", "appendix"}
        kinds["/".join(sorted(kind)) if text.level is not Level.CASE else "case"] += 1
    assert kinds == {"article": 3316, "item": 75, "whole": 26, "case": 52, "": 4}


def test_gaps_are_those_of_the_source(first_set):
    gaps = {
        Path(t.source).stem.split("(")[0]: warned(t)["gap"] for t in first_set if "gap" in warned(t)
    }
    assert gaps["山东省企业工资集体协商条例"] == "第十六条"
    assert gaps["农民专业合作社法"] == "第五十四条"
    assert gaps["浙江省无人驾驶航空器公共安全管理规定"] == "第一条至第四条"
    assert len(gaps) == 14


def test_no_number_comes_twice_in_one_text(texts):
    for text in texts:
        assert max(Counter(u.number for u in text.articles).values(), default=1) == 1, text.source


def test_the_civil_code_counts_on_over_its_files(texts):
    parts = [t for t in texts if t.name == "民法典"]
    assert {t.part for t in parts} == {
        "总则", "物权编", "合同编", "人格权编", "婚姻家庭编", "继承编", "侵权责任编", "附则",
    }  # fmt: skip
    found = [u.number for t in parts for u in articles(t)]
    assert len(set(found)) == len(found) == 1260
    assert {t.version for t in parts} == {"2020-05-28"}
    assert not any("gap" in warned(t) for t in parts)
    third = {u.number: u.text for t in parts for u in articles(t)}
    for number in ("第三百八十七条", "第六百八十五条", "第八百九十六条", "第九百五十八条"):
        assert "第三人" in third[number]


def test_inserted_articles_of_the_criminal_law(texts):
    law = next(t for t in texts if t.name == "刑法")
    assert sum("之" in n for n in numbers(law)) == 53
    assert "第二百六十二条之二" in numbers(law)
    assert warned(law)["stub"] == "第一百九十九条"
    appendices = [u.number for u in law.articles if u.kind == "appendix"]
    assert appendices == ["附", "附件一", "附件二"]


def test_blanks_and_dashes_in_heads(one):
    assert warned(one("重庆市合同格式条款监督条例"))["spaced-head"] == "第十五条"
    text = one("彭水苗族土家族自治县城乡建设管理条例")
    assert warned(text)["dash-head"] == "第三十一条、第五十一条"
    assert "gap" not in warned(text)


def test_an_article_that_begins_with_the_word_rules(one):
    """TRAPS.md lists it as a false positive; it is 第九条, between 第八条 and 第十条."""
    text = one("山东省地方立法条例")
    assert numbers(text)[7:10] == ["第八条", "第九条", "第十条"]
    assert articles(text)[8].text.startswith("规定本省")


def test_headings_without_numbers_do_not_end_articles(texts, one):
    funds = articles(one("私募投资基金监督管理条例"))
    assert "法律责任" in {u.chapter for u in funds}
    assert not any(u.text.endswith("法律责任") for u in funds)
    bare = [t for t in texts if "bare-heading" in warned(t)]
    assert len(bare) == 158


def test_numbered_texts(one):
    text = one("执行工作若干问题的规定（试行）(2020-12-29)")
    items = [u for u in text.articles if u.kind == "item"]
    assert [u.number for u in items] == [f"{n}." for n in range(1, 80)]
    assert items[0].chapter == "一、执行机构及其职责"
    amendment = one("刑法修正案（十一）")
    assert [u.kind for u in amendment.articles].count("item") == 48


def test_the_forbidden_work_of_women_is_an_appendix(one):
    text = one("女职工劳动保护特别规定")
    assert numbers(text)[-1] == "第十六条"
    appendix = text.articles[-1]
    assert (appendix.kind, appendix.number) == ("appendix", "附录")
    assert "冷水作业" in appendix.text
    assert text.repeals == ("女职工劳动保护规定",)


def test_empty_bodies_are_named(texts):
    assert sorted(t.name for t in texts if "empty" in warned(t)) == [
        "汕头经济特区突发公共卫生事件应急条例",
        "重庆市实施《中华人民共和国农业技术推广法》办法",
        "重庆市实施《中华人民共和国国家赔偿法》办法",
        "重庆市实施《中华人民共和国母婴保健法》办法",
    ]


def test_tables_and_lost_characters(texts):
    assert sum("table" in warned(t) for t in texts) == 7
    assert sum("private-use" in warned(t) for t in texts) == 4
    odd = re.compile("[\u200b\u00a0\u3000\ufeff\ue000-\uf8ff]")
    assert not any(odd.search(u.text) or odd.search(u.number) for t in texts for u in t.articles)


def test_the_status_table_fits_the_files(first_set):
    table = status_table(Path(LAWS))
    rows = [match(table, Path(t.source)) for t in first_set]
    assert sum(row is not None for row in rows) == 3472
    assert sum(t.expired is True for t in first_set) == 116


def test_dates_agree_with_the_table(first_set):
    table = status_table(Path(LAWS))
    agree = Counter()
    for text in first_set:
        row = match(table, Path(text.source))
        if row and row.valid_from:
            agree[text.effective == row.valid_from] += 1
    assert agree[True] / agree.total() > 0.97
    assert sum(not t.version for t in first_set) == 119


def test_the_supplement(one, texts):
    supplement = [t for t in texts if Path(t.source).parent.name == "supplement"]
    assert len(supplement) == 28
    assert sum(len(articles(t)) for t in supplement) == 1050
    assert {t.level for t in supplement} <= {
        Level.LOCAL, Level.RULE, Level.REGULATION, Level.INTERPRETATION,
    }  # fmt: skip
    text = one("集体合同规定")
    assert (text.name, text.level, text.region) == ("集体合同规定", Level.RULE, "国家")
    assert (text.promulgated, text.effective) == (date(2004, 1, 20), date(2004, 5, 1))
    assert text.repeals == ("集体合同规定",)
    amended = one("内蒙古自治区企业工资集体协商条例")
    assert (amended.region, amended.effective) == ("内蒙古", date(2025, 12, 1))


def test_the_newer_interpretation_does_not_end_the_older(one):
    assert one("劳动争议案件适用法律问题的解释（二）(2025").repeals == ()


def test_every_warning_has_its_explanation(texts):
    assert {w.kind for t in texts for w in t.warnings} <= set(WARNINGS)
