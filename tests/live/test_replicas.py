"""Two replicas behind nginx on one PostgreSQL: one is killed again and again, nobody notices.

KILLS sets how often (25 by default). Skipped where nginx or PostgreSQL is missing.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from live.killing import KILLS, SEED, Killed
from live.kit import Installation, Process, Zygote, free_port, fresh_database
from live.people import CARD, OTHER, Found, Town, faults, look

from bot import texts
from bot.sim.botapi import BotApi
from bot.sim.server import Server

pytestmark = pytest.mark.live

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream service {{
        server 127.0.0.1:{one} max_fails=0;
        server 127.0.0.1:{two} max_fails=0;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://service;
            # A message that was cut may go to the other replica: its mark makes that harmless.
            proxy_next_upstream error timeout http_503 non_idempotent;
            proxy_next_upstream_tries 2;
            proxy_connect_timeout 1s;
        }}
    }}
}}
"""


def test_two_replicas_have_each_message_its_effect_once(
    release: Path, zygote: Zygote, tmp_path: Path
) -> None:
    """Complaint 2."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        pytest.skip("no nginx: apt-get install nginx-light")
    telegram = BotApi(pace=0.02)
    api = Server(telegram.app)
    api.start()
    try:
        with fresh_database("postgresql") as database:
            one = Installation(tmp_path / "one", release, database, api.url)
            ports = (free_port(), free_port())
            with nginx(program, tmp_path, ports) as front:
                pair = Pair(one, zygote, telegram, ports, front)
                found = asyncio.run(pair.run(KILLS))
            print(f"\ntwo replicas, seed {SEED}: {pair.told(found)}")
            gone = sum(m.answer == texts.QUEUE_GONE for m in pair.town.messages)
            print(f"consents that came to the replica that did not hold the words: {gone}")
            assert not pair.town.odd
            assert not faults(pair.town.messages, found, pair.heard)
            assert not pair.unsent
            assert all(found.votes[ref][0] for ref in (CARD, OTHER))
            assert pair.duplicates <= pair.perhaps_twice
            assert "Traceback" not in one.log.read_text(encoding="utf-8")
    finally:
        api.stop()


class Pair(Killed):
    """Two services, of which one or the other is killed; people reach both through nginx."""

    def __init__(
        self,
        installation: Installation,
        zygote: Zygote,
        telegram: BotApi,
        ports: tuple[int, int],
        front: int,
    ) -> None:
        self._ports = ports
        self._services: list[Process] = []
        super().__init__(installation, zygote, telegram)
        self.town = Town(installation.wechat, installation.telegram, lambda: front)

    async def run(self, kills: int) -> Found:
        rng = random.Random(SEED)
        started = time.monotonic()
        self._services = [self._zygote.serve(self._installation, port) for port in self._ports]
        for service in self._services:
            await asyncio.to_thread(service.wait_ready)
        self._persons = self._installation.persons()
        people = asyncio.create_task(self.town.live(24, 8, SEED))
        try:
            for _ in range(kills):
                await asyncio.sleep(rng.uniform(0.02, 1.5))
                await self._replace(rng.randrange(2))
            self.town.stopping = True
            await people
            await self._sent_out()
        finally:
            for service in self._services:
                await asyncio.to_thread(service.kill)
        self.seconds = time.monotonic() - started
        self._count()
        return look(self._mailbox, self._persons, self.town.messages, self._stored)

    async def _replace(self, which: int) -> None:
        self._cut = list(self.town.under_way.values())
        await asyncio.to_thread(self._services[which].kill)
        await asyncio.to_thread(self._after_a_kill)
        self._services[which] = self._zygote.serve(self._installation, self._ports[which])
        await asyncio.to_thread(self._services[which].wait_ready)

    def _let_the_lease_end(self) -> None:
        """Not here: the other replica may hold parcels too. What the killed one held waits."""


@contextmanager
def nginx(program: str, folder: Path, ports: tuple[int, int]) -> Iterator[int]:
    port = free_port()
    file = folder / "nginx.conf"
    named = {"folder": folder, "one": ports[0], "two": ports[1], "port": port}
    file.write_text(CONFIGURATION.format(**named), encoding="utf-8")
    child = subprocess.Popen([program, "-c", str(file), "-p", str(folder)])
    try:
        yield port
    finally:
        child.terminate()
        child.wait(timeout=10)
