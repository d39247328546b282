"""What the learnt ranking is taught, and that learning changes all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from small import TODAY, build_home
from typer.testing import CliRunner

from bot import teaching
from bot.release import build_release, current_folder, open_release
from bot.settings import Settings
from bot.storage.store import open_store
from bot.teaching import cited_wordings, current, learn_from, taught
from index import store
from index.encoder import Static, unpack
from index.features import NAMES, Table
from index.learn import Learnt, final_lessons
from index.pairs import MOST_OF_EACH
from index.retriever import Query, RetrieverError
from index.trees import Blend, grow
from knowledge.authored import read_content
from knowledge.citation import read_citation
from knowledge.library import Library

OFFER, REFUSAL, PAY = "《协商规定》第二条", "《协商规定》第三条", "《新办法》第一条"
SLANG = "龙门阵摆起了嘛"


@pytest.fixture(scope="module")
def encoder() -> Static:
    return unpack()


@pytest.fixture
def untuned(monkeypatch, encoder):
    """The encoder is read once and left as it is: what it learns is another test's matter."""
    monkeypatch.setattr(teaching, "unpack", lambda *_: encoder)
    monkeypatch.setattr("index.contrast.tune", lambda corpus, encoder, *_, **__: encoder)


@pytest.fixture
def library(full: Settings):
    found = Library(current_folder(full) / "library.db")
    yield found
    found.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def learn(full, library, home, untuned, tmp_path):
    """Learns from pairs (question, citations) written to a file."""
    index = current_folder(full) / "index"

    def learning(*pairs, answered=(), name="pairs.jsonl", **how):
        file = tmp_path / name
        lines = [json.dumps({"question": q, "citations": c}) for q, c in pairs]
        file.write_text("\n".join(lines), encoding="utf-8")
        return learn_from(index, library, home, [file], answered, **how)

    return learning


def kept(home: Path) -> list[tuple[str, list[str]]]:
    """The questions that were learnt last."""
    folder = current(home)
    assert folder is not None
    found = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    return [(text, citations) for _, text, citations in found]


def files_of(home: Path) -> dict[str, bytes]:
    return {str(p.relative_to(home)): p.read_bytes() for p in home.rglob("*") if p.is_file()}


# What a build is taught


def test_an_index_is_taught_our_wordings_with_their_articles(full, library, untuned):
    content = read_content(full.home / "content")
    asked = list(taught(content, library, None).asked)
    pay, offer = (library.find(read_citation(c), TODAY).id for c in (PAY, OFFER))

    def of(entry):
        return [(text, answers) for id, text, answers in asked if id.startswith(f"{entry}:")]

    wordings = {text: id for id, text, _ in cited_wordings(content)}
    assert all(wordings[text] == id for id, text, _ in asked)
    of_pay = [answers for _, _, answers in asked if pay in answers]
    assert len(of_pay) == MOST_OF_EACH, "of two cards' ten"
    assert of("wage-arrears")
    assert all(answers == [pay] for _, answers in of("wage-arrears"))
    assert all(answers == [offer] for _, answers in of("offer-response")), "the national rule's"
    assert not of("are-you-human"), "it cites nothing"


def test_an_article_that_is_not_in_the_library_is_not_taught(bare, untuned):
    content = read_content(bare.home / "content")
    assert list(cited_wordings(content))
    empty = Library(current_folder(bare) / "library.db")
    assert list(taught(content, empty, None).asked) == []
    empty.close()


def test_what_the_release_was_taught_it_remembers(release):
    lessons = release.ranked.reader.lessons
    assert any(id.startswith("wage-arrears:") for id in lessons.ids)
    (hit,) = release.ranked.search(Query("压着工资不发合法吗", kinds=frozenset(["article"])), 1)
    assert hit.id == release.library.find(read_citation(PAY), TODAY).id


def test_law_texts_are_taught_with_what_they_name(full, library, untuned):
    """第二条 sends the reader to 第三条."""
    links = taught(read_content(full.home / "content"), library, None).links
    pair = tuple(library.find(read_citation(c), TODAY).id for c in (OFFER, REFUSAL))
    assert pair in [tuple(link) for link in links]


# Learning


