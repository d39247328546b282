from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from knowledge.pieces import Override
from knowledge.records import Status
from knowledge.validity import Facts, Validity, judge

TODAY = date(2026, 11, 20)
HOLDS = (Status.IN_FORCE, Status.UNVERIFIED)
OLD = Facts("old", "茶法", "2001-10-27", effective=date(2002, 1, 1), expired=False)
NEW = Facts("new", "茶法", "2021-12-24", effective=date(2022, 1, 1), expired=False)


def on(day, *facts, overrides=()):
    judged = judge(facts, overrides, TODAY)
    return [judged[f.id].on(day) for f in facts]


def override(status, version="", since=None, until=None, law="茶法"):
    return Override(law, status, "核过", "2026-11-20", version, since, until)


def test_a_newer_version_supersedes_the_older_on_the_day_it_starts():
    assert on(date(2021, 12, 31), OLD, NEW) == [Status.IN_FORCE, Status.NOT_YET]
    assert on(date(2022, 1, 1), OLD, NEW) == [Status.SUPERSEDED, Status.IN_FORCE]
    assert on(date(2001, 12, 31), OLD, NEW) == [Status.NOT_YET, Status.NOT_YET]


def test_the_order_in_which_versions_come_does_not_matter():
    assert judge([NEW, OLD], (), TODAY) == judge([OLD, NEW], (), TODAY)


def test_a_version_that_is_not_yet_in_force_replaces_nothing():
    coming = replace(NEW, effective=date(2027, 1, 1))
    assert on(TODAY, OLD, coming) == [Status.IN_FORCE, Status.NOT_YET]


def test_without_a_day_in_force_the_promulgation_and_then_the_label_count():
    assert Facts("a", "茶法", "2001-10-27", promulgated=date(2001, 10, 28)).start == date(
        2001, 10, 28
    )
    assert Facts("a", "茶法", "2001-10-27").start == date(2001, 10, 27)
    assert Facts("a", "茶法").start is None


def test_a_text_nobody_vouches_for_is_usable_and_marked():
    """expired=0 of the source vouches for a dated text; no flag at all does not."""
    unflagged, undated = replace(OLD, expired=None), Facts("u", "饼法", expired=False)
    assert on(TODAY, unflagged, undated) == [Status.UNVERIFIED, Status.UNVERIFIED]


def test_an_undated_text_gives_way_to_a_dated_one():
    undated = Facts("u", "茶法")
    assert on(TODAY, undated, NEW) == [Status.SUPERSEDED, Status.IN_FORCE]
    assert on(date(2010, 1, 1), undated, NEW) == [Status.UNVERIFIED, Status.NOT_YET]


def test_two_undated_texts_stand_side_by_side():
    assert on(TODAY, Facts("a", "茶法"), Facts("b", "茶法")) == [Status.UNVERIFIED] * 2


def test_an_expired_flag_without_a_date_ends_the_text_when_it_was_seen():
    flagged = replace(OLD, expired=True)
    assert on(TODAY, flagged) == [Status.REPEALED]
    assert on(TODAY - timedelta(1), flagged) == [Status.UNVERIFIED]
    assert on(TODAY, replace(flagged, label="", effective=None)) == [Status.REPEALED]


def test_a_text_flagged_as_over_before_it_started_was_never_in_force():
    flagged = replace(OLD, expired=True, effective=date(2027, 1, 1))
    assert on(date(2026, 12, 31), flagged) == [Status.NOT_YET]
    assert on(date(2027, 1, 1), flagged) == [Status.REPEALED]


def test_a_repeal_clause_ends_another_law():
    clause = Facts("r", "新茶条例", "2010-01-01", repeals=("茶法",), expired=False)
    assert on(date(2009, 12, 31), OLD, clause)[0] is Status.IN_FORCE
    assert on(date(2010, 1, 1), OLD, clause)[0] is Status.REPEALED
    assert judge([OLD, clause])["old"].why == "由《新茶条例》废止"


