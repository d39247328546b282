"""A small release from invented laws and a few cards: real parts, nothing faked but the law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from bot.assistant import Assistant
from bot.importing import import_paths
from bot.message import Incoming
from bot.release import build_release
from bot.settings import Settings
from bot.turn import Session
from knowledge.authored import read_content

TODAY = date(2026, 11, 20)

NATION = """# 协商规定

2004年1月20日 公布

2004年5月1日 施行

<!-- INFO END -->

## 第一章 总则

第一条 为了协商，制定本规定。

第二条 一方提出协商要求的，另一方应当在收到要求之日起20日内以书面形式回应。

无正当理由不得拒绝，依照本规定第三条处理。

第三条 拒绝协商的，由主管部门责令改正。

第四条 每方代表至少3人。会议应当有三分之二以上代表出席，经全体代表半数以上同意。

第五条 本规定自2004年5月1日起施行。
"""

PROVINCE = """# 河南省协商条例

2013年11月29日 通过

<!-- INFO END -->

第一条 工资协商的，收到要约书之日起十个工作日内给予答复。

第二条 代表名单应当于三个工作日内公布。

第三条 本条例自2014年3月1日起施行。
"""

OLD = """# 旧办法

1990年1月1日 公布

<!-- INFO END -->

第一条 每方代表十人。

第二条 本办法自1990年1月1日起施行。
"""

NEW = """# 新办法

2020年1月1日 公布

<!-- INFO END -->

第一条 每月至少支付一次工资，拖欠工资的，限期支付。

第二条 本办法自2020年1月1日起施行。《旧办法》同时废止。
"""

CONTENT = {
    "topics.yaml": """
- {id: bargaining, name: 集体协商, words: [协商, 要约, 代表]}
- {id: wages, name: 工资, words: [工资, 拖欠, 发钱, 老板, 公司]}
- {id: crisis, name: 危急}
- {id: assistant, name: 助手}
""",
    "regions.yaml": """
- {name: 国家, full: 中华人民共和国}
- {name: 河南, full: 河南省, parent: 国家, also: [豫]}
- {name: 郑州, full: 郑州市, parent: 河南}
- {name: 山东, full: 山东省, parent: 国家}
- {name: 广东, full: 广东省, parent: 国家, also: [粤]}
""",
    "synonyms.yaml": """
- {term: 拖欠工资, lay: [欠薪, 不发钱]}
""",
    "validity.yaml": """
- {law: 协商规定, status: in_force, why: 试验, checked: "2026-11-20"}
- {law: 河南省协商条例, status: in_force, why: 试验, checked: "2026-11-20"}
- {law: 新办法, status: in_force, why: 试验, checked: "2026-11-20"}
""",
    "glossary.yaml": """
- {term: 要约, also: [协商要约], says: 一方书面请对方坐下来谈。, cite: [《协商规定》第二条], see: offer-response, reviewed: unreviewed, drafted: 2026-11-20}
""",
    "gaps.yaml": """
- {region: 广东, says: 本库没有广东的协商条例，下面是全国规定。, drafted: 2026-11-20}
""",
    "replaced.yaml": """
- {law: 旧办法, by: [新办法], says: 《旧办法》已废止，2020年1月1日起按《新办法》办。, cite: [《新办法》第二条], drafted: 2026-11-20}
""",
    "conflicts.yaml": """
- id: c1
  title: 应约期限
  points: [offer-response]
  sides:
    - {where: 国家, says: 20日内回应。, cite: [《协商规定》第二条]}
    - {where: 河南, contract: 工资, says: 10个工作日内答复。, cite: [《河南省协商条例》第一条]}
  treat: 先问地区。
  drafted: 2026-11-20
""",
    "guards.yaml": """
- {id: guard-hurt, card: crisis-hurt, any: [不想活, 跳楼]}
- {id: guard-forge, card: refuse-forge, all: [[伪造, 造假, 编个假], [合同, 记录, 签名]]}
""",
    "rules/offer-response.yaml": """
point: offer-response
title: 收到要约几天内答复
step: 应约
topic: bargaining
varies: true
questions: [收到要约多少天要答复, 对方要约了最迟几天回, 公司多久必须回应协商要求, 要约回复期限, 答复要约的时限是几天, 老板拖着不回要约有期限吗]
next: 保留签收凭证。
explain:
  says: 到期不回，先书面催办。
  cite: [《协商规定》第三条]
reviewed: unreviewed
drafted: 2026-11-20
rules:
  - id: offer-response.national
    region: 国家
    contract: 任何
    says: 收到要求之日起20日内书面回应。
    figures: [{number: 20, unit: 日, compare: 以内, from: 收到要求, to: 书面回应}]
    cite: [《协商规定》第二条第一款]
  - id: offer-response.henan.wage
    region: 河南
    contract: 工资
    says: 收到要约书之日起10个工作日内答复。
    figures: [{number: 10, unit: 工作日, compare: 以内, from: 收到要约书, to: 答复}]
    cite: [《河南省协商条例》第一条]
  - id: offer-response.henan.general
    region: 河南
    contract: 综合
    says: 综合集体合同没有另外的期限，书面答复。
    cite: [《河南省协商条例》第一条]
