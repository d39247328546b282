"""A code with a scene: what WeChat makes of it leads back to the unit's page, in two steps."""

from __future__ import annotations

import pytest
from quizhome import CAMPAIGN

from bot.campaign.plan import read_scene
from bot.channels.wechat.client import Api, ApiError
from bot.channels.wechat.messages import _event
from bot.channels.wechat.qrcode import scene_code
from bot.channels.wechat.tokens import Alone
from bot.settings import WeChat
from bot.sim.wechat import WeChatSim


@pytest.fixture(scope="module")
def sim():
    with WeChatSim("http://127.0.0.1:9/") as running:
        running.set(kind="service")
        yield running


@pytest.fixture
def api(sim):
    account = sim.account
    settings = WeChat(account.account, account.app_id, "t", secret=account.secret, api=sim.url)
    return Api(settings, Alone())


@pytest.mark.parametrize("days", [0, 20])
def test_a_code_is_made_for_the_scene(api, days):
    scene = CAMPAIGN.scene("u1")
    assert scene_code(api, scene, days) == f"http://weixin.qq.com/q/02{scene}"


def test_what_wechat_would_refuse_is_not_asked_for(api):
    for scene, days in (("", 1), ("x" * 65, 1), ("x", 31)):
        with pytest.raises(ValueError):
            scene_code(api, scene, days)
    with pytest.raises(ApiError):
        api.post("qrcode/create", {"action_name": "QR_STR_SCENE", "action_info": {}})


def test_an_account_that_is_no_service_account_is_refused(sim, api):
    sim.set(kind="verified")
    try:
        with pytest.raises(ApiError) as refused:
            scene_code(api, "x", 1)
    finally:
        sim.set(kind="service")
    assert refused.value.code == 48001


@pytest.mark.parametrize(("event", "key"), [("subscribe", "qrscene_{}"), ("SCAN", "{}")])
def test_who_scans_it_comes_to_the_unit(event, key):
    scene = CAMPAIGN.scene("u1")
    fields = {"Event": event, "EventKey": key.format(scene)}
    heard = _event(fields, "o1", "gh_1", 1)
    kind, _, said = heard.incoming.choice.partition(":")
    assert kind == "start" and read_scene(said) == ("autumn", "u1")
