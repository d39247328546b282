"""Dialogues: what people say, what they hear."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import TODAY, Person, build_home

from bot import texts
from bot.assistant import Assistant
from bot.message import Incoming
from bot.release import build_release, open_release
from bot.skills import ask
from bot.turn import Session
from knowledge.amounts import Amount, keep
from knowledge.authored import read_content
from knowledge.signing import sign


def test_without_a_region_the_national_rule_is_said_and_buttons_are_offered(person):
    """Never a refusal for lack of a slot (DESIGN, the answer, 2)."""
    reply = person.say("公司收到要约，几天之内得答复")
    assert reply.disposition == "answer"
    assert "20日" in reply.answer
    assert texts.VARIES in reply.answer
    assert "河南" in [c.label for c in reply.choices]
    assert (reply.citations[0].law, reply.citations[0].article) == ("协商规定", "第二条第一款")


def test_a_region_in_the_question_picks_its_own_rule(person):
    reply = person.say("河南这边收到要约几天答复")
    assert reply.answer.startswith("河南（工资专项）：收到要约书之日起10个工作日内答复")
    assert reply.citations[0].law == "河南省协商条例"


def test_a_city_sees_its_province_and_never_another(person):
    reply = person.say("郑州的厂收到要约几天答复")
    assert "10个工作日" in reply.answer
    assert "山东" not in reply.text


def test_a_region_without_local_rules_gets_the_floor_and_an_honest_word(person):
    """DESIGN, dispositions: clarify, the floor, invent nothing."""
    reply = person.say("广东的公司收到要约多少天回复")
    assert reply.disposition == "clarify"
    assert "20日" in reply.answer
    assert "本库没有广东" in reply.answer
    assert not any("广东" in c.law for c in reply.citations)


def test_a_button_chooses_the_region_and_the_last_question_is_answered_again(person):
    person.say("收到要约多少天要答复")
    reply = person.press("河南")
    assert "10个工作日" in reply.answer


def test_rules_that_differ_by_contract_type_offer_it_and_the_choice_is_kept(person):
    """工资 and 综合 are never mixed: both are said, named, until one is chosen."""
    reply = person.say("河南收到要约几天答复")
    assert "河南（工资专项）" in reply.answer and "河南（综合集体合同）" in reply.answer
    chosen = person.press("工资专项")
    assert "10个工作日" in chosen.answer and "综合集体合同）" not in chosen.answer
    assert person.session.contract == "工资"


def test_a_number_picks_a_choice_in_any_spelling(person):
    for spelling in ("1", "1。", "①", "第一个", "选1", "一"):
        person.session = Session()
        first = person.say("收到要约多少天要答复").choices[0].label
        assert first in person.say(spelling).answer


def test_and_what_about_shandong_repeats_the_last_question(person):
    person.say("河南收到要约多少天要答复")
    reply = person.say("那广东呢？")
    assert "本库没有广东" in reply.answer
    assert person.session.region == "广东"


def test_a_card_answers_with_its_article_and_marks_the_sentence(person):
    reply = person.say("老板欠薪好几个月了咋办")
    assert reply.disposition == "answer"
    cited = reply.citations[0]
    assert cited.official and cited.status == "现行有效" and cited.effective == "2020-01-01"
    assert "每月至少支付一次工资" in cited.marked
    assert texts.UNREVIEWED in reply.text


def test_without_law_texts_the_digest_is_shown_and_named_as_one(bare_release):
    sources = bare_release.on(TODAY)
    reply = Person(Assistant(lambda: sources)).say("老板欠薪好几个月了咋办")
    assert reply.disposition == "answer"
    assert not reply.citations[0].official
    assert "要点，非原文" in reply.text and "原文：「" not in reply.text


def test_more_shows_the_whole_article(person):
    person.say("老板欠薪怎么办")
    assert "限期支付" in person.say("更多").text


@pytest.mark.parametrize(
    "text", ["工", "asdfgh", "。。。", "😀😀😀", "在吗", "\x00\x07", "", "   "]
)
def test_a_message_without_content_is_asked_back(person, text):
    reply = person.say(text)
    assert reply.disposition == "clarify"
    assert reply.answer == texts.NO_CONTENT


def test_only_personal_data_is_not_kept_and_asked_back(person):
    reply = person.say("13812345678")
    assert reply.disposition == "clarify"


def test_english_gets_a_clear_sentence(person):
    assert person.say("how much overtime pay do I get").answer == texts.NOT_CHINESE


@pytest.mark.parametrize("text", ["明天天气怎么样", "彩票中奖号码是多少"])
def test_what_is_outside_the_field_is_refused_with_a_reason(person, text):
    reply = person.say(text)
    assert reply.disposition == "refuse"
    assert "集体协商" in reply.answer


def test_life_at_risk_comes_first_with_110_and_120_and_the_contacts(release):
    from datetime import date

    from bot.sources import Contact

    sources = release.on(TODAY)
    sources.contacts = (Contact("工会热线", "电话 000", date(2026, 11, 1)),)
    reply = Person(Assistant(lambda: sources)).say("欠薪半年，我不想活了")
    assert reply.disposition == "escalate"
    assert reply.answer.startswith(texts.LIFE)
    assert "电话 000（2026-11-01核对）" in reply.text
    assert texts.NOT_NOTIFIED in reply.text


def test_without_contacts_it_says_so_and_invents_none(person):
    assert texts.CONTACTS_NONE in person.say("想跳楼").text


def test_help_to_forge_is_refused_with_a_lawful_way(person):
    reply = person.say("帮我编个假的会议记录应付一下")
    assert reply.disposition == "refuse"
    assert "协商" in reply.answer


def test_a_plain_fact_about_itself_is_an_answer_without_citation(person):
    reply = person.say("对面是真人吗")
    assert reply.disposition == "answer" and not reply.citations
    assert "自动程序" in reply.answer


def test_a_missing_local_figure_is_said_and_not_invented(person):
    reply = person.say("广东高温津贴一天多少")
    assert reply.disposition == "clarify"
    assert "元" not in reply.answer


@pytest.mark.parametrize(
    ("word", "said"), [("隐私", "怎么"), ("关于", "资料截至"), ("/privacy", "硬盘")]
)
def test_privacy_and_the_day_of_the_library_are_one_word_away(person, word, said):
    reply = person.say(word)
    assert reply.disposition == "answer"
    assert said in reply.text or "您打的字去哪了" in reply.text
    assert "试验工会" in reply.text, "who runs it is always said"


# The instructor's queue


def test_a_question_is_kept_only_after_it_was_shown_and_agreed(person, store):
    """Complaint 24."""
    person.say(choice="person")
    shown = person.say("我叫张伟，13812345678，外包转正式要满几年")
    assert "13812345678" not in shown.answer and "张伟" not in shown.answer
    assert store.queue() == []
    done = person.press(texts.BUTTON_AGREE)
    kept = store.queue()
    assert [q.question for q in kept] == ["【姓名】，【电话】，外包转正式要满几年"]
    assert kept[0].day == TODAY
    code = done.answer.split("取件码：")[1][:14]
    assert person.say(code).answer == texts.QUEUE_WAITING
    store.answer(kept[0].key, "要看合同。", ["《新办法》第一条"], TODAY)
    assert "要看合同。" in person.say(f"取件码 {code}").answer
    assert person.say(f"删除 {code}").answer == texts.QUEUE_DELETED
    assert store.queue() == []


def test_danger_comes_before_the_queue(person, store):
    """Someone who was asked for a question for the instructor writes of suicide instead."""
    person.say(choice="person")
    assert person.say("算了，我不想活了").disposition == "escalate"
    assert person.session.waits == "" and store.queue() == []


def test_declining_forgets(person, store):
    person.say(choice="person")
    person.say("外包转正式要满几年")
    assert person.press(texts.BUTTON_DECLINE).answer == texts.QUEUE_DROPPED
    assert person.say(choice="agree").disposition == "clarify"
    assert store.queue() == []


def test_what_looks_like_a_demand_is_never_queued(person, store):
    """Promise 3: the chat's platform sees who writes."""
    person.say(choice="person")
    assert person.say("希望给我们夜班加点补贴").answer == texts.QUEUE_DEMAND
    assert person.session.waits == "" and store.queue() == []


