"""The page that verifies a certificate, under /certificate/: in the browser where it can, else
here. The published keys and status list lie beside it, to be carried elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from bot.exam import words
from bot.exam.certificate import STATUS, Verdict, find, read_status, shown, verify
from bot.exam.keys import read_keys
from bot.exam.pages import read_form
from bot.exam.rules import ExamError

HERE = Path(__file__).parent / "static"
OWN = ("certificate.js", "exam.css")
SHARED = ("chat.css", "icon.svg")


def certificate_routes(
    keys: Path, status: Path, static: Path, today: Callable[[], date]
) -> list[Route]:
    """`/certificate/` and what lies beside it. `keys` and `status` are the published files, which
    may not be there yet; `static` holds chat.css and icon.svg."""
    plain = (HERE / "certificate.html").read_text(encoding="utf-8")

    def filled(result: str = "", text: str = "") -> Response:
        html = plain.replace("<!--result-->", result)
        for name, said in (("text", text), ("keys", _text(keys)), ("status", _text(status))):
            html = _fill(html, name, said)
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def page(request: Request) -> Response:
        if request.method != "POST":
            return filled()
        text = (await read_form(request)).get("text", [""])[0][:8000]
        return filled(_result(judge(text, keys, status, today())), text)

    async def beside(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return FileResponse((HERE if name in OWN else static) / name)

    async def published(request: Request) -> Response:
        path = keys if request.url.path.endswith("keys.json") else status
        return PlainTextResponse(said, 200) if (said := _text(path)) else PlainTextResponse("", 404)

    async def bare(request: Request) -> Response:
        return RedirectResponse("/certificate/", 308)

    files = [Route(f"/certificate/{name}", beside) for name in (*OWN, *SHARED)]
    return [
        Route("/certificate", bare),
        Route("/certificate/", page, methods=["GET", "POST"]),
        Route("/certificate/keys.json", published),
        Route("/certificate/status.txt", published),
        *files,
    ]


def judge(text: str, keys: Path, status: Path, day: date) -> Verdict:
    """The verdict over a text with a certificate in it, by the published files."""
    token = find(text)
    if not token:
        return Verdict(False, (words.NO_TEXT.format(place="这段文字"),))
    try:
        trusted = read_keys(keys)
        listed = find(_text(status), STATUS)
        return verify(token, trusted, day, read_status(listed, trusted) if listed else None)
    except ExamError as error:
        return Verdict(False, (str(error),))


def _result(verdict: Verdict) -> str:
    kind = "" if verdict.good else " bad"
    said = escape("\n".join(verdict.says))
    html = '<section id="served" class="result"><h2>结果</h2>'
    html += f'<p class="notice verdict lines{kind}">{said}</p>'
    if verdict.certificate:
        rows = (
            f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in shown(verdict.certificate)
        )
        html += f'<dl class="paper">{"".join(rows)}</dl><p class="small">{words.PAPER_TRUTH}</p>'
    return html + "</section>"


def _fill(html: str, name: str, said: str) -> str:
    head, mark, rest = html.partition(f'<textarea id="{name}"')
    tag, _, rest = rest.partition(">")
    return f"{head}{mark}{tag}>{escape(said)}{rest}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
