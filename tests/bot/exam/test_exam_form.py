"""Forms by blueprint, and pass marks by Angoff."""

from collections import Counter

import pytest
from exam_items import bank, item

from bot.exam.angoff import mark, read_ratings
from bot.exam.form import another, choose, digest_of, fitted, usable
from bot.exam.rules import LEAST, ExamError, read_rules
from knowledge.lessons import AREAS

SEED = b"seed"


def test_a_form_has_five_points_of_each_area_and_its_levels():
    items = bank()
    form = choose(items, fitted(items), SEED)
    assert len(form) == 60 >= LEAST
    assert Counter(p.area for p in form) == dict.fromkeys(AREAS, 5)
    assert Counter(p.level for p in form) == {1: 12, 2: 24, 3: 24}
    points = [p.item.rpartition("-")[0] for p in form]
    assert len(set(points)) == 60  # never two forms of one point


def test_a_form_is_the_candidates_own_and_can_be_drawn_again():
    items = bank()
    plan = fitted(items)
    one, same, other = (choose(items, plan, s) for s in (SEED, SEED, b"other"))
    assert one == same
    assert [p.item for p in one] != [p.item for p in other]
    shared = {p.item: p.order for p in one}
    both = [(shared[p.item], p.order) for p in other if p.item in shared and len(p.order) > 2]
    assert len(both) > 5 and any(a != b for a, b in both)
    assert digest_of(one) == digest_of(one[::-1]) != digest_of(other)


def test_options_are_shuffled_evenly_but_true_and_false_are_not():
    items = bank()
    first = Counter()
    for n in range(40):
        for p in choose(items, fitted(items), bytes([n])):
            if len(p.order) == 2:
                assert p.order == (0, 1)
            else:
                assert sorted(p.order) == [0, 1, 2, 3]
                first[p.order[0]] += 1
    assert min(first.values()) > 0.8 * sum(first.values()) / 4


def test_a_second_form_asks_anew_where_it_can():
    items = bank()
    one = {p.item for p in choose(items, fitted(items), SEED)}
    two = {p.item for p in choose(items, fitted(items), b"again", one)}
    three = {p.item for p in choose(items, fitted(items), b"third", one | two)}
    assert not one & two and not (one | two) & three


def test_where_an_area_is_short_others_make_it_up():
    items = [i for i in bank() if i.area != 3 or i.point in ("a3-l1-p1", "a3-l2-p1", "a3-l2-p2")]
    plan = fitted(items)
    assert sum(plan.values()) == 60
    assert sum(n for (a, _), n in plan.items() if a == 3) == 3
    assert len(choose(items, plan, SEED)) == 60


def test_a_bank_too_small_for_one_person_is_refused_with_what_is_lacking():
    with pytest.raises(ExamError, match="领域没有可考的题：7（我怎么参与）"):
        fitted([i for i in bank() if i.area != 7])
    with pytest.raises(ExamError, match="只凑得出 36 个"):
        fitted(bank(points=1))
    with pytest.raises(ExamError, match="领域 4 难度 3 要 9 道，题库里现在只有 3 个"):
        choose(bank(), {(4, 3): 9}, SEED)


def test_items_of_other_regions_are_not_asked():
    items = [*bank(), item(1, 1, 9, "a", region="河南"), item(1, 1, 8, "a", region="上海")]
    assert {i.region for i in usable(items, "河南")} == {"国家", "河南"}
    assert {i.region for i in usable(items, "国家")} == {"国家"}


def test_another_item_is_of_the_same_area_and_level_and_a_new_point():
    items = bank()
    form = choose(items, fitted(items), SEED)
    gone = next(p for p in form if p.level == 1)
    used = {p.item.rpartition("-")[0] for p in form}
    new = another(items, gone, used, SEED)
    assert (new.area, new.level) == (gone.area, gone.level)
    assert new.item.rpartition("-")[0] not in used
    points = {i.point for i in items}
    assert another(items, gone, points, SEED) is None