def test_what_is_learnt_is_kept_and_taught_to_the_next_build(full, library, home, learn):
    lesson = learn((SLANG, [OFFER]), ("咋个整", [PAY, REFUSAL]))
    assert lesson.folder == current(home) and not lesson.faults
    assert lesson.report["questions"] == 2
    assert json.loads((lesson.folder / "report.json").read_text("utf-8")) == lesson.report
    assert kept(home) == [(SLANG, [OFFER]), ("咋个整", [PAY, REFUSAL])]
    asked = taught(read_content(full.home / "content"), library, lesson.folder).asked
    offer = library.find(read_citation(OFFER), TODAY).id
    assert (SLANG, [offer]) in [(text, found) for _, text, found in asked]
    assert len(asked) > 2, "beside our own wordings"


def test_pairs_may_name_law_and_article(full, library, home, untuned, tmp_path):
    file = tmp_path / "named.jsonl"
    line = {"question": SLANG, "articles": [{"law": "协商规定", "article": "第二条"}]}
    file.write_text(json.dumps(line), encoding="utf-8")
    learn_from(current_folder(full) / "index", library, home, [file], [])
    assert kept(home) == [(SLANG, [OFFER])]


def test_a_pair_whose_article_does_not_exist_is_named_and_left_out(home, learn):
    lesson = learn(
        (SLANG, [OFFER]), ("没有的", ["《协商规定》第九十条"]), ("别的", ["《没有法》第一条"])
    )
    said = [str(fault) for fault in lesson.faults]
    assert [place.split("：")[0] for place in said] == ["pairs.jsonl:2", "pairs.jsonl:3"]
    assert "《协商规定》第九十条" in said[0] and "《没有法》第一条" in said[1]
    assert kept(home) == [(SLANG, [OFFER])]


def test_a_law_no_longer_in_force_teaches_nothing(home, learn):
    """《旧办法》 was replaced in 2020."""
    lesson = learn((SLANG, [OFFER]), ("十个人", ["《旧办法》第一条"]))
    assert len(lesson.faults) == 1 and len(kept(home)) == 1


def test_poisoned_pairs_are_named_and_left_out(home, learn):
    """One wording with two answers that share nothing; and one said a hundred times."""
    lesson = learn(
        (SLANG, [OFFER]),
        ("拖着不回", [REFUSAL]),
        ("拖着，不回？", [PAY]),
        ("，。？", [PAY]),
        *[("全都看这里", [PAY])] * 100,
    )
    said = "\n".join(map(str, lesson.faults))
    assert "互相矛盾" in said and "pairs.jsonl:2" in said and "pairs.jsonl:3" in said
    assert "重复 100 次" in said and "pairs.jsonl:4：问题是空的" in said
    assert kept(home) == [(SLANG, [OFFER]), ("全都看这里", [PAY])]


def test_answered_questions_are_learnt_and_named_by_the_head_of_their_key(home, learn):
    lesson = learn(
        answered=[
            ("0123456789ab", "队列里的", ["《协商规定》第二条第一款"]),
            ("fedcba987654", "引错的", ["《协商规定》第九十条"]),
            ("aaaaaaaa0000", "写错的", ["随便写写"]),
        ]
    )
    assert kept(home) == [("队列里的", [OFFER])]
    assert [f.place for f in lesson.faults] == ["队列：fedcba98", "队列：aaaaaaaa"]


def test_what_was_learnt_before_is_learnt_again_with_the_new(home, learn):
    learn((SLANG, [OFFER]))
    lesson = learn(("咋个整", [PAY]), name="more.jsonl")
    assert sorted(kept(home)) == sorted([(SLANG, [OFFER]), ("咋个整", [PAY])])
    assert lesson.report["questions"] == 2
    again = learn(("咋个整", [PAY]), name="more.jsonl")
    assert again.report["questions"] == 2 and not again.faults, "the same twice is once"


def test_a_correction_takes_the_place_of_what_was_learnt(home, learn):
    learn((SLANG, [OFFER]))
    lesson = learn((SLANG, [PAY]), name="corrected.jsonl")
    assert kept(home) == [(SLANG, [PAY])]
    assert not lesson.faults


def test_what_was_learnt_is_learnt_again_without_a_new_file(full, library, home, learn):
    learn((SLANG, [OFFER]))
    lesson = learn_from(current_folder(full) / "index", library, home, [], [])
    assert lesson.folder == current(home) and kept(home) == [(SLANG, [OFFER])]


