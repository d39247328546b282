"""Every trap of the law texts: each test is one that a naive splitter falls into."""

from knowledge.importers.draft import clean_lines
from knowledge.importers.splitter import WARNINGS, split


def cut(text, **options):
    return split(clean_lines(text)[0], **options)


def numbers(text, kind="article", **options):
    return [unit.number for unit in cut(text, **options)[0] if unit.kind == kind]


def warned(text, **options):
    return {w.kind: w.detail for w in cut(text, **options)[1]}


def test_chapters_sections_and_paragraphs():
    units, warnings = cut("""
## 第一章 总 则
第一条 为了规范茶歇，制定本办法。
## 第二章　茶　歇
### 第一节 时间
第二条 茶歇每日两次。
每次十五分钟。
""")
    assert not warnings
    assert [(u.number, u.chapter) for u in units] == [
        ("第一条", "第一章 总则"),
        ("第二条", "第二章 茶歇 / 第一节 时间"),
    ]
    assert units[1].text == "茶歇每日两次。\n每次十五分钟。"


def test_an_inserted_article_keeps_its_own_number():
    text = "第一条 甲。\n第一条之一 乙。\n第一条之二 丙。\n第二条 丁。"
    assert numbers(text) == ["第一条", "第一条之一", "第一条之二", "第二条"]
    assert "gap" not in warned(text)


def test_a_blank_inside_the_head_and_none_after_it():
    text = "第一条 甲。\n第二 条工会应当答复。\n第三条 丙。"
    units, _ = cut(text)
    assert [u.number for u in units] == ["第一条", "第二条", "第三条"]
    assert units[1].text == "工会应当答复。"
    assert warned(text)["spaced-head"] == "第二条"


def test_a_dash_in_the_head_is_the_number_one():
    head = "\n".join(f"第{n}条 文。" for n in "一二三四五六七八九") + "\n第十条 文。"
    text = head + "\n第十－条 凡在镇区内的。\n第十二条 文。"
    assert numbers(text)[-2:] == ["第十一条", "第十二条"]
    assert warned(text)["dash-head"] == "第十一条"


def test_full_width_blank_and_digits():
    assert numbers("第一条　甲。\n第２条　乙。\n第3条 丙。") == ["第一条", "第二条", "第三条"]


def test_a_crossreference_at_the_line_start_is_no_article():
    text = "第一条 甲。\n第二条 违反本办法\n第九条的规定，责令改正。\n第三条 丙。"
    units, _ = cut(text)
    assert [u.number for u in units] == ["第一条", "第二条", "第三条"]
    assert "第九条的规定" in units[1].text
    assert warned(text)["false-head"] == "第九条"


def test_a_reference_with_a_paragraph_number_is_no_article():
    text = "第一条 甲。\n第二条 依照\n第一条第二款的规定办理。\n第三条 丙。\n"
    assert numbers(text) == ["第一条", "第二条", "第三条"]


def test_a_reference_to_the_next_article_is_told_from_the_article():
    text = "第一条 依照本办法\n第二条的规定办理。\n第二条 茶歇。\n第三条 丙。"
    units, _ = cut(text)
    assert [u.number for u in units] == ["第一条", "第二条", "第三条"]
    assert units[1].text == "茶歇。"


def test_an_article_in_order_may_begin_with_the_word_rules():
    """山东省地方立法条例 第九条 begins 「规定本省…」 and is an article: the order decides."""
    assert numbers("第一条 甲。\n第二条 规定重大事项的办法，由大会通过。\n第三条 丙。") == [
        "第一条",
        "第二条",
        "第三条",
    ]


def test_a_third_party_at_the_line_start_is_not_cut():
    units, _ = cut(
        "第一条 甲。\n第三人对抵押不知情的，不受影响。\n第三方机构应当保密。\n第二条 乙。"
    )
    assert [u.number for u in units] == ["第一条", "第二条"]
    assert "第三人" in units[0].text
    assert "第三方" in units[0].text


def test_a_missing_article_is_reported_by_name():
    text = "第一条 甲。\n第二条 乙。\n第四条 丁。\n第五条 戊。\n第八条 辛。\n第九条 壬。"
    assert warned(text)["gap"] == "第三条、第六条至第七条"
    assert len(numbers(text)) == 6


def test_a_repeated_number_is_kept_and_reported():
    text = "第一条 甲。\n第二条 乙。\n第二条 丙。\n第三条 丁。"
    assert numbers(text) == ["第一条", "第二条", "第二条", "第三条"]
    assert warned(text)["repeat"] == "第二条"


def test_the_table_of_contents_is_no_text():
    text = """
目　录
第一章 总则 ........ 1
第二章 茶歇…………3
附则 9
第一章 总则
第一条 甲。
第二章 茶歇
第二条 乙。
"""
    units, _ = cut(text)
    assert [(u.number, u.chapter) for u in units] == [
        ("第一条", "第一章 总则"),
        ("第二条", "第二章 茶歇"),
    ]
    assert warned(text)["toc-dropped"] == "3"


