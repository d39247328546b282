"""`xst awareness report`: a closed campaign as a page to print and as a .docx."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.awareness.inputs import AwarenessError
from bot.campaign.reported import Earlier
from bot.cli.campaigning import STATUS, found, kept, say
from bot.cli.common import fail
from bot.settings import Settings
from bot.storage.campaigns import Campaigns, Held
from knowledge.lessons import Item


def report(
    ident: Annotated[str, typer.Argument(help="活动编号", metavar="CAMPAIGN")],
    out: Annotated[Path, typer.Option("--out", help="写到哪个文件夹")] = Path(),
    before: Annotated[str, typer.Option("--before", help="和哪个以前的活动比，写编号")] = "",
) -> None:
    """写结果报告：一页给领导看，后面附录和诚实卡。只对已结束的活动；没有人名，不足十人的不显示。"""
    from bot.campaign.indocx import document
    from bot.campaign.report import build
    from bot.campaign.telling import headline, meaning, sentence
    from bot.campaign.written import page

    with kept() as (settings, campaigns):
        held = _closed(campaigns, ident)
        earlier = _earlier(campaigns, before) if before else None
        try:
            made = build(
                held.campaign,
                campaigns.attempts(ident),
                points=held.points,
                bank=_bank(settings),
                progress=campaigns.progress(ident),
                unreliable=held.unreliable,
                generations=held.generations,
                before=earlier,
            )
        except AwarenessError as error:
            fail(f"活动 {ident} 的人数对不上：{error}")
    _write(out / f"{ident}.html", page(made).encode())
    _write(out / f"{ident}.docx", document(made))
    number, claim = headline(made)
    say(meaning(held.campaign))
    say(f"{number}　{claim}")
    say(sentence(made))
    say(f"写好了：{out / ident}.html（可打印）和 {out / ident}.docx。")


def _closed(campaigns: Campaigns, ident: str) -> Held:
    held = found(campaigns, ident)
    if held.status != "closed":
        fail(
            f"活动 {ident} {STATUS[held.status]}：报告要等结束（xst campaign close {ident}）。"
            f"中途看数再决定停不停，会把碰巧当真；进行中只看逐日界限：xst campaign show {ident}"
        )
    return held


def _earlier(campaigns: Campaigns, ident: str) -> Earlier:
    from bot.campaign.report import earlier

    held = _closed(campaigns, ident)
    made = earlier(held.campaign, campaigns.attempts(ident), held.points, held.unreliable)
    if made is None:
        fail(f"--before: 活动 {ident} 答题的不足十人，不能比")
    return made


def _bank(settings: Settings) -> dict[str, Item]:
    """All items of the current release; figures of others come from the answers alone."""
    from bot.release import current_folder
    from index.retriever import RetrieverError
    from knowledge.library import Library
    from knowledge.plain import from_plain

    try:
        library = Library(current_folder(settings) / "library.db")
    except RetrieverError:
        return {}
    try:
        return {k: from_plain(Item, v) for k, v in library.content("item").items()}
    finally:
        library.close()


def _write(path: Path, content: bytes) -> None:
    """A report may be written again: it says the same unless the program changed."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        fail(f"{path}: 写不下去（{error.strerror}）")
