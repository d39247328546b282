from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.authored import read_content
from knowledge.check import KINDS, Fault, allowed_by, check, cited, span_figure, unreviewed
from knowledge.citation import Citation
from knowledge.figures import figures
from knowledge.pieces import Span

TODAY = date(2026, 11, 20)
DIGEST = """law: 茶歇规定
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第二条: {second}
  第三条: {third}
"""
SOUND = {"second": "茶歇20分钟，至少三人一起，须经半数以上同意。", "third": "收到要求20日内答复。"}


@pytest.fixture
def laws(library, law):
    """One law in force, one repealed, one not yet in force."""
    tea = law(
        "茶歇规定",
        "为了喝茶，制定本规定。",
        "茶歇二十分钟，至少三人一起，须经半数以上同意。\n下列人员除外：\n（一）不渴的；\n（二）不在的。",
        "应当在收到要求之日起20日内书面答复，最多4次。",
        effective=date(2004, 5, 1),
        expired=False,
    )
    old = law("旧茶规定", "茶歇20分钟。", version="1995-01-01")
    end = law("新茶规定", "新。", version="2020-01-01", repeals=("旧茶规定",), expired=False)
    coming = law("未来规定", "茶歇20分钟。", version="2030-01-01")
    return library(tea, old, end, coming)


@pytest.fixture
def faults(folder, card, rule, case, laws):
    """Faults of otherwise clean content, by kind; `given` replaces or adds files."""

    def run(given_=(), library=laws, day=TODAY, **digest):
        files = {
            "cards/tea.yaml": card(),
            "rules/reply.yaml": rule(),
            "cases/tea.md": case(),
            "digests/茶歇规定.yaml": DIGEST.format(**SOUND | digest),
        }
        found = check(read_content(folder(files | dict(given_))), library, day)
        assert all(f.kind in KINDS and f.place for f in found)
        return [(f.kind, f.entry, f.message) for f in found]

    return run


def kinds(found):
    return [kind for kind, _, _ in found]


def test_clean_content_has_no_fault(faults):
    assert faults() == []
    assert faults(library=None) == []


def test_a_fault_says_where_what_and_why():
    fault = Fault("figure", "cards/a.yaml:3", "tea", "30日（引 《茶法》第一条）")
    assert str(fault) == "cards/a.yaml:3: [tea] 数字不在所引条文里：30日（引 《茶法》第一条）"


@pytest.mark.parametrize(
    ("cite", "kind", "said"),
    [
        ("《咖啡规定》第二条", "unknown-law", "库里没有《咖啡规定》"),
        ("《茶歇规定》第九条", "unknown-article", "没有这一条"),
        ("《茶歇规定》第二条之一", "unknown-article", "没有这一条"),
        ("《茶歇规定》第二条第三款", "unknown-article", "只有 2 款"),
        ("《茶歇规定》第二条第二款第三项", "unknown-article", "只有 2 项"),
        ("《茶歇规定》第二条第一款第一项", "unknown-article", "只有 0 项"),
        ("《茶歇规定》第三条第一项", "unknown-article", "只有 0 项"),
        ("《旧茶规定》第一条", "repealed", "已废止"),
        ("《旧茶规定》", "repealed", "由《新茶规定》废止"),
        ("《未来规定》第一条", "repealed", "尚未施行"),
    ],
)
@pytest.mark.parametrize("where", ["card", "rule", "case", "topic"])
def test_a_citation_that_does_not_hold_is_a_fault(
    faults, card, rule, case, where, cite, kind, said
):
    given_ = {
        "card": {"cards/tea.yaml": card(cite=cite)},
        "rule": {"rules/reply.yaml": rule(cite=cite)},
        "case": {"cases/tea.md": case(cite=cite)},
        "topic": {"topics.yaml": f"- {{id: time, name: 时, cite: [{cite}]}}\n"},
    }[where]
    # A digest that is missing beside it is a fault of its own.
    found = [f for f in faults(given_) if f[0] != "no-digest"]
    assert kinds(found) == [kind]
    assert said in found[0][2]


