"""Reading a claim against an article: sentences, figures, comparisons, actors, modals, sums."""

from dataclasses import replace
from datetime import date

import pytest

from knowledge import proving
from knowledge.check import check
from knowledge.citation import Citation
from knowledge.clauses import acts, comparisons, governing, sentences, strong_polarities
from knowledge.derive import covered, derive, derived_key, flaws
from knowledge.figures import figures
from knowledge.lessons import Claim, Item, Option
from knowledge.sums import SumError, numbers, truth, values

TODAY = date(2026, 11, 20)
ANSWER = "一方要求茶歇的，另一方应当在收到要求之日起20日内以书面形式回应，无正当理由不得拒绝茶歇。"
LIST = "有下列情形之一的，用人单位应当停止备茶：\n（一）缺水的；\n（二）茶叶不足2斤，且职工不满5人的。\n职工可以自带茶叶。"
ARTICLES = {
    "第二条": ANSWER,
    "第三条": LIST,
    "第四条": "茶歇代表每方至少3人。\n茶歇应当有三分之二以上职工出席，由工会主席主持，并经全体职工半数以上同意。",
}


def text_of(citation):
    return ARTICLES.get(citation.article)


def item(*options, stem="茶歇怎么办？", kind="单选", cites=("第二条",), why="看条文。", **more):
    return Item(
        id="tea-a", point="tea", area=1, level=1, region="国家", contract="任何", kind=kind, stem=stem,
        options=options, why=why, reviewed="unreviewed", drafted=TODAY,
        cite=tuple(c if isinstance(c, Citation) else Citation("茶歇规定", c) for c in cites), **more,
    )  # fmt: skip


def holds(claim, cites=("第二条",), text="", stem="茶歇怎么办？"):
    option = Option(text, claim, True)
    return derive(item(option, cites=cites, stem=stem), option, text_of).holds


def messages(given):
    return [f.message for f in flaws(given, text_of)]


# Sentences


def test_an_item_is_read_with_its_lead_and_not_with_the_next_paragraph():
    assert sentences(LIST) == (
        "有下列情形之一的，用人单位应当停止备茶：（一）缺水的",
        "有下列情形之一的，用人单位应当停止备茶：（二）茶叶不足2斤，且职工不满5人的",
        "职工可以自带茶叶",
    )
    assert sentences(LIST, 1, 2) == sentences(LIST)[1:2]
    assert sentences(LIST, 2) == sentences(LIST)[2:]


def test_a_claim_is_not_put_together_from_two_sentences():
    assert holds(Claim(("茶歇代表",), "3人"), ["第四条"])
    assert not holds(Claim(("茶歇代表",), "2/3"), ["第四条"])


# Figures


@pytest.mark.parametrize(
    ("text", "figure", "read"),
    [
        ("在收到要求之日起20日内回应", "20日", {"以内"}),
        ("每方至少3人", "3人", {"至少"}),
        ("每方不少于3人", "3人", {"至少"}),
        ("期限为一至三年", "1年", {"至少"}),
        ("期限为一至三年", "3年", {"不超过"}),
        ("期满前3个月内提出", "3个月", {"以内"}),
        ("会议召开7日前", "7日", {"之前"}),
        ("提前三十日通知", "30日", {"之前"}),
        ("试用期不得超过六个月", "6个月", {"不超过"}),
        ("加班超过三小时的", "3小时", {"过"}),
        ("不得超过本方代表的三分之一", "1/3", {"不超过"}),
        ("不低于本人工资的80%", "80%", {"至少"}),
        ("三个月以上不满一年的", "3个月", {"以上"}),
        ("三个月以上不满一年的", "1年", {"不到"}),
        ("六月以上", "6个月", {"以上"}),
        ("全体职工过半数同意", "过半数", {"过"}),
        ("期限为三十日", "30日", set()),
        ("十五日内", "5日", set()),
    ],
)
def test_how_a_text_compares_a_figure(text, figure, read):
    assert comparisons(text, next(iter(figures(figure)))) == read


@pytest.mark.parametrize(
    ("claim", "held"),
    [
        (Claim(("回应",), "20日"), True),
        (Claim(("回应",), "二十天"), True),
        (Claim(("回应",), "20个工作日"), False),
        (Claim(("回应",), "20日", "以内"), True),
        (Claim(("回应",), "20日", "不超过"), True),
        (Claim(("回应",), "20日", "至少"), False),
        (Claim(("回应",), "20日", "等于"), False),
    ],
)
def test_a_figure_holds_with_its_unit_and_comparison(claim, held):
    assert holds(claim) is held


def test_half_or_more_is_not_more_than_half():
    assert holds(Claim(("同意",), "半数以上"), ["第四条"])
    assert not holds(Claim(("同意",), "过半数"), ["第四条"])


def test_the_comparison_that_people_read_must_not_contradict_the_article():
    assert holds(Claim(("回应",), "20日"), text="20日内")
    assert not holds(Claim(("回应",), "20日"), text="20日以上")


# Who and must


