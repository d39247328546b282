import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.figures import figure, figures, missing_figures, show, supported, worked
from knowledge.numerals import to_chinese

SHARE, LEAST, MORE = "份额", "半数以上", "过半数"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20日内", {(20, "日")}),
        ("二十天", {(20, "日")}),
        ("２０ 日", {(20, "日")}),
        ("十个工作日", {(10, "工作日")}),
        ("五个 工作日", {(5, "工作日")}),
        ("十日（工作日）内", {(10, "工作日")}),
        ("一个月内", {(1, "月")}),
        ("六个月", {(6, "月")}),
        ("两周", {(2, "周")}),
        ("三个星期", {(3, "周")}),
        ("满16周岁", {(16, "岁")}),
        ("8小时", {(8, "小时")}),
        ("三十分钟", {(30, "分钟")}),
        ("三至九名代表", {(3, "人"), (9, "人")}),
        ("一式三份", {(3, "份")}),
        ("一至四级伤残", {(1, "级"), (4, "级")}),
        ("每年至少一次", {(1, "次")}),
        ("三周年", {(3, "年")}),
        ("一周五天", {(1, "周"), (5, "日")}),
    ],
)
def test_a_number_with_its_unit_is_a_figure(text, found):
    assert figures(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5千元", {(5000, "元")}),
        ("5,000元", {(5000, "元")}),
        ("1.5万元", {(15_000, "元")}),
        ("3万5千元", {(35_000, "元")}),
        ("二千元", {(2000, "元")}),
        ("一万元以上三万元以下", {(10_000, "元"), (30_000, "元")}),
    ],
)
def test_money_is_read_in_every_script(text, found):
    assert figures(text) == found


@pytest.mark.parametrize(
    "text", ["15–30日", "15—30日", "15-30日", "15~30日", "15～30日", "15至30日", "15日至30日",
             "十五到三十天", "十五、三十日", "15日以上30日以下", "15——30日"],
)  # fmt: skip
def test_both_ends_of_a_range_are_figures(text):
    assert figures("期限为" + text) == {(15, "日"), (30, "日")}


def test_a_list_of_three_says_three_figures():
    assert figures("分8、9、10级") == {(8, "级"), (9, "级"), (10, "级")}


def test_working_days_are_not_days():
    """20日 and 10个工作日 are the two answers people mix up most."""
    assert missing_figures("10个工作日内答复", ["应当在10日内答复"]) == {(10, "工作日")}
    assert missing_figures("10日内答复", ["应当在十个工作日内答复"]) == {(10, "日")}


@pytest.mark.parametrize(
    ("text", "value"),
    [("三分之二", 0.666667), ("2/3", 0.666667), ("３／４", 0.75), ("20%", 0.2), ("百分之二十", 0.2),
     ("百分之零点五", 0.005), ("千分之五", 0.005), ("5‰", 0.005), ("万分之五", 0.0005),
     ("百分之一百五十", 1.5), ("十二分之一", 0.083333), ("一半", 0.5), ("二分之一", 0.5), ("50%", 0.5)],
)  # fmt: skip
def test_a_share_has_one_form(text, value):
    assert figures(text) == {(value, SHARE)}


@pytest.mark.parametrize("text", ["5%至10%", "5-10%", "百分之五至百分之十", "百分之五到十"])
def test_both_ends_of_a_range_of_shares_are_figures(text):
    assert figures(text) == {(0.05, SHARE), (0.1, SHARE)}


@pytest.mark.parametrize(
    "text", ["半数以上", "经过半数以上代表同意", "一半以上", "二分之一以上", "1/2以上", "50%以上",
             "百分之五十以上", "至少一半", "不少于二分之一", "不低于50%", "50%（含）以上"],
)  # fmt: skip
def test_at_least_half_is_one_figure(text):
    assert figures(text) == {(0.5, LEAST)}