def test_contents_without_their_label_are_known_by_their_repetition():
    text = (
        "第一章 总则\n第二章 茶歇\n第三章 附则\n第一章 总则\n第一条 甲。\n第二章 茶歇\n第二条 乙。"
    )
    assert [u.chapter for u in cut(text)[0]] == ["第一章 总则", "第二章 茶歇"]


def test_a_heading_over_two_lines_is_joined():
    text = "## 第一章 茶歇、午休\n和夜班休息\n第一条 甲。"
    assert cut(text)[0][0].chapter == "第一章 茶歇、午休和夜班休息"
    assert warned(text)["wrapped-heading"] == "和夜班休息"


def test_a_heading_that_lost_its_number_is_not_glued_to_the_article_before():
    """146 local laws print 「监督管理」 between two articles, without 第三章."""
    text = "第一条 甲。\n乙。\n监督管理\n第二条 丙。\n附 则\n第三条 丁。"
    units, _ = cut(text)
    assert [(u.text, u.chapter) for u in units] == [
        ("甲。\n乙。", ""),
        ("丙。", "监督管理"),
        ("丁。", "附则"),
    ]
    assert warned(text)["bare-heading"] == "监督管理、附则"


def test_sections_that_lost_their_numbers_are_not_the_chapters_second_half():
    text = "## 第二章 茶歇\n绿茶\n第一条 甲。\n红茶\n第二条 乙。\n## 第三章 附则\n第三条 丙。"
    assert [u.chapter for u in cut(text)[0]] == [
        "第二章 茶歇 / 绿茶",
        "第二章 茶歇 / 红茶",
        "第三章 附则",
    ]


def test_a_formula_or_a_clause_without_its_stop_is_no_heading():
    text = "第一条 按下式计算。\n补贴＝天数×定额\n第二条 甲。\n企业应当答复\n第三条 丙。"
    assert [u.chapter for u in cut(text)[0]] == ["", "", ""]


def test_a_sentence_that_begins_with_a_chapter_is_no_heading():
    units, _ = cut("第一条 违反本办法\n第二章规定的，责令改正。\n第二条 乙。")
    assert [(u.number, u.chapter) for u in units] == [("第一条", ""), ("第二条", "")]


def test_parts_and_chapters_nest():
    text = (
        "第一编 通则\n第一章 总则\n第一条 甲。\n第二编 分则\n第一分编 茶\n第一章 绿茶\n第二条 乙。"
    )
    assert [u.chapter for u in cut(text)[0]] == [
        "第一编 通则 / 第一章 总则",
        "第二编 分则 / 第一分编 茶 / 第一章 绿茶",
    ]


def test_an_unnumbered_heading_right_above_an_article():
    text = "一、受理\n第一条 甲。\n二、审理\n（一）开庭\n第二条 乙。"
    assert [u.chapter for u in cut(text)[0]] == ["一、受理", "二、审理 / （一）开庭"]


def test_an_appendix_is_no_part_of_the_last_article():
    text = "第一条 甲。\n第二条 本办法自发布之日起施行。\n附录：\n禁忌茶饮\n一、浓茶；\n二、冷茶。"
    units, _ = cut(text)
    assert units[1].text == "本办法自发布之日起施行。"
    assert (units[2].kind, units[2].number) == ("appendix", "附录")
    assert units[2].text.startswith("禁忌茶饮\n一、浓茶")


def test_several_appendices_have_several_numbers():
    text = "第一条 甲。\n附件1\n表一\n附件2：表二\n附件\n表三\n附件\n表四"
    assert numbers(text, "appendix") == ["附件1", "附件2", "附件", "附件（二）"]


def test_a_sentence_about_an_appendix_is_none():
    assert (
        numbers("第一条 见下列图：\n附图中除必需的词语外，不应当有注释。\n第二条 乙。", "appendix")
        == []
    )


def test_what_is_glued_behind_the_last_article_is_cut_off():
    units, _ = cut("第一条 甲。\n第二条 本办法自发布之日起施行。\n送：各车间\n各班组")
    assert units[1].text == "本办法自发布之日起施行。"
    assert units[2].text == "送：各车间\n各班组"


def test_a_second_text_in_the_file_is_kept_apart():
    text = "第一条 甲。\n第二条 乙。\n第三条 丙。\n茶歇实施细则\n第一条 另一个。\n第二条 再一个。"
    units, _ = cut(text)
    assert [u.number for u in units] == ["第一条", "第二条", "第三条", "附"]
    assert units[3].text.startswith("茶歇实施细则\n第一条 另一个。")


def test_a_decision_is_cut_at_its_own_numbers():
    text = (
        "为了改进茶歇，决定如下：\n一、增加次数。\n具体由工会定。\n"
        "（一）上午；\n（二）下午。\n二、自即日起施行。"
    )
    units, _ = cut(text)
    assert [(u.number, u.kind) for u in units] == [
        ("序言", "preamble"),
        ("一、", "item"),
        ("二、", "item"),
    ]
    assert units[1].text.count("\n") == 3
    assert "no-articles" in warned(text)


