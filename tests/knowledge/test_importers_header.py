"""Name, dates, version, level, place and repeals, as title, header, path and table tell them."""

from datetime import date
from pathlib import Path

import pytest

from knowledge.importers import match, read, status_table
from knowledge.importers.closing import effective_in, repeals_in
from knowledge.importers.dates import dates, events
from knowledge.importers.places import region
from knowledge.importers.status import split_date
from knowledge.records import Level, ParsedArticle

LAW = """# {title}

{header}

<!-- INFO END -->

第一条 为了规范茶歇，制定本办法。

第二条 {last}
"""


@pytest.fixture
def law(tmp_path):
    def make(name="茶歇条例.md", folder="", title="", header="", last="本条例自公布之日起施行。"):
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        title = title or Path(name).stem.split("(")[0]
        path.write_text(LAW.format(title=title, header=header, last=last), encoding="utf-8")
        return read(path, {})

    return make


def test_the_name_drops_the_state_in_front_and_keeps_it_inside(law):
    assert law(title="中华人民共和国茶歇法").name == "茶歇法"
    assert (
        law(title="河南省实施<中华人民共和国茶歇法>办法").name
        == "河南省实施《中华人民共和国茶歇法》办法"
    )


def test_marks_and_blanks_in_the_name_are_made_one_kind(law):
    assert (
        law(title="关于执行〈茶歇法〉  若干问题的解释").name == "关于执行《茶歇法》若干问题的解释"
    )


def test_a_title_unlike_the_file_name_is_reported(law):
    assert any(w.kind == "title-differs" for w in law("午休条例.md", title="茶歇条例").warnings)
    assert not any(w.kind == "title-differs" for w in law("茶歇条例(2020-01-02).md").warnings)


def test_promulgation_amendment_and_the_version_of_the_file_name(law):
    text = law(
        "茶歇条例(2021-03-04).md",
        header="1994年7月5日 某省第八届人民代表大会常务委员会第八次会议通过\n\n"
        "2021年3月4日 第十三届人大常委会第七次会议《关于修改〈茶歇条例〉的决定》第二次修正",
        last="本条例自1995年1月1日起施行。",
    )
    assert text.promulgated == date(1994, 7, 5)
    assert text.amended == date(2021, 3, 4)
    assert text.version == "2021-03-04"
    assert text.effective == date(2021, 3, 4)  # the version's day, not the first text's


def test_an_amended_text_takes_the_start_that_its_header_names(law):
    text = law(
        header="1994年7月5日 某省人大通过\n\n2025年9月30日 修正\n\n2025年12月1日 施行",
        last="本条例自1995年1月1日起施行。",
    )
    assert text.effective == date(2025, 12, 1)
    assert text.version == "2025-09-30"


def test_in_force_from_the_day_of_publication(law):
    text = law(header="2020年2月3日 某部令第4号公布", last="本条例自公布之日起施行。")
    assert text.effective == date(2020, 2, 3)


def test_the_last_article_names_the_day(law):
    text = law(header="2020年2月3日 某部令第4号公布", last="本条例自2020年5月1日起施行。")
    assert (text.promulgated, text.effective) == (date(2020, 2, 3), date(2020, 5, 1))


def test_a_courts_second_passing_is_an_amendment(law):
    text = law(
        "茶歇解释(2020-12-29).md",
        header="2001年4月1日 最高人民法院审判委员会第1次会议通过\n\n"
        "2020年12月23日 最高人民法院审判委员会第9次会议通过",
    )
    assert (text.promulgated, text.amended) == (date(2001, 4, 1), date(2020, 12, 29))


def test_passing_and_approval_are_one_step(law):
    text = law(header="2018年8月31日 郑州市人大常委会通过 2018年11月30日河南省人大常委会批准")
    assert (text.promulgated, text.amended) == (date(2018, 11, 30), None)


def test_no_date_anywhere_is_reported(law):
    assert any(w.kind == "no-date" for w in law().warnings)


def test_a_file_name_older_than_its_header_is_reported(law):
    text = law("茶歇条例(2010-01-02).md", header="2010年1月2日 通过\n\n2018年1月2日 修正")
    assert any(w.kind == "date-differs" for w in text.warnings)
    assert text.version == "2010-01-02"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2008年1月1日", date(2008, 1, 1)),
        ("一九九三年三月一日", date(1993, 3, 1)),
        ("二〇〇四年十二月二十日", date(2004, 12, 20)),
        ("2004年 9月 l日", date(2004, 9, 1)),
        ("2024-11-10", date(2024, 11, 10)),
    ],
)
def test_dates_as_they_are_printed(text, day):
    assert [d for d, _, _ in dates(text)] == [day]


def test_an_impossible_date_is_none():
    assert dates("2019年2月30日") == []


def test_dates_of_other_acts_in_the_header_do_not_count():
    found = events(["2020年1月2日 根据《1999年3月4日修订的茶歇办法》修正"])
    assert [d.day for d in found] == [date(2020, 1, 2)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("工会法(2021-12-24)", ("工会法", date(2021, 12, 24))),
        ("中华人民共和国工会法_20211224", ("中华人民共和国工会法", date(2021, 12, 24))),
        ("茶歇办法（试行）", ("茶歇办法（试行）", None)),
    ],
)
def test_the_date_in_a_file_name(name, expected):
    assert split_date(name) == expected