@pytest.mark.parametrize(
    ("words", "modal"),
    [(["回应"], "应当"), (["拒绝"], "不得"), (["要求", "回应"], "应当"), (["一方要求"], "应当")],
)
def test_the_nearest_modal_before_the_words_governs_them(words, modal):
    assert governing(ANSWER, words)[1] == modal


@pytest.mark.parametrize("word", ["相应", "给以回应", "可能", "反应", "不可抗力", "许可"])
def test_a_syllable_of_another_word_is_no_modal(word):
    assert governing(f"企业{word}的情形", ["情形"]) is None


@pytest.mark.parametrize(
    ("sentence", "word", "who", "not_who"),
    [
        (ANSWER, "回应", "另一方", "一方"),
        ("代表履职期间，用人单位不得调整其岗位", "调整", "用人单位", "代表"),
        ("代表由本单位工会选派", "选派", "工会", "代表"),
        ("首席代表由本单位工会主席担任", "担任", "工会主席", "工会"),
        ("工会对用人单位应当提出意见", "意见", "工会", "用人单位"),
        ("工会和用人单位应当公布", "公布", "工会", "职工"),
        ("合同订立后，应当报送劳动行政部门", "报送", "合同", "劳动行政部门"),
        ("经本单位半数以上职工同意", "同意", "职工", "工会"),
    ],
)
def test_who_acts_is_the_nearest_actor_before_the_modal(sentence, word, who, not_who):
    assert not acts(sentence, not_who, [word])
    if who != "合同":
        assert acts(sentence, who, [word])


def test_a_question_commands_nothing_and_an_answer_does():
    assert strong_polarities("公司能不能拒绝") == []
    assert strong_polarities("不能，必须答复") == [("不得", "不能"), ("应当", "必须")]


# Sums


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("60 * 3 >= 90 * 2", True),
        ("26 - 1 > 20", True),
        ("80 / 3 < 20 or 5 // 2 == 2", True),
        ("not 7 % 3 == 0", True),
        ("0.1 + 0.2 == 0.3", True),
        ("1 < 2 < 2", False),
    ],
)
def test_a_sum_comes_out(text, value):
    assert truth(text) is value


@pytest.mark.parametrize(
    "text",
    ["20", "a > 1", "__import__('os')", "2 ** 9 > 1", "1 / 0 > 1", "1 >", "True == 1", "9" * 300, "1 != 2", "f(1) > 0"],
)  # fmt: skip
def test_anything_but_a_sum_is_refused(text):
    with pytest.raises(SumError):
        truth(text)


def test_the_numbers_of_a_text_and_of_a_sum():
    assert {2, 3}.issubset(numbers("三分之二以上"))
    assert {35, 0.35}.issubset(numbers("百分之三十五")) or 0.35 in numbers("百分之三十五")
    assert values("3 * 20 == 60") == {3, 20, 60}


# Items

RIGHT = Option("20日内", Claim(("回应",), "20日", "以内"), True)
WRONG = Option("10日内", Claim(("回应",), "10日"), lure="急")
NEVER = Option("没有期限", Claim(("回应",), says=(("没有期限", "没有期限"),)), lure="慢")
ITEM = item(RIGHT, WRONG, NEVER)


def test_a_sound_item_has_no_flaw_and_its_key_comes_from_the_article():
    assert messages(ITEM) == []
    assert derived_key(ITEM, text_of) == (0,)


def test_asked_for_the_wrong_one_the_key_is_what_fails():
    turned = item(
        replace(RIGHT, right=False), replace(WRONG, right=True),
        Option("书面答复", Claim(("回应",), says=(("书面", "书面"),)), lure="x"), asks="不对的",
    )  # fmt: skip
    assert messages(turned) == []
    assert derived_key(turned, text_of) == (1,)


def test_an_article_that_changed_its_figure_derives_another_key(monkeypatch):
    monkeypatch.setitem(ARTICLES, "第二条", ANSWER.replace("20日", "10日"))
    assert derived_key(ITEM, text_of) == (1,)
    assert any("推不出来" in m for m in messages(ITEM))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((replace(RIGHT, text="25日内"), WRONG, NEVER), "读不到 20日"),
        ((replace(RIGHT, text="20日以上"), WRONG, NEVER), "claim 写的是“以内”"),
        ((RIGHT, WRONG, replace(NEVER, text="随便")), "says 左边的“没有期限”"),
        ((RIGHT, WRONG, Option("随便", Claim(("回应",), holds="20 > 30"), lure="x")), "一处都连不上"),
        ((replace(RIGHT, claim=Claim(("回复",), "20日")), WRONG, NEVER), "说法没有着落"),
        ((replace(RIGHT, claim=Claim(("回应",), "许多日")), WRONG, NEVER), "读不出一个数"),
        ((RIGHT, replace(WRONG, claim=Claim(("回应",), "10日", holds="10 >> 1")), NEVER), "读不出"),
        ((replace(RIGHT, text="20日内，可以口头"), WRONG, NEVER), "“可以”没有依据"),
        ((replace(RIGHT, text="20日内，由企业答复"), WRONG, NEVER), "“企业”没有依据"),
    ],
)  # fmt: skip
def test_a_flaw_says_what_to_mend(options, said):
    assert any(said in m for m in messages(item(*options))), messages(item(*options))


