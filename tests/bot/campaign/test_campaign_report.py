"""The report of a campaign: what it says, in whose words, and what nobody can work out from it."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from bank import bank
from district import ask, attempts, campaign, district
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.awareness.measured import REACHED, REACHED_AMONG, UNPROVEN
from bot.campaign import plots
from bot.campaign.asking import Answered, points_of
from bot.campaign.blocks import Picture, blocks
from bot.campaign.hiding import banded, hidden_units
from bot.campaign.honestcard import card
from bot.campaign.indocx import document
from bot.campaign.plan import Campaign, Prizes, Recognition, Unit
from bot.campaign.report import build, earlier
from bot.campaign.telling import TOO_FEW, headline, sentence, todo
from bot.campaign.written import page
from bot.cli.campaign_report import report as command
from bot.storage.campaigns import Attempt, Campaigns
from bot.storage.store import open_store

ITEMS = bank()
BANK = {i.id: i for i in ITEMS}
UNITS = (Unit("u1", "甲厂", 300, 120), Unit("u2", "乙厂", 200, 80))
CAMPAIGN = Campaign(
    "autumn", "秋季测评", "区总工会", "基本了解率", "名册随机", "答题码",
    date(2026, 12, 1), date(2026, 12, 20), UNITS, roster_seed="ab12",
)  # fmt: skip


def people(unit, passed, failed=0, areas=(), wrong=(), version="v"):
    """Finished forms of a unit; those who fail get the areas `wrong` wrong."""

    def one(good):
        said = tuple(
            Answered(f"i{a}", version, a, (0,) if good or a not in wrong else (1,),
                     good or a not in wrong)
            for a in areas
        )  # fmt: skip
        return Attempt(unit, good, said)

    return [one(True)] * passed + [one(False)] * failed


def made(units=UNITS, counts=((112, 8), (74, 6)), **more):
    found = [
        a for u, (good, bad) in zip(units, counts, strict=True) for a in people(u.id, good, bad)
    ]
    return build(replace(CAMPAIGN, units=units, **more), found)


def words(report):
    """Everything that the page says, without its marks."""
    return re.sub(r"<style>.*?</style>|<[^>]*>", " ", page(report), flags=re.S)


def in_docx(report):
    with zipfile.ZipFile(io.BytesIO(document(report))) as file:
        return {n: file.read(n) for n in file.namelist()}


# The figure and its claim


def test_the_claim_follows_the_lower_bound_and_is_of_those_who_answered():
    good = made(counts=((115, 5), (76, 4)))
    assert good.figure.claim == REACHED and good.figure.low >= 0.9
    silent = made(counts=((99, 1), (66, 1)))
    assert silent.figure.claim == REACHED_AMONG and "答题者中" in words(silent)
    assert silent.figure.lower_worst < silent.figure.low
    poor = made(counts=((110, 10), (74, 6)))
    assert (poor.figure.claim, headline(poor)[1]) == (UNPROVEN, "尚不能证明已达到90%")
    assert poor.figure.low < 0.9 < poor.figure.share


def test_little_response_proves_nothing_and_says_how_many_are_missing():
    few = made(counts=((70, 0), (50, 0)))
    assert few.figure.claim == UNPROVEN and few.figure.low > 0.9
    assert "答题率不到70%：至少还要20位" in " ".join(todo(few))
    assert "但答的人太少" in sentence(few)


def test_a_unit_where_nobody_was_drawn_keeps_the_district_from_a_claim():
    units = (*UNITS, Unit("u3", "丙厂", 90, 0))
    report = made(units, ((120, 0), (80, 0), (0, 0)))
    assert report.figure.claim == UNPROVEN and report.figure.unasked == 1
    assert "1个单位一个人也没抽" in words(report)


def test_it_tells_how_many_answers_would_be_needed_or_that_teaching_comes_first():
    near = made(counts=((110, 10), (74, 6)))
    assert near.figure.low < 0.9 < near.figure.share
    assert near.figure.more > near.figure.answered
    assert f"共约要{near.figure.more}人作答" in " ".join(todo(near))
    far = made(counts=((90, 30), (60, 20)))
    assert far.figure.more is None and "先补课" in " ".join(todo(far))


def test_one_enterprise_wholly_asked_needs_no_interval():
    whole = (Unit("u1", "甲厂", 60, 60),)
    report = made(whole, ((54, 6),), sample="全员")
    assert (report.figure.low, report.figure.high, report.figure.claim) == (0.9, 0.9, REACHED)
    assert "不用推算" in sentence(report)


def test_units_whose_answers_were_copied_stand_in_no_figure_and_are_named():
    found = people("u1", 108, 12) + people("u2", 80)
    report = build(CAMPAIGN, found, unreliable={"u2": "像是照着抄的"})
    assert (report.figure.units, report.figure.answered) == (1, 120)
    assert report.unreliable == ("乙厂",) and [u.name for u in report.units] == ["甲厂"]
    assert "重测乙厂" in " ".join(todo(report)) and "不含数不可靠的单位" in sentence(report)
    assert report.figure.lower_worst < 0.6 * report.figure.low + 1e-9, "they may all not know"


def test_the_list_of_units_is_held_to_all_of_them_at_one_time():
    """By itself each unit would be said to have reached; of twenty the weaker ones are not."""
    units = tuple(Unit(f"u{n}", f"厂{n}", 1000, 100) for n in range(20))
    counts = [(100, 0)] + [(96, 4)] * 19
    report = made(units, counts)
    alone = made(units[1:2], counts[1:2])
    assert alone.units[0].claim == REACHED
    assert [u.claim for u in report.units] == [REACHED] + [UNPROVEN] * 19


# Three metrics, never one for another


def test_awareness_counts_only_units_under_a_contract_and_has_words_of_its_own():
    asked = Recognition("have", "本单位有集体合同吗？", ("有", "没有"), 1, 2)
    units = (*UNITS, Unit("u3", "丙厂", 90, 40, contract=False))
    report = made(units, ((112, 8), (74, 6), (40, 0)), metric="知晓率", recognise=(asked,))
    assert report.figure.population == 500 and report.outside == ("丙厂",)
    said = words(report)
    assert "知晓率：有集体合同的单位的职工里，知道本单位的集体合同的占多少" in said
    assert "不是“基本了解率”" in said and "丙厂" not in said


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "宣传覆盖"},
        {"sample": "自愿"},
        {"sample": "自愿", "entrance": "不用码"},
        {"draw": Prizes(3, "雨伞", "drand")},
    ],
    ids=["reach", "volunteers", "open", "prize"],
)
def test_a_publicity_round_never_says_reached_and_has_no_share(change):
    found = people("u1", 120, areas=range(1, 13)) + people("u2", 78, 2, areas=range(1, 13))
    progress = {("u1", "begun"): 120, ("u2", "begun"): 80}
    report = build(replace(CAMPAIGN, **change), found, bank=BANK, progress=progress)
    assert report.figure is None and report.reach.begun == 200
    assert all(u.share is None and not u.claim and not u.band for u in report.units)
    everything = words(report) + in_docx(report)["word/document.xml"].decode()
    assert "达到" not in everything and "90%" not in everything
    assert "参加了200人次" in everything and "不是指标" in everything
    assert "宣传" in headline(report)[1] and "全体职工里" not in everything


def test_reach_says_how_many_came_and_nothing_of_what_they_know():
    found = people("u1", 40, areas=range(1, 13))
    open_round = replace(CAMPAIGN, metric="宣传覆盖", sample="自愿", entrance="不用码")
    report = build(open_round, found, progress={("u1", "begun"): 40})
    assert report.reach.right is None and "平均" not in words(report)
    assert (
        not report.areas
        and not report.items
        and "答错" not in words(report).replace("答对答错", "")
    )
    assert report.reach.twice is None and "网页不认人" in words(report)
    once = build(open_round, found, progress={("u1", "begun"): 40}, generations={"a": 28, "b": 12})
    assert once.reach.twice == 12 and "最多可能有12人次是同一个人再来" in words(once)


# Nobody is found, by subtraction neither


def sums(report):
    """Every printed sum of people as (units, area or 0, number); the pool's units as "*"."""
    lines = [((u.name,), u) for u in report.units]
    lines += [(("*",), report.pool)] if report.pool else []
    out = [(who, 0, u.answered) for who, u in lines]
    out += [(who, a, c.answered) for who, u in lines for a, c in u.cells.items() if c.answered]
    whole = (
        report.figure.answered if report.figure else report.reach.begun if report.reach else None
    )
    out += [((), 0, whole)] if whole is not None else []
    out += [((), a.area, a.cell.answered) for a in report.areas if a.cell.answered]
    return out


