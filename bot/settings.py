"""Settings, read once at the door: the environment and `XST_HOME/xst.toml`."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from bot.sources import Contact

WECHAT_API = "https://api.weixin.qq.com"
TELEGRAM_API = "https://api.telegram.org"
WECOM_API = "https://qyapi.weixin.qq.com"


class ConfigError(Exception):
    """A setting is missing or wrong; the message names file and field."""


@dataclass(frozen=True, slots=True)
class WeChat:
    """An official account (公众号). `kind`: "unverified" | "verified" (subscription accounts) |
    "service" (verified service account) | "" (asked of WeChat). `old_aes_key` is accepted too."""

    account: str
    app_id: str
    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    old_aes_key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    mode: str = "safe"
    kind: str = ""
    api: str = WECHAT_API
    budget: float = 3.0


@dataclass(frozen=True, slots=True)
class Telegram:
    """A Telegram bot. `mode`: "webhook" | "polling"; `secret` is the webhook's secret token."""

    token: str = field(repr=False)
    secret: str = field(default="", repr=False)
    mode: str = "webhook"
    api: str = TELEGRAM_API


@dataclass(frozen=True, slots=True)
class WeCom:
    """An application of a company on WeCom (企业微信)."""

    corp_id: str
    agent_id: int
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    secret: str = field(repr=False)
    api: str = WECOM_API


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
    url: str = ""
    contacts: tuple[Contact, ...] = ()
    wechat: WeChat | None = None
    telegram: Telegram | None = None
    wecom: WeCom | None = None
    metrics: bool = False
    daily: time | None = time(19)
    """The hour of the daily question, local time; None sends none."""

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
    secrets = _Secrets(environment)
    for name in environment:
        if name.startswith("XST_") and name not in KNOWN and name not in secrets.names:
            known = "、".join(sorted(KNOWN | secrets.names))
            raise ConfigError(f"{name}: 不认识的环境变量，可用的有 {known}")
    path = home / "xst.toml"
    table = _table(path)
    operator = _part(table, path, "operator", {"name"})
    server = _part(table, path, "server", {"public", "url", "metrics"})
    quiz = _part(table, path, "quiz", {"daily"})
    contacts = table.pop("contacts", [])
    wechat = _wechat(table, path, secrets)
    telegram = _telegram(table, path, secrets)
    wecom = _wecom(table, path, secrets)
    if table:
        raise ConfigError(f"{path}: 不认识的部分 {'、'.join(table)}")
    url = str(server.get("url", "")).rstrip("/")
    if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ConfigError(f"{path}: [server] url 应以 https:// 开头")
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
        url=url,
        contacts=tuple(_contact(c, n, path) for n, c in enumerate(contacts, 1)),
        wechat=wechat,
        telegram=telegram,
        wecom=wecom,
        metrics=bool(server.get("metrics", False)),
        daily=_hour(quiz.get("daily", "19:00"), path),
    )


KNOWN = frozenset(
    {
        *("XST_HOME", "XST_LAWS", "XST_DATABASE", "XST_ENCODER", "XST_RERANKER"),
        *("XST_MILVUS", "XST_MILVUS_TOKEN", "XST_RUN", "XST_TEST_DATABASE"),
    }
)

SECRETS = (
    *("XST_WECHAT_TOKEN", "XST_WECHAT_AES_KEY", "XST_WECHAT_OLD_AES_KEY", "XST_WECHAT_SECRET"),
    *("XST_TELEGRAM_TOKEN", "XST_TELEGRAM_SECRET"),
    *("XST_WECOM_TOKEN", "XST_WECOM_AES_KEY", "XST_WECOM_SECRET"),
)
"""Secrets come from these, or from the file that the same name with _FILE names."""


class _Secrets:
    """Secrets by name: from the environment, or from files that nobody else may read."""

    names = frozenset({*SECRETS, *(f"{name}_FILE" for name in SECRETS)})

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def read(self, name: str) -> str:
        """The secret, "" where it is not set. Raises ConfigError."""
        value = self._environment.get(name, "")
        named = self._environment.get(f"{name}_FILE", "")
        if value and named:
            raise ConfigError(f"{name} 和 {name}_FILE 只能设一个")
        if not named:
            return value.strip()
        path = Path(named)
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise ConfigError(f"{path}: 别的用户也能读；请先 chmod 600 {path}")
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE: {path} 读不出来（{error}）") from error

    def needed(self, name: str, why: str) -> str:
        """The same, refusing an empty one."""
        if not (value := self.read(name)):
            raise ConfigError(f"{name}: 没有设置（{why}）；也可以用 {name}_FILE 指定文件")
        return value


def _part(table: dict[str, Any], path: Path, name: str, fields: set[str]) -> dict[str, Any]:
    part = table.pop(name, {})
    if not isinstance(part, dict):
        raise ConfigError(f"{path}: [{name}] 应是一个部分")
    if unknown := set(part) - fields:
        raise ConfigError(f"{path}: [{name}] 里不认识的项 {'、'.join(sorted(unknown))}")
    return part


