"""Settings, read once at the door: the environment and `XST_HOME/xst.toml`."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.sources import Contact


class ConfigError(Exception):
    """A setting is missing or wrong; the message names file and field."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an installation can be told. `public` servers must name operator and contacts."""

    home: Path
    laws: Path | None = None
    database: str = ""
    encoder: str = ""
    reranker: str = ""
    milvus: str = ""
    milvus_token: str = ""
    operator: str = ""
    public: bool = False
    contacts: tuple[Contact, ...] = ()

    @property
    def shelf(self) -> Path:
        return self.home / "shelf.db"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.home / 'live.db'}"

    @property
    def signatures(self) -> Path:
        return self.home / "signatures.yaml"

    @property
    def amounts(self) -> Path:
        return self.home / "amounts.db"

    @property
    def config(self) -> Path:
        return self.home / "xst.toml"


def default_home() -> Path:
    """`var/` in a checkout, else the user's data folder."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / "var"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "xieshangtong"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "xieshangtong"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "xieshangtong"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment, then the configuration file. Raises ConfigError."""
    home = Path(environment.get("XST_HOME") or default_home())
    laws = environment.get("XST_LAWS")
    known = {*("XST_HOME", "XST_LAWS", "XST_DATABASE"), *("XST_ENCODER", "XST_RERANKER")}
    known |= {"XST_MILVUS", "XST_MILVUS_TOKEN"}
    for name in environment:
        if name.startswith("XST_") and name not in known:
            raise ConfigError(f"{name}: 不认识的环境变量，可用的有 {'、'.join(sorted(known))}")
    table = _table(home / "xst.toml")
    operator = table.pop("operator", {})
    server = table.pop("server", {})
    contacts = table.pop("contacts", [])
    if table:
        raise ConfigError(f"{home / 'xst.toml'}: 不认识的部分 {'、'.join(table)}")
    return Settings(
        home=home,
        laws=Path(laws) if laws else None,
        database=environment.get("XST_DATABASE", ""),
        encoder=environment.get("XST_ENCODER", ""),
        reranker=environment.get("XST_RERANKER", ""),
        milvus=environment.get("XST_MILVUS", ""),
        milvus_token=environment.get("XST_MILVUS_TOKEN", ""),
        operator=str(operator.get("name", "")),
        public=bool(server.get("public", False)),
        contacts=tuple(_contact(c, n, home / "xst.toml") for n, c in enumerate(contacts, 1)),
    )


def _table(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: 写法有误：{error}") from error


def _contact(raw: dict[str, Any], number: int, path: Path) -> Contact:
    for field in ("name", "reach", "checked"):
        if not raw.get(field):
            raise ConfigError(f"{path}: 第 {number} 个 [[contacts]] 缺少 {field}")
    if not isinstance(raw["checked"], date):
        raise ConfigError(f"{path}: 第 {number} 个 [[contacts]] 的 checked 应为日期，如 2026-11-20")
    return Contact(
        str(raw["name"]),
        str(raw["reach"]),
        raw["checked"],
        str(raw.get("purpose", "")),
        str(raw.get("region", "国家")),
    )
