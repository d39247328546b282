"""Deliveries that WeChat would never make, to see what a bot does with them."""

from __future__ import annotations

import secrets
import time

from bot.sim.crypt import Crypt, signature
from bot.sim.wechat_delivery import Courier, Request

FORGERIES = ("signature", "no-signature", "old", "receiver", "ciphertext", "body")


def forged(courier: Courier, user: str, xml: str, how: str) -> Request:
    """A delivery that is wrong in the way `how` names."""
    token, request = courier.account.token, courier.request(user, xml)
    params, body = dict(request.params), request.body
    if how == "signature":
        params["signature"] = params["msg_signature"] = signature("not-the-token", "1", "2")
    elif how == "no-signature":
        params = {k: v for k, v in params.items() if "signature" not in k}
    elif how == "body":
        body = b'{"not": "xml"}'
    else:
        stamp, nonce, sealed = str(int(time.time())), secrets.token_hex(8), ""
        if how == "old":
            stamp = str(int(time.time()) - 7200)
        if courier.rules.mode != "plain":
            sealed = "QUJD" * 16 if how == "ciphertext" else courier.crypt.encrypt(xml)
        if how == "receiver" and sealed:
            sealed = Crypt(courier.account.aes_key, "wxsomebodyelse").encrypt(xml)
        params |= {"timestamp": stamp, "nonce": nonce}
        params["signature"] = signature(token, stamp, nonce)
        if sealed:
            params["msg_signature"] = signature(token, stamp, nonce, sealed)
            body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    return Request(params, body)