def test_a_repeal_clause_does_not_reach_a_later_text_of_that_name():
    clause = Facts("r", "新茶条例", "2010-01-01", repeals=("茶法",))
    assert on(TODAY, OLD, NEW, clause) == [Status.REPEALED, Status.IN_FORCE, Status.UNVERIFIED]


def test_a_repeal_clause_does_not_revive_what_was_replaced_before():
    """An unverified version of 2002, replaced in 2005, ended in 2005, not with the repeal."""
    first = replace(OLD, expired=None)
    second = Facts("second", "茶法", "2005-01-01")
    clause = Facts("r", "新茶条例", "2010-01-01", repeals=("茶法",))
    assert on(date(2007, 1, 1), first, second) == [Status.SUPERSEDED, Status.UNVERIFIED]
    assert on(date(2007, 1, 1), first, second, clause)[0] is Status.SUPERSEDED


def test_a_new_version_that_repeals_its_own_forerunner_says_repealed():
    """河南省工会条例(2024) art. 49 repeals the one of the same name."""
    new = replace(NEW, repeals=("茶法",))
    assert on(TODAY, OLD, new) == [Status.REPEALED, Status.IN_FORCE]


def test_an_amended_version_repeats_the_clause_and_repeals_nothing_anew():
    new = replace(NEW, repeals=("茶法",))
    amended = Facts("amended", "茶法", "2025-01-01", repeals=("茶法",), expired=False)
    assert on(TODAY, OLD, new, amended) == [Status.REPEALED, Status.SUPERSEDED, Status.IN_FORCE]


def test_a_clause_without_a_day_repeals_nothing():
    assert on(TODAY, OLD, Facts("r", "新茶条例", repeals=("茶法",)))[0] is Status.IN_FORCE


def test_amendments_of_the_constitution_stand_side_by_side():
    one = Facts("a", "宪法修正案", "1993-03-29", expired=False)
    two = Facts("b", "宪法修正案", "1999-03-15", expired=False)
    assert on(TODAY, one, two) == [Status.IN_FORCE, Status.IN_FORCE]


def test_a_reviewed_end_is_stronger_than_everything():
    for status, said in (("repealed", Status.REPEALED), ("superseded", Status.SUPERSEDED)):
        given_ = override(status, "2001-10-27", until=date(2015, 1, 1))
        assert on(date(2015, 1, 1), OLD, NEW, overrides=[given_])[0] is said
        assert on(date(2014, 12, 31), OLD, NEW, overrides=[given_])[0] is Status.IN_FORCE


def test_a_reviewed_end_without_a_day_ends_the_text_today():
    assert on(TODAY, OLD, overrides=[override("repealed")]) == [Status.REPEALED]


def test_a_reviewed_text_is_in_force_in_spite_of_its_flag():
    flagged = replace(OLD, expired=True)
    assert on(TODAY, flagged, overrides=[override("in_force", "2001-10-27")]) == [Status.IN_FORCE]


def test_a_reviewed_doubt_marks_the_text_and_ends_nothing():
    assert on(TODAY, OLD, overrides=[override("unverified")]) == [Status.UNVERIFIED]


def test_an_override_of_one_version_leaves_the_others_alone():
    assert on(TODAY, OLD, NEW, overrides=[override("unverified", "2001-10-27")]) == [
        Status.SUPERSEDED,
        Status.IN_FORCE,
    ]
    assert on(TODAY, OLD, overrides=[override("repealed", law="饼法")]) == [Status.IN_FORCE]


def test_a_reviewed_start_leaves_no_gap_before_it():
    """工会法(2021-12-24) holds from 2022-01-01; on the days between, the old one still does."""
    new = replace(NEW, effective=None)
    given_ = override("in_force", "2021-12-24", since=date(2022, 1, 1))
    between = date(2021, 12, 28)
    assert on(between, OLD, new) == [Status.SUPERSEDED, Status.IN_FORCE]
    assert on(between, OLD, new, overrides=[given_]) == [Status.IN_FORCE, Status.NOT_YET]
    assert on(date(2022, 1, 1), OLD, new, overrides=[given_])[1] is Status.IN_FORCE