# Rules


def test_rules_are_read_strictly(tmp_path):
    path = tmp_path / "exam.toml"
    assert read_rules(path).minutes == 120
    areas = "\n".join(f"{a} = [1, 2, 2]" for a in AREAS)
    path.write_text(
        f'organiser = "总工会"\nresit_days = 3\n[blueprint]\n{areas}\n', encoding="utf-8"
    )
    rules = read_rules(path)
    assert (rules.organiser, rules.resit_days) == ("总工会", 3)
    assert sum(rules.blueprint.values()) == 60 and rules.blueprint[4, 2] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("minuts = 3", "不认识的项 minuts"),
        ("minutes = 3", "minutes: 应是 10 到 600"),
        ("pass_mark = 70", "pass_mark: 应是 0.5 到 0.95"),
        ("region = 3", "region: 应是文字"),
        ("[blueprint]\n1 = [5,5,5]", "1 到 12 个领域"),
        ("[blueprint]\n" + "\n".join(f"{a} = [1, 1, 1]" for a in AREAS), "至少要 55 道"),
        ("[blueprint]\n" + "\n".join(f"{a} = [1, 9]" for a in AREAS), "难度 1、2、3 各几道"),
        ("minutes =", "读不出来"),
    ],
)
def test_faulty_rules_name_file_and_field(tmp_path, text, says):
    path = tmp_path / "exam.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ExamError, match=r"exam\.toml") as raised:
        read_rules(path)
    assert says in str(raised.value)


# Angoff


def judges(tmp_path, text):
    path = tmp_path / "评委.csv"
    path.write_text(text, encoding="utf-8")
    return read_ratings(path)


def test_the_mark_is_the_mean_over_judges_and_items(tmp_path):
    said = "题号,甲,乙,丙\nx,0.6,70%,0.8\ny,0.9,0.8,1\nz,0,0,0\n"
    found = mark(["x", "y"], judges(tmp_path, said), 0.7)
    assert found.share == pytest.approx(0.8)
    # Judges' own means: .75, .75, .9; standard deviation .0866, divided by the root of 3.
    assert "3 位评委评过本卷 2/2 题" in found.source and "0.050" in found.source
    assert "评委偏少" in found.source
    assert found.needed(60) == 48 and found.needed(59) == 48  # 47.2 rounds up


def test_harder_forms_pass_with_less(tmp_path):
    said = "题号,甲,乙\neasy,0.9,0.9\nhard,0.5,0.5\n"
    ratings = judges(tmp_path, said)
    assert mark(["easy"], ratings, 0.7).needed(10) == 9
    assert mark(["hard"], ratings, 0.7).needed(10) == 5


def test_without_judges_the_default_is_taken_and_said(tmp_path):
    assert mark(["x"], None, 0.7).source == "没有评委定线，按默认 70%"
    assert mark(["x"], None, 0.7).needed(60) == 42
    few = mark(list("vwxyz"), judges(tmp_path, "题号,甲,乙\nx,0.5,0.5\n"), 0.7)
    assert few.share == 0.7 and "1/5" in few.source


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("题,甲,乙\n", "第 1 行"),
        ("题号,甲\nx,0.5\n", "至少两位评委"),
        ("题号,甲,乙\nx,0.5\n", "第 2 行应有 2 位"),
        ("题号,甲,乙\nx,0.5,70\n", "第 2 行“70”"),
        ("题号,甲,乙\nx,0.5,0.5\nx,0.5,0.5\n", "第 3 行的题号"),
        ("题号,甲,乙\n", "一道题也没有"),
    ],
)
def test_a_faulty_judges_file_names_the_line(tmp_path, text, says):
    with pytest.raises(ExamError, match=r"评委\.csv") as raised:
        judges(tmp_path, text)
    assert says in str(raised.value)
