"""Places: which region a text speaks of, and whose law is seen from there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from knowledge.pieces import Region

NATION = "国家"

# Words whose end or start would make a place with their neighbour: 今天 + 津贴 is no 天津,
# 明确 + 山东 no 确山. A word listed here is read as itself, and its letters name no place.
_WORDS = re.compile(
    r"天(?=津贴)|大(?=连[续锁带接环夜累])|四(?=平[方米均])|自(?=贡献)|新(?=余额)|太(?=原[始来本])"
    r"|从(?=化[工学验妆肥纤疗])|开(?=封[条口存箱])|双(?=流程)|大(?=庆[典祝功])|长治久安"
    r"|东西(?=安)|明确(?=山)|[批核标]准(?=东)|[符结综联配]合(?=[浦川肥])|[面来]临(?=[安夏])"
    r"|[主监城保掌]管(?=城)|经济(?=[南宁源])|优惠|[股房]东(?=[营台阿])|[拖推顺]延(?=安)|[例比譬假]如(?=东)"
    r"|推广(?=东)|[农人村居公]民(?=勤)|[快娱音]乐(?=[都山东])|[部专]门(?=源)"
)


class Regions:
    """The tree of jurisdictions: 国家 > 河南 > 郑州. Names are the short ones of regions.yaml."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._parent: dict[str, str] = {}
        self._full: dict[str, str] = {}
        self._nation: set[str] = {NATION}
        names: dict[str, str] = {}
        for region in regions:
            self._parent[region.name] = region.parent or NATION
            self._full[region.name] = region.full
            if region.name != NATION:
                for alias in (region.name, region.full, *region.also):
                    names.setdefault(alias, region.name)
            else:
                self._nation |= {region.full, *region.also}
        self._names = names
        longest = "|".join(map(re.escape, sorted(names, key=lambda n: (-len(n), n)))) or r"(?!)"
        # 「河南路」「北京烤鸭」 are no places to work in; streets and dishes are left alone.
        self._pattern = re.compile(
            rf"{_WORDS.pattern}|(?P<place>{longest})(?!路(?!桥)|街道?店|烤鸭|火锅|时间|岸)"
        )

    def __contains__(self, name: object) -> bool:
        return name in self._parent

    def find(self, text: str) -> list[str]:
        """Regions named in `text`, the most specific of each line of descent only, in order:
        「河南郑州的厂」 -> ["郑州"]."""
        found = [self._names[m["place"]] for m in self._pattern.finditer(text) if m["place"]]
        unique = list(dict.fromkeys(found))
        return [r for r in unique if not any(r in self.chain(o)[1:] for o in unique if o != r)]

    def strip(self, text: str) -> str:
        """`text` without the places it names; what was asked, whatever the place."""
        return self._pattern.sub(lambda m: "" if m["place"] else m[0], text)

    def chain(self, name: str) -> tuple[str, ...]:
        """From the place up to the nation: 郑州 -> ("郑州", "河南", "国家"). "" is the nation."""
        out: list[str] = []
        while name and name != NATION and name not in out:
            out.append(name)
            name = self._parent.get(name, NATION)
        return (*out, NATION)

    def province(self, name: str) -> str:
        """The province-level unit above a place, or "" for the nation."""
        chain = self.chain(name)
        return chain[-2] if len(chain) > 1 else ""

    def named(self, text: str) -> str:
        """The region that `text` names exactly (河南, 河南省, 全国), or ""."""
        text = text.strip()
        if text in self._nation:
            return NATION
        return text if text in self._parent else self._names.get(text, "")

    def full(self, name: str) -> str:
        return self._full.get(name, name)

    @property
    def provinces(self) -> list[str]:
        return [n for n, p in self._parent.items() if p == NATION and n != NATION]