def test_an_override_of_a_law_does_not_bring_back_its_replaced_versions():
    judged = on(TODAY, OLD, NEW, overrides=[override("in_force")])
    assert judged == [Status.SUPERSEDED, Status.IN_FORCE]
    ended = override("repealed", until=date(2025, 1, 1))
    assert on(date(2023, 1, 1), OLD, NEW, overrides=[ended]) == [
        Status.SUPERSEDED,
        Status.IN_FORCE,
    ]
    assert on(TODAY, OLD, NEW, overrides=[ended])[1] is Status.REPEALED


def test_the_reviewed_start_of_the_only_version_needs_no_label():
    only = replace(NEW, effective=None)
    given_ = override("in_force", since=date(2022, 1, 1))
    assert on(date(2021, 12, 31), only, overrides=[given_]) == [Status.NOT_YET]
    assert on(date(2001, 12, 31), OLD, only, overrides=[given_])[0] is Status.NOT_YET


def test_the_end_is_the_first_day_without_it():
    held = Validity(date(2020, 1, 1), date(2021, 1, 1), Status.REPEALED, True)
    assert held.on(date(2020, 1, 1)) is held.on(date(2020, 12, 31)) is Status.IN_FORCE
    assert held.on(date(2021, 1, 1)) is Status.REPEALED


DAYS = st.dates(date(1990, 1, 1), date(2026, 11, 19))


UNFLAGGED = st.none() | st.just(False)


@st.composite
def histories(draw, flags=UNFLAGGED):
    starts = draw(st.lists(DAYS, min_size=1, max_size=6, unique=True))
    return [
        Facts(
            f"v{number}",
            "茶法",
            start.isoformat(),
            draw(st.none() | st.just(start)),
            draw(st.just(start)),
            draw(flags),
            draw(st.sampled_from([(), ("茶法",), ("饼法",)])),
        )
        for number, start in enumerate(starts)
    ]


@given(histories(), DAYS)
def test_on_every_day_exactly_the_newest_started_version_holds(versions, day):
    """Distinct starts, none flagged: no day with two versions, no gap after the first start."""
    judged = judge(versions, (), TODAY)
    holding = [f for f in versions if judged[f.id].on(day) in HOLDS]
    started = [f for f in versions if f.start <= day]
    assert holding == ([max(started, key=lambda f: f.start)] if started else [])


@given(histories(st.none() | st.booleans()), DAYS)
def test_flags_never_let_two_versions_hold(versions, day):
    judged = judge(versions, (), TODAY)
    assert sum(judged[f.id].on(day) in HOLDS for f in versions) <= 1


@given(histories(), DAYS, DAYS)
def test_a_repealing_law_only_shortens(versions, clause, day):
    """What did not hold on a day does not come to hold because another law ends it."""
    before = judge(versions, (), TODAY)
    repealing = Facts("r", "新茶条例", clause.isoformat(), repeals=("茶法",))
    after = judge([*versions, repealing], (), TODAY)
    for facts in versions:
        if before[facts.id].on(day) not in HOLDS:
            assert after[facts.id].on(day) not in HOLDS
        if after[facts.id].on(day) in HOLDS:
            assert day < clause or facts.start >= clause


@given(
    histories(),
    DAYS,
    st.builds(
        override,
        st.sampled_from(["in_force", "superseded", "repealed", "unverified"]),
        since=st.none(),
        until=st.none() | DAYS,
    ),
)
def test_an_override_of_the_whole_law_never_lets_two_versions_hold(versions, day, given_):
    judged = judge(versions, [given_], TODAY)
    assert sum(judged[f.id].on(day) in HOLDS for f in versions) <= 1


@given(histories(st.none() | st.booleans()), st.randoms())
def test_judging_does_not_depend_on_the_order_of_files(versions, random):
    shuffled = list(versions)
    random.shuffle(shuffled)
    assert judge(shuffled, (), TODAY) == judge(versions, (), TODAY)
