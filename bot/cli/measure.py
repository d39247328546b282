"""Commands that measure and train: `eval`, `bench`, `learn`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table
from typer.core import TyperGroup

from bot.cli.calibration import eval_calibration, learn_calibration
from bot.cli.common import err, fail, out, progress
from bot.cli.growth import bench_growth
from bot.cli.pinpoint import eval_pinpoint
from bot.cli.seeds import learn_synonyms
from bot.message import Incoming, Reply
from bot.settings import read_settings
from bot.turn import Session

evaluate = typer.Typer(help="评测。", no_args_is_help=True)
bench = typer.Typer(help="测速与检索基准。", no_args_is_help=True)


class _Learning(TyperGroup):
    """`xst learn a.jsonl` learns from the file: what is no command of its own is `pairs`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["pairs", *args]
        return super().parse_args(ctx, args)


learn = typer.Typer(help="学习与训练。", cls=_Learning)
evaluate.command("pinpoint")(eval_pinpoint)
evaluate.command("calibration")(eval_calibration)
bench.command("growth")(bench_growth)
learn.command("calibration")(learn_calibration)
learn.command("synonyms")(learn_synonyms)


@evaluate.command("answers")
def eval_answers(
    file: Annotated[Path, typer.Argument(help="问题文件（JSON 行）")],
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
    misses: Annotated[bool, typer.Option(help="列出没答对的")] = True,
) -> None:
    """用一份带标准答案的问题评测回答。"""
    from bot.assistant import Assistant
    from bot.evaluation import EvaluationError, counts_line, read_asked
    from bot.evaluation import evaluate as score
    from bot.release import open_release

    settings = read_settings()
    sources = open_release(settings).on(date.today())
    assistant = Assistant(lambda: sources)

    def answer(question: str, region: str) -> Reply:
        session = Session(region=sources.regions.named(region))
        return assistant.handle(Incoming(question), session).replies[0]

    try:
        report = score(read_asked(file), answer)
    except EvaluationError as error:
        fail(str(error))
    table = Table(
        title=f"{file.name}：{report['questions']} 问，{'有' if sources.has_texts else '没有'}法规原文"
    )
    table.add_column("项目")
    table.add_column("结果", justify="right")
    for name, line in counts_line(report):
        table.add_row(name, line)
    for k in (1, 3, 5):
        table.add_row(f"recall@{k}（首条）", f"{report[f'recall@{k}']}")
    table.add_row("p50 / p99 毫秒", f"{report['p50_ms']} / {report['p99_ms']}")
    out.print(table)
    if misses:
        for miss in report["misses"]:
            out.print(
                f"{miss['id']} {'+'.join(miss['failed'])}：{miss['question']}\n"
                f"    应 {miss['expect']}，得 {miss['got']}（{miss['ref']} {miss['confidence']}）"
                f" 应引 {'、'.join(miss['gold'][:3])}；实引 {'、'.join(miss['cited'])}",
                markup=False,
                soft_wrap=True,
            )
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


