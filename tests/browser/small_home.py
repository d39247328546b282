"""A small built XST_HOME of invented laws and a little content, for tests that serve pages.

Loaded by path (tests are no packages); also a script: `python small_home.py FOLDER`.
"""

import sys
from pathlib import Path

QUESTION = "公司收到要约多少天内要书面答复"
CARD = "fable-no-reply"
LAW = "虚构协商规定"
NEW, OLD = f"{LAW}@2020-01-10", f"{LAW}@2010-01-10"

_LAW = """# {law}

{passed} 虚构部令第{number}号公布

{start} 施行

<!-- INFO END -->

## 第一章 总则

第一条 为了试验网页，制定本规定。<script>alert("law")</script>

第二条 本规定所称协商，是指职工一方与企业就劳动报酬等事项进行的商谈。

## 第二章 程序

第三条 一方提出协商要求的，另一方应当在收到要求之日起{days}日内书面答复，无正当理由不得拒绝。

有下列情形之一的，可以顺延：

（一）遇有法定节假日的；

（二）双方书面同意的。

第四条 违反本规定第三条的，由有关部门责令改正；情节严重的，依照《虚构处罚条例》第一条处理。

第五条 当事人不服前条处理的，可以申请复核。
"""

_PENALTY = """# 虚构处罚条例

2015年3月1日 虚构国务院令第7号公布

2015年5月1日 施行

<!-- INFO END -->

第一条 拒不改正的，予以通报。

第二条 本条例自公布之日起施行。
"""

_HENAN = """# 河南省虚构协商条例

2018年6月1日 河南省虚构人民代表大会常务委员会通过

2018年8月1日 施行

<!-- INFO END -->

第一条 一方提出协商要求的，另一方应当自收到要求之日起十个工作日内书面答复。

第二条 本条例自2018年8月1日起施行。
"""

_LAWS = {
    f"部门规章/{LAW}(2010-01-10).md": _LAW.format(
        law=LAW, passed="2010年1月10日", number=1, start="2010年3月1日", days="三十"
    ),
    f"部门规章/{LAW}(2020-01-10).md": _LAW.format(
        law=LAW, passed="2020年1月10日", number=2, start="2020年3月1日", days="二十"
    ),
    "行政法规/虚构处罚条例(2015-03-01).md": _PENALTY,
    "地方性法规/河南/河南省虚构协商条例(2018-06-01).md": _HENAN,
    "status.csv": "name,expired\n虚构处罚条例,0\n河南省虚构协商条例,0\n虚构协商规定,0\n",
}

_CONTENT = {
    "cards/fable.yaml": """
- id: fable-no-reply
  topic: fable
  title: 对方不答复怎么办
  audience: [worker]
  questions: [对方不答复怎么办, 老板不回要约, 要约石沉大海, 公司装没看见, 不理我们的要约, 不答复找谁]
  answer: 先书面催告并留证，再请有关部门责令改正。
  cite: [《虚构协商规定》第四条]
  next: 写好催告函，请对方签收。
  reviewed: unreviewed
  drafted: 2026-11-20
- id: fable-danger
  topic: fable
  title: 有人要轻生
  audience: [worker]
  questions: [不想活了, 活不下去了, 想跳楼, 想死, 想轻生, 要自杀]
  answer: 您现在的安全最要紧，请马上找身边的人陪着。
  next: 现在就找身边的人。
  disposition: escalate
  crisis: true
  reviewed: unreviewed
  drafted: 2026-11-20
""",
    "digests/nation.yaml": """
law: 虚构协商规定
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第三条: 收到要求，20日内书面答复，没有正当理由不能拒绝。
  第四条: 拒绝协商的，责令改正。
""",
    "digests/henan.yaml": """
law: 河南省虚构协商条例
reviewed: unreviewed
drafted: 2026-11-20
articles:
  第一条: 收到书面协商要求，10个工作日内书面答复。
""",
    "rules/fable-reply.yaml": """
point: fable-reply
title: 收到要约多少日内答复
step: 应约
topic: fable
varies: true
questions: [公司收到要约多少天内要书面答复, 多少天要答复, 答复期限是几天, 几天内回复要约, 要约答复时限, 多久要回复]
next: 用书面形式答复，留下签收凭证。
reviewed: unreviewed
drafted: 2026-11-20
rules:
  - id: fable-reply.national
    region: 国家
    contract: 任何
    says: 收到要求之日起20日内书面答复，没有正当理由不得拒绝。
    figures: [{number: 20, unit: 日, compare: 以内}]
    cite: [《虚构协商规定》第三条]
  - id: fable-reply.henan
    region: 河南
    contract: 工资
    figures: [{number: 10, unit: 工作日, compare: 以内}]
    says: 收到要求之日起10个工作日内书面答复。
    cite: [《河南省虚构协商条例》第一条]
""",
    "gaps.yaml": "- {region: 山东, says: 本库没有山东的协商条例。, drafted: 2026-11-20}\n",
    "conflicts.yaml": """
- id: c1
  title: 应约期限
  points: [fable-reply]
  sides:
    - {where: 国家, says: 20日内答复。, cite: [《虚构协商规定》第三条]}
    - {where: 河南, says: 10个工作日内答复。, cite: [《河南省虚构协商条例》第一条]}
  treat: 先问地区。
  drafted: 2026-11-20
""",
    "topics.yaml": """
- {id: fable, name: 协商要约, words: [要约, 答复, 协商, 工资, 加班, 拒绝, 公司, 老板]}
""",
    "synonyms.yaml": "- {term: 协商要求, lay: [要约]}\n",
    "regions.yaml": """
- {name: 国家, full: 中华人民共和国, also: [全国]}
- {name: 河南, full: 河南省, parent: 国家}
- {name: 郑州, full: 郑州市, parent: 河南}
- {name: 山东, full: 山东省, parent: 国家}
""",
    "guards.yaml": "- {id: danger, card: fable-danger, any: [不想活, 自杀, 跳楼]}\n",
    "validity.yaml": "[]\n",
}


def build_home(home):
    """Write laws and content under `home`, import and build them; the Settings to open it."""
    from bot.importing import import_paths
    from bot.release import build_release
    from bot.settings import read_settings
    from knowledge.authored import read_content

    source = home.parent / f"{home.name}-source"
    for folder, files in (("laws", _LAWS), ("content", _CONTENT)):
        for name, text in files.items():
            path = source / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    settings = read_settings({"XST_HOME": str(home)})
    done = import_paths([source / "laws"], settings.shelf)
    assert not done.faults, done.faults
    faults = []
    content = read_content(source / "content", faults)
    assert not faults, faults
    build_release(settings, content)
    return settings


if __name__ == "__main__":
    build_home(Path(sys.argv[1]))