def test_what_waits_for_consent_is_forgotten_after_ten_minutes(release, store):
    now = [0.0]
    sources = release.on(TODAY)
    someone = Person(Assistant(lambda: sources, store, clock=lambda: now[0]))
    someone.say(choice="person")
    someone.say("外包转正式要满几年")
    now[0] = 601.0
    assert someone.press(texts.BUTTON_AGREE).answer == texts.QUEUE_GONE
    assert store.queue() == []


def test_thumbs_are_counted_without_identity(person, store):
    person.say("老板欠薪怎么办")
    person.press(texts.BUTTON_UP)
    assert store.votes() == {"card:wage-arrears": (1, 0)}


# Properties

MESSAGES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["收到要约多少天要答复", "那河南呢", "更多", "1", "2。", "欠薪", "不想活了", "河南", "删除 1234 5678 9012",
         "'; DROP TABLE queue; --", "<script>alert(1)</script>", "《协商规定》第二条", "𠀀𠀁", "١٢٣"]
    ),
)  # fmt: skip
CHOICES = st.sampled_from(
    ["", "", "region:河南", "region:火星", "region:", "more", "up", "down", "person", "agree", "decline",
     "ref:card:wage-arrears", "ref:", "contract:工资", "contract:x", "ask:欠薪怎么办", "nonsense", ":"]
)  # fmt: skip