@pytest.mark.parametrize(
    "cite",
    [
        "《茶歇规定》第二条第二款第二项",
        "《茶歇规定》第二条第二项",
        "《茶歇规定》第二条第一款",
        "《茶歇规定》",
    ],
)
def test_a_citation_that_holds_is_none(faults, card, cite):
    assert faults({"cards/tea.yaml": card(cite=cite)}) == []


def test_the_day_decides_what_is_in_force(faults, card):
    old = {"cards/tea.yaml": card(cite="《旧茶规定》第一条")}
    assert "repealed" not in kinds(faults(old, day=date(2019, 12, 31)))
    assert "repealed" in kinds(faults(old, day=date(2020, 1, 1)))


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("茶歇30分钟。", "30分钟"),
        ("茶歇20天。", "20日"),
        ("要过半数同意。", "过半数"),
        ("至少4人一起。", "4人"),
        ("茶歇20分钟，2/3同意。", "2/3"),
    ],
)
def test_a_figure_of_a_card_that_no_cited_article_states_is_a_fault(faults, card, answer, shown):
    (found,) = faults({"cards/tea.yaml": card(answer=answer)})
    assert found == ("figure", "tea", f"{shown}（引 《茶歇规定》第二条）")


def test_the_next_step_of_a_card_states_no_figure_of_its_own(faults, card):
    step = card().replace("问问班长。", "等30分钟再问。")
    assert kinds(faults({"cards/tea.yaml": step})) == ["figure"]


@pytest.mark.parametrize(
    "answer", ["茶歇二十分钟，三人以上。", "要半数以上同意。", "茶歇２０分钟。"]
)
def test_a_figure_stands_in_any_script(faults, card, answer):
    assert faults({"cards/tea.yaml": card(answer=answer)}) == []


def test_a_figure_may_come_from_a_sum_that_is_shown(faults, card):
    answer = "每天四次，一共80分钟。"
    both = card(answer=answer, cite="《茶歇规定》第二条, 《茶歇规定》第三条")
    assert kinds(faults({"cards/tea.yaml": both})) == ["figure"]
    shown = both + "  worked: [20 * 4 = 80]\n"
    assert faults({"cards/tea.yaml": shown}) == []


def test_working_days_for_days_is_a_fault_of_rule_and_span(faults, rule):
    """The commonest slip of all: 20日 in one province, 10个工作日 in the next."""
    found = faults({"rules/reply.yaml": rule(says="20个工作日内答复。", unit="工作日")})
    assert [(kind, entry) for kind, entry, _ in found] == [("figure", "reply.national")] * 2
    assert "20工作日" in found[0][2]
    assert found[1][2] == "figures 里的 20工作日"


def test_a_span_alone_may_be_wrong(faults, rule):
    (found,) = faults({"rules/reply.yaml": rule(number=15)})
    assert found == ("figure", "reply.national", "figures 里的 15日")


def test_the_caution_of_a_rule_is_checked_too(faults, rule):
    cautious = rule() + "    caution: 最多6次。\n"
    assert kinds(faults({"rules/reply.yaml": cautious})) == ["figure"]


def test_a_digest_states_only_figures_of_its_article(faults):
    (found,) = faults(third="收到要求15日内答复。")
    assert found[:2] == ("figure", "《茶歇规定》第三条")


def test_a_digest_of_an_article_that_is_not_there_is_a_fault(faults):
    extra = DIGEST.format(**SOUND) + "  第九条: 没有。\n"
    assert kinds(faults({"digests/茶歇规定.yaml": extra})) == ["unknown-article"]


def test_without_law_texts_the_digest_is_the_source(faults):
    found = faults(library=None, third="收到要求15日内答复。")
    assert {entry for _, entry, _ in found} == {"reply.national"}
    assert set(kinds(found)) == {"figure"}


def test_the_figures_of_a_case_come_from_its_source(faults, case):
    """A case reports what happened in one plant: 8% more pay stands in no law."""
    told = case(happened="九百人谈了45天，涨了13.5%，每人多得260元。")
    assert figures("九百人谈了45天，涨了13.5%，每人多得260元。")
    assert faults({"cases/tea.md": told}) == []


def test_an_article_without_a_digest_is_a_fault(faults, card):
    (found,) = faults({"cards/tea.yaml": card(answer="为了喝茶。", cite="《茶歇规定》第一条")})
    assert found[:2] == ("no-digest", "《茶歇规定》第一条")


