"""The command `xst`: everything an operator, an instructor or a script does."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bot.cli.awareness import awareness
from bot.cli.benchquiz import bench_quiz
from bot.cli.callbacks import bench_callbacks
from bot.cli.campaign import campaign
from bot.cli.campaign_report import report
from bot.cli.certificate import certificate
from bot.cli.common import err, fail, out, progress, read_day
from bot.cli.content import content, figures, rules
from bot.cli.doctor import diagnose, doctor
from bot.cli.draw import draw
from bot.cli.exam import exam
from bot.cli.measure import bench, evaluate, learn
from bot.cli.operate import backup, purge, restore, upgrade
from bot.cli.queue import queue
from bot.cli.quizbank import quiz
from bot.cli.show import show
from bot.cli.sim import sim
from bot.cli.telegram import telegram
from bot.cli.wechat import wechat
from bot.cli.wecom import wecom
from bot.message import Incoming, Reply
from bot.settings import ConfigError, read_settings
from bot.turn import Session
from index.retriever import RetrieverError
from knowledge.records import KnowledgeError

app = typer.Typer(
    help="协商通：集体协商与劳动权益问答。先 xst build，再 xst ask、xst chat 或 xst serve。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(evaluate, name="eval")
app.add_typer(bench, name="bench")
app.add_typer(content, name="content")
app.add_typer(rules, name="rules")
app.add_typer(figures, name="figures")
app.add_typer(learn, name="learn")
app.add_typer(queue, name="queue")
app.add_typer(quiz, name="quiz")
app.add_typer(campaign, name="campaign")
app.add_typer(awareness, name="awareness")
app.add_typer(draw, name="draw")
app.add_typer(exam, name="exam")
app.add_typer(certificate, name="certificate")
app.add_typer(wechat, name="wechat")
app.add_typer(telegram, name="telegram")
app.add_typer(wecom, name="wecom")
app.add_typer(sim, name="sim")
app.command("show")(show)
awareness.command("report")(report)
for command in (doctor, backup, restore, upgrade, purge):
    app.command(command.__name__)(command)
bench.command("callbacks")(bench_callbacks)
bench.command("quiz")(bench_quiz)


def main() -> None:
    """Entry point: turns every foreseen error into one clear line and exit status 1."""
    from bot.storage.store import StoreError

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except (KnowledgeError, RetrieverError, ConfigError, StoreError) as error:
        fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
    except KeyboardInterrupt:
        sys.exit(130)


# Library


@app.command("import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="法规文件或文件夹（.md .docx .html .pdf .txt）")
    ],
) -> None:
    """导入法规原文。退出码：0 全部导入；3 有文件没读成（逐个列出）；1 没有导入任何东西。"""
    from bot.importing import TWIN, import_paths
    from knowledge.importers import WARNINGS

    settings = read_settings()
    for path in paths:
        if not path.exists():
            fail(f"{path}: 没有这个文件或文件夹")
    started = time.perf_counter()
    with progress() as bar:
        task = bar.add_task("导入法规", total=None)
        done = import_paths(
            paths, settings.shelf, lambda n, all_: bar.update(task, completed=n, total=all_)
        )
    table = Table(title=f"导入 {done.files:,} 个文件，用时 {time.perf_counter() - started:.1f} 秒")
    table.add_column("项目")
    table.add_column("数", justify="right")
    read = done.counts.new + done.counts.changed + done.counts.same
    for name, number in (
        ("新增文本", done.counts.new),
        ("更新文本", done.counts.changed),
        ("没有变化", done.counts.same),
        ("读到条文", done.counts.articles),
        ("库中法规", done.totals[0]),
        ("库中文本", done.totals[1]),
        ("库中条文", done.totals[2]),
    ):
        table.add_row(name, f"{number:,}")
    out.print(table)
    warnings = +done.warnings
    if warnings:
        table = Table(title="提示（已照原样收入，可检索）")
        table.add_column("种类")
        table.add_column("说明")
        table.add_column("数", justify="right")
        explained = WARNINGS | {TWIN: "同一版本有两个文件，按路径顺序取后一个"}
        for kind, number in warnings.most_common():
            table.add_row(kind, explained.get(kind, ""), f"{number:,}")
        out.print(table)
    for _, reason in done.faults:
        err.print(f"没有读成：{reason}", markup=False, soft_wrap=True)
    if not read:
        fail("没有导入任何法规")
    out.print("接着运行 xst build，新内容才会生效。")
    if done.faults:
        raise typer.Exit(3)


@app.command()
def build() -> None:
    """由已导入的法规和自带内容造出资料库与索引，造好后一次替换，正在运行的服务会自动换上。"""
    from bot.release import build_release

    settings = read_settings()
    started = time.perf_counter()
    with progress() as bar:
        tasks: dict[str, Any] = {}

        def step(stage: str, done: int, total: int) -> None:
            names = {"lexical": "词面索引", "dense": "语义索引"}
            if stage not in tasks:
                tasks[stage] = bar.add_task(names.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        folder = build_release(settings, progress=step)
    counts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["counts"]
    out.print(
        f"已造好 {folder.name}：法规 {counts['laws']:,} 部、条文 {counts['articles']:,} 条、"
        f"问答卡 {counts.get('card', 0)} 张、程序要点 {counts.get('point', 0)} 个、"
        f"要点 {counts.get('digest', 0)} 条，用时 {time.perf_counter() - started:.1f} 秒"
    )


@app.command()
def check(
    laws: Annotated[
        Path | None, typer.Option(help="法规原文的文件夹；不给则用 XST_LAWS，再不然用已导入的")
    ] = None,
    day: Annotated[str, typer.Option(help="按哪一天的效力核对，如 2026-11-20")] = "",
    strict: Annotated[bool, typer.Option(help="缺要点也算错")] = True,
    folder: Annotated[Path | None, typer.Option("--content", help="另一个内容文件夹")] = None,
) -> None:
    """校对自带内容：引用的条文存在且现行有效，数字都在所引条文里，格式与编号无误。"""
    import tempfile

    from bot.importing import import_paths
    from knowledge.authored import CONTENT, read_content
    from knowledge.check import Fault, cited, unreviewed
    from knowledge.check import check as proof_read
    from knowledge.library import Library, publish

    settings = read_settings()
    faults: list[str] = []
    found = read_content(folder or CONTENT, faults)
    on = read_day(day)
    laws = laws or settings.laws
    with tempfile.TemporaryDirectory() as temporary:
        shelf = settings.shelf
        if laws is not None:
            if not laws.exists():
                fail(f"{laws}: 没有这个文件夹")
            shelf = Path(temporary) / "shelf.db"
            with progress() as bar:
                task = bar.add_task("读法规", total=None)
                import_paths([laws], shelf, lambda n, a: bar.update(task, completed=n, total=a))
        library = None
        if shelf.exists():
            publish(shelf, Path(temporary) / "library.db", {}, {})
            library = Library(Path(temporary) / "library.db")
        results = proof_read(found, library, on)
        if library is not None:
            library.close()
    if not strict:
        results = [f for f in results if f.kind != "no-digest"]
    for message in faults:
        err.print(f"格式错误 {message}", markup=False, soft_wrap=True)
    for fault in results:
        err.print(str(fault), markup=False, soft_wrap=True)
    total = len(faults) + len(results)
    against = (
        "法规原文"
        if library is not None and library.has_texts
        else "要点（没有法规原文，引用未能核对）"
    )
    out.print(
        f"卡片 {len(found.cards)}、要点 {len(found.points)} 个含规则 {sum(1 for _ in found.rules)} 条、"
        f"案例 {len(found.cases)}、条文要点 {len(found.digests)}、引用条文 {len(cited(found))}、题目 {sum(1 for _ in found.items)}；"
        f"未经专业人员签字的 {unreviewed(found)} 项。对照：{against}。"
    )
    if total:
        kinds: dict[str, int] = {}
        for f in results:
            assert isinstance(f, Fault)
            kinds[f.kind] = kinds.get(f.kind, 0) + 1
        if faults:
            kinds["form"] = len(faults)
        fail(f"共 {total} 处要改：" + "、".join(f"{k} {n}" for k, n in kinds.items()))
    out.print("没有发现错误。")


# Asking


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="要问的话")] = "",
    region: Annotated[str, typer.Option(help="省或市，如 河南")] = "",
    on: Annotated[str, typer.Option(help="按哪一天有效的法规回答，如 2010-05-01")] = "",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="从标准输入逐行读 JSON，逐行写 JSON")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="显示找到了什么、各得多少分")] = False,
) -> None:
    """问一句，答一句；--jsonl 成批回答。"""
    from bot.assistant import Assistant
    from bot.release import open_release

    settings = read_settings()
    release = open_release(settings)
    sources = release.on(read_day(on))
    assistant = Assistant(lambda: sources)
    if jsonl:
        _ask_lines(assistant, sys.stdin)
        return
    if not question.strip():
        fail("请写上要问的话，例如：xst ask 老板收到要约多少天要答复")
    region = _region(region, sources)
    reply = assistant.handle(Incoming(question), Session(region=region)).replies[0]
    out.print(reply.text, markup=False, soft_wrap=True)
    if explain:
        _explain(question, region, sources)


def _region(name: str, sources: Any) -> str:
    if not name:
        return ""
    found = sources.regions.named(name)
    if not found:
        fail(f"--region: 没认出“{name}”，请写省或市的名字，如 河南、杭州")
    return str(found)


def _ask_lines(assistant: Any, lines: Any) -> None:
    bad = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        started = time.perf_counter()
        try:
            raw = json.loads(line)
            ident, question = raw["id"], raw["question"]
            if not isinstance(question, str):
                raise TypeError("question 应为文字")
        except (ValueError, KeyError, TypeError) as error:
            bad += 1
            err.print(f'第 {number} 行不合格式：{error}；应为 {{"id", "question"}}', markup=False)
            continue
        region = assistant.sources.regions.named(str(raw.get("region") or ""))
        reply = assistant.handle(
            Incoming(question, channel="jsonl"), Session(region=region)
        ).replies[0]
        ms = round((time.perf_counter() - started) * 1000, 1)
        print(json.dumps(_record(ident, reply, ms), ensure_ascii=False), flush=True)
    if bad:
        raise typer.Exit(1)


def _record(ident: Any, reply: Reply, ms: float) -> dict[str, Any]:
    return {
        "id": ident,
        "disposition": reply.disposition,
        "answer": reply.answer,
        "text": reply.text,
        "citations": [
            {"law": c.law, "article": c.article, "region": c.region, "status": c.status, "effective": c.effective}
            for c in reply.citations
        ],
        "confidence": reply.confidence,
        "ms": ms,
    }  # fmt: skip


def _explain(question: str, region: str, sources: Any) -> None:
    from bot.skills.ask import look
    from bot.understand import clean

    question = clean(question)
    region = region or (sources.regions.find(question) or [""])[0]
    seen = sources.regions.chain(region)
    table = Table(title=f"找到的（地区 {'、'.join(seen)}；日期 {sources.day}）")
    for name in ("种类", "编号", "分数"):
        table.add_column(name)
    match = look(question, region, sources)
    for hit in match.hits:
        table.add_row(hit.kind, hit.ref, f"{hit.score:.3f}")
    out.print(table)
    _explain_ranking(question, seen, sources)
    judged = match.judged
    out.print(
        f"把握：头一条答得对 {judged.right:.2f}，问的是本行业的事 {judged.ours:.2f}，话里有内容 {judged.said:.2f}"
    )
    out.print(
        "依据：" + "，".join(f"{k} {v:.2f}" for k, v in judged.features.items()), markup=False
    )
    out.print(f"本行业用词占比 {sources.in_field(question):.2f}")


def _explain_ranking(question: str, seen: tuple[str, ...], sources: Any) -> None:
    """The articles of the learnt ranking, each with the features that spoke for and against it."""
    found = sources.explain(question, seen, 8)
    if not found:
        return
    ranking = Table(title="条文（学来的排序；每项是它加减的分）")
    for name in ("条文", "分数", "为什么"):
        ranking.add_column(name)
    for why in found:
        parts = [f"{name} {share:+.2f}" for name, share in list(why.shares.items())[:8]]
        article = sources.article_by_id(why.hit.id)
        said = f"《{article.version.law}》{article.number}" if article else why.hit.id
        ranking.add_row(said, f"{why.hit.score:.3f}", "  ".join(parts))
    out.print(ranking)


@app.command()
def chat() -> None:
    """在终端里聊。"""
    from bot.channels.terminal import run
    from bot.wiring import make_assistant

    run(make_assistant(read_settings())[0])


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    sample: Annotated[bool, typer.Option(help="启动时打印一个问答")] = True,
) -> None:
    """启动服务：网页聊天，和配置了的微信、Telegram、企业微信。"""
    import uvicorn

    from bot import events, texts
    from bot.serving import make_server

    settings = read_settings()
    problems = [p for p in diagnose(settings) if p[0] == "缺"] if settings.public else []
    if problems:
        fail("公开服务还不能启动：" + "；".join(p[1] for p in problems))
    if host not in ("127.0.0.1", "localhost", "::1") and not settings.public:
        fail(
            f"{settings.config}: 对外开放（--host {host}）须先写 [server] public = true、运营单位和联系方式"
        )
    os.umask(0o077)  # what it writes is for nobody else on this machine
    application, service = make_server(settings)
    if sample:
        reply = service.assistant.handle(Incoming(texts.EXAMPLE), Session()).replies[0]
        out.print(f"\n问：{texts.EXAMPLE}\n答：{reply.text}\n", markup=False, soft_wrap=True)
    out.print(f"协商通已启动：http://{host}:{port}  （按 Ctrl+C 停止）", markup=False)
    for account in service.accounts:
        out.print(f"已接入：{account}", markup=False)
    events.set_up()
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=25,
    )


if __name__ == "__main__":
    main()