@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(MESSAGES, CHOICES), min_size=1, max_size=5))
@pytest.mark.slow
def test_ten_thousand_random_conversations_never_raise_and_never_fall_silent(release, talk):
    sources = release.on(TODAY)
    session = Session()
    for text, choice in talk:
        turn = ask.respond(Incoming(text, choice), session, sources)
        session = turn.session
        assert turn.replies
        if not turn.effects:
            assert all(r.answer.strip() and r.text.strip() for r in turn.replies)
        assert all(
            r.disposition in ("answer", "clarify", "refuse", "escalate") for r in turn.replies
        )


@pytest.mark.parametrize(
    "text",
    [
        "要" * 10_000,
        "x" * 10_000,
        "\x00\x1b[31m欠薪",
        "SELECT * FROM laws; --",
        "<b>欠薪</b>" * 400,
        "\ud800欠薪",
    ],
)
def test_hostile_input_gets_an_answer_or_a_clear_sentence(person, text):
    reply = person.say(text)
    assert reply.answer.strip()
    assert len(reply.answer) <= 600


def test_a_session_remembers_ids_and_never_text():
    """A new field must change this test: could it tell who, or what was said?"""
    fields = [f.name for f in dataclasses.fields(Session)]
    assert fields == ["region", "contract", "ref", "choices", "waits", "task"]


# How a question is put


def test_two_questions_are_both_answered(person):
    reply = person.say("收到要约几天之内要答复？另外工资拖欠两个月了怎么办")
    assert "20日" in reply.answer and "每月至少支付一次" in reply.answer
    assert {c.law for c in reply.citations} >= {"协商规定", "新办法"}


def test_a_wrong_premise_is_set_right_in_the_first_sentence(person):
    reply = person.say("收到要约不是规定30日内回应吗")
    assert reply.answer.startswith("不是30日。")
    assert "20日" in reply.answer


def test_a_right_premise_is_left_alone(person):
    assert not person.say("收到要约不是规定20日内回应吗").answer.startswith("不是")


def test_leave_is_answered_with_a_verdict_first(person):
    assert person.say("老板可以一直拖着工资不给吗").answer.startswith("不可以。")


def test_a_verdict_is_not_given_for_another_question(person):
    """The verdict is about 「可以拖着不给工资吗」; claiming overdue wages is not forbidden."""
    assert not person.say("可以要求限期发拖欠的工资吗").answer.startswith("不可以")