@pytest.mark.parametrize(
    "text", ["过半数", "过半", "超过半数", "超半数", "超过一半", "超过50%", "超过二分之一",
             "过半数以上", "经过半数职工同意"],
)  # fmt: skip
def test_more_than_half_is_another_figure(text):
    assert figures(text) == {(0.5, MORE)}


def test_at_least_half_does_not_support_more_than_half():
    """民法典 art. 1259: 以上 includes the number itself, 超过 does not; one vote decides."""
    assert missing_figures("要过半数同意", ["须经半数以上同意"]) == {(0.5, MORE)}
    assert missing_figures("要半数以上同意", ["须经过半数职工同意"]) == {(0.5, LEAST)}


@pytest.mark.parametrize(
    "text", ["超过半年", "超过半个月", "不得超过半数", "未超过半数", "不到一半"]
)
def test_half_of_something_else_is_no_majority(text):
    assert not figures(text) & {(0.5, LEAST), (0.5, MORE)}


def test_at_most_half_is_a_share_and_no_majority():
    assert figures("不得超过50%") == {(0.5, SHARE)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("半年", (6, "月")), ("一年半", (18, "月")), ("两年半", (30, "月")), ("1.5年", (18, "月")),
        ("半个月", (0.5, "月")), ("一个半月", (1.5, "月")), ("半天", (0.5, "日")),
        ("半小时", (30, "分钟")), ("半个钟头", (30, "分钟")), ("两个半小时", (150, "分钟")),
        ("1.5小时", (90, "分钟")), ("三天半", (3.5, "日")),
    ],
)  # fmt: skip
def test_halves_of_a_period_are_counted(text, found):
    """半年 is six months and half an hour 30 minutes; 半个月 is not 15 days, no law says so."""
    assert figures(text) == {found}


def test_whole_periods_of_other_units_are_not_the_same():
    assert missing_figures("一年", ["十二个月"]) == {(1, "年")}
    assert missing_figures("一周", ["七日"]) == {(1, "周")}
    assert missing_figures("半个月", ["十五日"]) == {(0.5, "月")}


def test_double_and_two_hundred_percent_support_each_other():
    assert missing_figures("双倍工资", ["支付百分之二百的工资报酬"]) == set()
    assert missing_figures("200%", ["支付二倍的工资"]) == set()
    assert missing_figures("300%", ["支付二倍的工资"]) == {(3, SHARE)}
    assert supported((1.5, "倍"), {(1.5, SHARE)})
    assert not supported((2, "倍"), {(2, "次")})


@pytest.mark.parametrize(
    "text",
    [
        "一次性支付", "有一天老板说", "一月发工资", "十二月", "9月", "1—3月", "十二月份", "上半年",
        "下半年", "第二十条", "第3条第2款", "第一百二十条之一", "第一次", "第三人", "第一名", "第一天",
        "2024年9月28日", "二〇二四年九月二十八日", "2024年", "2024-09-28", "9月1日至3日", "五月一日",
        "10月1日、2日、3日", "劳社部令第22号", "〔2024〕12号", "（三）", "上一年度", "同一天",
        "几天", "几十人", "十几天", "数百人", "好几百块钱", "三方协商", "一方", "996", "90年代",
        "一人一票", "再催一次", "一元化领导", "5个周末", "三人次", "一年到头", "百分百",
    ],
)  # fmt: skip
def test_what_looks_like_a_figure_and_is_none_is_left_out(text):
    assert figures(text) == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [("六月以上", (6, "月")), ("满三月", (3, "月")), ("三十六月", (36, "月"))],
)
def test_a_month_that_counts_is_no_name_of_a_month(text, found):
    assert figures(text) == {found}


def test_the_mark_of_a_list_is_no_figure():
    assert figures("一、三日内提交\n二、五人参加\n1. 八小时") == {(3, "日"), (5, "人"), (8, "小时")}


def test_a_loose_number_says_both():
    assert figures("三五天") == {(3, "日"), (5, "日")}