COUNTS = st.lists(
    st.tuples(st.integers(0, 24), st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=9
)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.booleans(), st.sets(st.integers(0, 8), max_size=2))
def test_from_everything_printed_no_cell_of_fewer_than_ten_can_be_computed(counts, measures, bad):
    """The attacker subtracts whatever is printed: as linear algebra over (unit, area) cells."""
    units = tuple(Unit(f"u{n}", f"厂{n}", 60, 40) for n in range(len(counts)))
    found = []
    for u, (full, half, empty) in zip(units, counts, strict=True):
        found += people(u.id, full, areas=(1, 2, 3)) + people(u.id, 0, half, (1,), (1,))
        found += people(u.id, 0, empty)
    flagged = {u.id for n, u in enumerate(units) if n in bad and sum(counts[n]) >= 10}
    held = replace(CAMPAIGN, units=units, sample="名册随机" if measures else "自愿")
    begun = {(u.id, "begun"): sum(c) for u, c in zip(units, counts, strict=True)}
    report = build(held, found, progress=begun, unreliable=flagged)
    kept = {
        u.name: c for u, c in zip(units, counts, strict=True) if not measures or u.id not in flagged
    }
    shown = {u.name for u in report.units}
    hidden = [n for n in kept if n not in shown]
    cell = {
        (n, a): c[0] + c[1] * (a in (0, 1)) + c[2] * (a == 0)
        for n, c in kept.items() for a in range(4)
    }  # fmt: skip
    order, rows = list(cell), []
    for who, area, number in sums(report):
        assert number >= 10
        inside = list(kept) if not who else hidden if who == ("*",) else list(who)
        assert sum(cell[n, area] for n in inside) == number, "the test knows what is printed"
        rows.append([(n in inside) and a == area for n, a in order])
    for unit, area in order:
        if not rows or cell[unit, area] >= 10 or sum(cell[n, area] for n in kept) == 0:
            continue
        target = np.array([(unit, area) == key for key in order], dtype=float)
        system = np.array(rows, dtype=float)
        found_by = np.linalg.matrix_rank(np.vstack([system, target]))
        assert found_by > np.linalg.matrix_rank(system), f"{unit}, {area} can be worked out"
    if rows and hidden and shown:
        assert len(hidden) > 1
        for area in range(4):
            left = sum(cell[n, area] for n in hidden)
            assert left >= 10 or sum(cell[n, area] for n in kept) == 0