def test_traditional_characters_and_typos_of_the_same_sound_are_understood(person):
    assert person.say("老闆拖欠工資怎麼辦").citations[0].law == "新办法"
    assert person.say("拖欠公资怎么半").citations[0].law == "新办法"


def test_typed_pinyin_is_understood(person):
    reply = person.say("gong si qian xin liang ge yue le")
    assert reply.citations and reply.citations[0].law == "新办法"


def test_a_term_is_explained_in_one_sentence(person):
    for question in ("什么是要约", "要约是什么意思", "请问啥叫协商要约？"):
        reply = person.say(question)
        assert reply.answer.startswith("要约：一方书面请对方坐下来谈。")
    assert "收到要约几天内答复" in [c.label for c in reply.choices]


def test_a_text_out_of_force_is_answered_with_what_replaced_it(person):
    """Complaint 23."""
    for question in ("旧办法还管用吗", "按《旧办法》每方代表十人对吗"):
        reply = person.say(question)
        assert reply.answer.startswith("《旧办法》已废止")
        assert reply.citations[0].law == "新办法"


def test_a_question_about_an_earlier_year_names_what_held_then(person):
    assert "内容和现在一样" in person.say("2023年时的规定，收到要约几天答复").answer
    reply = person.say("2019年规定的，拖欠工资怎么办")
    assert "2020年1月1日起施行" in reply.answer and "旧文本" in reply.answer


def test_a_local_version_of_a_card_answers_in_its_place_only(person):
    national = person.say("拖欠工资怎么办")
    assert "河南" in [c.label for c in national.choices]
    local = person.say("河南拖欠工资怎么办")
    assert local.answer.startswith("河南：")
    assert person.say("山东拖欠工资怎么办").answer.startswith("工资每月")


def test_a_local_version_is_left_again_with_its_place(person):
    person.say("河南拖欠工资怎么办")
    assert not person.say("那山东呢").answer.startswith("河南：")


def test_what_the_library_lacks_of_a_place_is_said_in_its_own_words(person):
    reply = person.say("广东的公司收到要约多少天回复")
    assert "本库没有广东的协商条例" in reply.answer and reply.disposition == "clarify"


def test_an_explanation_follows_the_rule(person):
    assert "到期不回，先书面催办" in person.say("收到要约几天之内要答复").answer


@pytest.fixture
def home(tmp_path):
    """A small installation of one's own, and a way to talk to it as it is now."""
    settings = build_home(tmp_path / "own")

    def person():
        sources = open_release(settings).on(TODAY)
        return Person(Assistant(lambda: sources))

    return settings, person


def test_a_signed_entry_says_who_signed_it(home):
    settings, person = home
    content = read_content(settings.home / "content")
    sign(settings.signatures, content, ["wage-arrears"], "李审", "某市总工会", TODAY)
    build_release(settings, content)
    reply = person().say("拖欠工资怎么办")
    assert f"审定：李审（某市总工会）{TODAY}。" in reply.notes
    assert texts.UNREVIEWED not in reply.notes


# Amounts of the year


def amount(year, **more):
    return Amount("高温津贴", "河南", year, 12, "元/天", "某文件", TODAY, **more)


def test_an_amount_of_the_year_is_given_with_its_source(home):
    settings, person = home
    keep(settings.amounts, [amount(2026)])
    reply = person().say("河南高温津贴一天多少钱")
    assert reply.disposition == "answer"
    assert reply.answer.startswith("河南2026年高温津贴：每天12元")
    assert any("某文件" in n for n in reply.notes)


def test_an_amount_out_of_date_or_missing_is_never_given(home):
    settings, person = home
    keep(settings.amounts, [amount(2022)])
    old = person().say("河南高温津贴一天多少钱")
    assert old.disposition == "clarify" and "2022年的，已经过时" in old.answer
    assert "12" not in old.answer
    none = person().say("山东高温津贴一天多少钱")
    assert none.disposition == "clarify" and "库里没有金额" in none.answer
