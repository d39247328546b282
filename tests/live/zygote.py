"""Starts `xst` again and again without importing it anew: reads orders on standard input, forks.

A restart that took two seconds would leave a service that is killed every second no time to
serve. Each order is a line of JSON (argv, env, log); the answer is the process id.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import alembic.command
import jieba
import psycopg
import uvicorn

import bot.channels.telegram
import bot.channels.wechat.account
import bot.cli
import bot.events
import bot.serving
import index.ranked
from index.trees import usable

_ = (alembic.command, jieba, psycopg, uvicorn, bot.channels, bot.events, bot.serving, index.ranked)


def read_dictionary() -> None:
    """Read jieba's dictionary once for all that are forked."""
    tokenizer = jieba.Tokenizer()
    frequencies, total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    jieba.Tokenizer.gen_pfdict = lambda *_: (dict(frequencies), total)


def serve(order: dict) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    null = os.open(os.devnull, os.O_RDWR)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.update(order["env"])
    sys.argv = ["xst", *order["argv"]]
    bot.cli.main()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave no zombies
    usable()  # imports LightGBM
    read_dictionary()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                serve(order)
            finally:
                os._exit(1)
        print(child, flush=True)


main()