def test_only_the_last_two_are_kept(home, learn):
    folders = [learn((SLANG, [OFFER])).folder for _ in range(4)]
    assert current(home) == folders[-1]
    left = {p for p in (home / "learnt").iterdir() if p.is_dir()}
    assert left == set(folders[-teaching.KEEP :])


# All or nothing


def test_nothing_to_learn_changes_nothing(home, learn):
    lesson = learn(("没有的", ["《没有法》第一条"]))
    assert lesson.folder is None and len(lesson.faults) == 1
    assert current(home) is None and not files_of(home)


def test_nothing_new_that_is_sound_leaves_what_was_learnt(home, learn):
    learn((SLANG, [OFFER]))
    lesson = learn(("没有的", ["《没有法》第一条"]))
    assert len(lesson.faults) == 1 and kept(home) == [(SLANG, [OFFER])]


def test_a_stop_half_way_leaves_what_was_learnt_before(home, learn, monkeypatch):
    before = learn((SLANG, [OFFER])).folder
    files = files_of(home)

    def stopped(ground, pairs, ids, progress):
        ground.neighbours(final_lessons(ground, pairs, ids))
        raise KeyboardInterrupt

    monkeypatch.setattr(teaching, "study", stopped)
    with pytest.raises(KeyboardInterrupt):
        learn(("咋个整", [PAY]))
    assert current(home) == before
    assert files_of(home) == files
    assert not list((home / "learnt").glob(".learning-*"))


@pytest.mark.parametrize("begun", ["learning-dead", "20260101-dead"])
def test_what_a_killed_run_left_behind_does_not_matter(home, learn, begun):
    learn((SLANG, [OFFER]))
    (home / "learnt" / f".{begun}").mkdir()
    (home / "learnt" / f".{begun}" / "1.faiss").write_bytes(b"half")
    assert kept(home) == [(SLANG, [OFFER])]
    learn(("咋个整", [PAY]), name="more.jsonl")
    assert len(kept(home)) == 2


def test_a_pointer_to_nothing_is_nothing_learnt(home):
    assert current(home) is None
    (home / "learnt").mkdir(parents=True)
    (home / "learnt" / "current").write_text("gone", encoding="utf-8")
    assert current(home) is None


def test_a_file_that_cannot_be_read_is_named_and_nothing_changes(full, library, home, untuned):
    with pytest.raises(RetrieverError, match=r"none\.jsonl"):
        learn_from(current_folder(full) / "index", library, home, [home / "none.jsonl"], [])
    assert current(home) is None


def test_an_index_without_the_learnt_engine_cannot_learn(library, home, untuned, tmp_path):
    store.build([], tmp_path / "index")
    with pytest.raises(RetrieverError, match="xst build"):
        learn_from(tmp_path / "index", library, home, [], [("k", SLANG, [OFFER])])


def blend() -> Blend:
    """Trees over two columns, grown on tables where the first tells."""
    chance = np.random.default_rng(0)
    tables, answers = [], []
    for _ in range(60):
        values = chance.random((10, len(NAMES)), np.float32)
        rows = np.arange(10, dtype=np.int32)
        tables.append(Table(rows, values))
        answers.append([int(values[:, NAMES.index("words")].argmax())])
    trees = grow(tables, answers, columns=("words", "plain"), rounds=5)
    return Blend(trees, trees, 0.5)


def test_trees_and_encoder_that_were_taken_over_are_taught_to_the_next_build(
    full, library, home, learn, encoder, monkeypatch
):
    pytest.importorskip("lightgbm")
    tuned = Static(encoder.vocabulary, -encoder.weights)
    made = blend()

    def study(ground, pairs, ids, progress):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("index.contrast.tune", lambda *_, **__: tuned)
            return Learnt(final_lessons(ground, pairs, ids), made, {"questions": len(pairs)})

    monkeypatch.setattr(teaching, "study", study)
    folder = learn((SLANG, [OFFER])).folder
    monkeypatch.undo()
    found = taught(read_content(full.home / "content"), library, folder)
    assert found.trees.columns == ["words", "plain"]
    scale = np.abs(tuned.weights).max()
    assert np.abs(found.tuned.weights - tuned.weights).max() < scale / 100
    without = taught(read_content(full.home / "content"), library, None)
    assert without.tuned is None