@pytest.mark.parametrize("text", ["满三年代表", "3天津贴", "三个月份额", "三年级别"])
def test_a_unit_is_not_eaten_by_the_next_word(text):
    assert len(figures(text)) == 1


def test_text_between_two_figures_keeps_both():
    text = "劳动合同期限三个月以上不满一年的，试用期不得超过一个月"
    assert figures(text) == {(3, "月"), (1, "年"), (1, "月")}


def test_an_allowed_figure_needs_no_source():
    assert missing_figures("至少45票，45人", [], allowed={(45, "人")}) == set()
    assert missing_figures("至少46人", [], allowed={(45, "人")}) == {(46, "人")}


UNITS = st.sampled_from(["日", "个工作日", "个月", "年", "小时", "人", "元", "倍", "次", "份"])


@given(st.integers(1, 99_999), UNITS)
def test_a_figure_is_the_same_in_both_scripts(number, unit):
    if unit == "年" and number > 999:  # 2024年 is a date
        return
    assert figures(f"应当在{number}{unit}内") == figures(f"应当在{to_chinese(number)}{unit}内")
    assert len(figures(f"应当在{number}{unit}内")) == 1


@given(st.integers(1, 200), st.integers(1, 200), UNITS)
def test_a_source_supports_its_own_figures_and_no_other_number(one, other, unit):
    missing = missing_figures(f"在{one}{unit}内", [f"应当在{to_chinese(other)}{unit}以内"])
    assert bool(missing) == (one != other)


@given(
    st.text(
        alphabet="0123456789一二三十百万半数以上过分之%/至、-日月年个小时人元第条（）.\n",
        max_size=40,
    )
)
def test_no_text_stops_the_reader(text):
    assert all(show(f) for f in figures(text))
    assert missing_figures(text, [text]) == set()


@pytest.mark.parametrize(
    ("found", "text"),
    [((20, "日"), "20日"), ((0.666667, SHARE), "2/3"), ((0.35, SHARE), "35%"), ((2, SHARE), "200%"),
     ((0.5, LEAST), LEAST), ((0.5, MORE), MORE), ((0.5, "日"), "0.5日")],
)  # fmt: skip
def test_a_figure_is_shown_as_people_write_it(found, text):
    assert show(found) == text


def test_an_amount_takes_the_same_form_as_in_a_text():
    assert figure(0.5, "年") == (6, "月")
    assert figure(20, "日") == (20, "日")


@pytest.mark.parametrize(
    ("sum_", "numbers"),
    [("90 / 2 = 45", {90, 2, 45}), ("(3 + 2) × 2 = 10", {3, 2, 10}), ("100 × 20% = 20", {100, 20}),
     ("２０ ÷ ４ ＝ 5".replace("＝", "="), {20, 4, 5}), ("10 - 2 - 3 = 5", {10, 2, 3, 5})],
)  # fmt: skip
def test_a_sum_that_is_right_gives_its_numbers(sum_, numbers):
    assert worked(sum_) == numbers


@pytest.mark.parametrize(
    "sum_",
    ["90 / 2 = 46", "90 / 0 = 0", "90 / 2", "2 3 = 2", "(2 + 3 = 5", "2 + = 2", "10 % 3 = 1", "2 ** 3 = 8",
     "1 = 1 = 1", "x = 1", "__import__('os') = 1", "", "= 3", "2. = 2"],
)  # fmt: skip
def test_a_sum_that_is_wrong_or_is_none_is_refused(sum_):
    with pytest.raises(ValueError, match=r"."):
        worked(sum_)


@given(st.integers(0, 99), st.integers(1, 99), st.sampled_from("+-*/"))
def test_only_the_true_result_of_a_sum_is_accepted(left, right, sign):
    value = {"+": left + right, "-": left - right, "*": left * right, "/": left / right}[sign]
    if value < 0 or value != round(value, 4):
        return
    assert left in worked(f"{left} {sign} {right} = {value:g}")
    with pytest.raises(ValueError, match="left side"):
        worked(f"{left} {sign} {right} = {value + 1:g}")
