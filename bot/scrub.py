"""What could tell who wrote a question, taken out before anyone else may see it.

Small on purpose: numbers that name a person or an account, and people by name and title. The
writer sees the result and decides; what this misses, they can still take out.
"""

from __future__ import annotations

import re

from knowledge.numerals import narrow

_DIGIT = r"[0-9零〇一二三四五六七八九幺]"
_GAP = r"[\s\-—.]?"
_SURNAME = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎"
    "鲁韦马苗方俞任袁柳鲍史唐费薛雷贺倪汤罗毕郝邬安常于傅卞齐康伍余顾孟黄萧尹姚邵汪毛"
    "戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾江童郭梅林钟徐邱骆高夏蔡田樊胡霍虞万柯卢莫房丁邓洪包左石崔龚程"
    "邢裴陆荣翁甄曲封段侯宁甘武刘景龙叶黎白蒲卓蔺屠池乔闻党翟谭姬申冉桑桂牛燕尚温庄晏柴瞿阎连易廖耿"
    "匡文寇曾沙关查游权肖聂"
)
_TITLE = (
    "总经理|经理|主任|厂长|组长|班长|队长|科长|处长|部长|主管|老板|总监|主席|书记|师傅|会计|工头|领班|店长|"
    "院长|校长|护士长|董事长|秘书|哥|姐|叔|姨|总|工"
)
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("邮箱", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("身份证号", re.compile(rf"(?<![0-9])[1-9]{_GAP}(?:\d{_GAP}){{16}}[\dXx](?![0-9])")),
    ("电话", re.compile(rf"(?<![0-9])1{_GAP}[3-9]{_GAP}(?:{_DIGIT}{_GAP}){{8}}{_DIGIT}(?![0-9])")),
    ("电话", re.compile(rf"[一幺](?:{_GAP}{_DIGIT}){{10}}")),
    ("电话", re.compile(r"(?<!\d)0\d{2,3}[-\s]?\d{7,8}(?!\d)")),
    ("银行卡号", re.compile(r"(?<!\d)(?:\d[\s-]?){15,18}\d(?!\d)")),
    (
        "车牌",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}"
        ),
    ),
    ("微信号", re.compile(r"(?:微信号?|vx|wx|weixin)[是为:：\s]*[A-Za-z][\w-]{4,19}", re.I)),
    ("QQ号", re.compile(r"(?:QQ|扣扣)号?[是为:：\s]*\d{5,11}", re.I)),
    ("工号", re.compile(r"(?:工号|员工号|编号)[是为:：\s]*[A-Za-z]*\d{2,}")),
    (
        "姓名",
        re.compile(
            r"(?:我叫|本人叫?|名叫|姓名[是为:：]?|我是)(?!劳|农|派|临|正|合|女|男|老|新)"
            rf"[{_SURNAME}][\u4e00-\u9fff]{{1,2}}(?=[，,。；;！!\s]|在|是|$)"
        ),
    ),
    (
        "某人",
        re.compile(
            rf"(?<![\u4e00-\u9fff])?(?:[小老][{_SURNAME}]|[{_SURNAME}](?:{_TITLE}))(?![会资人作会程地厂种])"
        ),
    ),
    (
        "地址",
        re.compile(r"[\u4e00-\u9fff\d]{1,10}(?:路|街|巷|弄)\d+号?(?:院|楼)?(?:\d+(?:单元|室|号))*"),
    ),
    ("单位", re.compile(r"[\u4e00-\u9fff]{2,16}(?:有限责任公司|股份有限公司|有限公司|集团公司)")),
)


def scrub(text: str) -> tuple[str, list[str]]:
    """(the text with each find replaced by 【…】, the kinds that were found)."""
    text = narrow(text)
    kinds: list[str] = []
    for kind, pattern in PATTERNS:
        text, count = pattern.subn(f"【{kind}】", text)
        if count:
            kinds.append(kind)
    return text, list(dict.fromkeys(kinds))


def left(text: str) -> str:
    """What remains of a scrubbed text without its marks and punctuation."""
    return re.sub(r"【[^】]*】|[\W_]", "", text)


_WISH = re.compile(
    r"(?:希望|想让|请求|要求|建议|盼着?|能不能(?:给|把|帮|提|加|涨|改|装|换|让)|可不可以(?:给|加|涨|改|装)|"
    r"应该(?:给|加|涨|改|装|多)|反映一下|提一提|提个意见|提意见|给(?:我们|大家|俺们|咱们?)(?:涨|加|发|装|换|配|补))"
)
_ASKS = re.compile(
    r"(?:多少|几天|几个|什么|怎么|咋|如何|为啥|为什么|哪|谁|合法|违法|算不算|有没有规定|规定|是不是|可以吗|行吗|对吗|法律|吗[？?]?$)"
)


def looks_like_demand(text: str) -> bool:
    """Whether a message wishes for a change at work rather than asks what the law says.

    Leans to yes: what is taken for a demand is not queued, and only costs a second try.
    """
    return bool(_WISH.search(text)) and not _ASKS.search(text)