def _one_of(value: str, allowed: tuple[str, ...], path: Path, place: str) -> str:
    if value not in allowed:
        shown = "、".join(a or "（空）" for a in allowed)
        raise ConfigError(f"{path}: {place} 应是 {shown} 之一，不是「{value}」")
    return value


def _hour(value: object, path: Path) -> time | None:
    if value == "":
        return None
    if isinstance(value, str) and (m := re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", value)):
        return time(int(m[1]), int(m[2]))
    raise ConfigError(
        f'{path}: [quiz] daily 应是几点几分，如 "19:00"（每日一题按本机时间发出；写 "" 就不发），'
        f"不是 {value!r}"
    )


def _named(part: dict[str, Any], name: str, path: Path, place: str) -> str:
    if not (value := str(part.get(name, "")).strip()):
        raise ConfigError(f"{path}: {place} 缺少 {name}")
    return value


def _aes_key(value: str, name: str) -> str:
    if value and (len(value) != 43 or not value.isalnum()):
        raise ConfigError(f"{name}: EncodingAESKey 应是 43 位字母和数字")
    return value


def _wechat(table: dict[str, Any], path: Path, secrets: _Secrets) -> WeChat | None:
    if "wechat" not in table:
        return None
    fields = {"account", "app_id", "mode", "kind", "api", "budget"}
    part = _part(table, path, "wechat", fields)
    mode = _one_of(
        str(part.get("mode", "safe")), ("safe", "compatible", "plain"), path, "[wechat] mode"
    )
    kinds = ("", "unverified", "verified", "service")
    budget = part.get("budget", 3.0)
    if not isinstance(budget, int | float) or not 0.1 <= budget <= 4.5:
        raise ConfigError(f"{path}: [wechat] budget 应是 0.1 到 4.5 秒")
    key = secrets.read("XST_WECHAT_AES_KEY")
    if mode != "plain" and not key:
        key = secrets.needed("XST_WECHAT_AES_KEY", f"[wechat] mode = {mode} 要用")
    return WeChat(
        account=_named(part, "account", path, "[wechat]"),
        app_id=_named(part, "app_id", path, "[wechat]"),
        token=secrets.needed("XST_WECHAT_TOKEN", "空的 token 会让任何人冒充微信"),
        aes_key=_aes_key(key, "XST_WECHAT_AES_KEY"),
        old_aes_key=_aes_key(secrets.read("XST_WECHAT_OLD_AES_KEY"), "XST_WECHAT_OLD_AES_KEY"),
        secret=secrets.read("XST_WECHAT_SECRET"),
        mode=mode,
        kind=_one_of(str(part.get("kind", "")), kinds, path, "[wechat] kind"),
        api=str(part.get("api", WECHAT_API)).rstrip("/"),
        budget=float(budget),
    )


def _telegram(table: dict[str, Any], path: Path, secrets: _Secrets) -> Telegram | None:
    if "telegram" not in table:
        return None
    part = _part(table, path, "telegram", {"mode", "api"})
    modes = ("webhook", "polling")
    mode = _one_of(str(part.get("mode", "webhook")), modes, path, "[telegram] mode")
    secret = secrets.read("XST_TELEGRAM_SECRET")
    if mode == "webhook" and not secret:
        secret = secrets.needed("XST_TELEGRAM_SECRET", "没有它，任何人都能伪造更新")
    return Telegram(
        token=secrets.needed("XST_TELEGRAM_TOKEN", "BotFather 给的令牌"),
        secret=secret,
        mode=mode,
        api=str(part.get("api", TELEGRAM_API)).rstrip("/"),
    )


def _wecom(table: dict[str, Any], path: Path, secrets: _Secrets) -> WeCom | None:
    if "wecom" not in table:
        return None
    part = _part(table, path, "wecom", {"corp_id", "agent_id", "api"})
    agent = part.get("agent_id")
    if not isinstance(agent, int):
        raise ConfigError(f"{path}: [wecom] agent_id 应是数字")
    return WeCom(
        corp_id=_named(part, "corp_id", path, "[wecom]"),
        agent_id=agent,
        token=secrets.needed("XST_WECOM_TOKEN", "空的 token 会让任何人冒充企业微信"),
        aes_key=_aes_key(
            secrets.needed("XST_WECOM_AES_KEY", "企业微信只有加密模式"), "XST_WECOM_AES_KEY"
        ),
        secret=secrets.needed("XST_WECOM_SECRET", "发消息要用"),
        api=str(part.get("api", WECOM_API)).rstrip("/"),
    )


def _table(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: 写法有误：{error}") from error


def _contact(raw: dict[str, Any], number: int, path: Path) -> Contact:
    for name in ("name", "reach", "checked"):
        if not raw.get(name):
            raise ConfigError(f"{path}: 第 {number} 个 [[contacts]] 缺少 {name}")
    if not isinstance(raw["checked"], date):
        raise ConfigError(f"{path}: 第 {number} 个 [[contacts]] 的 checked 应为日期，如 2026-11-20")
    return Contact(
        str(raw["name"]),
        str(raw["reach"]),
        raw["checked"],
        str(raw.get("purpose", "")),
        str(raw.get("region", "国家")),
    )
