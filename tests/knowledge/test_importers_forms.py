"""One invented law in every form in which texts reach people is read as the same articles."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date

import docx
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.importers import LARGEST, ImportFault, find, read
from knowledge.numerals import to_chinese


@dataclass
class Law:
    """What the renderers print: title, promulgation, (chapter or None, article paragraphs)."""

    title: str
    promulgation: str
    articles: list[tuple[str | None, list[str]]]

    def lines(self, blank="　"):
        chapter = 0
        for n, (heading, paragraphs) in enumerate(self.articles, 1):
            if heading is not None:
                chapter += 1
                yield "heading", f"第{to_chinese(chapter)}章{blank}{heading}"
            first, *rest = paragraphs
            yield "text", f"第{to_chinese(n)}条{blank}{first}"
            for line in rest:
                yield "text", line

    def contents(self):
        return [line for kind, line in self.lines() if kind == "heading"]

    def expected(self):
        return [(f"第{to_chinese(n)}条", "\n".join(p)) for n, (_, p) in enumerate(self.articles, 1)]


TEA = Law(
    "茶歇保障条例",
    "（2024年3月5日某省第十四届人民代表大会常务委员会第八次会议通过　自2024年5月1日起施行）",
    [
        ("总　则", ["为了保障职工茶歇，促进劳动关系和谐稳定，结合本省实际，制定本条例。"]),
        (
            "茶　歇",
            [
                "用人单位应当安排茶歇，并就下列事项与工会协商：",
                "（一）每日茶歇的次数和每次茶歇的时间；",
                "（二）茶歇场所的设置、维护和热水供应；",
                "（三）夜班职工茶歇的特别安排。",
                "协商不成的，可以请求工会指导员到场协助双方继续协商，直到达成一致意见为止，期间原有的安排不得变更。",
            ],
        ),
        (
            "附　则",
            ["本条例自2024年5月1日起施行。2001年2月3日某省人大公布的《某省茶歇办法》同时废止。"],
        ),
    ],
)


def as_markdown(law):
    out = [f"# {law.title}", law.promulgation, "<!-- INFO END -->"]
    out += [("## " if kind == "heading" else "") + line for kind, line in law.lines(" ")]
    return "\n\n".join(out).encode()


def as_docx(law, contents=True):
    """The form of the national law database: bracketed promulgation, 目录, 第一条 + blank."""
    document = docx.Document()
    document.add_paragraph(law.title)
    document.add_paragraph(law.promulgation)
    if contents and law.contents():
        document.add_paragraph("目　　录")
        for line in law.contents():
            document.add_paragraph(line)
    for _, line in law.lines():
        document.add_paragraph("　　" + line)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def as_html(law):
    body = "".join(f"<p>　　{line}</p>\n" for _, line in law.lines())
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>某网 {law.title}</title>
<style>p {{ margin: 0 }}</style><script>var a = "第九条 脚本";</script></head><body>
<div class="nav"><a href="/">首页</a> &gt; <a href="/law">法规</a></div>
<div id="content"><h1>{law.title}</h1><p>{law.promulgation}</p>{body}</div>
<div class="footer">版权所有　某网　备案号 123</div></body></html>""".encode()


def as_text(law, width=0):
    lines = [law.title, "", law.promulgation, ""]
    for _, line in law.lines():
        line = "　　" + line
        if width:
            lines += [line[i : i + width] for i in range(0, len(line), width)]
        else:
            lines.append(line)
    return "\r\n".join(lines)


def as_pdf(law, width=28, per_page=14):
    """A PDF as a printer makes it: broken lines, no indents that survive, page numbers."""
    lines = [law.title]
    for line in [law.promulgation, *(line for _, line in law.lines())]:
        lines += [line[i : i + width] for i in range(0, len(line), width)]
    pages = [lines[i : i + per_page] for i in range(0, len(lines), per_page)]
    return pdf([[*page, f"— {n} —"] for n, page in enumerate(pages, 1)])


def pdf(pages):
    """A minimal PDF file: one font whose codes are UTF-16 units, named by a ToUnicode map."""
    codes = sorted({c for page in pages for line in page for c in line})
    chunks = [codes[i : i + 100] for i in range(0, len(codes), 100)]
    ranges = "".join(
        f"{len(chunk)} beginbfchar\n"
        + "".join(f"<{ord(c):04X}> <{ord(c):04X}>\n" for c in chunk)
        + "endbfchar\n"
        for chunk in chunks
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /Custom def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{ranges}endcmap end end"
    )
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    objects.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H"
        b" /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>"
    )
    objects.append(
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    )
    objects.append(stream(cmap.encode()))
    kids = []
    for page in pages:
        text = "BT /F1 12 Tf 60 780 Td\n"
        for line in page:
            text += f"<{''.join(f'{ord(c):04X}' for c in line)}> Tj 0 -20 Td\n"
        objects.append(stream((text + "ET").encode()))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    refs = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{refs}] >>".encode()
    out, offsets = b"%PDF-1.4\n", []
    for n, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (n, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        xref,
    )


