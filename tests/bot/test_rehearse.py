"""The mock negotiation as people play it: every scene to every end, and off the beaten track."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from small import TODAY, Person

from bot import texts
from bot.assistant import Assistant
from bot.channels.plain import fitted, utf8
from bot.channels.terminal import run as run_terminal
from bot.message import Incoming
from bot.skills import rehearse
from bot.turn import Log, Session
from knowledge.authored import read_content
from knowledge.scenes import End, Step, run

OURS = read_content(faults=[])
SCENES = {s.id: s for s in OURS.scenes}
DIGESTS = {d.citation: d for d in OURS.digests}
OFFER = SCENES["offer"]
BEST = "".join(
    str(step.moves.index(step.best) + 1)
    for step in OFFER.steps
    if step.id in ("listen", "write", "send", "wait", "people", "meeting")
)


class Stage:
    """The small release with our own scenes in it, and the digests that they rest on."""

    def __init__(self, seen, scenes=OURS.scenes, digests=DIGESTS) -> None:
        self._seen, self._scenes, self._digests = seen, scenes, digests

    def __getattr__(self, name):
        return getattr(self._seen, name)

    def scenes(self):
        return self._scenes

    def scene(self, ident):
        return next((s for s in self._scenes if s.id == ident), None)

    def digest(self, citation):
        return self._digests.get(citation) or self._seen.digest(citation)


@pytest.fixture
def stage(release):
    return Stage(release.on(TODAY))


@pytest.fixture
def player(stage, store):
    return Person(Assistant(lambda: stage, store))


def show(stage, scene, path):
    """The reply at a point of a run."""
    return rehearse.respond(
        Incoming("继续"), Session(task=f"rehearse:{scene.id}:{path}"), stage
    ).replies[0]


def all_runs(scene):
    """Every run that ends, as its path."""
    paths, ended = [""], []
    while paths:
        path = paths.pop()
        found = run(scene, path)
        if isinstance(found.now, End):
            ended.append(path)
        else:
            paths += [f"{path}{n}" for n in range(1, len(found.now.moves) + 1)]
    return ended


# Playing


@pytest.mark.parametrize(
    "words", ["模拟协商", "演练", "模拟谈判", "我想来一次模拟协商。", "开始演练"]
)
def test_typed_words_open_the_list_of_scenes(player, words):
    reply = player.say(words)
    assert reply.answer == texts.REHEARSE_LIST
    assert [c.label for c in reply.choices] == [s.title for s in OURS.scenes]


@pytest.mark.parametrize(
    "words", ["模拟协商怎么搞，有例子吗", "公司搞消防演练要给加班费吗", "结束劳动合同", "继续"]
)
def test_a_question_about_it_does_not_start_it(stage, words):
    assert rehearse.respond(Incoming(words), Session(), stage) is None


def test_a_scene_is_played_by_numbers_to_agreement_with_every_point(player):
    player.say("模拟协商")
    intro = player.say("1")
    assert OFFER.setting in intro.answer and "设定" in intro.answer.splitlines()[0]
    player.say("1")
    for digit in BEST:
        reply = player.say(digit)
    assert "得分：程序 12/12，说理 9/9" in reply.answer
    assert "下次试试" not in reply.answer
    assert "下一步：" in reply.answer and texts.REHEARSE_MARK in reply.answer
    assert texts.REHEARSE_BUTTON_AGAIN in [c.label for c in reply.choices]


@pytest.mark.parametrize("ident", SCENES)
def test_every_end_of_every_scene_is_played(stage, ident):
    """One run for each end, by pressing its buttons one after another."""
    scene = SCENES[ident]
    shortest = {}
    for path in sorted(all_runs(scene), key=len):
        shortest.setdefault(run(scene, path).now.id, path)
    assert set(shortest) == {end.id for end in scene.ends}
    for end, path in shortest.items():
        session = Session(task=f"rehearse:{ident}")
        turn = rehearse.respond(Incoming("", f"rehearse:{ident}:go"), session, stage)
        for digit in path:
            choice = turn.replies[0].choices[int(digit) - 1].payload
            turn = rehearse.respond(Incoming("", choice), turn.session, stage)
        reply = turn.replies[0]
        assert reply.answer.startswith("【演练结束】")
        assert scene.find(end).says in reply.answer and scene.find(end).next in reply.answer
        assert texts.REHEARSE_MARK in reply.answer


def test_each_step_is_marked_and_says_why_with_its_articles(stage):
    for scene in OURS.scenes:
        for number, step in enumerate(scene.steps):
            path = next(p for p in _prefixes(scene) if run(scene, p).now is step)
            reply = show(stage, scene, path)
            assert reply.answer.splitlines()[0].startswith("【演练】")
            assert "设定" in reply.answer.splitlines()[0]
            assert reply.citations and reply.disposition == "answer"
            assert [c.label for c in reply.choices[:-1]] == [m.text for m in step.moves]
            if path:
                assert "为什么" in reply.answer, (scene.id, number)


def _prefixes(scene):
    paths = [""]
    for path in paths:
        yield path
        now = run(scene, path).now
        if isinstance(now, Step):
            paths += [f"{path}{n}" for n in range(1, len(now.moves) + 1)]


def test_the_end_tells_what_went_well_what_to_try_and_what_to_read(stage):
    path = "2" + "3" + "1" + "2" + "1" + "1"  # one weak move: went alone
    reply = show(stage, OFFER, path)
    assert "得分：程序 10/12，说理 8/9" in reply.answer
    assert "做得好：先收意见，再定议题" in reply.answer
    assert "下次试试：代表对等，由工会选派" in reply.answer
    assert "第十九条" in [c.article for c in reply.citations]


def test_after_a_mistake_the_way_back_leads_to_the_step_before_it(player):
    player.say("演练")
    player.say("1")
    player.say("1")
    player.say("2")
    player.say("1")  # the threat
    reply = player.say("2")  # and stopping work
    assert "走了弯路" in reply.answer
    again = player.press(texts.REHEARSE_BUTTON_BACK)
    assert OFFER.find("write").says in again.answer
    assert player.session.task == "rehearse:offer:2"


def test_a_run_without_costly_moves_offers_no_way_back(stage):
    labels = [c.label for c in show(stage, OFFER, BEST).choices]
    assert texts.REHEARSE_BUTTON_BACK not in labels


# Off the beaten track


def test_an_old_button_repeats_where_one_stands(player):
    """Telegram keeps every button that was ever sent."""
    for choice in ("rehearse:offer", "rehearse:offer:go", "rehearse:offer:listen:2"):
        player.say(choice=choice)
    here = player.session
    for old in (
        "rehearse:offer:listen:1",
        "rehearse:offer:go",
        "rehearse:offer:send:1",
        "rehearse:offer:write:9",
        "rehearse:offer:write:x",
        "rehearse:raise:opening:1",
        "rehearse:nothing:at:1",
        "rehearse:offer:back",
        "rehearse:a:b:c:d:e",
    ):
        reply = player.say(choice=old)
        assert OFFER.find("write").says in reply.answer, old
        assert player.session == here, old


def test_an_old_button_without_any_run_shows_its_scene(player):
    assert OFFER.setting in player.say(choice="rehearse:offer:write:1").answer
    assert player.say(choice="rehearse::more") is not None


def test_a_question_in_the_midst_is_answered_and_the_run_goes_on(player):
    player.say(choice="rehearse:offer:go")
    player.say("2")
    asked = player.say("收到要约多少天要答复")
    assert "20日" in asked.answer and "演练" not in asked.answer
    assert player.session.task == "rehearse:offer:2"
    reply = player.say("继续")
    assert OFFER.find("write").says in reply.answer
    assert OFFER.find("send").says in player.say("3").answer


def test_numbers_after_a_question_pick_what_the_answer_offered(player):
    player.say(choice="rehearse:offer:go")
    asked = player.say("收到要约多少天要答复")
    assert player.say("1").answer != asked.answer
    assert player.session.task == "rehearse:offer:"


def test_danger_comes_through_in_the_midst(player):
    player.say(choice="rehearse:offer:go")
    assert player.say("我不想活了").disposition == "escalate"


@pytest.mark.parametrize("words", ["退出", "结束", "结束演练", "不练了。"])
def test_leaving_leaves(player, words):
    player.say(choice="rehearse:offer:go")
    assert player.say(words).answer == texts.REHEARSE_LEFT
    assert (player.session.task, player.session.choices) == ("", ())


def test_in_a_terminal_leaving_the_exercise_does_not_end_the_talk(stage, store):
    lines = iter(["演练", "1", "1", "退出", "收到要约多少天要答复", "退出"])
    out = StringIO()
    run_terminal(Assistant(lambda: stage, store), Console(file=out), lambda _: next(lines))
    said = out.getvalue()
    assert texts.REHEARSE_LEFT in said and "20日" in said.split(texts.REHEARSE_LEFT)[1]
    assert said.rstrip().endswith(texts.GOODBYE)


def test_a_number_that_is_not_offered_is_said_and_the_step_stays(player):
    player.say(choice="rehearse:offer:go")
    reply = player.say("9")
    assert reply.answer.startswith(texts.REHEARSE_NUMBER)
    assert player.session.task == "rehearse:offer:"


def test_the_words_of_a_choice_are_as_good_as_its_number(player):
    player.say(choice="rehearse:offer:go")
    player.say(OFFER.steps[0].moves[1].text)
    assert player.session.task == "rehearse:offer:2"


def test_more_shows_the_articles_of_the_step_and_keeps_its_choices(player):
    player.say(choice="rehearse:offer:go")
    before = player.say("2").choices
    reply = player.say("更多")
    assert "《集体合同规定》第三十三条：要点，非原文：" in reply.answer
    assert reply.choices == before


def test_more_after_a_question_belongs_to_the_question(player):
    player.say(choice="rehearse:offer:go")
    player.say("收到要约多少天要答复")
    assert "《协商规定》" in player.say("更多").answer


def test_back_in_the_run_more_belongs_to_the_run_again(player):
    player.say(choice="rehearse:offer:go")
    player.say("2")
    player.say("收到要约多少天要答复")
    player.say("继续")
    assert "《集体合同规定》第三十三条" in player.say("更多").answer


def test_an_old_button_that_leaves_leaves_another_skill_s_task_alone(stage):
    turn = rehearse.respond(Incoming("", "rehearse::off"), Session(task="sit:x:1:o"), stage)
    assert turn.session.task == "sit:x:1:o"


def test_the_list_in_the_midst_lets_one_go_on(player):
    player.say(choice="rehearse:offer:go")
    player.say("2")
    reply = player.say("演练")
    assert reply.choices[0].label == texts.REHEARSE_GOING.format(title=OFFER.title)
    assert OFFER.find("write").says in player.say("1").answer


def test_words_for_the_instructor_are_not_taken(stage):
    assert rehearse.respond(Incoming("演练"), Session(waits="question"), stage) is None


def test_another_skill_s_task_is_none_of_ours(stage):
    for words in ("继续", "退出", "更多"):
        assert rehearse.respond(Incoming(words), Session(task="sit:x:1:o"), stage) is None


def test_a_run_that_the_scene_no_longer_has_starts_anew(stage):
    turn = rehearse.respond(
        Incoming("", "rehearse::on"), Session(task="rehearse:offer:9999"), stage
    )
    assert turn.replies[0].answer == texts.REHEARSE_LIST


def test_without_scenes_there_is_no_exercise(release):
    assert rehearse.respond(Incoming("演练"), Session(), Stage(release.on(TODAY), ())) is None


def test_in_a_group_it_is_played_like_anywhere(stage, store):
    assistant = Assistant(lambda: stage, store)
    turn = assistant.handle(Incoming("演练", private=False), Session())
    assert turn.replies[0].answer == texts.REHEARSE_LIST and turn.session.choices


# What it rests on, and what it keeps


def test_a_comment_whose_article_is_gone_is_not_said(release):
    """An article that was repealed must not go on teaching."""
    digests = {c: d for c, d in DIGESTS.items() if c.article != "第三十三条"}
    turn = rehearse.respond(
        Incoming("继续"),
        Session(task="rehearse:offer:2"),
        Stage(release.on(TODAY), digests=digests),
    )
    reply = turn.replies[0]
    assert texts.REHEARSE_BASIS_GONE in reply.answer
    assert OFFER.steps[0].moves[1].why not in reply.answer
    assert OFFER.find("write").says in reply.answer and reply.choices
    assert isinstance(turn.effects[0], Log)


def test_at_the_end_only_articles_that_hold_are_named(release):
    digests = {c: d for c, d in DIGESTS.items() if c.article != "第三十四条"}
    turn = rehearse.respond(
        Incoming("继续"),
        Session(task=f"rehearse:offer:{BEST}"),
        Stage(release.on(TODAY), digests=digests),
    )
    reply = turn.replies[0]
    assert [c.article for c in reply.citations] == ["第三十三条"]
    assert texts.REHEARSE_BASIS_GONE not in reply.answer and "得分" in reply.answer


def test_a_comment_whose_figure_the_article_no_longer_holds_is_not_said(release):
    changed = {
        c: replace(d, says=d.says.replace("20日", "15日")) if c.article == "第三十二条" else d
        for c, d in DIGESTS.items()
    }
    turn = rehearse.respond(
        Incoming("继续"),
        Session(task="rehearse:offer:2312"),
        Stage(release.on(TODAY), digests=changed),
    )
    assert "20日内要书面回应" not in turn.replies[0].answer
    assert "figure 20日" in turn.effects[0].event


@given(st.lists(st.text(max_size=12), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_session_keeps_ids_and_digits_and_never_what_was_typed(stage, said):
    session = Session(task="rehearse:offer:2")
    for words in said:
        turn = rehearse.respond(Incoming(words), session, stage)
        session = turn.session if turn else session
    kind, _, rest = session.task.partition(":")
    ident, _, path = rest.partition(":")
    assert (kind, ident) in (("rehearse", "offer"), ("", ""))
    assert set(path) <= set("1234")


@given(st.sampled_from(sorted(SCENES)), st.lists(st.integers(0, 5), max_size=14))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_moves_end_within_bounds_and_never_raise(stage, ident, numbers):
    scene = SCENES[ident]
    turn = rehearse.respond(Incoming("", f"rehearse:{ident}:go"), Session(), stage)
    steps = 0
    for number in numbers:
        path = turn.session.task.split(":")[2]
        found = run(scene, path)
        if isinstance(found.now, End):
            break
        choices = turn.replies[0].choices[:-1]
        pick = choices[number % len(choices)].payload
        turn = rehearse.respond(Incoming("", pick), turn.session, stage)
        steps += 1
        found = run(scene, turn.session.task.split(":")[2])
        assert 0 <= found.procedure <= scene.procedure
        assert 0 <= found.reasons <= scene.reasons
    assert steps <= 10
    if len(numbers) >= 10:
        assert turn.replies[0].answer.startswith("【演练结束】")


# Sizes


@pytest.mark.parametrize("ident", SCENES)
def test_nothing_is_cut_in_wechat_and_a_reply_keeps_to_600_characters(stage, ident):
    scene = SCENES[ident]
    seen = set()
    for path in _prefixes(scene):
        found = run(scene, path)
        last = found.taken[-1][1].text if found.taken else ""
        if (found.now.id, last) in seen:
            continue
        seen.add((found.now.id, last))
        reply = show(stage, scene, path)
        text = fitted(reply, 2047, utf8)
        flat = text.replace("\n", "")
        assert reply.answer.replace("\n", "") in flat
        for number, choice in enumerate(reply.choices, 1):
            assert f"{number} {choice.label}" in text
            assert len(choice.payload.encode()) <= 64  # Telegram's buttons
        listed = sum(len(c.label) + 3 for c in reply.choices)
        assert len(reply.answer) + listed <= 600


def test_a_button_s_words_are_known_for_the_record(stage):
    assert rehearse.label("rehearse:offer:listen:2", stage) == OFFER.steps[0].moves[1].text
    assert rehearse.label("rehearse:offer", stage) == OFFER.title
    assert rehearse.label("rehearse:offer:listen:8", stage) == ""
    assert rehearse.label("rehearse:x:y:z", stage) == ""
    assert rehearse.label("rehearse::off", stage) == texts.REHEARSE_BUTTON_OFF
