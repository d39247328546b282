"""Every fault of a content file names file and line, the entry, and the field."""

import re
from datetime import date

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.authored import read_content, read_overrides
from knowledge.citation import Citation
from knowledge.forms import ContentError

GUARD = "- {{id: {id}, card: tea, any: [{any}]}}\n"
DIGEST = """law: 中华人民共和国茶歇规定
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第2条: 茶歇20分钟。
"""
OVERRIDE = "- {law: 茶法, version: 2004-01-20, status: repealed, until: 2025-01-01, why: 新, checked: 2026-11-20}\n"


@pytest.fixture
def fault(folder):
    """The message that the files end with; the same must be collected when asked for."""

    def read(files):
        root = folder(files)
        with pytest.raises(ContentError) as caught:
            read_content(root)
        faults = []
        read_content(root, faults)
        assert faults[0] == str(caught.value)
        return faults[0]

    return read


def test_content_is_read_into_records(content, card, rule, case):
    found = content(
        {
            "cards/a.yaml": card(),
            "rules/reply.yaml": rule(),
            "cases/tea.md": case(),
            "digests/茶歇规定.yaml": DIGEST,
            "guards.yaml": GUARD.format(id="g-tea", any="歇"),
            "synonyms.yaml": "- {term: 茶歇, lay: [歇歇]}\n",
            "validity.yaml": OVERRIDE,
        }
    )
    (one,) = found.cards
    assert (one.id, one.cite, one.region, one.disposition) == (
        "tea",
        (Citation("茶歇规定", "第二条"),),
        "国家",
        "answer",
    )
    assert str(one.place) == "cards/a.yaml:2"
    (only,) = found.rules
    assert (only.point, only.figures[0].number, only.figures[0].since) == (
        "reply",
        "20",
        "收到要求",
    )
    assert str(only.place) == "rules/reply.yaml:11"
    (story,) = found.cases
    assert (story.happened[:3], story.worked_because, story.copy) == ("三百人", "人齐。", "先问。")
    assert str(story.place) == "cases/tea.md:2"
    (digest,) = found.digests
    assert (digest.citation, str(digest.place)) == (
        Citation("茶歇规定", "第二条"),
        "digests/茶歇规定.yaml:5",
    )
    assert found.overrides[0].until == date(2025, 1, 1)
    assert [g.id for g in found.guards] == ["g-tea"]
    assert found.synonyms[0].lay == ("歇歇",)


def test_an_empty_folder_is_no_fault(tmp_path):
    assert read_content(tmp_path).cards == ()
    assert read_overrides(tmp_path) == ()


def test_an_override_is_found_under_the_name_of_the_library(content):
    found = content({"validity.yaml": OVERRIDE.replace("茶法", "《中华人民共和国茶法》")})
    assert found.overrides[0].law == "茶法"
    assert found.overrides[0].version == "2004-01-20"


CARD_FAULTS = [
    (("next:", "nxt:"), "nxt", "不认识的字段"),
    (("  next: 问问班长。\n", ""), "next", "缺少字段"),
    (("  topic: time\n", ""), "topic", "缺少字段"),
    (("  audience: [worker]\n", ""), "audience", "缺少字段"),
    (("[worker]", "[boss]"), "audience", "boss"),
    (("id: tea", "id: 茶"), "id", "小写字母"),
    (("id: tea", "id: Tea-"), "id", "小写字母"),
    (("- id: tea\n ", "-"), "id", "None"),
    (("喝茶多少分钟, ", ""), "questions", "5 种"),
    (("喝茶多少分钟", "2026-11-20"), "questions", "文字列表"),
    (("喝茶多少分钟", "no"), "questions", "文字列表"),
    (("喝茶多少分钟", "''"), "questions", "空的"),
    (("茶歇20分钟。", "茶" * 301), "answer", "301"),
    (("茶歇20分钟。", "20"), "answer", "文字"),
    (("问问班长。", "问" * 61), "next", "61"),
    (("title: 茶歇多久", "title: " + "茶" * 31), "title", "31"),
    (("《茶歇规定》第二条", "茶歇规定第二条"), "cite", "不是引用"),
    (("《茶歇规定》第二条", "《茶歇规定》第三五十条"), "cite", "读不出"),
    (("[《茶歇规定》第二条]", "《茶歇规定》第二条"), "cite", "文字列表"),
    (("  cite: [《茶歇规定》第二条]\n", ""), "cite", "必须引用"),
    (("reviewed: unreviewed", "reviewed: 王"), "reviewed", "unreviewed"),
    (("reviewed: unreviewed", "reviewed: {by: 王}"), "reviewed", "unreviewed"),
    (
        ("reviewed: unreviewed", "reviewed: {by: 王, on: 2026-11-20}"),
        "reviewed",
        "xst content sign",
    ),
    (("  reviewed: unreviewed\n", ""), "reviewed", "unreviewed"),
    (("drafted: 2026-11-20", "drafted: 昨天"), "drafted", "日期"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20 10:00:00"), "drafted", "日期"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  contract: 其他"), "contract", "其他"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  disposition: maybe"), "disposition", "maybe"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  varies: 是"), "varies", "true"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  worked: [1 + 1 = 3]"), "worked", "left side"),
    (("topic: time", "topic: tim"), "topic", "topics.yaml"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  region: 火星"), "region", "regions.yaml"),
    (("drafted: 2026-11-20", "drafted: 2026-11-20\n  point: nowhere"), "point", "没有规则"),
]


