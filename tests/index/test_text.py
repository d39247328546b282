import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import Tokens, normalise, runs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("第①条", "第1条"),
        ("集\u200b体\ufeff", "集体"),
        ("工资\u3000三\n年", "工资 三 年"),
        ("（一）", "(一)"),
        ("㈠", "(一)"),
        ("Café", "cafe"),
        ("\ud800", " "),
    ],
)
def test_text_has_one_normal_form(text, plain):
    assert normalise(text) == plain


@given(st.text(st.characters(exclude_categories=())))
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


def test_no_pair_crosses_punctuation():
    assert Tokens().grams("工资，代表") == ["工", "资", "工资", "代", "表", "代表"]
    assert Tokens().grams("，。 ！") == []


def test_runs_are_letters_and_digits():
    assert runs("工资、加班2倍 ok") == ["工资", "加班2倍", "ok"]


def test_words_come_from_jieba_and_the_field():
    assert Tokens().words("用人单位应当支付工资。") == ["用人单位", "应当", "支付", "工资"]
    assert "企业方首席代表" in Tokens(["企业方首席代表"]).words("更换企业方首席代表的程序")


def test_jieba_says_nothing_and_writes_its_cache_only_where_told(tmp_path):
    code = (
        "import sys, tempfile; from pathlib import Path; from index.text import Tokens\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "Tokens().words('工资'); assert not list(Path(sys.argv[1]).iterdir())\n"
        "Tokens(cache=Path(sys.argv[2])).words('工资'); assert list(Path(sys.argv[2]).iterdir())\n"
    )
    (tmp_path / "temp").mkdir()
    (tmp_path / "cache").mkdir()
    args = [sys.executable, "-W", "ignore", "-c", code, tmp_path / "temp", tmp_path / "cache"]
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_lay_words_lead_to_legal_terms_the_longest_first():
    tokens = Tokens(synonyms={"炒": ["解雇"], "炒鱿鱼": ["解除劳动合同"], "老板": ["用人单位"]})
    assert tokens.expand("老板炒鱿鱼了") == ["用人单位", "解除劳动合同"]
    assert tokens.expand("工资") == []


def test_only_words_longer_than_a_pair_become_terms():
    assert Tokens(["工资", "集体协商", "集体协商", "，"]).terms == ["集体协商"]


def test_the_lexical_engine_loads_no_heavy_package():
    code = (
        "import sys, index.lexical, index.store\n"
        "heavy = {'torch', 'faiss', 'sentence_transformers', 'jieba', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