# The command


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A small home that the command serves; it rebuilds from the small content, to be quick."""
    settings = build_home(tmp_path / "home")
    content = read_content(settings.home / "content")
    monkeypatch.setattr("bot.release.read_content", lambda: content)
    monkeypatch.setenv("XST_HOME", str(settings.home))
    return settings


def test_the_command_learns_rebuilds_and_says_so(installed, tmp_path):
    """Nothing but what was learnt leads from these words to an article."""
    from bot.cli import app

    settings = installed
    served = current_folder(settings)
    pairs = tmp_path / "mine.jsonl"
    lines = [
        {"question": SLANG, "citations": [PAY]},
        {"question": "x", "citations": ["《无》第一条"]},
    ]
    pairs.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = CliRunner().invoke(app, ["learn", str(pairs), "--json"])
    assert done.exit_code == 0, done.output
    assert "已记下 1 题" in done.stdout and "少于 100 题" in done.stdout
    assert "没有学：mine.jsonl:2" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["questions"] == 1
    assert current_folder(settings) != served
    release = open_release(settings)
    pay = release.library.find(read_citation(PAY), TODAY).id
    why = release.ranked.explain(Query(SLANG), 3)
    assert pay in [one.hit.id for one in why], why
    lessons = release.ranked.reader.lessons
    for source in ("mine:", "wage-arrears:"):
        assert any(id.startswith(source) for id in lessons.ids)


def test_the_command_learns_what_the_instructor_answered(installed):
    from bot.cli import app

    queue = open_store(installed.database_url)
    queue.enqueue(SLANG, "国家", TODAY)
    queue.enqueue("还没人答", "国家", TODAY)
    key = next(q.key for q in queue.queue() if q.question == SLANG)
    assert queue.answer(key, "每月至少一次。", [PAY], TODAY)
    done = CliRunner().invoke(app, ["learn"])
    assert done.exit_code == 0, done.output
    assert kept(installed.home) == [(SLANG, [PAY])]
    assert key in open_release(installed).ranked.reader.lessons.ids


def test_the_command_shows_how_well_each_kind_of_fold_went(
    installed, tmp_path, monkeypatch, untuned
):
    """Real folds and trees, of few questions and small trees so that it is quick."""
    pytest.importorskip("lightgbm")
    from bot.cli import app
    from index import learn as learning

    for name, value in {"FEWEST": 30, "_QUICK": 5, "ROUNDS": 5, "FEWEST_OF_DOMAIN": 99}.items():
        monkeypatch.setattr(learning, name, value)
    pairs = tmp_path / "many.jsonl"
    lines = [
        {"question": f"{about}{how}", "citations": [citation]}
        for about, citation in {"答复": OFFER, "拒绝": REFUSAL, "工资": PAY}.items()
        for how in (
            "怎么办",
            "多久",
            "找谁",
            "合法吗",
            "几天",
            "多少",
            "要不要",
            "能不能",
            "会怎样",
            "谁来",
            "何时",
            "哪里",
        )
    ]
    pairs.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = CliRunner().invoke(app, ["learn", str(pairs), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert set(report["folds"]) == {"question", "law"}
    assert "36 题，都在没学过它的时候问" in done.stdout
    for shown in ("问题", "法规", "语义模型", "记住的问题", "翻译表", "已记下 36 题"):
        assert shown in done.stdout
    adopted = "trees" in report["adopted"]
    assert (current(installed.home) / "trees.json").is_file() == adopted
    assert adopted or report["why"] in done.stdout


def test_the_command_with_nothing_to_learn_changes_nothing(installed):
    from bot.cli import app

    settings = installed
    before = files_of(settings.home)
    done = CliRunner().invoke(app, ["learn"])
    assert done.exit_code == 0, done.output
    assert "什么也没有改" in done.stdout
    after = files_of(settings.home)
    assert {k: v for k, v in after.items() if "live.db" not in k} == before


def test_a_release_remembers_what_was_learnt(full, learn, home, tmp_path, untuned):
    """The same as the command does, with the small content: a build reads what was learnt."""
    settings = build_home(tmp_path / "again")
    folder = learn((SLANG, [OFFER])).folder
    (settings.home / "learnt").mkdir()
    folder.replace(settings.home / "learnt" / folder.name)
    (settings.home / "learnt" / "current").write_text(folder.name, encoding="utf-8")
    build_release(settings, read_content(settings.home / "content"))
    release = open_release(settings)
    assert release.ranked.search(Query(SLANG), 1)[0].id == release.library.find(
        read_citation(OFFER), TODAY
    ).id  # fmt: skip