def test_a_single_small_unit_takes_the_next_smallest_with_it():
    counts = {"a": (6,), "b": (14,), "c": (12,), "d": (90,)}
    assert hidden_units(counts) == {"a", "c"}
    assert hidden_units({"a": (6,), "b": (14,)}) == {"a", "b"}
    assert hidden_units({"a": (16,), "b": (14,)}) == set()
    assert hidden_units({"a": (3,), "b": (4,), "c": (12,), "d": (90,)}) == {"a", "b", "c"}


def test_a_share_near_none_or_all_is_told_as_a_band():
    assert [banded(x, 20) for x in (0, 2, 3, 17, 18, 20)] == [
        "10%以下", "10%以下", "", "", "90%以上", "90%以上",
    ]  # fmt: skip
    all_right, one_wrong = made(counts=((40, 0), (80, 0))), made(counts=((39, 1), (80, 0)))
    a, b = all_right.units[0], one_wrong.units[0]
    assert (a.band, a.share, a.low, a.high) == (b.band, b.share, b.low, b.high)


def test_fewer_than_ten_answers_show_nothing_at_all():
    report = made(counts=((5, 1), (2, 1)))
    assert report.figure is None and report.reach is None and not report.items
    assert TOO_FEW in words(report) and "答题率" not in words(report)


# Items, areas, versions


def test_an_item_that_misleads_is_put_forward_for_withdrawal():
    good = Answered("p1-1-a", BANK["p1-1-a"].version, 1, (1,), True)
    bad = replace(good, chosen=(0,), right=False)
    found = []
    for n in range(60):
        strong = n % 2 == 0
        rest = tuple(
            Answered(f"p{a}-1-a", BANK[f"p{a}-1-a"].version, a, (1,) if strong else (0,), strong)
            for a in range(2, 9)
        )
        found.append(Attempt("u1", strong, ((bad if strong else good), *rest)))
    report = build(replace(CAMPAIGN, units=UNITS[:1]), found, bank=BANK)
    assert [line.id for line in report.items.lines if line.figures.withdraw] == ["p1-1-a"]
    assert "有1道题懂的人反而常答错，先撤下看看：p1-1-a" in " ".join(todo(report))


def test_the_digest_changes_with_one_version_and_nothing_else():
    def one(version):
        found = people("u1", 20, areas=(1, 2), version=version) + people("u2", 20, areas=(1, 2))
        return build(CAMPAIGN, found).items

    assert one("v").digest == one("v").digest != one("w").digest
    assert len(one("w").lines) == 4, "each version by itself"


def test_missing_knowledge_is_told_by_area_and_left_open_questions_count_for_no_area():
    found = people("u1", 30, 30, areas=(1, 4), wrong=(4,))
    left = Attempt("u1", False, (Answered("x", "", 0, (), False),) * 2)
    report = build(replace(CAMPAIGN, units=UNITS[:1]), [*found, *[left] * 12])
    assert {a.area: a.cell.shown for a in report.areas} == {1: "低于10%", 4: "50%"}
    assert "第4领域“怎么发起、对方多久回”：50%的人答错" in words(report)
    assert report.figure.answered == 72


# Before and after


