"""The test stand of `xst bench callbacks`: services as child processes, on a core of their own."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sim.callbacks import TelegramSide, WeChatSide

STARTED = 60.0
"""Seconds in which a service must answer."""

OWN = ("xst.toml", "web.key")
"""What a stand's home has of its own; the rest of XST_HOME it shares, but for live state."""


class StandError(Exception):
    """A service did not start; the message holds what it said last."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running child process."""

    port: int
    pid: int

    @property
    def cpu_s(self) -> float:
        """Processor time used so far; 0 where /proc is missing."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        used = stat.rpartition(")")[2].split()[11:13]
        return sum(map(int, used)) / os.sysconf("SC_CLK_TCK")

    @property
    def memory_mb(self) -> float:
        """Resident memory now; 0 where /proc is missing."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        line = next((part for part in status.splitlines() if part.startswith("VmRSS")), "0 0")
        return round(int(line.split()[1]) / 1024, 1)


def cores() -> tuple[set[int], set[int]]:
    """Where services run and where the generator runs; the same on a machine of one core."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return ({found[0]}, set(found[1:])) if len(found) > 1 else ({found[0]}, {found[0]})


def machine() -> str:
    """The machine in words."""
    model = platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(part for part in lines if part.startswith("model name")).partition(": ")[2]
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


@contextlib.contextmanager
def running(
    arguments: list[str], port: int, more: Mapping[str, str], log: Path
) -> Iterator[Service]:
    """`python -m ARGUMENTS` until the end, ready when entered. Raises StandError."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("XST_")}
    environment = {**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **more}
    with log.open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments], env=environment, stdout=said, stderr=said
        )
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(child.pid, cores()[0])
        until = time.monotonic() + STARTED
        while not _answers(port):
            if child.poll() is not None or time.monotonic() > until:
                tail = log.read_text(encoding="utf-8", errors="replace")[-500:]
                raise StandError(f"{arguments[0]} did not start: {tail}")
            time.sleep(0.05)
        yield Service(port, child.pid)
    finally:
        child.terminate()
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def echo(port: int, wechat: WeChatSide, folder: Path) -> contextlib.AbstractContextManager[Service]:
    account = wechat.account
    secrets = {
        "ECHO_TOKEN": account.token,
        "ECHO_AES_KEY": account.aes_key,
        "ECHO_APP_ID": account.app_id,
    }
    return running(["bot.sim.echo", str(port)], port, secrets, folder / "echo.log")


def assistant(
    port: int,
    home: Path,
    database: str,
    wechat: WeChatSide,
    telegram: TelegramSide,
    api: str,
    folder: Path,
) -> contextlib.AbstractContextManager[Service]:
    """`xst serve` with the release of `home`, and settings, secrets and live state of its own."""
    account, own = wechat.account, own_home(home, folder)
    (own / "xst.toml").write_text(
        f'[wechat]\naccount = "{account.account}"\napp_id = "{account.app_id}"\n'
        f'kind = "unverified"\n[telegram]\napi = "{api}"\n',
        encoding="utf-8",
    )
    more = {
        "XST_HOME": str(own),
        "XST_RUN": str(folder / "run"),
        "XST_DATABASE": database or f"sqlite:///{own / 'live.db'}",
        "XST_WECHAT_TOKEN": account.token,
        "XST_WECHAT_AES_KEY": account.aes_key,
        "XST_TELEGRAM_TOKEN": telegram.token,
        "XST_TELEGRAM_SECRET": telegram.secret,
    }
    return running(["bot", "serve", "--port", str(port)], port, more, folder / "serve.log")


def own_home(home: Path, folder: Path) -> Path:
    """XST_HOME and XST_RUN of a stand in `folder`: the release of `home`, nothing else of it."""
    own = folder / "home"
    own.mkdir()
    for entry in home.iterdir():
        if entry.name not in OWN and not entry.name.startswith("live.db"):
            (own / entry.name).symlink_to(entry.resolve())
    (folder / "run").mkdir(mode=0o700)
    return own


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False
