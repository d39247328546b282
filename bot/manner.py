"""How a question is put: several at once, with a premise, for a verdict, about another year."""

from __future__ import annotations

import re
from datetime import date

from knowledge.figures import Figure, figures
from knowledge.numerals import to_int

_ASKS = re.compile(
    r"[吗呢么嘛]|几|多少|多久|多长|怎[么样]|咋|啥|什么|谁|哪|何时|如何|是否|算不算|是不是|能不能|可不可以"
    r"|行不行|要不要|用不用|有没有|该不该|对不对|合不合|可以"
)
_BREAK = re.compile(
    r"[？?！!。；;\n]+|[，,、\s]*(?:另外|还有(?=[，,、]|就是|个|一个|问|他|她|我|公司|那|这)|再问|顺便|第二[，,个是]|其次)"
    r"|[，,\s](?=那[么我他她这如要万]|要是|如果|万一)"
)
SHORTEST = 5
"""Characters of a part that can be asked alone."""


def parts(text: str) -> list[str]:
    """The questions of a message, in order; one, the whole, if it holds no more."""
    pieces = [p.strip(" ，,、") for p in _BREAK.split(text)]
    found: list[str] = []
    before = ""
    for piece in pieces:
        if len(re.sub(r"[\W_]", "", piece)) >= SHORTEST and _ASKS.search(piece):
            # What was told before the first question belongs to it.
            found.append(f"{before}，{piece}" if before and not found else piece)
            before = ""
        elif piece and not found:
            before = f"{before}，{piece}" if before else piece
    return found if len(found) > 1 else [text]


_CLAUSE = re.compile(r"[，,。；;\s]+")


def clauses(text: str) -> list[str]:
    """The clauses of one sentence that ask something each, if there are several."""
    found = [c for c in _CLAUSE.split(text) if len(c) > SHORTEST and _ASKS.search(c)]
    return found if len(found) > 1 else []


_EXAMPLE = re.compile(
    r"案例|例子|判例|经验|典型|榜样|别的?(?:厂|公司|单位|人|地方|处|家|企业|省|市)|别人|人家|其他(?:企业|公司|单位|地方)|"
    r"哪[些个]?(?:地方|企业|公司|厂|单位)|成功|做成|有没有.{0,8}(?:做过|谈成|这样)|那个案子|做法|怎么做到|故事|是怎么回事"
)


def asks_example(text: str) -> bool:
    """Whether it is asked how others have done."""
    return bool(_EXAMPLE.search(text))


_VALIDITY = re.compile(
    r"管用|有效|废止|作废|失效|还用|能用|适用|执行|新[的版规]|旧[的版规]|老[的版规]|过时|取消|代替|替代|改了|变了|修[订改]|还在|还算|现行"
    r"|有没有|哪[一个部]|是什么|规定|吗|么|没$"
)


def asks_validity(text: str) -> bool:
    """Whether it is asked if a text still holds, rather than only naming it."""
    return bool(_VALIDITY.search(text))


_PREMISE = re.compile(
    r"(?:难道|莫非|不是|不都是|不就是|不应该|不该|不用|应该是|听说|据说|都说|人家说|有人说|网上说|老板说|人事说|说是|"
    r"规定(?:的)?(?:是|要)?|法律上?(?:说|写)?(?:的)?(?:是)?)(?P<said>[^？?。！!；;]{2,40}?)"
    r"(?:吗|么|吧|嘛|对吧|对吗|对不对|是吧|是不是|没错吧|真的吗|是真的|属实)"
)


_SUPPOSED = re.compile(
    r"(?P<said>[^，,。？?！!；;]{4,40})(?:吧|对吧|对吗|对不对|是吧|没错吧)[？?。!！]*$"
)
_PEOPLE = re.compile(r"[个名位](?=代表|委员|职工|工人|员工|人)")


def premise(text: str) -> frozenset[Figure]:
    """The figures that a question takes for granted: 「不是规定每方10人吗」 -> 10 人."""
    text = _PEOPLE.sub("人", text)
    said = [m["said"] for m in _PREMISE.finditer(text)]
    if m := _SUPPOSED.search(text):
        said.append(m["said"])
    return frozenset(f for words in said for f in figures(words))


