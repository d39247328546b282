import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.pieces import Region
from knowledge.regions import NATION, Regions

SMALL = Regions(
    [
        Region("国家", "中华人民共和国", also=("全国",)),
        Region("河南", "河南省", "国家", ("豫中",)),
        Region("郑州", "郑州市", "河南", ("郑州高新区", "高新区")),
        Region("山东", "山东省", "国家"),
        Region("吉林", "吉林省", "国家"),
        Region("吉林市", "吉林市", "吉林"),
    ]
)


@pytest.fixture(scope="session")
def everywhere(real):
    return Regions(real.regions)


def test_a_city_sees_its_province_and_the_nation_and_no_other_province():
    assert SMALL.chain("郑州") == ("郑州", "河南", "国家")
    assert "山东" not in SMALL.chain("郑州")
    assert SMALL.chain("国家") == SMALL.chain("") == ("国家",)


def test_the_province_of_a_place():
    assert [SMALL.province(n) for n in ("郑州", "河南", "国家", "")] == ["河南", "河南", "", ""]
    assert SMALL.provinces == ["河南", "山东", "吉林"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("郑州高新区的河南企业", ["郑州"]),
        ("河南郑州的厂", ["郑州"]),
        ("河南和山东有啥不同", ["河南", "山东"]),
        ("山东的厂，郑州的人", ["山东", "郑州"]),
        ("河南省企业", ["河南"]),
        ("豫中这边", ["河南"]),
        ("吉林市的厂", ["吉林市"]),
        ("吉林省的厂", ["吉林"]),
        ("郑州，郑州，还是郑州", ["郑州"]),
        ("全国都这样吗", []),
        ("加班怎么算", []),
        ("", []),
    ],
)
def test_the_most_specific_place_of_each_line_is_found(text, found):
    assert SMALL.find(text) == found


def test_the_longest_name_is_stripped():
    assert SMALL.strip("郑州高新区的河南企业") == "的企业"
    assert SMALL.strip("吉林市几天答复") == "几天答复"


@pytest.mark.parametrize(
    "text", ["今天津贴怎么没发", "夏天津贴多少", "热天津贴数额", "每天津贴二十", "连续三天津贴没给"]
)
def test_an_allowance_of_the_day_is_not_in_tianjin(everywhere, text):
    """今天 + 津贴 holds the letters of 天津; half of all heat questions are worded so."""
    assert everywhere.find(text) == []
    assert everywhere.strip(text) == text


def test_tianjin_itself_is_found(everywhere):
    for text in ("天津津贴多少", "在天津上班", "天津市的规定", "今天天津下雨"):
        assert everywhere.find(text) == ["天津"]


@pytest.mark.parametrize(
    "text",
    ["这东西安全吗", "东西安排在哪", "十四平方米宿舍", "最大连续工作几小时", "负重大连带责任", "从化工厂辞职",
     "各自贡献大小", "工资条最新余额", "主管城市管理", "农民勤快", "面临安置", "拖延安排", "双流程审批", "股东营业",
     "撕开封条", "太原始了", "娱乐都没有", "例如东区车间", "每周口罩", "提成都没了", "周六安排", "社保定期", "今天水电",
     "河南路上的厂", "北京时间", "北京烤鸭店员", "黄河南岸", "经济南北差异"],
)  # fmt: skip
def test_letters_of_a_place_inside_other_words_are_no_place(everywhere, text):
    assert everywhere.find(text) == []
    assert everywhere.strip(text) == text


@pytest.mark.parametrize(
    ("text", "place"),
    [("请明确山东的期限", "山东"), ("批准东莞的方案", "东莞"), ("不符合浦东的规定", "上海"), ("济南的分公司", "济南"),
     ("大连的船厂", "大连"), ("从化的厂", "广州"), ("四平的厂", "四平"), ("北京路桥公司", "北京"),
     ("上海南站", "上海"), ("人在郑州上街区", "郑州"), ("西安的东西", "西安")],
)  # fmt: skip
def test_a_place_beside_such_words_is_still_found(everywhere, text, place):
    assert everywhere.find(text) == [place]


def test_a_place_is_named_exactly_or_not_at_all():
    assert [SMALL.named(t) for t in ("河南", "河南省", " 豫中 ", "国家", "全国", "中华人民共和国")] == [
        "河南", "河南", "河南", NATION, NATION, NATION,
    ]  # fmt: skip
    assert [SMALL.named(t) for t in ("河南的", "火星", "")] == ["", "", ""]
    assert "河南" in SMALL
    assert "火星" not in SMALL
    assert (SMALL.full("郑州"), SMALL.full("火星")) == ("郑州市", "火星")


def test_no_regions_find_nothing():
    assert Regions([]).find("河南") == []
    assert Regions([]).strip("河南") == "河南"


def test_every_place_leads_to_the_nation_through_one_province(everywhere):
    for name in everywhere.provinces:
        assert everywhere.chain(name) == (name, NATION)
        assert everywhere.province(name) == name
    assert len(everywhere.provinces) >= 31


def test_every_name_of_every_place_is_found_as_that_place(everywhere, real):
    for region in real.regions:
        for name in (region.name, region.full, *region.also):
            assert everywhere.named(name) == region.name
            if region.name != NATION:
                assert everywhere.find(f"我们{name}的规定") == [region.name], name


@given(st.text(alphabet="河南郑州高新区山东天津贴吉林省市全国的上海西安大连续", max_size=20))
def test_what_is_found_is_what_is_stripped(everywhere, text):
    for regions in (SMALL, everywhere):
        found = regions.find(text)
        assert bool(found) == (regions.strip(text) != text)
        assert all(name in regions for name in found)
        assert not any(a in regions.chain(b)[1:] for a in found for b in found)
