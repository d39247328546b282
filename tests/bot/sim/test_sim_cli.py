"""`xst sim …` as processes: they start, tell how to be reached, and answer there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import httpx
import pytest

RUN = "from bot.cli.sim import sim; sim()"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


REACHED = {
    "wechat": ("cgi-bin/token?grant_type=client_credential&appid=wx0", '"errcode":40013'),
    "telegram": ("bot7000000001:AAsimulated-token-for-tests-000000000/getMe", '"is_bot":true'),
    "wecom": ("cgi-bin/gettoken?corpid=ww0", '"errcode":40013'),
}


@pytest.mark.live
def test_the_simulators_run_as_processes() -> None:
    """All at once: most of the time goes into starting Python."""
    ports = {platform: free_port() for platform in REACHED}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, platform, "--port", str(port)], stdout=subprocess.DEVNULL
        )
        for platform, port in ports.items()
    ]
    try:
        for platform, (path, expected) in REACHED.items():
            base = f"http://127.0.0.1:{ports[platform]}"
            assert expected in read(f"{base}/{path}")
            listed = httpx.get(f"{base}/_sim", trust_env=False).json()
            assert {"text", "press", "screen", "state", "set", "reset"} <= set(listed)
        assert "关注公众号" in read(f"http://127.0.0.1:{ports['wechat']}/")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=10)


def read(url: str) -> str:
    until = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url, trust_env=False).text
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
