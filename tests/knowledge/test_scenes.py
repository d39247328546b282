"""The scenes of the mock negotiation: read strictly, branching soundly, and what ours hold."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest

from knowledge.authored import read_content
from knowledge.check import check
from knowledge.forms import ContentError, Several
from knowledge.pieces import Content, Place
from knowledge.plain import from_plain, to_plain
from knowledge.scenes import End, Scene, Step, before_mistake, faults, run
from knowledge.staging import scene

CITE = ["《集体合同规定》第三十二条"]


def move(to: str, procedure: int = 0, reasons: int = 0, text: str = "") -> dict:
    good = procedure + reasons > 1
    return {
        "text": text or f"去{to}{procedure}{reasons}",
        "firm": "对方点头。",
        "why": "要书面提出。",
        "cite": CITE,
        "next": to,
        "procedure": procedure,
        "reasons": reasons,
        **({"shows": "做对了"} if good else {}),
    }


def chain() -> dict:
    """Eight steps in a row: the best move at changing places leads on, the worst ends it."""
    steps = []
    for n in range(1, 9):
        on = f"s{n + 1}" if n < 8 else "good"
        moves = [move("bad"), move(on, 1, 0), move("bad", text="另一件错事")]
        moves[n % 3] = move(on, 2, 1)
        if n % 3 == 1:
            moves[0] = move(on, 1, 0, "还行的做法")
        steps.append({"id": f"s{n}", "says": "现在怎么办？", "moves": moves})
    return {
        "id": "test",
        "title": "试一试",
        "setting": "一家厂。",
        "goals": ["谈成"],
        "cite": CITE,
        "procedure": 16,
        "reasons": 8,
        "reviewed": "unreviewed",
        "drafted": date(2026, 11, 21),
        "steps": steps,
        "ends": [
            {"id": "good", "kind": "达成", "says": "成了。", "next": "签字。", "cite": CITE},
            {"id": "bad", "kind": "失误", "says": "坏了。", "next": "补救。", "cite": CITE},
        ],
    }


def read(raw: dict) -> Scene:
    return scene(deepcopy(raw), Place("scenes/test.yaml", 1))


def said_of(raw: dict) -> str:
    with pytest.raises(ContentError) as error:
        read(raw)
    if isinstance(error.value, Several):
        return "；".join(f"{part} {message}" for _, part, message in error.value.faults)
    return str(error.value)


def test_a_sound_scene_is_read_and_comes_back_from_the_library_as_it_was():
    made = read(chain())
    assert (len(made.steps), made.procedure, made.reasons) == (8, 16, 8)
    assert from_plain(Scene, to_plain(made)) == made


# What is refused


def test_a_next_that_leads_nowhere_names_its_step_and_move():
    raw = chain()
    raw["steps"][2]["moves"][0]["next"] = "nowhere"
    assert "s3" in (told := said_of(raw)) and "nowhere" in told


def test_a_step_that_leads_back_to_itself_is_refused():
    raw = chain()
    raw["steps"][4]["moves"][1]["next"] = "s2"
    assert "绕回" in said_of(raw)


def test_a_step_nobody_reaches_is_refused():
    raw = chain()
    raw["steps"].append({**deepcopy(raw["steps"][0]), "id": "alone"})
    assert "alone: 走不到" in said_of(raw)


def test_an_end_nobody_reaches_is_refused():
    raw = chain()
    raw["ends"].append({**raw["ends"][0], "id": "far", "kind": "中止"})
    assert "far: 走不到" in said_of(raw)


@pytest.mark.parametrize("field", ["procedure", "reasons"])
def test_the_stated_most_must_be_what_can_be_reached(field):
    raw = chain()
    raw[field] += 1
    assert "走得到的最高分是 16、8" in said_of(raw)


def test_most_procedure_and_most_reasons_must_come_in_one_run():
    raw = chain()
    raw["steps"][0]["moves"][2] |= {"next": "s2", "reasons": 2, "procedure": 0}
    raw |= {"reasons": 9}
    assert "一次走完最多 24" in said_of(raw)


def test_a_detour_must_not_be_worth_as_much_as_the_straight_way():
    """A wrong move that costs nothing teaches that it is none."""
    raw = chain()
    detour = {"id": "detour", "says": "走偏了。", "moves": deepcopy(raw["steps"][7]["moves"])}
    for m in detour["moves"]:
        m |= {"next": "s2"}
    detour["moves"][2] |= {"procedure": 2, "reasons": 2, "shows": "回头"}
    detour["moves"][2] |= {"procedure": 2, "reasons": 1}
    raw["steps"].append(detour)
    raw["steps"][0]["moves"][2]["next"] = "detour"
    assert "弯路给的分太多" in said_of(raw)


def test_a_step_has_one_best_move_and_says_what_it_shows():
    raw = chain()
    raw["steps"][0]["moves"][0] = move("s2", 2, 1, "一样好")
    assert "s1: 应有且只有一个" in said_of(raw)
    raw = chain()
    del raw["steps"][0]["moves"][1]["shows"]
    assert "s1: 得分最高的选项要写 shows" in said_of(raw)


def test_the_best_move_must_not_stand_at_one_place_mostly():
    raw = chain()
    for step in raw["steps"]:
        step["moves"].sort(key=lambda m: -m["procedure"])
    assert "换换位置" in said_of(raw)


def test_a_scene_without_a_mistake_that_costs_is_refused():
    raw = chain()
    raw["ends"][1]["kind"] = "中止"
    assert "失误" in said_of(raw)


def test_too_short_and_too_long_scenes_are_refused():
    raw = chain()
    raw["steps"] = raw["steps"][:7]
    for m in raw["steps"][6]["moves"]:
        m["next"] = "good" if m["next"] == "s8" else m["next"]
    assert "应有 8 到 14 步，现在 7 步" in said_of(raw)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"procedure": 3}, "procedure: 应为 0 到 2"),
        ({"procedure": "2"}, "procedure: 应为 0 到 2"),
        ({"why": "长" * 121}, "why: 最多 120 字"),
        ({"text": "长" * 37}, "text: 最多 36 字"),
        ({"cite": []}, "cite: 要引用到条"),
        ({"cite": ["《集体合同规定》"]}, "cite: 要引用到条"),
        ({"cite": ["集体合同规定32条"]}, "不是引用"),
        ({"worked": ["60 / 2 = 31"]}, "worked"),
        ({"colour": "red"}, "不认识的字段：colour"),
        ({"why": None}, "why"),
    ],
)
def test_a_fault_of_a_move_names_step_and_number(change, told):
    raw = chain()
    raw["steps"][1]["moves"][1] |= change
    found = said_of(raw)
    assert found.startswith("s2 第 2 项") and told in found


def test_two_moves_at_least_three_and_no_two_alike():
    raw = chain()
    del raw["steps"][0]["moves"][2]
    assert "应有 3 到 4 个选项，现在 2 个" in said_of(raw)
    raw = chain()
    raw["steps"][0]["moves"][2]["text"] = raw["steps"][0]["moves"][1]["text"]
    assert "有两个选项一样" in said_of(raw)


# Runs


def test_a_run_is_its_digits_and_adds_up():
    made = read(chain())
    best = "".join(str(s.moves.index(s.best) + 1) for s in made.steps)
    found = run(made, best)
    assert found and isinstance(found.now, End) and found.now.kind == "达成"
    assert (found.procedure, found.reasons) == (16, 8)
    assert run(made, "").now is made.steps[0]


@pytest.mark.parametrize("path", ["9", "0", "x", "２", "3111", "1" * 12])
def test_a_path_that_the_scene_does_not_have_is_no_run(path):
    assert run(read(chain()), path) is None


def test_the_way_back_leads_to_before_the_costliest_move():
    made = read(chain())
    good = str(made.steps[0].moves.index(made.steps[0].best) + 1)
    wrong = next(n for n, m in enumerate(made.steps[1].moves, 1) if m.next == "bad")
    assert before_mistake(made, f"{good}{wrong}") == good
    assert before_mistake(made, "") == ""


# Our own scenes

OURS = read_content(faults=[])
NAMES = [s.id for s in OURS.scenes]


def test_every_situation_that_was_asked_for_has_its_scene():
    wanted = {"offer", "refusal", "raise", "payment", "women", "stalemate"}
    assert wanted | {"information", "congress"} == set(NAMES)


@pytest.mark.parametrize("ours", OURS.scenes, ids=NAMES)
def test_ours_stand_and_can_end_in_three_ways(ours):
    assert faults(ours) == []
    assert {end.kind for end in ours.ends} == {"达成", "中止", "失误"}


def test_what_ours_say_of_the_law_stands_in_the_articles():
    own = Content(digests=OURS.digests, scenes=OURS.scenes)
    assert [str(f) for f in check(own, None, date(2026, 11, 21))] == []


def test_a_wrong_figure_in_a_comment_is_found():
    ours = next(s for s in OURS.scenes if s.id == "offer")
    step = next(s for s in ours.steps if s.id == "wait")
    wrong = replace(step.best, why=step.best.why.replace("20日", "25日"))
    moves = tuple(wrong if m is step.best else m for m in step.moves)
    steps = tuple(replace(s, moves=moves) if s is step else s for s in ours.steps)
    own = Content(digests=OURS.digests, scenes=(replace(ours, steps=steps),))
    (fault,) = check(own, None, date(2026, 11, 21))
    assert fault.kind == "figure" and fault.entry.startswith("offer.wait.") and "25日" in str(fault)


def test_an_article_nobody_digested_is_asked_for():
    ours = OURS.scenes[0]
    digests = tuple(d for d in OURS.digests if d.citation != ours.cite[0].whole)
    found = check(Content(digests=digests, scenes=(ours,)), None, date(2026, 11, 21))
    assert "no-digest" in {f.kind for f in found}


RASH = re.compile(
    r"停线|停产|停半天|别上工|不出车|拉了|锁上|收起来，谈成|堵|静坐|横幅|门口坐着|家门口|曝|直播"
    r"|媒体|网上|大群|群里|威胁|摔|拦住门|不许走|请病假|罚款|等着|代签|补票|补个签名|写上全票|偷"
)


def test_what_is_rash_threatening_or_false_is_never_worth_a_point():
    """Stopping work, blocking, shaming and forging are there to be explained, never to win."""
    rash = [
        (s.id, m.text, m.points)
        for scene_ in OURS.scenes
        for s in scene_.steps
        for m in s.moves
        if RASH.search(m.text) and not re.search("不外传|收回|劝|保密", m.text)
    ]
    assert len(rash) > 25
    assert [r for r in rash if r[2]] == []


def test_a_mistake_always_has_its_way_back():
    for ours in OURS.scenes:
        for end in ours.ends:
            assert end.next and end.cite


def test_steps_lead_to_different_places():
    for ours in OURS.scenes:
        branching = [s for s in ours.steps if len({m.next for m in s.moves}) > 1]
        assert len(branching) * 2 > len(ours.steps), ours.id
        assert isinstance(ours.find(ours.steps[0].id), Step)


def test_choosing_the_longest_move_does_not_win():
    """The right thing said at length among curt wrong ones would give itself away."""
    steps = [s for ours in OURS.scenes for s in ours.steps]
    longest = [s for s in steps if len(s.best.text) == max(len(m.text) for m in s.moves)]
    assert len(longest) * 3 <= len(steps)
