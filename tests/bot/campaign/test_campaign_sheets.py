"""What is printed: codes that are read back, words that are safe, and nothing that is numbered."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import zxingcpp
from PIL import Image
from quizhome import CAMPAIGN, PUBLIC, UNITS

from bot.campaign.codes import make_codes, unit_of
from bot.campaign.sheets import TELEGRAM, Way, png_file, poster, slips, svg, svg_file

URL = "https://xst.example.org"
KEY = b"k" * 32


def test_a_sheet_has_every_code_once_and_neither_number_nor_secret_in_its_link():
    made = make_codes(KEY, "autumn", "u1", 25)
    page = slips(CAMPAIGN, UNITS[0], made, URL)
    said = re.findall(r'class="code">([^<]+)<', page)
    assert said == made and all(unit_of(KEY, "autumn", ["u1"], c) == "u1" for c in said)
    assert page.count("<symbol") == 1 and page.count("<use") == 25
    assert "秋季&lt;答题&gt;" in page and "<答题>" not in page
    assert "没有人知道谁抽到哪个" in page and "xst.example.org/quiz" in page
    assert not re.search(r"第 ?\d+ ?张|No\.", page), "a number would be an order"


def test_a_poster_carries_the_link_of_its_unit_and_the_ways_there_are():
    page = poster(CAMPAIGN, UNITS[1], URL, [Way(TELEGRAM, "https://t.me/b?start=q-autumn_u2")])
    assert f"{URL}/quiz/q-autumn_u2" in page and page.count("<svg") == 2
    assert "答题码" in page and "秋季&lt;答题&gt;" in page
    bare = poster(PUBLIC, UNITS[1], URL)
    assert bare.count("<svg") == 1 and "开始答题" in bare and "平台看得见" not in bare


def test_the_codes_are_read_back_as_they_were_made():
    plan = replace(CAMPAIGN, id="a" * 32)
    link = f"{URL}/quiz/{plan.scene('b' * 29)}"
    read = zxingcpp.read_barcodes(Image.open(BytesIO(png_file(link))))
    assert [r.text for r in read] == [link]
    assert b"<svg" in svg_file(link) and svg(link).startswith("<svg viewBox")