def test_a_right_option_holds_in_the_very_paragraph_that_is_cited():
    option = Option("至少3人", Claim(("代表",), "3人", "至少"), True)
    wrong = (Option("至少5人", Claim(("代表",), "5人"), lure="x"), NEVER)
    wrong = (wrong[0], replace(NEVER, claim=replace(NEVER.claim, near=("代表",))))
    first = item(option, *wrong, cites=[Citation("茶歇规定", "第四条", 1)])
    second = item(option, *wrong, cites=[Citation("茶歇规定", "第四条", 2)])
    assert messages(first) == []
    assert any("不在所引的款、项里" in m for m in messages(second))


def test_a_why_states_only_figures_of_its_articles_stem_and_sums():
    assert messages(replace(ITEM, why="20日内要答复，10日太急。")) != []
    stem = "3月1日收到要求，3月26日才答复，迟了吗？"
    late = Option("迟了，超过20日", Claim(("回应",), "20日", holds="26 - 1 > 20"), True)
    assert messages(item(late, WRONG, NEVER, stem=stem, kind="案例", why="已经过了25天。")) == []
    assert messages(item(late, WRONG, NEVER, stem=stem, kind="案例", why="已经过了24天。")) != []


def test_a_sum_takes_its_numbers_from_stem_option_and_article():
    stem = "3月1日收到要求，3月26日才答复，迟了吗？"
    bad = Option("迟了，超过20日", Claim(("回应",), "20日", holds="99 - 1 > 20"), True)
    alone = Option("迟了25天", Claim(("回应",), holds="26 - 1 == 25"), True)
    assert any("99" in m for m in messages(item(bad, WRONG, NEVER, stem=stem, kind="案例")))
    assert any(
        "没有一个条文的数字" in m
        for m in messages(item(alone, WRONG, NEVER, stem=stem, kind="案例"))
    )


def test_without_the_text_of_an_article_only_the_ties_are_checked():
    unknown = replace(ITEM, cite=(Citation("茶歇规定", "第九条"),))
    assert not covered(unknown, text_of)
    assert messages(unknown) == []
    loose = replace(unknown, options=(replace(RIGHT, text="25日内"), WRONG, NEVER))
    assert any("读不到" in m for m in messages(loose))


def test_a_wrong_statement_whose_words_are_nowhere_still_fails_for_a_reason():
    claim = Claim(("回应",), says=(("口头", "口头"),))
    options = (Option("对", claim), Option("错", claim, True))
    assert messages(item(*options, kind="判断", stem="口头答复也算。")) == []


def test_the_command_names_file_line_and_fault(folder, capsys, monkeypatch):
    monkeypatch.delenv("XST_HOME", raising=False)
    monkeypatch.chdir(folder({}))
    bank = """- point: tea
  area: 4
  level: 1
  teaches: 二十日内答复
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
"""
    form = """    - id: tea-{n}
      kind: 判断
      stem: 收到要求，{days}内要答复。
      answer: 对
      claim: {{near: [回应], figure: 20日}}
      why: 要答复。
      cite: [《茶歇规定》第二条]
"""
    forms = [form.format(n=n, days="30日" if n == "c" else "20日") for n in "abc"]
    root = folder({"quiz/tea.yaml": bank + "".join(forms)})
    assert proving.main(["--content", str(root)]) == 1
    said = capsys.readouterr().out
    assert "没有法规原文" in said
    assert "quiz/tea.yaml:22: [tea-c]" in said
    assert "题 3 道，格式错误 0 处，要改 1 处" in said


def test_the_proof_reader_of_all_content_reads_the_items_too(content, library, law):
    bank = """- point: tea
  area: 4
  level: 1
  teaches: 二十日内答复
  drafted: 2026-11-20
  reviewed: unreviewed
  forms:
"""
    form = """    - id: tea-{n}
      kind: 判断
      stem: 收到要求，{days}内要答复。
      answer: 对
      claim: {{near: [回应], figure: {days}}}
      why: 要答复，有事打12345。
      cite: [《茶歇规定》第{article}条]
"""
    forms = [("a", "20日", "二"), ("b", "30日", "二"), ("c", "20日", "九")]
    written = bank + "".join(form.format(n=n, days=d, article=a) for n, d, a in forms)
    texts = library(law("茶歇规定", "为了喝茶，制定本规定。", ANSWER))
    found = check(content({"quiz/tea.yaml": written}), texts, TODAY)
    said = {(f.kind, f.entry) for f in found if f.kind not in ("no-digest", "phone")}
    assert said == {("key", "tea-b"), ("figure", "tea-b"), ("unknown-article", "tea-c")}
    assert sum(f.kind == "phone" for f in found) == 3
    assert sum(f.kind == "no-digest" for f in found) == 2
