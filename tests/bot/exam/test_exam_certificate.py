"""Certificates: what is signed, what a verifier can know, and the paper."""

import base64
import io
import json
import stat
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from exam_items import DAY, Room
from pypdf import PdfReader, PdfWriter

from bot.exam import words
from bot.exam.bound import later
from bot.exam.certificate import (
    STATUS,
    Certificate,
    Status,
    find,
    read,
    read_status,
    shown,
    sign,
    sign_status,
    verify,
)
from bot.exam.issuing import due, issue, status_of
from bot.exam.keys import (
    Key,
    key_id,
    keys_in,
    make_key,
    read_keys,
    read_private,
    retire,
    write_keys,
)
from bot.exam.paper import find_font, layout, paper, token_in
from bot.exam.rules import ExamError

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEYS = [Key(key_id(PUBLIC), PUBLIC, date(2026, 1, 1))]
PASSED = Certificate(
    "XST-2026-7F3K-9QMA", "虚构区总工会", "欧阳娜娜", "虚构市第二纺织机械有限公司",
    DAY, date(2029, 11, 20), DAY, 49, 60, 42, "0123456789abcdef", "",
)  # fmt: skip
TOKEN = sign(PASSED, PRIVATE)


def lines(token=TOKEN, keys=KEYS, day=DAY, status=None):
    found = verify(token, keys, day, status)
    return found.good, found.says


# Signature


def test_what_was_signed_is_read_and_verified_without_any_server():
    assert read(TOKEN) == replace(PASSED, key=KEYS[0].id)
    good, says = lines()
    assert good and says == (words.GOOD, words.NO_STATUS)
    assert dict(shown(read(TOKEN)))["姓名"] == "欧阳娜娜"


def test_every_changed_character_is_noticed():
    step = 7
    for place in range(0, len(TOKEN), step):
        other = "A" if TOKEN[place] != "A" else "B"
        assert not verify(TOKEN[:place] + other + TOKEN[place + 1 :], KEYS, DAY).good


def test_another_name_under_the_same_signature_is_a_forgery():
    kind, body, signature = TOKEN.split(".")
    raw = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    raw["n"] = "李四"
    forged = base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")
    good, says = lines(f"{kind}.{forged}.{signature}")
    assert not good and says == (words.BAD_SIGNATURE,)
    assert verify(f"{kind}.{forged}.{signature}", KEYS, DAY).certificate is None


def test_a_status_list_does_not_pass_for_a_certificate_nor_the_other_way():
    status = sign_status(Status("", DAY, DAY + timedelta(days=31)), PRIVATE)
    assert not verify(status, KEYS, DAY).good
    assert find(status) == "" and find(status, STATUS) == status
    with pytest.raises(ExamError):
        read_status(TOKEN, KEYS)


def test_it_is_found_in_an_address_and_in_running_text():
    assert find(f"https://xst.example/certificate/#{TOKEN}") == TOKEN
    assert find(f"请核对：{TOKEN}。谢谢") == TOKEN
    assert find("XSTC1.abc") == ""


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2029, 11, 20), words.GOOD),
        (date(2029, 11, 21), words.EXPIRED.format(day="2029-11-20")),
        (DAY - timedelta(days=1), words.NOT_YET),
    ],
)
def test_it_holds_for_three_years(day, says):
    assert lines(day=day)[1][0] == says


# Keys


def test_keys_rotate_and_old_certificates_stay_good():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = other.public_key().public_bytes_raw()
    both = [*KEYS, Key(key_id(public), public, DAY)]
    assert lines(keys=both)[0] and verify(sign(PASSED, other), both, DAY).good
    assert lines(keys=both[1:]) == (False, (words.UNKNOWN_KEY.format(key=KEYS[0].id),))
    assert lines(keys=retire(both, KEYS[0].id, DAY))[0]
    before = DAY - timedelta(days=1)
    assert lines(keys=retire(both, KEYS[0].id, before)) == (
        False, (words.KEY_RETIRED.format(key=KEYS[0].id, day=before),)
    )  # fmt: skip
    with pytest.raises(ExamError, match="没有这个公钥"):
        retire(both, "00000000", DAY)