def stream(data):
    packed = zlib.compress(data)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed)


FORMS = {
    "law.md": as_markdown,
    "law.docx": as_docx,
    "law.html": as_html,
    "law.htm": lambda law: as_html(law).decode().replace("utf-8", "gbk").encode("gb18030"),
    "law.pdf": as_pdf,
    "utf8.txt": lambda law: as_text(law).encode("utf-8-sig"),
    "gb.txt": lambda law: as_text(law).encode("gb18030"),
    "utf16.txt": lambda law: as_text(law).encode("utf-16"),
    "wrapped.txt": lambda law: as_text(law, width=24).encode(),
}


def articles(text):
    return [(u.number, u.text) for u in text.articles if u.kind == "article"]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_law(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FORMS[name](TEA))
    text = read(path)
    assert articles(text) == TEA.expected()
    assert [u.kind for u in text.articles] == ["article"] * 3
    assert [u.chapter for u in text.articles] == ["第一章 总则", "第二章 茶歇", "第三章 附则"]
    assert text.name == "茶歇保障条例"
    assert text.promulgated == date(2024, 3, 5)
    assert text.effective == date(2024, 5, 1)
    assert text.version == "2024-03-05"
    assert text.repeals == ("某省茶歇办法",)
    assert len(text.sha256) == 64


WORDS = "茶水工会职工企业协商休息时间安排场所热饮夜班应当可以不得"
phrase = st.text(st.sampled_from(WORDS), min_size=4, max_size=60)
sentence = phrase.map(lambda s: s + "。")
listed = st.lists(phrase, min_size=2, max_size=5).map(
    lambda parts: [
        f"（{to_chinese(n)}）{part}{'。' if n == len(parts) else '；'}"
        for n, part in enumerate(parts, 1)
    ]
)
paragraphs = st.one_of(
    st.lists(sentence, min_size=1, max_size=3),
    st.tuples(phrase, listed).map(lambda pair: [f"{pair[0]}：", *pair[1]]),
)
headings = st.text(st.sampled_from("茶水时间场所夜班"), min_size=2, max_size=8)
laws = st.builds(
    Law,
    st.just("茶歇保障条例"),
    st.just(TEA.promulgation),
    st.lists(st.tuples(st.none() | headings, paragraphs), min_size=2, max_size=25),
)


@pytest.mark.parametrize("name", [n for n in FORMS if n not in ("law.pdf", "wrapped.txt")])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(law=laws)
def test_a_printed_law_is_read_back(tmp_path, name, law):
    path = tmp_path / name
    path.write_bytes(FORMS[name](law))
    assert articles(read(path)) == law.expected()