@pytest.mark.parametrize(
    "text",
    ["拨打12333。", "电话0371-65899999。", "打 400-123-4567。", "找１３８００１３８０００。", "拨119。",
     "热线：12351", "联系 138 0013 8000", "打12348咨询"],
)  # fmt: skip
def test_a_telephone_number_is_a_fault(faults, card, rule, case, text):
    """Contacts age; they come from the operator's configuration, with the day of the check."""
    assert "phone" in kinds(faults({"cards/tea.yaml": card(answer=text)}))
    assert "phone" in kinds(faults({"cards/tea.yaml": card().replace("问问班长。", text)}))
    assert "phone" in kinds(faults({"rules/reply.yaml": rule(says=text)}))
    assert "phone" in kinds(faults({"rules/reply.yaml": rule().replace("留下签收凭证。", text)}))
    assert "phone" in kinds(faults({"cases/tea.md": case(happened=text)}))


@pytest.mark.parametrize(
    "text",
    [
        "拨打110或者120。",
        "打110、120。",
        "补了12000元。",
        "一共15000块。",
        "2024年的事。",
        "编号20241120。",
    ],
)
def test_what_is_no_telephone_number_is_none(faults, case, text):
    assert faults({"cases/tea.md": case(happened=text)}) == []


def test_an_override_of_a_text_that_is_not_there_is_a_fault(faults):
    """It would correct nothing, silently: the name or the date is misspelt."""
    line = "- {{law: {law}, version: {v}, status: unverified, why: 疑, checked: 2026-11-20}}\n"
    given_ = line.format(law="茶歇规定", v="2004-01-20") + line.format(
        law="茶歇规定", v="2004-01-21"
    )
    given_ += line.format(law="茶歇规矩", v="2004-01-20") + line.format(law="旧茶规定", v="''")
    found = faults({"validity.yaml": given_})
    assert [(k, m) for k, _, m in found] == [
        ("unknown-law", "库里没有《茶歇规定》2004-01-21"),
        ("unknown-law", "库里没有《茶歇规矩》2004-01-20"),
    ]


def test_every_fault_is_named_not_only_the_first(faults, card, rule):
    given_ = {
        "cards/tea.yaml": card(answer="茶歇30分钟。") + card("two", cite="《咖啡规定》第一条"),
        "rules/reply.yaml": rule(cite="《旧茶规定》第一条"),
    }
    assert [(k, e) for k, e, _ in faults(given_) if k != "no-digest"] == [
        ("figure", "tea"),
        ("unknown-law", "two"),
        ("repealed", "reply.national"),
    ]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span("20", "日"), (20, "日")),
        (Span("2/3", "份额", "以上"), (0.666667, "份额")),
        (Span("1/2", "份额", "以上"), (0.5, "半数以上")),
        (Span("1/2", "份额", "过"), (0.5, "过半数")),
        (Span("0.5", "份额", "至少"), (0.5, "半数以上")),
        (Span("1/2", "份额", "等于"), (0.5, "份额")),
        (Span("0.5", "小时"), (30, "分钟")),
        (Span("1.5", "倍"), (1.5, "倍")),
    ],
)
def test_a_span_has_the_form_of_a_figure(span, found):
    assert span_figure(span) == found


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_share_in_a_span_is_the_one_in_the_text(part, of):
    assert span_figure(Span(f"{part}/{of}", "份额")) in figures(f"须经{part}/{of}同意")


def test_numbers_of_a_sum_allow_figures_and_shares():
    assert allowed_by(["给20%，共45人，90日"], ["90 / 2 = 45", "100 * 20% = 20"]) == {
        (0.2, "份额"),
        (45, "人"),
        (90, "日"),
    }


def test_what_content_rests_on_is_counted_by_article(content, card, rule, case):
    found = content(
        {
            "cards/a.yaml": card(cite="《茶歇规定》第二条第一款"),
            "rules/reply.yaml": rule(),
            "cases/tea.md": case(),
        }
    )
    assert cited(found) == {Citation("茶歇规定", "第二条"), Citation("茶歇规定", "第三条")}
    assert unreviewed(found) == 3
