"""A WeChat official account (公众号): what arrives, passive replies, customer service, menu."""
