"""`xst learn synonyms`: lay words that may be missing from `synonyms.yaml`, for a person to check."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.common import err, fail, out
from bot.release import LABOUR, current_folder, make_tokens
from bot.seeds import Seed, dictionary, seeds
from bot.settings import Settings, read_settings
from index.retriever import RetrieverError
from index.text import Tokens
from knowledge.authored import read_content
from knowledge.citation import Citation
from knowledge.library import Library

_HEAD = """\
# 候选同义词（xst learn synonyms）：机器猜的，不会自动采用。逐条看；对的抄进
# knowledge/content/synonyms.yaml，拿不准的不要。数字：互译份额，句数/条目数，一例的编号。
"""


def learn_synonyms(
    laws: Annotated[
        Path | None,
        typer.Option(help="法规原文的文件夹；不给则用 xst build 造好的资料库，没有原文则只用要点"),
    ] = None,
    least: Annotated[int, typer.Option(min=2, help="口语词至少在几句问法里出现")] = 5,
    top: Annotated[int, typer.Option(min=1, help="最多列出几对")] = 400,
    file: Annotated[Path | None, typer.Option(help="另写到这个 .yaml 文件，按术语分组")] = None,
) -> None:
    """从自带问法和所引条文里找“口语词 → 法律词”的候选，供人核对；什么也不自动加。"""
    if file and file.suffix.lower() not in (".yaml", ".yml"):
        fail(f"--file {file}: 文件名应以 .yaml 结尾")
    if laws and not laws.exists():
        fail(f"--laws {laws}: 没有这个文件夹")
    content = read_content()
    with ExitStack() as stack:
        library = _library(read_settings(), laws, stack)
        today, texts = date.today(), []
        if library:
            texts = [a.text for a in library.each_article() if re.search(LABOUR, a.version.law)]

        def words_of(citation: Citation) -> str:
            article = library.find(citation, today) if library else None
            return article.text if article else ""

        known = make_tokens(content.topics, content.synonyms).synonyms
        tokens = Tokens(dictionary(content), known)
        found = seeds(content, tokens, texts, words_of, least, top)
    kind = f"{len(texts):,} 条劳动法规条文和要点" if texts else "要点（没有法规原文）"
    table = Table(title=f"{len(found)} 对候选，由自带问法和{kind}学得")
    for name in ("口语", "法律", "互译份额", "句", "条目", "如", "表里已有"):
        table.add_column(name, justify="right" if name in ("互译份额", "句", "条目") else "left")
    for seed in found:
        table.add_row(
            seed.lay, seed.term, f"{seed.share:.3f}", f"{seed.count}", f"{seed.entries}",
            seed.example, "、".join(seed.known),
        )  # fmt: skip
    out.print(table)
    out.print("这是机器猜的；逐条看过，对的才抄进 knowledge/content/synonyms.yaml。")
    if file:
        file.write_text(written(found), encoding="utf-8")
        err.print(f"已写 {file}", markup=False)


def written(found: Sequence[Seed]) -> str:
    """The candidates in the form of `synonyms.yaml`, terms in the order of their best one,
    figures as comments."""
    grouped: dict[str, list[Seed]] = {}
    for seed in found:
        grouped.setdefault(seed.term, []).append(seed)
    lines = [_HEAD]
    for term, group in grouped.items():
        lines.append(f"- term: {json.dumps(term, ensure_ascii=False)}\n  lay:\n")
        for seed in group:
            said = json.dumps(seed.lay, ensure_ascii=False)
            figures = f"{seed.share:.3f}，{seed.count}/{seed.entries}，{seed.example}"
            figures += f"，已有 {'、'.join(seed.known)}" if seed.known else ""
            lines.append(f"    - {said}  # {figures}\n")
    return "".join(lines)


def _library(settings: Settings, laws: Path | None, stack: ExitStack) -> Library | None:
    """The texts under `laws`, else those of the release that is served, else none."""
    if laws:
        from bot.importing import import_paths
        from knowledge.library import publish

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        import_paths([laws], folder / "shelf.db")
        publish(folder / "shelf.db", folder / "library.db", {}, {})
        path = folder / "library.db"
    else:
        try:
            path = current_folder(settings) / "library.db"
        except RetrieverError:
            return None
    library = Library(path)
    stack.callback(library.close)
    if laws and not library.has_texts:
        fail(f"--laws {laws}: 里面没有读出法规；支持 .md .docx .html .pdf .txt")
    return library if library.has_texts else None