_MAY = re.compile(
    r"(?:可以|可不可以|能不能|能否|可否|是否可以|能)(?P<no>不|没|拒绝?)?(?P<act>[^，。？?！!；;]{1,40}?)(?:[吗么嘛不]|$|[？?])"
    r"|(?:行不行|行吗|可以吗|合法吗|合不合法|违法吗|犯法吗|允许吗|中不中|得行不)"
)
_WHICH = re.compile(r"多少|几|多久|谁|哪|怎[么样]|咋|什么|啥|如何|何时")


def asks_leave(text: str) -> bool:
    """Whether a yes or no is wanted to 「可以……吗」; 「可以拿多少」 wants a figure."""
    m = _MAY.search(text)
    return m is not None and not _WHICH.search(text[max(0, m.start() - 4) : m.end()])


def refuses(text: str) -> bool:
    """Whether what is asked leave for is leaving something undone: 「可以不交社保吗」."""
    return bool((m := _MAY.search(text)) and m["no"])


_TERM = re.compile(
    r"(?:请问|想问|问下|问一下)?(?:一下)?(?:什么|啥|何|何谓|何为|甚么)(?:叫做?|是|为|叫|才算)?(?P<a>[\w·＋+]{2,16})[\W_]*"
    r"|(?:请问)?(?P<b>[\w·＋+]{2,16}?)(?:到底|究竟|这个词)?(?:是|指|指的|指的是|算)?(?:个)?"
    r"(?:什么|啥|嘛|么子)(?:意思|东西|玩意儿?|概念|含义|定义|来的)?(?:啊|呀|呢)?[\W_]*"
    r"|(?P<c>[\w·＋+]{2,16}?)(?:怎么理解|如何理解|的?定义|的?含义|的?概念|的?意思|解释一下)(?:是什么|是啥)?[\W_]*"
)


def defined(text: str) -> str:
    """The term whose meaning is asked: 「什么是首席代表」「首席代表啥意思」; "" if none."""
    m = _TERM.fullmatch(text.strip())
    return (m["a"] or m["b"] or m["c"]) if m else ""


_YEAR = re.compile(
    r"(?P<year>(?:19|20)\d\d|[一二][九零〇O○]?[零〇一二三四五六七八九]{2}|[一二][零〇][零〇一二三四五六七八九]{2})年"
    r"(?:(?P<month>1[0-2]|0?[1-9])月)?(?:(?P<day>[12]\d|3[01]|0?[1-9])[日号])?"
    r"|(?P<back>去年|前年|大前年)|(?P<ago>[一二两三四五六七八九十\d]{1,2})年前"
)
_EVENT = re.compile(
    r"签|订立|续订|发生|受[的]?伤|工伤|辞退|开除|解除|离职|走的|生的|生孩子|出生|休|产假|放[的假了]|欠|加的?班|规定|标准"
    r"|条例|办法|的时候|那时|那会|那年|当时|当年|事故|裁|判|退休|扣[的了]|处罚|协商|谈"
)
_NOW = re.compile(
    r"现在|目前|如今|今年|眼下|这两天|最近|入职|参加工作|进厂|进公司|干到|工作到|上班到|以来|到现在|至今"
)


_THEN = re.compile(r"当时|那时|那会|那年|规定|标准|签|放假|产假|几天假|条例|办法")


def without_years(text: str) -> str:
    """`text` without the years it names: they say when, not what."""
    return _YEAR.sub("", text)


def past_day(text: str, today: date) -> date | None:
    """The day a question is about, if it is about an earlier one: 「2023年签的」 -> the last day
    of 2023; years in which someone merely started to work are not meant."""
    if _NOW.search(text) or not _EVENT.search(text):
        return None
    m = _YEAR.search(text)
    if m is None:
        return None
    # 「去年被辞退」 is about today's law as much as 「昨天被辞退」.
    if (m["back"] or m["ago"]) and not _THEN.search(text):
        return None
    if m["back"]:
        year = today.year - ("去年", "前年", "大前年").index(m["back"]) - 1
        return date(year, 12, 31)
    if m["ago"]:
        try:
            return today.replace(year=today.year - to_int(m["ago"]), day=1)
        except ValueError:
            return None
    digits = m["year"].translate(str.maketrans("零〇O○一二三四五六七八九", "0000123456789"))
    if not re.fullmatch(r"(?:19|20)\d\d", digits):
        return None
    month = int(m["month"] or 12)
    try:
        if m["day"]:
            day = date(int(digits), month, int(m["day"]))
        else:
            day = date(int(digits), month, 28 if month == 2 else 30)
    except ValueError:
        return None
    return day if day < today.replace(month=1, day=1) else None
