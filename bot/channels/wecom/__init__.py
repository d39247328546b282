"""WeCom (企业微信): an application of a company or union, by encrypted callbacks."""

from bot.channels.wecom.app import WeComApp
from bot.channels.wecom.check import diagnose

__all__ = ["WeComApp", "diagnose"]
