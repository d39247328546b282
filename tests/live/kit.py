"""A real service for tests that kill it: an installation, processes of it, and its database."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.persons import Persons, open_persons
from bot.sim.callbacks import TelegramSide, WeChatSide, WeComSide
from bot.storage.mailbox import Mailbox
from bot.storage.store import Store, connect, open_store

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Installation:
    """XST_HOME with a release, secrets and settings of a WeChat account and a Telegram bot."""

    def __init__(
        self,
        folder: Path,
        release: Path,
        database: str,
        api: str,
        kind: str = "unverified",
        wecom: WeComSide | None = None,
    ) -> None:
        self.folder, self.home, self.run = folder, folder / "home", folder / "run"
        self.wechat, self.telegram, self.wecom = WeChatSide(), TelegramSide(), wecom
        self.database = database or f"sqlite:///{self.home / 'live.db'}"
        self.log = folder / "log"
        shutil.copytree(release, self.home, symlinks=True)
        self.run.mkdir(mode=0o700)
        self.log.touch()
        account = self.wechat.account
        (self.home / "xst.toml").write_text(
            f"""
[server]
metrics = true
[wechat]
account = "{account.account}"
app_id = "{account.app_id}"
kind = "{kind}"
budget = 0.7
api = "{api}"
[telegram]
api = "{api}"
"""
            + (
                f'[wecom]\ncorp_id = "{wecom.corp}"\nagent_id = {wecom.agent}\napi = "{api}"\n'
                if wecom
                else ""
            ),
            encoding="utf-8",
        )

    @property
    def environment(self) -> dict[str, str]:
        account = self.wechat.account
        wecom = self.wecom
        return {
            "XST_HOME": str(self.home),
            "XST_RUN": str(self.run),
            "XST_DATABASE": self.database,
            "XST_WECHAT_TOKEN": account.token,
            "XST_WECHAT_AES_KEY": account.aes_key,
            "XST_TELEGRAM_TOKEN": self.telegram.token,
            "XST_TELEGRAM_SECRET": self.telegram.secret,
            "XST_WECHAT_SECRET": account.secret,
            "XST_WECOM_TOKEN": wecom.token if wecom else "",
            "XST_WECOM_AES_KEY": wecom.aes_key if wecom else "",
            "XST_WECOM_SECRET": wecom.secret if wecom else "",
        }

    def persons(self) -> Persons:
        """The service's own pseudonyms: the key is made by its first start."""
        return open_persons(self.run)

    def store(self) -> Store:
        """The live state, seen from outside."""
        return Store(connect(self.database))

    def mailbox(self) -> Mailbox:
        return Mailbox(self.store())


class Process:
    """One running service."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while _alive(self.pid):
            assert time.monotonic() < until, "the process outlived SIGKILL"
            time.sleep(0.002)

    def wait_ready(self, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                if get(self.port, "/healthz")[0] == 200:
                    return
            except OSError:
                pass
            assert _alive(self.pid), "the service ended while starting; see its log"
            assert time.monotonic() < until, "the service did not start"
            time.sleep(0.01)


class Zygote:
    """Forks services that have their imports behind them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "zygote.py")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        assert self._said() == "ready"

    def serve(self, installation: Installation, port: int) -> Process:
        order = {
            "argv": ["serve", "--no-sample", "--port", str(port)],
            "env": installation.environment,
            "log": str(installation.log),
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Process(int(self._said()), port)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextlib.contextmanager
def cold(installation: Installation, port: int) -> Iterator[Process]:
    """`xst serve` as an operator starts it, ended at the end."""
    with installation.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", str(port)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env=clean_environment() | installation.environment,
        )
    process = Process(child.pid, port)
    try:
        process.wait_ready()
        yield process
    finally:
        child.terminate()
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def clean_environment() -> dict[str, str]:
    """Ours without settings of a real installation; numeric libraries on one core."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("XST_")}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def get(port: int, path: str, timeout: float = 5.0) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextlib.contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """The URL of an empty database, "" for SQLite in the installation; skips without a server."""
    if kind == "sqlite":
        yield ""
        return
    server = os.environ.get("XST_TEST_DATABASE", "")
    if not server:
        pytest.skip("no PostgreSQL: XST_TEST_DATABASE is not set; run .ci/postgres start")
    name = f"xst_live_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = engine.url.set(database=name).render_as_string(hide_password=False)
    try:
        open_store(url).engine.dispose()
        yield url
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
