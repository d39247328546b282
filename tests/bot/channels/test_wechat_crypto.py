"""The door of the official account: three modes, two keys, and everything that is not WeChat's."""

from __future__ import annotations

import base64
import time

import pytest
import wechat_side as side
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.wechat.crypto import Crypto, Seen
from bot.channels.wechat.door import Door
from bot.channels.wechat.envelope import REASONS, Rejected, text
from bot.settings import ConfigError, WeChat


def door(mode: str = "safe", key: str = side.KEY, old: str = "", **more) -> Door:
    return Door(WeChat(side.ACCOUNT, side.APP_ID, side.TOKEN, key, old, mode=mode), **more)


def refused(reason: str, call, *args) -> int:
    with pytest.raises(Rejected) as caught:
        call(*args)
    assert caught.value.reason == reason in REASONS
    return caught.value.status


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_each_mode_gives_the_message_and_answers_in_kind(mode):
    opened = door(mode).open(*side.callback(side.message("夜班补贴😀"), mode))
    assert text(opened.fields, "Content") == "夜班补贴😀"
    said = f"<xml><ToUserName>{side.USER}</ToUserName></xml>"
    out = door(mode).close(opened, said)
    assert ("<Encrypt>" in out) == (mode != "plain")


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=70))
@settings(max_examples=60, deadline=None)
def test_what_is_encrypted_is_decrypted_whatever_its_length(said):
    crypto = Crypto(side.TOKEN, side.APP_ID, side.KEY)
    assert crypto.decrypt(side.encrypt(said)) == (said, 0)


def test_the_other_side_reads_what_we_encrypt():
    answered = door().close(door().open(*side.callback(side.message())), _reply("好的"))
    assert side.answer(answered) == "好的"


def test_while_keys_change_the_old_one_is_taken_and_answered_with():
    """WeChat goes on with the old EncodingAESKey for a while after it was changed."""
    here = door(key=side.KEY, old=side.OLD)
    opened = here.open(*side.callback(side.message("旧"), key=side.OLD))
    assert text(opened.fields, "Content") == "旧"
    assert side.answer(here.close(opened, _reply("答")), key=side.OLD) == "答"
    opened = here.open(*side.callback(side.message("新"), key=side.KEY))
    assert side.answer(here.close(opened, _reply("答")), key=side.KEY) == "答"


def test_an_unknown_key_is_one_refusal():
    here = door(key=side.KEY)
    assert refused("cipher", here.open, *side.callback(side.message(), key=side.OLD)) == 400


def test_in_aes_mode_signature_is_no_proof():
    """Complaints 14 and 15: `signature` does not cover what is encrypted."""
    query, body = side.callback(side.message())
    forged = side.callback(side.message("伪造"))[1]
    assert refused("signature", door().open, query, forged) == 403
    query["msg_signature"] = query["signature"]
    assert refused("signature", door().open, query, body) == 403
    del query["msg_signature"]
    assert refused("signature", door().open, query, body) == 403


def test_a_plain_body_is_refused_in_safe_mode_and_a_secret_one_in_plain_mode():
    assert refused("mode", door("safe").open, *side.callback(side.message(), "plain")) == 403
    assert (
        refused("mode", door("plain", key="").open, *side.callback(side.message(), "safe")) == 400
    )
    query, _ = side.callback(side.message(), "plain")
    body = side.callback(side.message(), "safe")[1]
    refused("mode", door("compatible").open, query, body)


def test_compatible_mode_takes_both():
    here = door("compatible")
    for mode in ("plain", "compatible", "safe"):
        assert text(here.open(*side.callback(side.message(mode), mode)).fields, "Content") == mode


def test_another_accounts_message_is_refused():
    assert refused("appid", door().open, *side.callback(side.message(), receiver="wxother")) == 403


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
@pytest.mark.parametrize("value", ["", "错", "0" * 40, "\x00"])
def test_a_changed_query_is_refused(name, value):
    query, body = side.callback(side.message(), "plain")
    assert refused("signature", door("plain", key="").open, {**query, name: value}, body) == 403


@pytest.mark.parametrize("off", [-301, 301, -3e8])
def test_an_old_or_early_request_is_refused(off):
    here = door("safe", clock=lambda: 1.7e9)
    assert refused("time", here.open, *side.callback(side.message(), at=1.7e9 + off)) == 403
    here.open(*side.callback(side.message(), at=1.7e9 + 299))


@pytest.mark.parametrize("mode", ["plain", "safe"])
def test_a_replay_is_refused_and_a_redelivery_is_not(mode):
    here = door(mode)
    query, body = side.callback(side.message(ident=5), mode)
    here.open(query, body)
    assert refused("replay", here.open, query, body) == 403
    here.open(*side.callback(side.message(ident=5), mode))


def test_what_was_seen_takes_bounded_memory_and_is_kept_for_the_window():
    now = [0.0]
    seen = Seen(lambda: now[0], most=10)
    marks = [f"{n:016x}{'0' * 24}" for n in range(100)]
    assert all(map(seen.first, marks))
    assert len(seen._young) + len(seen._old) <= 20
    now[0] = 590.0
    assert not seen.first(marks[-1])


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_is_no_token(token):
    """wechatpy takes it, and then anybody's signature passes."""
    with pytest.raises(ConfigError):
        Crypto(token, side.APP_ID, side.KEY)


@pytest.mark.parametrize("key", ["short", "!" * 43, side.KEY + "A"])
def test_a_key_that_is_none_is_refused_at_the_start(key):
    with pytest.raises(ConfigError) as caught:
        door(key=key)
    assert key not in str(caught.value)


def test_no_secret_is_in_a_repr():
    assert side.TOKEN not in repr(Crypto(side.TOKEN, side.APP_ID, side.KEY)) + repr(vars(door()))


def test_verification_echoes_only_for_whoever_knows_the_token():
    timestamp = str(int(time.time()))
    query = {
        "signature": side.sign(side.TOKEN, timestamp, "9"),
        "timestamp": timestamp,
        "nonce": "9",
    }
    assert door().verify({**query, "echostr": "812"}) == "812"
    assert door().verify({**query, "echostr": "812"}) == "812"
    assert refused("signature", door().verify, {**query, "nonce": "8", "echostr": "812"}) == 403
    for echo in ("", "<" * 300, "回声", "a\nb"):
        refused("fields", door().verify, {**query, "echostr": echo})


@given(st.binary(max_size=200), st.sampled_from(["plain", "safe", "compatible"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_with_a_valid_signature_are_a_message_or_one_refusal(body, mode):
    timestamp, nonce = str(int(time.time())), str(next(side._nonces))
    query = {
        "signature": side.sign(side.TOKEN, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    try:
        door(mode).open(query, body)
    except Rejected as error:
        assert error.reason in REASONS and 400 <= error.status < 500


@given(
    st.one_of(
        st.text(max_size=120),
        st.binary(max_size=96).map(lambda b: base64.b64encode(b).decode()),
    )
)
@settings(max_examples=150, deadline=None)
def test_any_ciphertext_with_a_valid_signature_is_one_refusal(cipher):
    """wechatpy lets IndexError, ValueError, struct.error and KeyError out."""
    try:
        cipher.encode()
    except UnicodeEncodeError:
        return
    with pytest.raises(Rejected) as caught:
        Crypto(side.TOKEN, side.APP_ID, side.KEY, side.OLD).decrypt(cipher)
    assert caught.value.reason in ("cipher", "appid") and caught.value.__cause__ is None


def _reply(content: str) -> str:
    from bot.channels.wechat.envelope import passive

    return passive(side.USER, side.ACCOUNT, content, 1)
