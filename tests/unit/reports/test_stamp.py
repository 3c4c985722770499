# SPDX-License-Identifier: AGPL-3.0-or-later
import io
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NumberObject
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.stamp import stamp
from cloudfilm.reports.stamp_drawing import Stamp, address_line
from cloudfilm.reports.text_layer import PageText, read_text_layer
from demo.report_form import LAYOUTS, make_report_pdf


def rendered(pdf: bytes, number: int = 0, dpi: int = 150) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[number].render(scale=dpi / 72).to_pil()


def codes(image: Image.Image) -> list[str]:
    return [barcode.text for barcode in zxingcpp.read_barcodes(image)]


def without_stamp(page: PageText, qr_stamp: Stamp) -> str:
    text = page.stream
    for line in (qr_stamp.access_code, *qr_stamp.caption_lines):
        assert line in text
        text = text.replace(line, "")
    return "".join(text.split())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_code_is_read_from_the_printed_page(report: ReportFields, qr_stamp: Stamp, layout: str) -> None:
    assert codes(rendered(stamp(make_report_pdf(report, layout), qr_stamp))) == [qr_stamp.url]


def test_the_code_stands_in_the_top_right_corner_and_the_access_code_under_it(report: ReportFields, qr_stamp: Stamp) -> None:
    image = rendered(stamp(make_report_pdf(report), qr_stamp))
    (barcode,) = zxingcpp.read_barcodes(image)
    assert barcode.position.top_left.x > image.width * 0.75
    assert barcode.position.bottom_left.y < image.height * 0.13
    (page,) = read_text_layer(stamp(make_report_pdf(report), qr_stamp))
    (first, *_) = (character for character in page.characters if character.text == "7" and character.left > page.width_points * 0.75)
    assert first.top > barcode.position.bottom_left.y * 72 / 150


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (30, 20, 560, 800), (-40, 100, 700, 842)])
@pytest.mark.parametrize("is_inherited", [False, True])
def test_pages_that_are_turned_or_cropped_are_stamped_upright(
    report: ReportFields, qr_stamp: Stamp, rotation: int, crop: tuple[int, ...] | None, is_inherited: bool
) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report_pdf(report))))
    page = writer.pages[0]
    page.rotate(-rotation)
    page.transfer_rotation_to_content()
    node = page["/Parent"].get_object() if is_inherited else page
    for key in ("/Rotate", "/CropBox"):
        page.pop(key, None)
    node[NameObject("/Rotate")] = NumberObject(rotation)
    if crop:
        node[NameObject("/CropBox")] = ArrayObject(FloatObject(side) for side in crop)
    target = io.BytesIO()
    writer.write(target)
    image = rendered(stamp(target.getvalue(), qr_stamp))
    (barcode,) = zxingcpp.read_barcodes(image)
    assert barcode.text == qr_stamp.url
    assert abs(barcode.orientation) < 3


def test_the_original_text_is_unchanged_on_every_page(report: ReportFields, qr_stamp: Stamp) -> None:
    original = make_report_pdf(replace(report, findings="\n".join([report.findings or ""] * 10)))
    before, after = read_text_layer(original), read_text_layer(stamp(original, qr_stamp))
    assert len(after) == len(before) == 2
    assert without_stamp(after[0], qr_stamp) == "".join(before[0].stream.split())
    assert after[0].characters[: len(before[0].characters)] == before[0].characters
    assert after[1] == before[1]


def full_page() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(420, 595))
    canvas.setFillGray(0.5)
    for y in range(0, 595, 12):
        canvas.rect(0, y, 420, 6, stroke=0, fill=1)
    canvas.save()
    return target.getvalue()


def test_a_full_page_is_left_alone_and_the_code_comes_on_a_page_of_its_own(qr_stamp: Stamp) -> None:
    stamped = stamp(full_page(), qr_stamp)
    document = pypdfium2.PdfDocument(stamped)
    assert [document.get_page_size(number) for number in range(len(document))] == [(420, 595), (420, 595)]
    assert rendered(stamped).tobytes() == rendered(full_page()).tobytes()
    assert codes(rendered(stamped, 1)) == [qr_stamp.url]


def test_a_page_smaller_than_the_stamp_gets_a_larger_one_after_it(qr_stamp: Stamp) -> None:
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(90, 60))
    canvas.showPage()
    canvas.save()
    assert codes(rendered(stamp(target.getvalue(), qr_stamp), 1)) == [qr_stamp.url]


def test_modules_are_never_smaller_than_0_6_mm(report: ReportFields, qr_stamp: Stamp) -> None:
    small = replace(qr_stamp, url=qr_stamp.url.lower(), size_mm=10.0)
    (barcode,) = zxingcpp.read_barcodes(rendered(stamp(make_report_pdf(report), small), dpi=300))
    side_mm = (barcode.position.top_right.x - barcode.position.top_left.x) / 300 * 25.4
    assert side_mm / 33 >= 0.59


def test_a_document_that_is_only_locked_against_changes_is_stamped(report: ReportFields, qr_stamp: Stamp) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report_pdf(report))))
    writer.encrypt(user_password="", owner_password="secret", algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    assert codes(rendered(stamp(target.getvalue(), qr_stamp))) == [qr_stamp.url]


@pytest.mark.parametrize(
    "words",
    [
        "请用微信扫一扫",
        "请用微信扫描二维码查看影像和报告，或在下面的网址输入上方的代码；链接自检查之日起三十天内有效，遗失请到放射科登记窗口补办。",
    ],
)
def test_the_hospitals_words_and_the_address_are_large_enough_to_be_read(report: ReportFields, qr_stamp: Stamp, words: str) -> None:
    address = address_line("https://film.hospital.example:8443/")
    stamped = stamp(make_report_pdf(report), replace(qr_stamp, caption_lines=(words,), address=address, corner="bottom-right"))
    (page,) = read_text_layer(stamped)
    text = "".join(page.stream.split())
    assert words in text
    assert "网址film.hospital.example:8443" in text
    under_the_code = [one for one in page.characters if one.left > page.width_points * 0.75 and one.top > page.height_points * 0.7]
    assert min(one.bottom - one.top for one in under_the_code if "\u4e00" <= one.text <= "\u9fff") > 5.4
    assert codes(rendered(stamped)) == [qr_stamp.url]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_wanted_corner_goes_before_the_address(report: ReportFields, qr_stamp: Stamp, layout: str) -> None:
    form = make_report_pdf(report, layout)
    (page, *_) = read_text_layer(stamp(form, replace(qr_stamp, address=address_line("https://film.hospital.example"))))
    assert "网址" not in page.stream
    assert any(one.top < page.height_points * 0.2 and one.left > page.width_points * 0.7 and one.text == "7" for one in page.characters)
