"""Telegram: private chats and groups, by webhook or long polling."""

from bot.channels.telegram.bot import TelegramBot
from bot.channels.telegram.check import diagnose

__all__ = ["TelegramBot", "diagnose"]