""",
    "cards/small.yaml": """
- id: wage-arrears
  topic: wages
  title: 拖欠工资怎么办
  audience: [worker]
  questions: [老板不发工资怎么办, 公司欠薪两个月了, 工资一直拖着没给, 拖欠工资找谁, 干了活不给钱, 压着工资不发合法吗]
  answer: 工资每月至少支付一次。拖欠的，可以要求限期支付。
  cite: [《新办法》第一条]
  next: 收集考勤和工资条。
  may: {asked: 可以拖着不给工资吗, verdict: 不可以}
  reviewed: unreviewed
  drafted: 2026-11-20
- id: wage-arrears-henan
  topic: wages
  title: 河南拖欠工资怎么办
  audience: [worker]
  region: 河南
  of: wage-arrears
  questions: [河南欠薪找谁, 河南老板拖着工资, 豫这边欠钱咋办, 河南讨薪哪里去, 河南的厂欠我工钱, 在河南被欠薪]
  answer: 河南：工资每月至少支付一次，拖欠的先投诉。
  cite: [《新办法》第一条]
  next: 去当地投诉。
  reviewed: unreviewed
  drafted: 2026-11-20
- id: heat-money
  topic: wages
  title: 高温津贴一天多少钱
  audience: [worker]
  questions: [高温津贴一天多少, 高温补贴多少钱, 天热有没有补贴, 三伏天的补贴标准, 高温费发多少, 热天津贴数额]
  answer: 各地标准不同，库里没有金额，不能乱说。
  next: 请向当地人社部门核实。
  disposition: clarify
  amounts: [高温津贴]
  varies: true
  reviewed: unreviewed
  drafted: 2026-11-20
- id: crisis-hurt
  topic: crisis
  title: 不想活了
  audience: [worker]
  questions: [我不想活了, 想跳楼, 活着没意思, 撑不下去了想死, 不如死了算了, 想结束自己]
  answer: 您先别一个人扛，现在就找身边的人陪着您。
  next: 请马上联系身边的人。
  disposition: escalate
  crisis: true
  reviewed: unreviewed
  drafted: 2026-11-20
- id: refuse-forge
  topic: bargaining
  title: 帮忙造假
  audience: [employer]
  questions: [帮我伪造合同, 编个假会议记录, 怎么造假签名, 做一份假的职代会决议, 补个假签到表, 造个假要约书]
  answer: 造假的事不能帮。照程序真正协商，文件才有效。
  cite: [《协商规定》第三条]
  next: 按程序发要约。
  disposition: refuse
  reviewed: unreviewed
  drafted: 2026-11-20
- id: are-you-human
  topic: assistant
  title: 你是真人吗
  audience: [worker]
  questions: [你是真人吗, 你是机器人吗, 对面是人还是机器, 是人工客服吗, 我在跟谁说话, 你是不是电脑]
  answer: 我是自动程序，不是真人。
  next: 要找真人，点“转给指导员”。
  about: true
  reviewed: unreviewed
  drafted: 2026-11-20
""",
    "digests/协商规定.yaml": """
law: 协商规定
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第二条: "收到协商要求，20日内书面回应，没有正当理由不能拒绝。"
  第三条: "拒绝协商会被责令改正。"
""",
    "digests/河南省协商条例.yaml": """
law: 河南省协商条例
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第一条: "工资协商，收到要约书10个工作日内答复。"
""",
    "digests/新办法.yaml": """
law: 新办法
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第一条: "工资每月至少发一次，拖欠的限期补发。"
  第二条: "2020年1月1日起施行，旧办法同时废止。"
""",
}


def write_content(folder: Path) -> Path:
    for name, text in CONTENT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def write_laws(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "协商规定(2004-01-20).md": NATION,
        "河南省协商条例(2013-11-29).md": PROVINCE,
        "旧办法(1990-01-01).md": OLD,
        "新办法(2020-01-01).md": NEW,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build_home(home: Path, laws: bool = True) -> Settings:
    """A built installation with the small content, with or without its law texts."""
    settings = Settings(home=home, operator="试验工会")
    content = read_content(write_content(home / "content"))
    if laws:
        import_paths([write_laws(home / "laws")], settings.shelf, overrides=content.overrides)
    build_release(settings, content)
    return settings


class Person:
    """Someone who talks: keeps the session, gives back the replies."""

    def __init__(self, assistant: Assistant, region: str = "") -> None:
        self.assistant, self.session = assistant, Session(region=region)
        self.replies = ()

    def say(self, text: str = "", choice: str = ""):
        turn = self.assistant.handle(Incoming(text, choice, sender="someone"), self.session)
        self.session, self.replies = turn.session, turn.replies
        return turn.replies[0]

    def press(self, label: str):
        found = next(c for c in self.replies[0].choices if c.label == label)
        return self.say(choice=found.payload)

    def at(self, region: str) -> Person:
        self.session = replace(self.session, region=region)
        return self