@evaluate.command("variants")
def eval_variants(
    folds: Annotated[int, typer.Option(help="分几折；每折重新训练一次问法模型")] = 8,
) -> None:
    """每种问法轮流拿掉（近似的一起拿掉），模型和计数都重新做一遍，再问，看它的条目排第几。"""
    from bot.coverage import held_out
    from bot.learning import train_on
    from bot.release import make_tokens
    from bot.wording import compile_guards, entries, question_features
    from knowledge.authored import read_content
    from knowledge.regions import Regions

    found = read_content()
    tokens = make_tokens(found.topics, found.synonyms)
    features = question_features(tokens, Regions(found.regions))
    listed = entries(found.cards, found.points, found.cases, found.topics)
    with progress() as bar:
        task = bar.add_task("轮流拿掉", total=folds)
        report = held_out(
            listed,
            features,
            train_on(found),
            compile_guards(found.guards),
            folds,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    for kind, name in (("", "全部"), ("card_", "卡片"), ("point_", "程序要点"), ("case_", "案例")):
        if f"{kind}asked" in report:
            out.print(
                f"{name} {report[f'{kind}asked']:,} 种问法：排第一 {report[f'{kind}first']:.1%}，"
                f"前三 {report[f'{kind}first_three']:.1%}"
            )
    print(json.dumps(report))


@bench.command("retrieval")
def bench_retrieval(
    folder: Annotated[
        Path, typer.Argument(help="含 corpus.jsonl.gz、queries.jsonl、qrels.*.tsv 的文件夹")
    ],
    split: Annotated[str, typer.Option(help="用哪一部分题")] = "train",
    train: Annotated[str, typer.Option(help="用哪一部分题来学")] = "",
    with_content: Annotated[bool, typer.Option("--with-content", help="加上本项目的问法")] = False,
    folds: Annotated[
        str,
        typer.Option(
            help="学的和问的是同一部分时怎样分：question、law（整部法没见过）、domain（劳动法没见过）"
        ),
    ] = "question",
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """检索基准：召回、MRR、nDCG，与同一次运行里的对照。"""
    from bot.benching import content_questions
    from index.evaluate import bench as run

    settings = read_settings()
    content = content_questions(folder) if with_content else None
    with progress() as bar:
        report = run(
            folder,
            split,
            train=train or None,
            content=content,
            encoder=settings.encoder or None,
            folds=folds,
            progress=_stages(bar),
        )
    peer = report.get("peer", {})
    table = Table(title=f"{folder.name} {split}")
    table.add_column("指标")
    table.add_column("协商通", justify="right")
    table.add_column("对照", justify="right")
    for name, value in report.items():
        if isinstance(value, int | float):
            table.add_row(name, f"{value}", f"{peer.get(name, '')}")
    out.print(table)
    if peer.get("name"):
        out.print(f"对照：{peer['name']}")
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


@bench.command("peers")
def bench_peers(
    folder: Annotated[
        Path, typer.Argument(help="含 corpus.jsonl.gz、queries.jsonl、qrels.*.tsv 的文件夹")
    ],
    split: Annotated[str, typer.Option(help="用哪一部分题")] = "train",
    train: Annotated[str, typer.Option(help="会学的引擎用哪一部分题来学")] = "train",
    only: Annotated[str, typer.Option(help="只测这些，逗号分隔，如 bm25s,xst")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """同一台机器、同一批条文和题，逐个测常用的检索引擎和协商通；每个单独一个进程、一个核。

    退出码：0 测完（没装的逐个列出）；1 有引擎出错，或一个也没测成。
    """
    from index.peers import Peer, chosen, measure_peers

    def tell(peer: Peer, found: dict[str, Any]) -> None:
        err.print(f"{peer.name}：{_told(found)}", markup=False, soft_wrap=True)

    report = measure_peers(folder, split, train, chosen(only), tell)
    for table in _peer_tables(report):
        out.print(table)
    for one in report["peers"]:
        out.print(f"{one['name']}：{one['about']}", markup=False, soft_wrap=True)
    out.print(
        f"{report['articles']:,} 条条文，{report['questions']:,} 问（{split}）；会学的学过 {train}，"
        "正在问的那一题不学。第二行是 95% 区间（按题重抽 2,000 次）。"
        "* 是处理器用时，机器上别的活影响不大。"
        "内存是造好并打开后比之前多占的，括号内是问完之后的。",
        markup=False,
        soft_wrap=True,
    )
    for found in (*report["missing"], *report["failed"]):
        out.print(f"{found['name']}：{_told(found)}", markup=False, soft_wrap=True)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    if report["failed"] or not report["peers"]:
        raise typer.Exit(1)


def _told(found: dict[str, Any]) -> str:
    if "needs" in found:
        needs, extra = "、".join(found["needs"]), found["extra"]
        return f"没有装 {needs}，未测；要测：pip install 'xieshangtong[{extra}]'"
    if "error" in found:
        return f"没有测成：{found['error']}"
    return (
        f"造 {found['build_s']} 秒，问 {found['queries']:,} 题，每秒 {found['qps']} 问，"
        f"recall@10 {found['recall@10']:.3f}"
    )


def _peer_tables(report: dict[str, Any]) -> list[Table]:
    """How well, and how fast and big: two tables, so that each fits a terminal."""
    narrow: Any = {"box": SIMPLE, "padding": (0, 1, 0, 0)}
    well, fast = Table(title="找得准", **narrow), Table(title="快慢与大小", **narrow)
    names = list(report["peers"][0]["intervals"]) if report["peers"] else []
    well.add_column("引擎", no_wrap=True)
    for name in names:
        shown = name.replace("recall", "R").replace("mrr", "MRR").replace("ndcg", "nDCG")
        well.add_column(shown, justify="right", no_wrap=True)
    fast.add_column("引擎", no_wrap=True)
    for column in ("问/秒", "p99 毫秒", "毫秒/问*", "造 秒", "造 秒*", "内存 MB"):
        fast.add_column(column, justify="right")
    for one in report["peers"]:
        cells = []
        for name in names:
            low, high = (f"{bound:.2f}".removeprefix("0") for bound in one["intervals"][name])
            cells.append(f"{one[name]:.3f}\n{low}–{high}")
        well.add_row(one["name"], *cells)
        fast.add_row(
            one["name"], f"{one['qps']}", f"{one['p99_ms']}", f"{one['cpu_ms']}",
            f"{one['build_s']}", f"{one['build_cpu_s']}",
            f"{one['memory_mb']:.0f} ({one['memory_asked_mb']:.0f})",
        )  # fmt: skip
    return [well, fast]


@bench.command("ask")
def bench_ask(
    seconds: Annotated[float, typer.Option(help="测多久")] = 10.0,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出全部数字")] = False,
) -> None:
    """测回答的快慢：每答毫秒、每秒答数、内存、从命令到第一个答案的秒数。"""
    from bot.benching import bench_answers

    report = bench_answers(read_settings(), seconds)
    table = Table(title=f"{report['articles']:,} 条条文，{report['questions']} 种问法，一个进程")
    table.add_column("指标")
    table.add_column("值", justify="right")
    for name, value in report.items():
        table.add_row(name, f"{value}")
    out.print(table)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


# Learning

_STAGES = {
    "folds": "逐折学习",
    "parts": "各部分有没有用",
    "trees": "在没见过的题上比较",
    "lexical": "词面索引",
    "dense": "语义索引",
    "learnt": "学来的排序",
}


def _stages(bar: Any) -> Any:
    """A progress callback with one bar for each stage."""
    tasks: dict[str, Any] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bar.add_task(_STAGES.get(stage, stage), total=total)
        bar.update(tasks[stage], completed=done, total=total)

    return tell


@learn.command("encoder")
def learn_encoder(
    laws: Annotated[Path | None, typer.Option(help="法规原文的文件夹；不给则用 XST_LAWS")] = None,
    target: Annotated[Path | None, typer.Option(help="写到哪里；不给则替换随程序发布的")] = None,
) -> None:
    """由法规结构和自带问法训练条文的语义模型（两核约一刻钟，需要 torch）。"""
    from bot.learning import train_encoder
    from index.encoder import SHIPPED

    _trained(train_encoder, laws, target or SHIPPED)


@learn.command("ranking")
def learn_ranking(
    folder: Annotated[Path, typer.Argument(help="检索基准的文件夹，用其中的 train 部分")],
    target: Annotated[Path | None, typer.Option(help="写到哪里；不给则替换随程序发布的")] = None,
) -> None:
    """训练随程序发布的排序模型（约十分钟）。"""
    from bot.learning import train_ranking
    from bot.teaching import SHIPPED

    with progress() as bar:
        report = train_ranking(folder, target or SHIPPED, _stages(bar))
    print(json.dumps(report, ensure_ascii=False))


@learn.command("pairs")
def learn_pairs(
    files: Annotated[list[Path] | None, typer.Argument(help="问答对（JSON 行），可以几个")] = None,
    seed: Annotated[int, typer.Option(help="同一个数学出同一个结果")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="最后一行写出报告")] = False,
) -> None:
    """从问答对和指导员答过的问题学习；只采用在没见过的题上确实更好的部分，再重建索引。"""
    from bot.release import build_release, current_folder
    from bot.storage.store import open_store
    from bot.teaching import learn_from
    from knowledge.library import Library

    settings = read_settings()
    folder = current_folder(settings)
    answered = [
        (q.key, q.question, list(q.citations))
        for q in open_store(settings.database_url).queue(answered=True)
        if q.citations
    ]
    library = Library(folder / "library.db")
    with progress() as bar:
        lesson = learn_from(
            folder / "index", library, settings.home, files or [], answered, _stages(bar), seed
        )
        library.close()
        if lesson.folder:
            build_release(settings, progress=_stages(bar))
    for fault in lesson.faults:
        err.print(f"没有学：{fault}", markup=False, soft_wrap=True)
    _tell_lesson(lesson)
    if as_json:
        print(json.dumps(lesson.report, ensure_ascii=False))


def _tell_lesson(lesson: Any) -> None:
    report = lesson.report
    if not lesson.folder:
        out.print("没有可学的问答对；什么也没有改。")
        return
    if report.get("folds"):
        table = Table(title=f"{report['questions']:,} 题，都在没学过它的时候问")
        for name in ("没见过的", "题", "融合 R@10", "学后 R@10", "融合 MRR", "学后 MRR"):
            table.add_column(name, justify="right")
        for kind, both in report["folds"].items():
            plain, trees = both["fusion"], both["trees"]
            table.add_row(
                {"question": "问题", "law": "法规", "domain": "领域"}[kind],
                f"{both['questions']}",
                *(f"{f[m]:.3f}" for m in ("recall@10", "mrr@10") for f in (plain, trees)),
            )
        out.print(table)
        names = {"encoder": "语义模型", "memory": "记住的问题", "translation": "翻译表"}
        for part, gain in report.get("parts", {}).items():
            used = "采用" if part in report["adopted"] else "不用"
            told = "，".join(f"{k} {v:+.4f}" for k, v in gain.items())
            out.print(f"{names[part]}：{used}（{told}）", markup=False)
    out.print(f"排序：{'采用' if 'trees' in report['adopted'] else report.get('why', '不用')}")
    out.print(
        f"已记下 {report['questions']:,} 题，写在 {lesson.folder}；索引已重建。", markup=False
    )


@learn.command("wordings")
def learn_wordings(
    laws: Annotated[Path | None, typer.Option(help="法规原文的文件夹；不给则用 XST_LAWS")] = None,
    target: Annotated[
        Path | None, typer.Option(help="写到哪里；不给则替换随程序发布的模型")
    ] = None,
) -> None:
    """由自带内容和法规结构训练问法模型（约两分钟，需要 torch）。"""
    from bot.learning import train_wordings
    from index.meaning import SHIPPED

    _trained(train_wordings, laws, target or SHIPPED)


def _trained(train: Callable[..., Path], laws: Path | None, target: Path) -> None:
    """Run `train(laws, target, progress)` with a bar, and say what it wrote."""
    laws = laws or read_settings().laws
    if laws is None or not laws.exists():
        fail("请用 --laws 给出法规原文的文件夹，或设 XST_LAWS")
    with progress() as bar:
        task = bar.add_task("训练", total=None)
        path = train(laws, target, lambda n, a: bar.update(task, completed=n, total=a))
    out.print(
        f"已写好 {path}（{path.stat().st_size / 1e6:.1f} MB）。运行 xst build 生效。", markup=False
    )
