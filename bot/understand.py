"""What a message is about before any search: region, contract type, follow-up, choice, noise."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from index.sound import PINYIN, spells
from knowledge.numerals import narrow, to_int

LONGEST = 600
"""Characters of a question that are read; a longer one is cut, and the answer says so."""

_ZERO_WIDTH = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0e\ufe0f]")


def clean(text: str) -> str:
    """One line in ordinary widths, without control and zero-width characters, at most LONGEST."""
    text = _ZERO_WIDTH.sub("", narrow(text[: LONGEST * 4]))
    text = "".join(
        " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl") else c for c in text
    )
    text = _simplified(text)
    text = re.sub(r"([^\w\s])\1{2,}", r"\1", text)
    text = re.sub(r"(\w)\1{3,}", r"\1", text) if not re.search(r"\d{4}", text) else text
    return re.sub(r"\s+", " ", text).strip()[:LONGEST]


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def _simplified(text: str) -> str:
    """Traditional characters as simplified ones: the content knows only those."""
    return str(_converter().convert(text)) if chinese(text) else text


def chinese(text: str) -> int:
    """How many Chinese characters."""
    return sum("\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" for c in text)


def is_foreign(text: str) -> bool:
    """Mostly words of another script, such as an English sentence; typed pinyin is Chinese."""
    return (
        chinese(text) < 2
        and spells(text) < PINYIN
        and len(re.findall(r"[A-Za-zÀ-ɏЀ-ӿ\u3040-\u30ff\uac00-\ud7af]{2,}", text)) >= 3
    )


_EMPTY_WORDS = re.compile(
    r"你好|您好|在吗|在不在|在么|有人吗|请问|谢谢|打扰|帮忙|帮帮我|救急|我想问|问一下|问下|咨询|一下|有个问题|问题|"
    r"那个|这个|就是|呃|嗯|啊|哦|额|喂|hello|hi|ok|好的?|是的?|对|哈+|[吧呢吗嘛呀啦了的我你]"
)


def has_content(text: str) -> bool:
    """Whether anything is left to look up beside greetings: two characters, or some pinyin."""
    rest = _EMPTY_WORDS.sub("", text.lower())
    return chinese(rest) >= 2 or spells(rest) >= PINYIN


_CONTRACTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("女职工", re.compile(r"女职工(?:权益|特殊)?(?:保护)?专项|女工专项")),
    ("安全", re.compile(r"(?:劳动)?安全(?:卫生|生产)?专项")),
    (
        "工资",
        re.compile(
            r"工资(?:专项|集体|协商|协议|谈判|要约)|薪酬协商|谈工资|谈薪|工资的?集体合同|工资专项"
        ),
    ),
    (
        "综合",
        re.compile(
            r"综合(?:性)?(?:的)?(?:那种)?集体(?:合同|协商)|综合(?:性)?合同|非工资|不(?:谈|是|光是)工资.{0,6}集体合同"
            r"|(?:整个|一揽子|总的?|大的)(?:大的?)?集体合同"
        ),
    ),
)


def without_type(text: str) -> str:
    """`text` without the words that name a general collective contract: they choose the rule, not
    the question."""
    if contract_type(text) != "综合" or "专项" in text:
        return text
    return re.sub(r"综合(?:性)?(?:的)?", "", text)


def contract_type(text: str) -> str:
    """The kind of collective contract named: 工资, 综合, 女职工, 安全, or ""."""
    found = [name for name, pattern in _CONTRACTS if pattern.search(text)]
    return found[0] if len(found) == 1 else ""


_LOCAL = re.compile(
    r"(?:我们?|咱们?|俺们?|本)(?:这个|这边)?[省市]|[省市]里?的?(?:条例|规定|标准)|当地(?:的|条例|规定|标准)"
)


def asks_local(text: str) -> bool:
    """Whether the rule of a place is asked for that is not named: 「我们省的条例」."""
    return bool(_LOCAL.search(text))


_FILLER = re.compile(
    r"那|换成|换|如果|要是|假如|在|我们|我|俺们?|咱们?|这边|这里|是|的话|的|呢|嘛|吗|呀|啊|咧|哩|省|市|地区|话|怎么样|怎样|咋样|又|也|改成|改|按|看|说|来|[\W_]"
)


def only_place(text: str, without_places: str) -> bool:
    """「那山东呢？」: nothing but a place and filler words."""
    return text != without_places and not _FILLER.sub("", without_places)


_PERSON = re.compile(
    r"(?:我要|我想|帮我|请|能不能|可以)?(?:找|转|要|换|接|联系)?(?:个|一个|一下)?"
    r"(?:真人|人工(?:客服|服务)?|指导员|工作人员|活人)(?:客服|服务|吧|啊|呢|帮我)?[\W_]*"
)


def wants_person(text: str) -> bool:
    """「转人工」「找真人」: nothing but the wish for a person."""
    return bool(_PERSON.fullmatch(text))


_INFO = re.compile(r"/?(?:(隐私|隐私政策|隐私说明|privacy)|(关于|资料截至|about|版本))[\W_]*", re.I)


def asks_about_service(text: str) -> str:
    """privacy for 「隐私」, about for 「关于」, else ""; one word is enough in every channel."""
    m = _INFO.fullmatch(text.strip())
    return "" if m is None else "privacy" if m[1] else "about"


_MORE = re.compile(
    r"(?:更多|还有[吗呢么]?|继续|再多点|展开|详细(?:点|一点|说说)?|看原文|原文)[\W_]*"
)


def wants_more(text: str) -> bool:
    return bool(_MORE.fullmatch(text))


_CIRCLED = {c: i + 1 for i, c in enumerate("①②③④⑤⑥⑦⑧⑨⑩⑪⑫")}
_PICK = re.compile(
    r"(?:我?(?:选|要|回复|按|点))?\s*第?\s*([\d]{1,2}|[一二三四五六七八九十两]{1,3}|[①-⑫])\s*(?:个|项|号|条)?(?:吧|的)?[\W_]*"
)


def picked(text: str, most: int) -> int:
    """Which numbered choice is meant (1-based): 「1。」「①」「第一个」「选2」; 0 for none."""
    m = _PICK.fullmatch(text.strip())
    if not m:
        return 0
    number = _CIRCLED.get(m[1]) or to_int(m[1])
    return number if 1 <= number <= most else 0


_CODE = re.compile(
    r"(?:(?P<drop>删除|撤回|不要了)|取件码|查询|查|答复|code)?[\s:：是，,]*(?P<code>\d{4}[\s-]?\d{4}[\s-]?\d{4})[\s。.]*(?P<late>删除|撤回)?"
)


def receipt_code(text: str) -> tuple[str, bool] | None:
    """(the twelve digits of a receipt code, whether to delete), if the message is just that."""
    m = _CODE.fullmatch(text.strip())
    return (re.sub(r"\D", "", m["code"]), bool(m["drop"] or m["late"])) if m else None


def bigrams(text: str) -> set[str]:
    """Pairs of neighbouring Chinese characters; a cheap measure of likeness."""
    return {
        text[i : i + 2]
        for i in range(len(text) - 1)
        if re.fullmatch(r"[\u4e00-\u9fff\d]{2}", text[i : i + 2])
    }


def sentences(text: str) -> list[str]:
    """Sentences of a law text; an item (项) is a sentence of its own."""
    return [s for s in re.split(r"(?<=[。；])|\n", text) if s.strip()]


def best_sentence(question: str, text: str, most: int = 160) -> str:
    """The sentence of `text` closest to the question, cut only at a sentence's end; a longer
    one is returned whole if nothing shorter fits."""
    wanted = bigrams(question)
    pieces = sentences(text)
    if not pieces:
        return ""
    scored = sorted(
        ((len(wanted & bigrams(p)) / (len(p) + 20) ** 0.5, -i, p) for i, p in enumerate(pieces)),
        reverse=True,
    )
    for _, _, piece in scored:
        if len(piece) <= most:
            return piece.strip()
    return scored[0][2].strip()


def opening(text: str, most: int) -> str:
    """The first sentences of a text that fit into `most` characters; at least the first one."""
    pieces = re.findall(r"[^。！？]+[。！？]?", text)
    out = pieces[0] if pieces else text
    for piece in pieces[1:]:
        if len(out) + len(piece) > most:
            break
        out += piece
    return out if out.endswith(("。", "！", "？")) else out + "。"
