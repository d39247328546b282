"""Commands for the exam of negotiators: enrol, take, results, and a person's own data."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bot.cli.common import fail, out
from bot.exam import words
from bot.exam.enrol import candidates, new_secret, read_people, seal
from bot.exam.form import fitted, usable
from bot.exam.opening import DATABASE, RULES, Live, exam_site, open_exam, rules_of
from bot.exam.rules import LEVELS, ExamError
from bot.exam.sitting import Exam
from bot.exam.store import ExamStore
from bot.settings import Settings, read_settings
from knowledge.lessons import AREAS

if TYPE_CHECKING:
    from bot.exam.records import Sitting

exam = typer.Typer(
    help="协商代表考试：实名，单独存放。法律不要求持证才能当协商代表。", no_args_is_help=True
)

_Number = Annotated[str, typer.Argument(help="准考证号")]


@contextmanager
def told() -> Iterator[None]:
    """Exam errors as one clear line."""
    try:
        yield
    except ExamError as error:
        fail(str(error))


def library_of(settings: Settings) -> Callable[[], Live]:
    """The built library, the newest each time. Raises what opening a release raises."""
    from bot.release import Current

    current = Current(settings)
    current()  # without a library it should fail before anybody sits down
    return current


def opened(settings: Settings) -> Exam:
    """The exam over the built library."""
    return open_exam(settings.home, library_of(settings), settings.operator)


def store_of(settings: Settings) -> ExamStore:
    return ExamStore(settings.home / DATABASE)


@exam.command("check")
def exam_check() -> None:
    """看题库现在够不够出卷，各领域各难度出几道。"""
    settings = read_settings()
    with told():
        rules = rules_of(settings.home, settings.operator)
        live = usable(library_of(settings)().items(), rules.region)
        plan = rules.blueprint or fitted(live)
    table = Table(
        title=f"可考的题 {len(live)} 道（{rules.region}），每份卷 {sum(plan.values())} 道"
    )
    for name in ("领域", *(f"难度 {lv}" for lv in LEVELS)):
        table.add_column(name)
    for area, name in AREAS.items():
        has = {lv: len({i.point for i in live if (i.area, i.level) == (area, lv)}) for lv in LEVELS}
        table.add_row(f"{area} {name}", *(f"{plan.get((area, lv), 0)}/{has[lv]}" for lv in LEVELS))
    out.print(table)
    out.print("每格是 要几道/有几个知识点。")
    marked = (
        "评委文件 " + rules.judges
        if rules.judges
        else f"没有评委文件，合格线按默认 {rules.pass_mark:.0%}"
    )
    out.print(f"限时 {rules.minutes} 分钟；{marked}。", markup=False)


@exam.command("enroll")
def exam_enroll(
    file: Annotated[Path, typer.Argument(help="名单 CSV：姓名,单位（可加 备注）")],
    target: Annotated[Path, typer.Option("--out", help="准考条写到哪个文件（还不存在的 CSV）")],
) -> None:
    """按名单登记考生，写出准考证号和密码。密码只在这个文件里有，发完请删掉文件。"""
    settings = read_settings()
    with told():
        people, store = read_people(file), store_of(settings)
        made = candidates(people, [c.number for c in store.candidates()], date.today())
        try:
            handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except OSError as error:
            raise ExamError(f"{target}: 已经有这个文件，或写不了（{error.strerror}）") from error
        if there := store.enrol([c for c, _ in made]):
            os.close(handle)
            target.unlink()
            names = "、".join(f"{c.name}（{c.unit}）" for c in there[:5])
            raise ExamError(f"{file}: 已经登记过 {names}，一个也没有加；请从名单里删去")
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as slips:
            rows = csv.writer(slips)
            rows.writerow(("姓名", "单位", "备注", "准考证号", "密码"))
            rows.writerows((c.name, c.unit, c.note, c.number, secret) for c, secret in made)
    rules = rules_of(settings.home, settings.operator)
    out.print(
        f"已登记 {len(made)} 人，准考条在 {target}（只有您能读）。", markup=False, soft_wrap=True
    )
    seen = words.SEEN_BY.format(
        organiser=rules.organiser or words.ORGANISER_NONE, years=rules.kept_years
    )
    out.print(f"请告诉考生：{words.NOT_REQUIRED}{seen}", markup=False, soft_wrap=True)


@exam.command("secret")
def exam_secret(number: _Number) -> None:
    """给丢了密码的考生换一个，旧的作废。请先当面核对是不是本人。"""
    secret = new_secret()
    with told():
        if not store_of(read_settings()).set_secret(number, seal(secret)):
            fail(f"{number}: 没有这个准考证号")
    out.print(f"{number} 的新密码：{secret}（只显示这一次）")


@exam.command("take")
def exam_take() -> None:
    """在终端里考。中断了再运行一次，接着答。"""
    with told():
        sat = opened(read_settings())
        number = typer.prompt("准考证号").strip()
        secret = typer.prompt("密码", hide_input=True)
        person = sat.inside(sat.enter(number, secret))
        if person is None:
            fail(words.BAD_ENTRY)
        number = person.number
        state = sat.state(number)
        if state.may == "begin":
            out.print(f"{words.NOT_REQUIRED}限时 {sat.rules.minutes} 分钟，每答一题就存好。")
            if not typer.confirm("现在开始吗"):
                return
            sat.begin(number)
        while (found := sat.question(number)) is not None:
            out.print(
                f"\n第 {found.number} 题，共 {found.total} 题（{found.kind}，还剩 {found.left // 60} 分钟）",
                markup=False,
            )
            out.print(found.stem, markup=False, soft_wrap=True)
            for n, (_, text) in enumerate(found.options, 1):
                out.print(f"  {n}. {text}", markup=False, soft_wrap=True)
            several = "（可选几个，如 1 3）" if found.several else ""
            picked = typer.prompt(f"您选{several}").replace(",", " ").replace("，", " ").split()
            values = [
                found.options[int(p) - 1][0]
                for p in picked
                if p.isascii() and p.isdigit() and 0 < int(p) <= len(found.options)
            ]
            if said := sat.answer(number, found.place, values):
                out.print(said)
        last = sat.state(number).last
        if last and last.ended is None and typer.confirm("都答完了，交卷吗", default=True):
            last = sat.hand_in(number)
    if last and last.ended:
        _show(sat, last)


def _show(sat: Exam, last: Sitting) -> None:
    passed = words.PASSED if last.passed else words.FAILED
    out.print(
        f"\n{passed}：{last.correct}/{last.total}，合格线 {last.needed}（{last.source}）",
        markup=False,
    )
    for area, (right, total) in sat.by_area(last.id).items():
        out.print("  " + words.AREA_LINE.format(area=AREAS[area], right=right, total=total))
    again = sat.state(last.number)
    if again.may == "wait":
        out.print(f"{again.day} 起可以再考。")


@exam.command("serve")
def exam_serve(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8010,
) -> None:
    """只开考试网页（考场里的一台机器用）；xst serve 里也有同样的 /exam。"""
    import uvicorn
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse

    from bot.channels import web
    from bot.channels.guard import Guard
    from bot.exam.pages import make_exam_app

    settings = read_settings()
    static = web.HERE / "static"
    with told():
        if not (settings.home / RULES).exists():
            raise ExamError(f'{settings.home / RULES}: 先写这个文件，至少 organiser = "签发单位"')
        site = exam_site(
            settings.home, library_of(settings), static, settings.url, settings.operator
        )
        app = make_exam_app(site, static)
    app.user_middleware.append(
        Middleware(Guard, fault=lambda path, status: PlainTextResponse(words.BUSY, status))
    )
    out.print(f"考试网页：http://{host}:{port}/exam（按 Ctrl+C 停止）", markup=False)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False)


@exam.command("results")
def exam_results(
    target: Annotated[Path | None, typer.Option("--csv", help="另存为 CSV（只有您能读）")] = None,
) -> None:
    """列出成绩。实名，只给组织考试的人看，不要公布、不要发群。"""
    settings = read_settings()
    with told():
        opened(settings).close_overdue()
        store = store_of(settings)
        people = {c.number: c for c in store.candidates()}
        serials = {c.sitting: c.serial for c in store.certificates() if not c.revoked}
        rows = []
        for s in store.sittings():
            c = people[s.number]
            state = "在考" if s.ended is None else words.PASSED if s.passed else "未通过"
            score = "" if s.ended is None else f"{s.correct}/{s.total}"
            rows.append(
                (c.number, c.name, c.unit, c.note, str(s.day), score, str(s.needed or ""), state, serials.get(s.id, ""))
            )  # fmt: skip
        head = ("准考证号", "姓名", "单位", "备注", "日期", "答对", "合格线", "结果", "证书")
        if target:
            try:
                handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except OSError as error:
                raise ExamError(f"{target}: 已经有这个文件，或写不了") from error
            with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows([head, *rows])
    if not target:
        table = Table()
        for name in head:
            table.add_column(name)
        for row in rows:
            table.add_row(*row)
        out.print(table)
    never = len(people) - len({r[0] for r in rows})
    out.print(f"登记 {len(people)} 人，{never} 人还没有考；考试 {len(rows)} 次。")


@exam.command("export")
def exam_export(number: _Number) -> None:
    """打印一个人的全部资料（JSON），供本人要求查阅、复制时用。"""
    with told():
        store = store_of(read_settings())
        person = store.candidate(number)
        if person is None:
            fail(f"{number}: 没有这个准考证号")
        said = {
            "准考证号": person.number,
            "姓名": person.name,
            "单位": person.unit,
            "备注": person.note,
            "登记": str(person.enrolled),
            "考试": [
                {
                    "日期": str(s.day),
                    "交卷": str(s.ended or ""),
                    "答对": s.correct,
                    "题数": s.total,
                    "合格线": s.needed,
                    "合格线依据": s.source,
                    "答题": [
                        {
                            "题": p.placed.item,
                            "版本": p.placed.version,
                            "选": p.chosen,
                            "对": p.right,
                        }
                        for p in store.places(s.id)
                    ],
                }
                for s in store.sittings(number)
            ],
            "证书": [
                {
                    "编号": c.serial,
                    "签发": str(c.issued),
                    "到期": str(c.expires),
                    "吊销": str(c.revoked or ""),
                }
                for c in store.certificates()
                if c.number == number
            ],
        }
    print(json.dumps(said, ensure_ascii=False, indent=1))


@exam.command("delete")
def exam_delete(
    number: _Number,
    yes: Annotated[bool, typer.Option("--yes", help="不再问一遍")] = False,
) -> None:
    """删除一个人的资料、答题和成绩，不能恢复。证书只留编号和有效期，供别人核对手里的那张。"""
    with told():
        store = store_of(read_settings())
        person = store.candidate(number)
        if person is None:
            fail(f"{number}: 没有这个准考证号")
        if not yes and not typer.confirm(f"删除 {person.name}（{person.unit}）的全部资料吗"):
            return
        store.delete(number)
    out.print("已删除。备份里如果有 exam.db 的副本，也要一起处理。")


@exam.command("purge")
def exam_purge() -> None:
    """删除过了保存期的资料（默认最后一次考试后三年）。请每月运行一次。"""
    with told():
        people, papers = opened(read_settings()).purge()
    out.print(f"已删除：考生 {people} 人，过期一年的证书编号 {papers} 个。")