@pytest.mark.parametrize("name", ["law.pdf", "wrapped.txt"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(law=laws)
def test_broken_lines_lose_no_word_and_no_head(tmp_path, name, law):
    """Where a line ends exactly at 。 the paragraph break is a guess; words and heads are not."""
    path = tmp_path / name
    path.write_bytes(FORMS[name](law))
    found = [(number, text.replace("\n", "")) for number, text in articles(read(path))]
    assert found == [(number, text.replace("\n", "")) for number, text in law.expected()]


def test_a_word_table_is_kept_as_rows(tmp_path):
    document = docx.Document()
    for line in ("茶歇办法", "第一条　补贴如下表。"):
        document.add_paragraph(line)
    table = document.add_table(2, 2)
    for cell, says in zip(
        [c for r in table.rows for c in r.cells], ["工种", "补贴", "焊工", "30"], strict=True
    ):
        cell.text = says
    document.add_paragraph("第二条　略。")
    path = tmp_path / "x.docx"
    document.save(str(path))
    text = read(path)
    assert text.articles[0].text == "补贴如下表。\n| 工种 | 补贴 |\n| 焊工 | 30 |"
    assert any(w.kind == "table" for w in text.warnings)


def test_a_line_break_inside_a_word_paragraph_parts_paragraphs(tmp_path):
    document = docx.Document()
    document.add_paragraph("茶歇办法")
    document.add_paragraph("第一条　甲。\n乙。\n第二条　丙。")
    path = tmp_path / "x.docx"
    document.save(str(path))
    assert articles(read(path)) == [("第一条", "甲。\n乙。"), ("第二条", "丙。")]


def test_a_page_in_a_layout_table_with_breaks(tmp_path):
    path = tmp_path / "x.html"
    path.write_text(
        "<table><tr><td>首页</td><td>茶歇办法<br>第一条　甲<b>乙</b>。<br>　　丙。<br>"
        "第二条　丁。</td></tr></table>",
        encoding="utf-8",
    )
    assert articles(read(path)) == [("第一条", "甲乙。\n丙。"), ("第二条", "丁。")]


def test_a_table_of_figures_in_a_page(tmp_path):
    path = tmp_path / "x.html"
    path.write_text(
        "<h1>茶歇办法</h1><p>第一条　如下表。</p><table><tr><th>工种</th><th>补贴</th></tr>"
        "<tr><td>焊工</td><td>30</td></tr></table><p>第二条　略。</p>",
        encoding="utf-8",
    )
    assert articles(read(path))[0][1] == "如下表。\n| 工种 | 补贴 |\n| 焊工 | 30 |"


def test_an_order_above_the_title_is_header(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(
        "某部令\n第22号\n《茶歇办法》已经通过，现予公布，自2004年5月1日起施行。\n二〇〇四年一月二十日\n"
        "茶歇办法\n（2004年1月20日某部令第22号公布）\n第一条 甲。\n第二条 乙。\n",
        encoding="utf-8",
    )
    text = read(path)
    assert text.title == "茶歇办法"
    assert "第22号" in "".join(text.header)
    assert len(articles(text)) == 2


def test_markdown_without_the_info_mark(tmp_path):
    path = tmp_path / "x.md"
    path.write_text(
        "# 茶歇办法\n\n2004年1月20日 某部公布\n\n**第一条** 甲。\n\n**第二条** 乙。\n",
        encoding="utf-8",
    )
    text = read(path)
    assert text.promulgated == date(2004, 1, 20)
    assert articles(text) == [("第一条", "甲。"), ("第二条", "乙。")]
    assert any(w.kind == "markup" for w in text.warnings)


def test_the_title_printed_twice_is_no_preamble(tmp_path):
    path = tmp_path / "x.md"
    path.write_text("# 茶歇办法\n<!-- INFO END -->\n茶歇\n办法\n第一条 甲。\n", encoding="utf-8")
    assert [u.kind for u in read(path).articles] == ["article"]


def test_a_comment_in_the_text_is_not_law(tmp_path):
    path = tmp_path / "x.md"
    path.write_text(
        "# 茶歇办法\n<!-- INFO END -->\n<!-- 某网。层级: 部门规章。 -->\n第一条 甲。\n<茶>。",
        encoding="utf-8",
    )
    text = read(path)
    assert articles(text) == [("第一条", "甲。\n<茶>。")]
    assert text.level == "部门规章"


def fault(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ImportFault) as caught:
        read(path)
    assert caught.value.path == path
    assert str(path) in str(caught.value)
    return caught.value.reason


def test_an_empty_file(tmp_path):
    assert "空文件" in fault(tmp_path, "x.md", b" \n")


def test_a_scanned_pdf_has_no_text_layer(tmp_path):
    assert "扫描" in fault(tmp_path, "x.pdf", pdf([[""], [""]]))


def test_an_encrypted_pdf(tmp_path):
    writer = pypdf.PdfWriter(io.BytesIO(as_pdf(TEA)))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert "密码" in fault(tmp_path, "x.pdf", buffer.getvalue())


def test_a_broken_pdf(tmp_path):
    assert "损坏" in fault(tmp_path, "x.pdf", b"%PDF-1.4 nonsense")


def test_a_broken_word_file(tmp_path):
    assert "损坏" in fault(tmp_path, "x.docx", as_docx(TEA)[:500])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "x")
    assert "损坏" in fault(tmp_path, "y.docx", buffer.getvalue())


def test_an_old_word_file(tmp_path):
    assert "另存为 .docx" in fault(tmp_path, "x.doc", b"\xd0\xcf\x11\xe0")
    assert "另存为 .docx" in fault(tmp_path, "x.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600)


def test_bytes_that_are_no_text(tmp_path):
    assert "UTF-8" in fault(tmp_path, "x.txt", bytes(range(256)) * 8)


def test_a_file_too_large(tmp_path):
    path = tmp_path / "x.md"
    with path.open("wb") as sparse:
        sparse.truncate(LARGEST + 1)
    with pytest.raises(ImportFault, match="拆分"):
        read(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ImportFault, match="读不到"):
        read(tmp_path / "no.md")


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(min_size=1, max_size=400),
    suffix=st.sampled_from([".md", ".docx", ".html", ".pdf", ".txt"]),
)
def test_any_bytes_give_a_text_or_a_fault(tmp_path_factory, data, suffix):
    path = tmp_path_factory.mktemp("any") / f"x{suffix}"
    path.write_bytes(data)
    try:
        read(path)
    except ImportFault as error:
        assert error.reason


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(st.sampled_from("第一二三条章之附录：（）“”《》。；\n 1.、#|目甲"), max_size=300)
)
def test_any_marks_in_any_order_are_read(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "x.md"
    path.write_text("# 茶\n<!-- INFO END -->\n" + text, encoding="utf-8")
    read(path)


def test_find_lists_laws_and_leaves_notes_out(tmp_path):
    for name in ("b.md", "a/c.docx", "a/README.md", "TRAPS.md", "x-sources.md", ".git/d.md",
                 "status.csv", "~$c.docx", "a/e.PDF", "f.png"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = find([tmp_path, tmp_path / "b.md"])
    assert [p.relative_to(tmp_path).as_posix() for p in found] == ["a/c.docx", "a/e.PDF", "b.md"]
    assert find([tmp_path / "f.png"]) == [tmp_path / "f.png"]  # named: `read` says why not