@pytest.mark.parametrize(
    ("title", "folders", "local", "expected"),
    [
        ("郑州市茶歇条例", ["河南地方法规", "地方性法规", "河南"], True, "郑州"),
        ("河南省茶歇条例", ["河南"], True, "河南"),
        ("深圳经济特区茶歇条例", ["广东"], True, "深圳"),
        ("浙江省景宁畲族自治县茶歇条例", ["浙江"], True, "景宁"),
        ("广西壮族自治区茶歇条例", [], None, "广西"),
        ("内蒙古自治区茶歇条例", [], None, "内蒙古"),
        ("杭州城市茶歇条例", ["浙江"], True, "杭州"),
        ("河南省城市茶歇条例", ["河南"], True, "河南"),
        ("人民代表大会茶歇条例", ["上海"], True, "上海"),
        ("茶歇法", ["河南"], False, "国家"),
        ("香港特别行政区茶歇法", [], None, "国家"),
        ("上海金融法院茶歇规定", [], None, "国家"),
    ],
)
def test_places(title, folders, local, expected):
    assert region(title, folders, local=local) == expected


@pytest.mark.parametrize(
    ("folder", "title", "header", "level"),
    [
        ("行政法规", "茶歇条例", "", Level.REGULATION),
        ("民法商法", "茶歇法", "", Level.LAW),
        ("司法解释", "关于茶歇的批复", "", Level.INTERPRETATION),
        ("部门规章/茶歇部", "茶歇办法", "", Level.RULE),
        ("案例/茶歇", "茶歇案", "", Level.CASE),
        ("下载", "最高人民法院关于茶歇的解释", "", Level.INTERPRETATION),
        ("下载", "河南省茶歇条例", "2020年1月1日 河南省人民代表大会常务委员会通过", Level.LOCAL),
        ("下载", "河南省茶歇办法", "2020年1月1日 河南省人民政府令第3号", Level.OTHER),
        ("下载", "中华人民共和国茶歇法", "2020年1月1日 全国人民代表大会通过", Level.LAW),
        ("下载", "茶歇规定", "2020年1月1日 人力资源社会保障部令第3号公布", Level.RULE),
        ("下载", "茶歇条例", "2020年1月1日 国务院令第3号公布", Level.REGULATION),
        ("下载", "茶话", "", Level.OTHER),
    ],
)
def test_levels(law, folder, title, header, level):
    assert law("x.md", folder=folder, title=title, header=header).level is level


def ending(*lines):
    return [ParsedArticle("第一条", "甲。"), ParsedArticle("第二条", "\n".join(lines))]


def names(*lines, title=""):
    return [r.name for r in repeals_in(ending(*lines), title)]


def test_the_laws_that_end_with_this_one():
    text = "本法自2021年1月1日起施行。《中华人民共和国茶法》、《中华人民共和国水法》同时废止。"
    assert names(text) == ["茶法", "水法"]
    assert effective_in(ending(text)) == date(2021, 1, 1)


def test_an_earlier_version_of_the_same_name_comes_with_its_date():
    found = repeals_in(ending("1994年12月5日某部发布的《茶歇规定》同时废止。"))
    assert [(r.name, r.dated) for r in found] == [("茶歇规定", date(1994, 12, 5))]


def test_inner_marks_of_a_repealed_name():
    text = (
        "最高人民法院2012年12月20日发布的《关于适用〈中华人民共和国茶法〉的解释》"
        "（法释〔2012〕21号）同时废止。"
    )
    assert names(text) == ["最高人民法院关于适用《中华人民共和国茶法》的解释"]


def test_what_is_only_the_basis_or_the_amending_act_is_not_repealed():
    text = "根据2010年7月30日《关于修改部分地方性法规的决定》修正的《某省茶歇条例》同时废止。"
    assert names(text) == ["某省茶歇条例"]


def test_a_part_of_a_law_that_ends_does_not_end_the_law():
    """解释（二）(2025) ends articles of 解释（一）, not the whole."""
    assert names("《茶歇解释（一）》（法释〔2020〕26号）第三十二条第一款同时废止。") == []


def test_a_change_of_another_law_is_no_repeal():
    assert names("将《茶歇法》第三条修改为：“茶歇两次。”", "《茶歇法》根据本决定重新公布。") == []


def test_not_in_line_is_no_repeal_by_name():
    assert names("《茶歇办法》与本解释不一致的，不再适用。") == []


def test_a_decision_that_ends_laws_lists_them():
    found = names("废止《甲茶条例》", "二、《乙茶条例》", title="关于废止部分地方性法规的决定")
    assert found == ["甲茶条例", "乙茶条例"]


def test_the_status_table_knows_files_by_folder_name_and_date(tmp_path):
    (tmp_path / "status.csv").write_text(
        "collection,folder,name,subtitle,level,publish,valid_from,expired\n"
        "DLC/河南地方法规,地方性法规/河南,茶歇条例,,地方性法规,2020-01-02,2020-05-01,0\n"
        "DLC/山东地方法规,地方性法规/山东,茶歇条例,,地方性法规,2020-01-02,2020-06-01,1\n"
        ".,案例/茶,要旨一句,某甲诉某乙茶歇案,案例,,,0\n",
        encoding="utf-8",
    )
    folder = tmp_path / "laws/DLC/山东地方法规/地方性法规/山东"
    folder.mkdir(parents=True)
    path = folder / "茶歇条例(2020-01-02).md"
    path.write_text(LAW.format(title="茶歇条例", header="", last="略。"), encoding="utf-8")
    table = status_table(folder)
    row = match(table, path)
    assert row is not None
    assert row.expired is True
    assert match(table, folder / "茶歇条例(2021-01-02).md") is None
    case = match(table, tmp_path / "laws/案例/茶/某甲诉某乙茶歇案.md")
    assert case is not None
    assert case.name == "要旨一句"
    text = read(path)
    assert (text.expired, text.level, text.region) == (True, Level.LOCAL, "山东")
    assert text.effective == date(2020, 6, 1)


def test_without_a_table_nothing_is_said_of_validity(law):
    assert law().expired is None
