"""Commands for certificates: keys, issuing, the status list, and verifying without a network."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import fail, out, read_day
from bot.cli.exam import library_of, store_of, told
from bot.exam import words
from bot.exam.certificate import STATUS as LISTED
from bot.exam.certificate import find, read_status, shown, sign_status, verify
from bot.exam.issuing import due, issue, status_of
from bot.exam.keys import (
    Key,
    key_id,
    keys_in,
    make_key,
    read_keys,
    read_private,
    retire,
    write_keys,
)
from bot.exam.opening import KEYS, STATUS, digest_by, papers, rules_of
from bot.exam.rules import ExamError
from bot.settings import Settings, read_settings

certificate = typer.Typer(
    help="协商代表考试的证书：签发、吊销、核对。法律不要求持证才能当协商代表。",
    no_args_is_help=True,
)

_Private = Annotated[Path, typer.Option("--key", help="私钥文件（xst certificate keygen 生成的）")]


@certificate.command("keygen")
def certificate_keygen(
    target: Annotated[
        Path, typer.Option("--out", help="私钥写到哪里；不能在 XST_HOME 里，最好是 U 盘")
    ],
) -> None:
    """生成一对密钥。公钥加进要公布的清单；换新密钥也用它，旧证书照样能核对。"""
    settings = read_settings()
    with told():
        keys = read_keys(settings.home / KEYS)
        made = make_key(target, settings.home, date.today())
        write_keys(settings.home / KEYS, [*keys, made])
    out.print(
        f"私钥 {made.id} 在 {target}，只有您能读。签发证书时才用，平时请离线保管。",
        markup=False,
        soft_wrap=True,
    )
    out.print(
        f"公钥清单 {settings.home / KEYS} 要公布：网页 /certificate/keys.json 就是它。",
        markup=False,
        soft_wrap=True,
    )


@certificate.command("keys")
def certificate_keys() -> None:
    """列出公钥。"""
    with told():
        for key in read_keys(read_settings().home / KEYS):
            until = f"，用到 {key.until}" if key.until else ""
            out.print(f"{key.id}  {key.made} 生成{until}", markup=False)


@certificate.command("retire")
def certificate_retire(
    ident: Annotated[str, typer.Argument(help="密钥编号")],
    on: Annotated[str, typer.Option(help="用到哪一天，默认今天")] = "",
    compromised: Annotated[
        bool, typer.Option("--compromised", help="私钥泄露：它签过的全部不算（须用新密钥重签）")
    ] = False,
) -> None:
    """停用一把密钥：那一天以后签发的不再可信。改完请重新公布公钥清单。"""
    path = read_settings().home / KEYS
    with told():
        until = date.min if compromised else read_day(on)
        write_keys(path, retire(read_keys(path), ident, until))
    out.print(f"{ident} 已停用。请重新公布 {path}。", markup=False, soft_wrap=True)


@certificate.command("issue")
def certificate_issue(
    key: _Private,
    folder: Annotated[
        Path | None, typer.Option("--out", help="PDF 放进哪个文件夹；不给则考生自己登录下载")
    ] = None,
) -> None:
    """给所有通过了还没有证书的人签发。"""
    settings = read_settings()
    with told():
        private, issuer = read_private(key), rules_of(settings.home, settings.operator).organiser
        if not issuer:
            fail(f'{settings.home / "exam.toml"}: 先写 organiser = "签发单位"')
        ident = key_id(private.public_key().public_bytes_raw())
        if ident not in {k.id for k in read_keys(settings.home / KEYS) if not k.until}:
            fail(f"{key}: 密钥 {ident} 不在 {settings.home / KEYS} 里，或已停用")
        store, made = store_of(settings), []
        for person, sitting in due(store):
            made.append(issue(store, person, sitting, issuer, private, date.today()))
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            for one in made:
                _write(folder / f"{one.serial}.pdf", papers(settings.url)(one))
    out.print(f"签发 {len(made)} 张。", markup=False)
    if made:
        out.print("接着运行 xst certificate status，换上新的状态清单。")


@certificate.command("paper")
def certificate_paper(
    serial: Annotated[str, typer.Argument(help="证书编号")],
    target: Annotated[Path, typer.Option("--out", help="PDF 文件（还不存在的）")],
    font: Annotated[Path | None, typer.Option(help="另用一个中文字体文件（ttf、otf、ttc）")] = None,
) -> None:
    """重新打印一张证书。"""
    from bot.exam.paper import find_font, paper

    settings = read_settings()
    with told():
        found = next((c for c in store_of(settings).certificates() if c.serial == serial), None)
        if found is None or not found.text:
            fail(f"{serial}: 没有这张证书，或本人的资料已经删除")
        address = f"{settings.url}/certificate/" if settings.url else ""
        usable = (font, 0) if font else find_font()
        _write(target, paper(found.text, address, usable))
    out.print(f"已写 {target}。", markup=False, soft_wrap=True)


@certificate.command("revoke")
def certificate_revoke(
    serial: Annotated[str, typer.Argument(help="证书编号")],
    reason: Annotated[str, typer.Option(help="为什么（只留在本机，不公布）")],
) -> None:
    """吊销一张证书。接着要签新的状态清单，别人才看得到。"""
    with told():
        if not store_of(read_settings()).revoke(serial, date.today(), reason):
            fail(f"{serial}: 没有这张证书，或已经吊销")
    out.print("已吊销。请马上运行 xst certificate status。")


@certificate.command("status")
def certificate_status(key: _Private) -> None:
    """签一份状态清单：哪些吊销了，哪些所考条文变动超过两成。请每月一次，和每次法规更新之后。"""
    settings = read_settings()
    with told():
        private = read_private(key)
        digest = digest_by(library_of(settings))
        listed = status_of(store_of(settings).certificates(), digest, date.today())
        _write(settings.home / STATUS, (sign_status(listed, private) + "\n").encode(), over=True)
    out.print(
        f"吊销 {len(listed.revoked)} 张，因条文变动失效 {len(listed.stale)} 张；用到 {listed.until}。"
    )
    out.print(
        f"要公布：{settings.home / STATUS}（网页 /certificate/status.txt 就是它）。",
        markup=False,
        soft_wrap=True,
    )


@certificate.command("verify")
def certificate_verify(
    source: Annotated[
        str, typer.Argument(help="证书 PDF、二维码图片（PNG、JPG），或二维码里的那串字")
    ],
    key: Annotated[str, typer.Option("--key", help="公钥清单文件，或一把公钥；默认本机的")] = "",
    status: Annotated[
        Path | None, typer.Option(help="状态清单文件；默认本机的，没有就不核对")
    ] = None,
    on: Annotated[str, typer.Option(help="按哪一天，默认今天")] = "",
) -> None:
    """核对证书，不用联网。退出码：0 有效；1 无效。"""
    with told():
        settings = read_settings()
        keys = _keys(key, settings)
        text = _given(source)
        listed = None
        path = status or (settings.home / STATUS if not key else None)
        if path and (status or path.exists()):
            found = find(path.read_text(encoding="utf-8") if path.exists() else "", LISTED)
            if not found:
                fail(f"{path}: 不是状态清单")
            listed = read_status(found, keys)
        verdict = verify(text, keys, read_day(on), listed)
    if verdict.certificate:
        for name, value in shown(verdict.certificate):
            out.print(f"{name}：{value}", markup=False, soft_wrap=True)
        out.print(words.PAPER_TRUTH)
    for line in verdict.says:
        out.print(("通过  " if verdict.good else "注意  ") + line, markup=False, soft_wrap=True)
    out.print(words.NOT_REQUIRED)
    if not verdict.good:
        fail("证书无效：" + verdict.says[0])


def _keys(given: str, settings: Settings) -> list[Key]:
    path = Path(given) if given else settings.home / KEYS
    if given and not path.exists():
        return keys_in(given)
    keys = read_keys(path)
    if not keys:
        raise ExamError(f"{path}: 没有公钥；请用 --key 给出签发单位公布的 keys.json")
    return keys


def _given(source: str) -> str:
    """The signed text in a PDF, a picture, a text file or the words themselves."""
    from bot.exam.paper import token_in

    if text := find(source):
        return text
    path = Path(source)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExamError(words.NO_TEXT.format(place=source[:60])) from error
    if data.startswith(b"%PDF"):
        return token_in(data)
    if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"):
        return _in_picture(path)
    if text := find(data.decode("utf-8", "replace")):
        return text
    raise ExamError(words.NO_TEXT.format(place=path))


def _in_picture(path: Path) -> str:
    try:
        import zxingcpp
        from PIL import Image
    except ImportError as error:
        raise ExamError(
            f"{path}: 读图片里的二维码要另装 zxing-cpp；也可以用手机扫码，把得到的字直接写在命令里"
        ) from error
    try:
        with Image.open(path) as picture:
            codes = zxingcpp.read_barcodes(picture)
    except (OSError, ValueError) as error:
        raise ExamError(f"{path}: 图片读不出来（{error}）") from error
    found = [t for c in codes if (t := find(c.text))]
    if not found:
        raise ExamError(f"{path}: 图片里没有读到证书的二维码，请拍清楚一些")
    return found[0]


def _write(path: Path, data: bytes, over: bool = False) -> None:
    try:
        if over:
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_bytes(data)
            draft.replace(path)
        else:
            with path.open("xb") as file:
                file.write(data)
    except OSError as error:
        raise ExamError(f"{path}: 已经有这个文件，或写不了（{error.strerror}）") from error
