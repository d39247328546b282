"""The log is JSON, one event a line, and holds neither words nor identities nor secrets."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
import textwrap

import pytest

from bot.events import QUIET, Events

SECRET = "8123:AAE-token-openid-我被欠薪"


class Lines:
    """A logger of some name whose records go through `Events`."""

    def __init__(self, name: str) -> None:
        self._stream = io.StringIO()
        handler = logging.StreamHandler(self._stream)
        handler.setFormatter(Events())
        self.log = logging.Logger(name)
        self.log.addHandler(handler)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def events(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.text.splitlines()]


def test_an_event_of_ours_is_one_line_of_json():
    lines = Lines("xst")
    lines.log.error("outbox: %s failed: %s\nsecond", "wechat", "ValueError post.py:1")
    (event,) = lines.events
    assert event["event"] == "outbox: wechat failed: ValueError post.py:1\nsecond"
    assert event["level"] == "error" and event["time"].endswith("+00:00")
    assert set(event) == {"time", "level", "logger", "event"}


def test_an_exception_is_told_by_kind_and_place_never_by_its_words():
    lines = Lines("xst")
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        lines.log.exception("turn failed")
        lines.log.error("turn failed: %s", error)
    assert SECRET not in lines.text and "Traceback" not in lines.text
    assert "ValueError test_events.py:" in lines.events[0]["error"]
    assert lines.events[1]["event"].startswith("turn failed: ValueError test_events.py:")


@pytest.mark.parametrize("name", ["httpx", "telegram.ext.Updater", "wechatpy.client", "asyncio"])
def test_of_a_librarys_event_only_kind_and_place_are_written(name):
    """They quote: a URL with the bot's token or an openid, a task's variables, SQL's values."""
    lines = Lines(name)
    lines.log.warning('HTTP Request: GET https://api/bot%s/getMe "HTTP/1.1 200 OK"', SECRET)
    lines.log.error(f"Task exception was never retrieved: {SECRET}")
    lines.log.error("failed", exc_info=RuntimeError(SECRET))
    lines.log.error(OSError(98, SECRET))
    assert SECRET not in lines.text
    assert all(e["event"].startswith("test_events.py:") for e in lines.events)
    assert lines.events[2]["error"].startswith("RuntimeError")
    assert lines.events[3]["error"] == "OSError errno 98"


def test_an_event_that_cannot_be_formatted_is_told_by_its_place():
    lines = Lines("xst")
    lines.log.error("one %s two %s", SECRET)
    assert SECRET not in lines.text and len(lines.events) == 1


def test_a_long_event_is_cut():
    lines = Lines("xst")
    lines.log.error("x" * 10_000)
    assert len(lines.events[0]["event"]) == 300


def run(code: str) -> subprocess.CompletedProcess[str]:
    code = f"import logging\nfrom bot.events import set_up\nset_up()\nSECRET = {SECRET!r}\n" + (
        textwrap.dedent(code)
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_what_nobody_caught_is_an_event_too():
    """In the main thread, in another, in a destructor, in a task, in the log itself, in a warning."""
    done = run(
        """
        import asyncio, gc, threading, warnings
        class Bad:
            def __del__(self): raise ValueError(SECRET)
        def fail(): raise ValueError(SECRET)
        thread = threading.Thread(target=fail); thread.start(); thread.join()
        Bad()
        async def forgotten():
            typed = SECRET
            raise ValueError(typed)
        async def main():
            asyncio.ensure_future(forgotten())
            await asyncio.sleep(0); await asyncio.sleep(0)
            gc.collect()
        asyncio.run(main())
        logging.getLogger("xst").error("%d", SECRET)
        warnings.warn(SECRET)
        logging.getLogger("httpx").info("GET %s", SECRET)
        logging.getLogger("sqlalchemy.engine").info("INSERT %s", SECRET)
        fail()
        """
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1 and done.stdout == ""
    assert SECRET not in done.stderr and "Traceback" not in done.stderr
    loggers = [e["logger"] for e in events]
    assert loggers.count("xst") == 4 and {"asyncio", "py.warnings"} <= set(loggers)
    assert not {"httpx", "sqlalchemy.engine"} & set(loggers)


def test_the_server_keeps_to_it_when_it_is_given_no_log_of_its_own():
    """An error in an application is logged by uvicorn with its traceback, and a request's path."""
    done = run(
        """
        import asyncio, httpx, uvicorn
        async def app(scope, receive, send):
            if scope["type"] == "http":
                raise ValueError(SECRET)
        async def main():
            config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
            server = uvicorn.Server(config)
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"http://127.0.0.1:{port}/wechat?openid=o-li")
            assert answer.status_code == 500
            server.should_exit = True
            await task
        asyncio.run(main())
        """
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert SECRET not in done.stderr and "openid" not in done.stderr
    assert [e["logger"] for e in events] == ["uvicorn.error"]
    assert events[0]["error"].startswith("ValueError")


def test_the_libraries_that_know_tokens_are_among_the_quiet():
    assert {"httpx", "httpcore", "telegram", "wechatpy", "requests", "urllib3"} <= set(QUIET)
    assert asyncio.__name__ in QUIET