@pytest.mark.parametrize(("change", "field", "said"), CARD_FAULTS)
def test_a_fault_of_a_card_names_place_entry_and_field(fault, card, change, field, said):
    good = "# first\n" + card("coffee") + card().lstrip("\n")
    broken = good.replace(card().lstrip("\n"), card().lstrip("\n").replace(*change))
    assert broken != good
    message = fault({"cards/wages.yaml": broken})
    line = 1 + good.split("- id: tea")[0].count("\n")
    assert message.startswith(f"cards/wages.yaml:{line}: ")
    assert field in message
    assert said in message
    if field != "id":
        assert "[tea]" in message


RULE_FAULTS = [
    (("says: 20日内答复。", "says: ''"), "says", "缺少字段"),
    (("contract: 任何", "contract: 别的"), "contract", "别的"),
    (("    cite: [《茶歇规定》第三条]\n", ""), "cite", "缺少字段"),
    (("《茶歇规定》第三条", "第三条"), "cite", "不是引用"),
    (("number: 20", "number: 二十"), "number", "应为数字"),
    (("number: 20", "number: 2/0"), "number", "应为数字"),
    (("unit: 日", "unit: 旬"), "unit", "旬"),
    (("compare: 以内", "compare: 大约"), "compare", "大约"),
    (("from: 收到要求", "since: 收到要求"), "figures", "since"),
    (("- {number: 20,", "- 20日 # {"), "figures", "键: 值"),
    (("id: reply.national", "id: reply national"), "id", "小写字母"),
    (("region: 国家", "region: 火星"), "region", "regions.yaml"),
]


@pytest.mark.parametrize(("change", "field", "said"), RULE_FAULTS)
def test_a_fault_of_a_rule_names_the_line_of_the_rule(fault, rule, change, field, said):
    broken = rule().replace(*change)
    assert broken != rule()
    message = fault({"rules/reply.yaml": broken})
    assert re.match(r"rules/reply\.yaml:11: (\[reply|id)", message)
    assert field in message
    assert said in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("point: reply\n", "point: Reply\n"), "point: “Reply”"),
        (("step: 应约\n", ""), "缺少字段：step"),
        (("topic: time", "topic: tim"), "topic “tim” 不在 topics.yaml"),
        (("几天答复, ", ""), "questions: 至少 6 种"),
        (("rules:\n", "rules: 没有\nolder:\n"), "rules: 应为列表"),
    ],
)
def test_a_fault_of_a_point_names_the_field(fault, rule, change, said):
    message = fault({"rules/reply.yaml": rule().replace(*change)})
    assert re.match(r"rules/reply\.yaml:\d+: ", message)
    assert said in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("## 为什么成", "## 为何"), "三个标题"),
        (("## 为什么成\n人齐。\n", ""), "三个标题"),
        (("人齐。", ""), "三个标题"),
        (("先问。", "先问。\n## 可以照做\n再问。"), "三个标题"),
        (("## 发生了什么", "多余的话\n## 发生了什么"), "三个标题"),
        (("source: 某报\n", ""), "缺少字段：source"),
        (("茶歇案例, ", ""), "questions: 至少 3 种"),
        (("region: 国家", "region: 火星"), "region “火星”"),
        (("topic: time", "topic: tim"), "topic “tim”"),
    ],
)
def test_a_fault_of_a_case_names_the_field(fault, case, change, said):
    message = fault({"cases/tea.md": case().replace(*change)})
    assert message.startswith("cases/tea.md:2: ")
    assert "[tea-case]" in message
    assert said in message


