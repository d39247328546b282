"""The README cannot rot: every command stands in it, in both languages, and it stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app

ROOT = Path(__file__).parent.parent
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def commands() -> list[str]:
    found = []
    for name, command in get_command(app).commands.items():
        inner = getattr(command, "commands", None)
        found += [f"{name} {n}" for n in inner] if inner else [name]
    return found


@pytest.mark.parametrize("readme", READMES, ids=lambda p: p.name)
def test_every_command_stands_in_the_readme(readme):
    text = readme.read_text(encoding="utf-8")
    missing = [c for c in commands() if f"xst {c}" not in text and not _in_group(c, text)]
    assert missing == []


def _in_group(command: str, text: str) -> bool:
    """`xst queue list`, `answer …` : the later ones of a group need not repeat its name."""
    group, _, name = command.partition(" ")
    return bool(name) and any(
        f"xst {group} " in line and f"`{name}" in line for line in text.splitlines()
    )


@pytest.mark.parametrize("readme", READMES, ids=lambda p: p.name)
def test_the_readme_is_under_two_hundred_lines_and_its_links_lead_somewhere(readme):
    text = readme.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    for target in re.findall(r"\]\(([^)#:]+)", text):
        assert (ROOT / target).exists(), target


def test_every_command_says_what_it_does():
    group = get_command(app)
    for name, command in group.commands.items():
        assert command.help, name
        for inner, sub in getattr(command, "commands", {}).items():
            assert sub.help, f"{name} {inner}"


def test_the_changelog_names_the_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version and version[1] in (ROOT / "CHANGELOG.md").read_text("utf-8")