def test_a_private_key_lies_outside_the_home_and_is_its_owners_alone(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with pytest.raises(ExamError, match="不能放在"):
        make_key(home / "deep" / "x.key", home, DAY)
    path = tmp_path / "safe" / "x.key"
    made = make_key(path, home, DAY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_id(read_private(path).public_key().public_bytes_raw()) == made.id
    with pytest.raises(ExamError, match="从不覆盖"):
        make_key(path, home, DAY)
    path.chmod(0o644)
    with pytest.raises(ExamError, match="chmod 600"):
        read_private(path)


def test_the_published_list_is_read_again_and_checked(tmp_path):
    path = tmp_path / "keys.json"
    assert read_keys(path) == []
    write_keys(path, retire(KEYS, KEYS[0].id, DAY))
    assert read_keys(path) == [replace(KEYS[0], until=DAY)]
    path.write_text(path.read_text().replace(KEYS[0].id, "00000000"), encoding="utf-8")
    with pytest.raises(ExamError, match="与它的编号不符"):
        read_keys(path)
    [alone] = keys_in(base64.b64encode(PUBLIC).decode())
    assert verify(TOKEN, [alone], DAY).good
    for bad in ("", "abc", "{}", '{"keys": [1]}', "[]"):
        with pytest.raises(ExamError):
            keys_in(bad)


# Status


def status(day=DAY, **other):
    said = {"revoked": {}, "stale": ()} | other
    return read_status(
        sign_status(Status("", day, day + timedelta(days=31), **said), PRIVATE), KEYS
    )


def test_a_status_list_tells_of_revocation_and_changed_law():
    assert lines(status=status()) == (True, (words.GOOD, words.STATUS_AT.format(made=DAY)))
    revoked = status(revoked={PASSED.serial: "2026-12-01"})
    assert lines(status=revoked) == (False, (words.REVOKED.format(day="2026-12-01"),))
    assert lines(status=status(stale=(PASSED.serial,))) == (False, (words.STALE,))
    assert lines(status=status(stale=("XST-other",)))[0]


def test_an_old_list_and_none_at_all_are_said():
    late = DAY + timedelta(days=40)
    good, says = lines(day=late, status=status())
    assert good and "就该换新的" in says[1]
    assert words.NO_STATUS in lines()[1]


def test_a_status_list_of_another_is_not_taken():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    said = sign_status(Status("", DAY, DAY), other)
    with pytest.raises(ExamError, match="没有采用"):
        read_status(said, KEYS)


# Issuing


@pytest.fixture
def issued(tmp_path):
    room = Room(tmp_path)
    for number, right in zip(room.numbers, (50, 20), strict=True):
        room.sit(number, right)
    [(person, sitting)] = due(room.exam.store)
    made = issue(room.exam.store, person, sitting, "虚构区总工会", PRIVATE, DAY)
    return room, made


def test_only_who_passed_gets_one_and_only_one(issued):
    room, made = issued
    found = read(made.text)
    assert (found.name, found.unit, found.correct, found.total) == ("张三", "虚构厂", 50, 60)
    assert (found.taken, found.issued, found.expires) == (DAY, DAY, date(2029, 11, 20))
    assert verify(made.text, KEYS, DAY).good
    assert due(room.exam.store) == []


def test_it_ends_when_more_than_a_fifth_of_its_items_rest_on_changed_articles(issued):
    """Each of the 12 invented articles carries 5 of 60 items: two are 16.7 %, three 25 %."""
    room, made = issued
    certificates = room.exam.store.certificates()
    for count, ended in ((0, []), (2, []), (3, [made.serial])):
        room.library.changed = {f"《虚构规定》第{n}条" for n in "一二三"[:count]}
        listed = status_of(certificates, room.library.digest, DAY)
        assert list(listed.stale) == ended
    assert not verify(made.text, KEYS, DAY, read_status(sign_status(listed, PRIVATE), KEYS)).good


def test_exactly_a_fifth_is_not_yet_too_much(issued):
    _, made = issued
    bound = tuple({"《虚构规定》第一条": "old" if n < 12 else "new"} for n in range(60))
    twelve = replace(made, bound=bound)
    assert status_of([twelve], lambda c: "new", DAY).stale == []
    thirteen = replace(made, bound=bound[:12] + bound[:1] + bound[13:])
    assert status_of([thirteen], lambda c: "new", DAY).stale == [made.serial]


def test_a_revoked_one_is_listed_and_its_holder_may_sit_again(issued):
    room, made = issued
    assert room.exam.state(made.number).may == "passed"
    assert room.exam.store.revoke(made.serial, DAY, "替考")
    assert not room.exam.store.revoke(made.serial, DAY, "再来")
    listed = status_of(room.exam.store.certificates(), room.library.digest, DAY)
    assert listed.revoked == {made.serial: str(DAY)}
    assert (
        "替考" not in sign_status(listed, PRIVATE) and room.exam.state(made.number).may == "begin"
    )


def test_after_a_person_is_forgotten_only_a_serial_without_a_person_is_left(issued, tmp_path):
    room, made = issued
    room.exam.store.delete(made.number)
    [left] = room.exam.store.certificates()
    assert (left.serial, left.number, left.sitting, left.text) == (made.serial, "", 0, "")
    raw = b"".join(p.read_bytes() for p in tmp_path.iterdir() if p.is_file())
    assert "张三".encode() not in raw and made.text.split(".")[1].encode() not in raw
    room.library.changed = {f"《虚构规定》第{n}条" for n in "一二三"}
    assert status_of([left], room.library.digest, DAY).stale == [made.serial]


def test_the_twenty_ninth_of_february_ends_on_the_first_of_march():
    assert later(date(2028, 2, 29), 3) == date(2031, 3, 1)
    assert later(date(2028, 2, 29), 4) == date(2032, 2, 29)


# Paper


ADDRESS = "https://xst.example.gov.cn/certificate/"


def papers():
    found = [paper(TOKEN, ADDRESS)]
    if font := find_font():
        found.append(paper(TOKEN, ADDRESS, font))
    return found


def test_the_paper_says_who_and_that_law_asks_for_no_certificate():
    for pdf in papers():
        [page] = PdfReader(io.BytesIO(pdf)).pages
        # pypdf reads the two bytes of an embedded font's codes apart; other readers do not.
        said = "".join(page.extract_text().replace("\0", "").split())
        for expected in ("欧阳娜娜", "虚构市第二纺织机械有限公司", "60道题答对49道", PASSED.serial):
            assert expected in said
        assert words.NOT_REQUIRED in said and "2029年11月20日" in said
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


def test_the_signed_text_travels_in_the_paper():
    for pdf in papers():
        assert token_in(pdf) == TOKEN
        assert find(pdf.decode("latin-1")) == TOKEN  # for a page that unpacks nothing


def test_the_code_on_the_paper_is_the_address_and_the_signed_text():
    """The dark boxes of the drawing are the very modules of that QR code."""
    drawn = layout(read(TOKEN), TOKEN, ADDRESS, lambda said, size: len(said) * size / 3)
    bars = [d for d in drawn if hasattr(d, "stroke") and not d.stroke]
    matrix = segno.make(f"{ADDRESS}#{TOKEN}", error="m", micro=False).matrix
    module = 46 / len(matrix)
    dark = sum(map(sum, matrix))
    assert sum(b.wide * b.high for b in bars) == pytest.approx(dark * module * module)
    assert min(b.x for b in bars) == 30 and max(b.x + b.wide for b in bars) == pytest.approx(76)
    assert module > 0.4  # mm; a phone reads this


def test_the_code_is_read_by_another_program(tmp_path):
    zxingcpp = pytest.importorskip("zxingcpp")
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "code.png"
    segno.make(f"{ADDRESS}#{TOKEN}", error="m").save(path, scale=4)
    with image.open(path) as picture:
        [code] = zxingcpp.read_barcodes(picture)
    assert find(code.text) == TOKEN and verify(find(code.text), KEYS, DAY).good


def test_a_pdf_without_or_with_two_certificates_is_refused(tmp_path):
    with pytest.raises(ExamError, match="读不出来"):
        token_in(b"%PDF-1.7 nonsense")
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for number in range(3):
        out = io.BytesIO()
        writer.write(out)
        if number != 1:
            with pytest.raises(ExamError, match="没有证书"):
                token_in(out.getvalue())
        token = TOKEN if number == 0 else sign(replace(PASSED, name="李四"), PRIVATE)
        writer.add_attachment(f"{number}.txt", token.encode())


def test_a_font_without_the_names_characters_is_refused_not_printed_empty():
    latin = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    with pytest.raises(ExamError, match=r"字体"):
        paper(TOKEN, "", (Path(latin), 0))


def test_a_long_name_and_unit_stay_on_the_page():
    long = replace(PASSED, name="阿卜杜" * 9, unit="有限公司" * 14, issuer="总工会" * 19)
    drawn = layout(long, TOKEN, "", lambda said, size: len(said) * size * 25.4 / 72)
    for d in drawn:
        if hasattr(d, "words"):
            wide = len(d.words) * d.size * 25.4 / 72
            # A stop at the end of a line may hang over; Latin letters are narrower than this.
            assert d.x - d.at * wide > 14
            assert d.words.isascii() or d.x + (1 - d.at) * wide < 196 + d.size * 25.4 / 72
