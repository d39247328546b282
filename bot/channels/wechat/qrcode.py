"""Codes that open the account and tell it a scene (带参数的二维码); service accounts only.

https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode
"""

from __future__ import annotations

from bot.channels.wechat.client import Api, Unreachable

LONGEST = 64
"""Characters of a scene."""

DAY, MOST_DAYS = 86_400, 30


def scene_code(api: Api, scene: str, days: int = 0) -> str:
    """The link that a code for `scene` carries, for `days` (at most 30), or for ever with 0: of
    those an account has 100,000. Raises what a call raises, ValueError for a scene too long."""
    if not 1 <= len(scene) <= LONGEST or not 0 <= days <= MOST_DAYS:
        raise ValueError(f"{scene}: 1 to {LONGEST} characters, at most {MOST_DAYS} days")
    asked: dict[str, object] = {"action_info": {"scene": {"scene_str": scene}}}
    if days:
        asked |= {"action_name": "QR_STR_SCENE", "expire_seconds": days * DAY}
    else:
        asked |= {"action_name": "QR_LIMIT_STR_SCENE"}
    link = api.post("qrcode/create", asked).get("url")
    if not isinstance(link, str) or not link:
        raise Unreachable
    return link
