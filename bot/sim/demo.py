"""The demonstration: a simulated WeChat with a phone page, and the service connected to it.

The service is a process of its own with a home of its own, which shares the built library with
the real one and is deleted afterwards; what is tried out leaves nothing behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot.settings import ConfigError, Settings
from bot.sim.wechat_rules import Account

STARTS = 120.0
"""Seconds that a service may take to start; the first loads the models."""

CONFIG = """[server]
url = "{url}"

[wechat]
account = "{account}"
app_id = "{app_id}"
mode = "compatible"
api = "{api}"
"""
"""Compatible takes all three modes, so that the page can switch between them."""


@contextmanager
def served(settings: Settings, account: Account, api: str, port: int) -> Iterator[str]:
    """`xst serve` connected to the simulator at `api`, with its menu; gives its address.

    Raises ConfigError where no library is built, or the service does not start.
    """
    url = f"http://127.0.0.1:{port}"
    if not (settings.home / "current").exists():
        raise ConfigError(f"{settings.home}: 还没有造资料库，先运行 xst build")
    with tempfile.TemporaryDirectory(prefix="xst-demo-") as temporary:
        home = Path(temporary)
        for name in ("current", "releases"):
            (home / name).symlink_to((settings.home / name).resolve())
        for path in (settings.signatures, settings.amounts):
            if path.exists():
                (home / path.name).symlink_to(path.resolve())
        config = CONFIG.format(url=url, account=account.account, app_id=account.app_id, api=api)
        (home / "xst.toml").write_text(config, encoding="utf-8")
        environment = _environment(os.environ, home, account)
        service = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", str(port), "--no-sample"],
            env=environment,
        )
        try:
            _wait(service, url)
            command = [sys.executable, "-m", "bot", "wechat", "menu", "apply", "default", "--yes"]
            subprocess.run(command, env=environment, check=False)
            yield url
        finally:
            service.terminate()
            try:
                service.wait(timeout=30)
            except subprocess.TimeoutExpired:
                service.kill()


def _environment(known: Mapping[str, str], home: Path, account: Account) -> dict[str, str]:
    """What the service inherits: everything but this installation's own settings."""
    kept = {n: v for n, v in known.items() if not n.startswith("XST_") or n == "XST_ENCODER"}
    return kept | {
        "XST_HOME": str(home),
        "XST_RUN": str(home / "run"),
        "XST_WECHAT_TOKEN": account.token,
        "XST_WECHAT_AES_KEY": account.aes_key,
        "XST_WECHAT_SECRET": account.secret,
    }


def _wait(service: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + STARTS
    while time.monotonic() < until:
        if service.poll() is not None:
            raise ConfigError("服务没有启动，原因见上面")
        try:
            if httpx.get(f"{url}/healthz", trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise ConfigError(f"服务在 {STARTS:.0f} 秒内没有启动")
