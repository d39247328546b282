"""Commands for the instructor: list, answer and export the questions that came in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import typer

from bot.cli.common import fail, out
from bot.settings import read_settings

queue = typer.Typer(help="指导员的问题队列。", no_args_is_help=True)


@queue.command("list")
def queue_list(
    answered: Annotated[bool, typer.Option(help="看已答的")] = False,
) -> None:
    """列出问题：编号、日期、地区、问题。"""
    from bot.storage.store import open_store

    store = open_store(read_settings().database_url)
    store.expire(date.today())
    found = store.queue(answered=answered)
    for q in found:
        out.print(
            f"{q.key[:8]}  {q.day}  {q.region or '—'}  {q.question}", markup=False, soft_wrap=True
        )
        if q.answer:
            out.print(
                f"          答（{q.answered}）：{q.answer} {'、'.join(q.citations)}", markup=False
            )
    out.print(f"共 {len(found)} 条{'已答' if answered else '待答'}。")


@queue.command("answer")
def queue_answer(
    key: Annotated[str, typer.Argument(help="编号（前几位即可）")],
    text: Annotated[str, typer.Argument(help="答复")],
    cite: Annotated[list[str] | None, typer.Option(help="引用，如 《劳动合同法》第三十条")] = None,
) -> None:
    """答复一条问题。引用的条文必须在库里且现行有效，答复里的数字必须在所引条文里。"""
    from bot.gate import faults
    from bot.release import open_release
    from bot.storage.store import open_store
    from knowledge.citation import read_citation

    settings = read_settings()
    cited = [read_citation(c) for c in cite or []]
    problems = faults([text], cited, [], open_release(settings).on(date.today()))
    if problems:
        fail(f"答复没有保存，请改正：{'；'.join(problems)}")
    store = open_store(settings.database_url)
    if not re.fullmatch(r"[0-9a-f]{4,32}", key) or not store.answer(
        key, text, list(map(str, cited)), date.today()
    ):
        fail(f"{key}: 没有这条问题，或前几位不够区分；用 xst queue list 查编号")
    out.print("已保存。提问的人凭取件码能看到。")


@queue.command("export")
def queue_export() -> None:
    """把已答的问题写成 JSON 行，供审阅后加入问法。"""
    from bot.storage.store import open_store

    for line in _exported(open_store(read_settings().database_url)):
        print(line)


def _exported(store: Any) -> Iterator[str]:
    for q in store.queue(answered=True):
        record = {
            "question": q.question,
            "region": q.region,
            "answer": q.answer,
            "citations": list(q.citations),
        }
        yield json.dumps(record, ensure_ascii=False)