@pytest.mark.parametrize("text", ["# 没有开头\n", "---\nid: x\n", ""])
def test_a_case_without_front_matter_is_a_fault(fault, text):
    assert fault({"cases/tea.md": text}) == "cases/tea.md:1: 缺少以 --- 包住的开头"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("law: 中华人民共和国茶歇规定\n", ""), "law: 缺少"),
        (("  第2条: 茶歇20分钟。\n", "  第2条:\n"), "articles: 第2条 没有内容"),
        (("articles:\n  第2条: 茶歇20分钟。\n", "articles: [第二条]\n"), "articles: 应为"),
        (("articles:", "article:"), "不认识的字段：article"),
        (("drafted: 2026-11-20\n", ""), "drafted: 应为日期"),
    ],
)
def test_a_fault_of_a_digest_names_the_field(fault, change, said):
    message = fault({"digests/a.yaml": DIGEST.replace(*change)})
    assert message.startswith("digests/a.yaml:1: ")
    assert said in message


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("guards.yaml", "- {id: g, card: tea}\n", "any 或 all"),
        ("guards.yaml", "- {id: g, card: tea, any: ['(']}\n", "不是正则表达式"),
        ("guards.yaml", "- {id: g, card: tea, all: 歇}\n", "all: 应为列表"),
        ("guards.yaml", "- {id: g, card: tea, any: ['']}\n", "any: 有空的"),
        ("guards.yaml", "- {id: g, card: nobody, any: [歇]}\n", "card “nobody” 不存在"),
        ("validity.yaml", OVERRIDE.replace("repealed", "over"), "status: “over”"),
        ("validity.yaml", OVERRIDE.replace("2025-01-01", "去年"), "until: 应为日期"),
        ("validity.yaml", OVERRIDE.replace("2004-01-20", "2004年"), "version: “2004年”"),
        ("validity.yaml", OVERRIDE.replace(", checked: 2026-11-20", ""), "缺少字段：checked"),
        ("synonyms.yaml", "- {term: 茶歇}\n", "缺少字段：lay"),
        ("topics.yaml", "- {id: time}\n", "缺少字段：name"),
        ("topics.yaml", "- {id: time, name: 时, parent: x}\n", "parent “x” 不在 topics.yaml"),
        (
            "topics.yaml",
            "- {id: t, name: 时}\n- {id: t, name: 刻}\n",
            "id “t” 与 topics.yaml:1 重复",
        ),
        ("regions.yaml", "- {name: 国家}\n", "缺少字段：full"),
        ("regions.yaml", "- {name: 郑州, full: 郑州市, parent: 河南}\n", "parent “河南”"),
        (
            "regions.yaml",
            "- {name: 甲, full: 甲省, also: [丙]}\n- {name: 乙, full: 乙省, also: [丙]}\n",
            "“丙” 已经是 甲",
        ),
    ],
)
def test_a_fault_of_another_list_names_the_field(fault, name, text, said):
    message = fault({name: text})
    assert re.match(re.escape(name) + r":\d: ", message)
    assert said in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: a\n  id: b\n", "cards/a.yaml:2: YAML 写法有误：键 id 写了两次"),
        ("id: a\n", "cards/a.yaml:1: 应为列表"),
        ("- 只有一句话\n", "cards/a.yaml:1: 应为“键: 值”的条目"),
        ("- id: [a\n- b: }\n", "cards/a.yaml:2: YAML 写法有误"),
        ("- {drafted: 2026-13-40}\n", "cards/a.yaml:1: YAML 写法有误"),
        ("- {[1]: 2}\n", "cards/a.yaml:1: YAML 写法有误：键应为文字"),
        ("- !!python/object:os.system {}\n", "cards/a.yaml:1: YAML 写法有误"),
        ("- a: \x01\n", "cards/a.yaml:1: YAML 写法有误"),
        ("- 茶\n".encode("gb18030"), "cards/a.yaml:1: 不是 UTF-8 文件"),
    ],
)
def test_a_file_that_is_no_yaml_list_says_where(fault, text, said):
    assert fault({"cards/a.yaml": text}).startswith(said)


def test_a_case_or_a_rule_that_is_no_utf8_is_named(fault, case, rule):
    assert fault({"cases/a.md": case().encode("gb18030")}).startswith("cases/a.md:1: 不是 UTF-8")
    assert "rules/a.yaml:1: 不是 UTF-8" in fault(
        {"cases/a.md": case(), "rules/a.yaml": rule().encode("gb18030")}
    )