def test_arabic_numbers_that_run_through_the_headings_are_the_items():
    text = "## 一、茶\n1.绿茶。\n2.红茶：\n（1）浓；\n（2）淡。\n## 二、水\n3.热水。\n4.冷水。"
    units, _ = cut(text)
    assert [(u.number, u.chapter) for u in units] == [
        ("1.", "一、茶"),
        ("2.", "一、茶"),
        ("3.", "二、水"),
        ("4.", "二、水"),
    ]


def test_arabic_numbers_that_start_anew_are_inside_the_items():
    text = "一、茶\n1.绿茶。\n2.红茶。\n二、水\n1.热水。\n2.冷水。"
    assert numbers(text, "item") == ["一、", "二、"]


def test_an_amendment_that_quotes_articles_keeps_its_own_items():
    text = (
        "一、将第二条修改为：\n“第二条 茶歇两次。\n第三条 午休一次。”\n"
        "二、增加一条，作为第九条：\n“第九条 夜班加一次。”\n三、本决定自公布之日起施行。"
    )
    assert numbers(text, "item") == ["一、", "二、", "三、"]
    assert numbers(text) == []


def test_a_decision_with_the_whole_law_behind_it_gives_the_articles():
    text = (
        "一、修改第一条。\n二、修改第二条。\n根据本决定重新公布。\n"
        "第一条 甲。\n第二条 乙。\n第三条 丙。\n第四条 丁。"
    )
    assert numbers(text) == ["第一条", "第二条", "第三条", "第四条"]


def test_articles_quoted_inside_an_amending_article_are_its_text():
    text = (
        "第一条 序言修改。\n第二条 增加一节，内容如下：\n第七节 茶监\n"
        "第八十条 设茶监。\n第八十一条 茶监独立。"
    )
    units, _ = cut(text, open_start=True)
    assert [u.number for u in units] == ["第一条", "第二条"]
    assert "第八十一条 茶监独立。" in units[1].text


def test_a_text_without_numbers_is_kept_whole():
    units, _ = cut("你院请示收悉。\n答复如下，茶歇应当计入工作时间。")
    assert [(u.kind, u.number) for u in units] == [("whole", "全文")]
    assert "\n答复如下" in units[0].text


def test_a_case_is_never_cut():
    units, _ = cut("## 基本案情\n第一条 是引用。\n第二条 也是。", whole=True)
    assert [u.kind for u in units] == ["whole"]


def test_a_preface_is_kept():
    units, _ = cut("## 序言\n茶有悠久历史。\n## 第一章 总则\n第一条 甲。")
    assert [(u.kind, u.number) for u in units] == [("preamble", "序言"), ("article", "第一条")]


def test_an_empty_body_is_reported():
    assert cut("\n\u200b\n") == ((), cut("")[1])
    assert "empty" in warned("")


def test_a_deleted_article_keeps_its_number():
    text = "第一条 甲。\n第二条 （删去）\n第三条 丙。"
    assert numbers(text) == ["第一条", "第二条", "第三条"]
    assert warned(text)["stub"] == "第二条"


def test_articles_run_together_in_one_line_are_parted():
    line = (
        "第一条 为了规范茶歇，保护职工休息，制定本办法。 "
        "第二条 茶歇包括： （一）上午； （二）下午。 第三条 附则。"
    )
    units, _ = cut(line)
    assert [u.number for u in units] == ["第一条", "第二条", "第三条"]
    assert units[1].text == "茶歇包括：\n（一）上午；\n（二）下午。"
    assert warned(line)["inline-head"] == "2"


def test_a_book_title_broken_over_two_lines_is_joined():
    text = "第一条 甲。\n第二条 《茶歇\n管理办法》同时废止。"
    assert cut(text)[0][1].text == "《茶歇管理办法》同时废止。"


def test_a_code_in_several_files_counts_on():
    text = "第一百零三条 甲。\n第一百零四条 乙。"
    assert numbers(text, open_start=True) == ["第一百零三条", "第一百零四条"]
    assert "gap" not in warned(text, open_start=True)
    assert warned(text)["gap"] == "第一条至第一百零二条"


def test_invisible_and_private_characters():
    lines, warnings = clean_lines("第一条\u3000茶\u200b歇\u00a0２\ue0105 元\ue004\n\ue5f9\n")
    assert lines == ["第一条 茶歇 2.5 元"]
    assert [w.kind for w in warnings] == ["private-use"]


def test_the_lost_decimal_point_does_not_make_a_figure_ten_times_larger():
    assert clean_lines("高度不得低于2\ue0105米")[0] == ["高度不得低于2.5米"]


def test_full_width_punctuation_stays_as_printed():
    assert clean_lines("（一）甲；（二）乙：丙，ＡＢ１２％")[0] == [
        "（一）甲；（二）乙：丙，AB12％"
    ]


def test_every_warning_is_explained_in_chinese():
    assert all(any("\u4e00" <= c <= "\u9fff" for c in says) for says in WARNINGS.values())