def test_before_and_after_wants_three_tenths_of_the_points_new():
    first = people("u1", 80, 40) + people("u2", 50, 30)
    then = people("u1", 112, 8) + people("u2", 74, 6)
    points = [f"p{n}" for n in range(12)]
    before = earlier(CAMPAIGN, first, points)
    now = replace(CAMPAIGN, id="spring")
    fresh = build(now, then, points=[*points[:8], "q1", "q2", "q3", "q4"], before=before)
    assert fresh.change.verdict == "有提高" and "有提高" in words(fresh)
    stale = build(now, then, points=points, before=before)
    assert stale.change.verdict == "不能比较" and "不到30%" in words(stale)
    public = earlier(replace(CAMPAIGN, sample="自愿"), first, points)
    assert build(now, then, before=public).change.verdict == "不能比较"


# Written


def test_page_and_docx_say_the_same():
    report = made()
    text = re.sub(r"<[^>]*>", "", in_docx(report)["word/document.xml"].decode())
    number, claim = headline(report)
    for said in (number, claim, sentence(report), *todo(report), *(v for _, v in card(report))):
        assert said in text and said in words(report), said


def test_the_docx_tells_nobody_who_wrote_it_nor_when_and_is_the_same_each_time():
    report = made()
    assert document(report) == document(report)
    parts = in_docx(report)
    core = parts["docProps/core.xml"].decode()
    assert "<dc:creator></dc:creator>" in core or "<dc:creator/>" in core
    assert "python-docx" not in core and "2013" not in core and "2026-12-20" in core
    with zipfile.ZipFile(io.BytesIO(document(report))) as file:
        assert {i.date_time for i in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_page_loads_nothing_runs_nothing_and_keeps_what_was_typed_apart():
    report = made(title='<script>alert("题")</script>')
    text = page(report)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert not re.search(r"(?:src|href)=|url\(|@import", text)


def test_plots_have_words_and_pngs_need_no_chinese_font():
    of = ask(district(3, units=6, workers=900))
    held = campaign(of)
    report = build(held, attempts(of, held, ITEMS), bank=BANK)
    drawn = [b.drawing for b in blocks(report) if isinstance(b, Picture)]
    assert len(drawn) == 3
    for drawing in drawn:
        assert all(m.plain.isascii() for m in drawing.marks if isinstance(m, plots.Text))
        assert plots.png(drawing) == plots.png(drawing)
        assert plots.png(drawing).startswith(b"\x89PNG")
        assert 'role="img" aria-labelledby="x"' in plots.svg(drawing, "x")
        assert drawing.says and drawing.says in plots.svg(drawing, "x")
    assert "4 怎么发起、对方多久回" in in_docx(report)["word/document.xml"].decode()


def test_bars_stand_where_the_figures_are():
    """The deciding end of the bar is right of the 90 % line exactly where the claim holds."""
    for counts in (((115, 5), (76, 4)), ((110, 10), (74, 6))):
        report = made(counts=counts)
        marks = plots.main_plot(report.figure).marks
        bar = next(m for m in marks if isinstance(m, plots.Rect))
        line = next(m for m in marks if isinstance(m, plots.Rule) and m.dashed)
        dot = next(m for m in marks if isinstance(m, plots.Dot))
        assert (bar.x >= line.x1) == report.figure.reached == dot.filled


# The command


@pytest.fixture
def xst(tmp_path, monkeypatch):
    monkeypatch.setenv("XST_HOME", str(tmp_path / "home"))
    import typer

    app = typer.Typer()
    app.command()(command)

    def run(*arguments):
        done = CliRunner().invoke(app, [str(a) for a in arguments])
        return done.exit_code, "".join(done.output.split())

    return run


def kept(folder, status):
    store = open_store(f"sqlite:///{folder / 'home' / 'live.db'}")
    campaigns = Campaigns(store)
    campaigns.create(CAMPAIGN, points_of(CAMPAIGN, ITEMS))
    campaigns.set_status(CAMPAIGN.id, "draft", "open")
    if status == "closed":
        assert campaigns.close(CAMPAIGN.id, lambda s: None, lambda a: {})
    store.engine.dispose()


def test_a_running_campaign_gets_no_report(xst, tmp_path):
    kept(tmp_path, "open")
    status, said = xst("autumn", "--out", tmp_path / "out")
    assert status == 1 and "逐日界限" in said and not (tmp_path / "out").exists()
    assert xst("nothing")[0] == 1


def test_a_closed_campaign_gets_a_page_and_a_docx(xst, tmp_path):
    kept(tmp_path, "closed")
    status, said = xst("autumn", "--out", tmp_path / "out")
    assert status == 0, said
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["autumn.docx", "autumn.html"]
    assert xst("autumn", "--before", "autumn")[0] == 1, "fewer than ten answered"
