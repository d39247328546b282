"""What an operator should know about the application: `xst doctor`."""

from __future__ import annotations

from bot.channels.wechat.tokens import Alone, Waited
from bot.channels.wecom.client import Api, ApiError, Unreachable
from bot.settings import WeCom

# Sentences

SEEN = (
    "企业微信：企业的管理员看得见谁在用这个应用，开通会话存档的还可能看见内容；"
    "应由工会自己的企业开通，并告知使用者"
)
ADDRESS = "[server] url 应是 https:// 开头的公网地址，企业微信才能送来消息"
CALLBACK = "企业微信：在应用的“接收消息 → 设置API接收”填 {url}，加密密钥和 Token 要与这里一致"
UNREACHED = "企业微信：连不上 {api}"
FAULT = "企业微信：{code}，{advice}"
APP = "企业微信：应用“{name}”"
CLOSED = "企业微信：应用“{name}”已停用，在管理后台启用它"


def diagnose(settings: WeCom, base_url: str, api: Api | None = None) -> list[tuple[str, str]]:
    """(好 | 提示 | 缺, sentence) for everything that can be wrong with it; asks WeCom."""
    found = [("提示", SEEN)]
    if base_url.startswith("https://"):
        found.append(("提示", CALLBACK.format(url=f"{base_url.rstrip('/')}/wecom")))
    else:
        found.append(("缺", ADDRESS))
    api = api or Api(settings, Alone())
    try:
        agent = api.get("agent/get", agentid=settings.agent_id)
    except ApiError as error:
        return [*found, ("缺", FAULT.format(code=error.code, advice=error.advice))]
    except (Unreachable, Waited):
        return [*found, ("缺", UNREACHED.format(api=settings.api))]
    finally:
        api.close()
    name = str(agent.get("name", ""))
    if agent.get("close"):
        return [*found, ("缺", CLOSED.format(name=name))]
    return [*found, ("好", APP.format(name=name))]
