"""The platforms played by processes: rules of WeChat, Telegram and WeCom for bots under test."""