def test_the_mark_that_windows_puts_before_utf8_is_no_fault(content, card):
    assert content({"cards/a.yaml": b"\xef\xbb\xbf" + card().encode()}).cards[0].id == "tea"


def test_ids_are_unique_across_kinds_of_entries(folder, card, rule, case):
    """An id is what a button, a session and the queue keep; two owners would mix answers."""
    files = {
        "cards/a.yaml": card("tea") + card("tea") + card("tea-case") + card("reply"),
        "cases/tea.md": case(),
        "rules/reply.yaml": rule(),
        "guards.yaml": GUARD.format(id="tea", any="歇"),
    }
    faults = []
    read_content(folder(files), faults)
    faults = [f for f in faults if "同一句" not in f]
    assert {re.search(r"“(.+?)”", f)[1] for f in faults} == {"tea", "tea-case", "reply"}
    assert sum("“tea”" in f for f in faults) == 2
    assert all(re.match(r"\S+:\d+: id “", f) for f in faults)


def test_two_digests_of_one_article_are_a_fault(fault):
    files = {"digests/a.yaml": DIGEST, "digests/b.yaml": DIGEST.replace("中华人民共和国", "")}
    assert "《茶歇规定》第二条 的要点与 digests/a.yaml:5 重复" in fault(files)


def test_every_fault_is_collected_and_what_is_sound_is_kept(folder, card, rule):
    two = rule().replace("region: 国家", "region: 国家\n    speed: 9") + (
        "  - id: reply.henan\n    region: 河南\n    contract: 别的\n    says: 快。\n"
        "    cite: [《茶歇规定》第三条]\n"
    )
    files = {
        "cards/a.yaml": card("a b") + card("good") + card("worse").replace("next:", "nxt:"),
        "cards/b.yaml": "- id: [\n",
        "rules/reply.yaml": two,
        "guards.yaml": GUARD.format(id="g", any="歇"),
        "topics.yaml": "- {id: time}\n- {id: time, name: 工时}\n",
    }
    faults = []
    found = read_content(folder(files), faults)
    assert [c.id for c in found.cards] == ["good"]
    assert found.points == ()
    places = [f.split(" ")[0] for f in faults]
    assert places == [
        "cards/a.yaml:2:",
        "cards/a.yaml:24:",
        "cards/b.yaml:2:",
        "rules/reply.yaml:11:",
        "rules/reply.yaml:19:",
        "topics.yaml:1:",
        "guards.yaml:1:",
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), value=VALUES)
def test_no_value_in_any_field_raises_anything_but_a_named_fault(
    folder, card, rule, case, data, value
):
    """An editor's slip must come out as file, line and field, never as a traceback."""
    kind = data.draw(st.sampled_from(["cards/a.yaml", "rules/a.yaml", "digests/a.yaml", "guards.yaml",
                                      "validity.yaml", "topics.yaml", "regions.yaml", "cases/a.md"]))  # fmt: skip
    sound = {
        "cards/a.yaml": card(), "rules/a.yaml": rule(), "digests/a.yaml": DIGEST,
        "guards.yaml": GUARD.format(id="g", any="歇"), "validity.yaml": OVERRIDE,
        "topics.yaml": "- {id: time, name: 工时}", "regions.yaml": "- {name: 国家, full: 中国}",
        "cases/a.md": case().split("---\n")[1],
    }[kind]  # fmt: skip
    raw = yaml.safe_load(sound)
    entry = raw[0] if isinstance(raw, list) else raw
    if kind == "rules/a.yaml" and data.draw(st.booleans()):
        entry = entry["rules"][0]
    entry[data.draw(st.sampled_from(sorted(entry)))] = value
    text = yaml.safe_dump(raw, allow_unicode=True)
    if kind == "cases/a.md":
        text = "---\n" + text + "---\n" + case().split("---\n")[2]
    faults = []
    root = folder({kind: text})
    read_content(root, faults)
    (root / kind).unlink()
    assert all(re.match(r"[\w/.]+:\d+: ", f) for f in faults)


def test_a_wording_belongs_to_one_entry_only(fault, card):
    """The question would have two answers; particles and punctuation do not tell them apart."""
    first = card("coffee").replace("喝茶多少分钟coffee", "喝咖啡几分钟")
    second = card("tea").replace("喝茶多少分钟", "喝咖啡几分钟呢？")
    message = fault({"cards/a.yaml": first + second})
    assert "喝咖啡几分钟呢？" in message and "coffee" in message and "cards/a.yaml:" in message
