# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms that the general reader cannot know, taught from one sample and read with other values; forms that were not taught stay unrecognised."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pypdfium2
import pytest

from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import SURE, unsure_fields
from cloudfilm.reports.form_recognition import recognise_form
from cloudfilm.reports.form_teaching import check_form, level_box, make_form, picture_box, read_with_forms, suggested_areas
from cloudfilm.reports.matching import Matched, StudyCandidate, match_report
from cloudfilm.reports.reading_json import page_from_json, page_to_json, reading_from_json, reading_to_json
from cloudfilm.reports.taught_form import Area, TaughtForm, UnusableForm, form_from_json
from cloudfilm.reports.text_layer import PageText, read_text_layer
from demo.forms import all_forms
from demo.forms.marking import teach_odd_form
from demo.forms.odd import ODD_LAYOUTS, OddForm, odd_form
from demo.forms.scan import Scan, scanned_page
from tests.support.report_pages import differences

SAMPLE, OTHERS = 34000, range(34001, 34021)


@cache
def pages_of(form: OddForm) -> tuple[PageText, ...]:
    return read_text_layer(form.pdf())


@cache
def taught(layout: str) -> TaughtForm:
    return teach_odd_form(layout, SAMPLE)


@pytest.mark.parametrize("layout", ODD_LAYOUTS)
def test_twenty_reports_are_read_by_a_form_that_was_taught_from_one(layout: str) -> None:
    for seed in OTHERS:
        form = odd_form(layout, seed)
        reading, recognised = read_with_forms(pages_of(form), [taught(layout)])
        assert recognised is not None
        assert not differences(form.fields, reading.fields), form.name
        assert not unsure_fields(reading.to_json()), form.name
        assert reading.form is not None
        assert reading.form.name == layout
        assert {name for name, one in reading.readings.items() if one.box is None} <= {"modality"}


@pytest.mark.parametrize("layout", ODD_LAYOUTS)
def test_it_does_not_matter_which_report_was_the_sample(layout: str) -> None:
    """One with short lines and a short text teaches as much as a long one."""
    for sample in range(34300, 34308):
        form_of = teach_odd_form(layout, sample)
        for seed in range(34400, 34408):
            form = odd_form(layout, seed)
            reading, recognised = read_with_forms(pages_of(form), [form_of])
            assert recognised is not None
            assert not differences(form.fields, reading.fields), (sample, form.name)


@pytest.mark.parametrize("layout", ODD_LAYOUTS)
def test_the_general_reader_does_not_know_these_forms(layout: str) -> None:
    form = odd_form(layout, OTHERS[0])
    assert differences(form.fields, read_report(pages_of(form)).fields)


def test_each_report_is_recognised_as_its_own_form_among_all() -> None:
    forms = [taught(layout) for layout in ODD_LAYOUTS]
    for layout in ODD_LAYOUTS:
        for seed in OTHERS[:5]:
            recognised = recognise_form(pages_of(odd_form(layout, seed)), forms)
            assert recognised is not None
            assert recognised.form.name == layout


def test_no_report_in_another_layout_is_recognised_as_a_taught_form() -> None:
    forms = [taught(layout) for layout in ODD_LAYOUTS]
    for form in all_forms():
        pages = read_text_layer(form.pdf())
        assert [one.name for one in forms if recognise_form(pages, [one])] == [], form.name


def test_two_forms_that_fit_alike_are_none() -> None:
    form = taught("own_words")
    pages = pages_of(odd_form("own_words", OTHERS[0]))
    assert recognise_form(pages, [form, replace(form, form_id="another")]) is None


@pytest.mark.parametrize("layout", ODD_LAYOUTS)
@pytest.mark.parametrize(("scale", "across", "down"), [(1.0, 18.0, -12.0), (0.95, 15.0, 21.0), (1.04, -10.0, -9.0)])
def test_a_report_that_is_printed_smaller_or_shifted_is_read_all_the_same(layout: str, scale: float, across: float, down: float) -> None:
    for seed in OTHERS[:5]:
        form = odd_form(layout, seed)
        moved = [_moved(page, scale, across, down) for page in pages_of(form)]
        reading, recognised = read_with_forms(moved, [taught(layout)])
        assert recognised is not None
        # One fixed text alone, the hospital's name, cannot tell the scale.
        if len(recognised.placing.found) > 1 or scale == 1.0:
            assert not differences(form.fields, reading.fields), form.name


@pytest.mark.parametrize("layout", ["own_words", "boxes"])
def test_a_scan_is_recognised_and_read(layout: str) -> None:
    from cloudfilm.reports.recognition import recognise_page

    form = odd_form(layout, OTHERS[2])
    page = pypdfium2.PdfDocument(form.pdf())[0]
    scan = scanned_page(page, Scan(dpi=200, skew=1.2, quality=60), seed=SAMPLE).convert("L")
    pages = [recognise_page(np.asarray(scan, dtype=np.uint8), *page.get_size())]
    reading, recognised = read_with_forms(pages, [taught(layout)])
    assert recognised is not None
    wrong = differences(form.fields, reading.fields)
    assert not {name for name in wrong if name not in reading.readings or reading.readings[name].confidence >= SURE}, wrong
    assert len(wrong) <= 1
    assert reading.needs_witness


def test_numbers_that_the_general_reader_reads_otherwise_go_to_review() -> None:
    form = odd_form("two_numbers", OTHERS[0])
    study = StudyCandidate("1.2.3", form.fields.patient_id, None, form.fields.accession_number, None, None, ())
    learnt = taught("two_numbers")
    assert learnt.overrules == {"accession_number"}

    def decided(known: TaughtForm) -> object:
        reading, _ = read_with_forms(pages_of(form), [known])
        assert reading.fields.accession_number == form.fields.accession_number
        return match_report(reading.fields, [study], unsure=unsure_fields(reading.to_json()), needs_witness=reading.needs_witness)

    assert isinstance(decided(learnt), Matched)
    assert not isinstance(decided(replace(learnt, overrules=frozenset())), Matched)


def test_a_blank_area_leaves_a_field_blank_whatever_stands_elsewhere() -> None:
    page = pages_of(odd_form("two_numbers", SAMPLE))
    form = make_form(page, [Area("department", 1, (60, 600, 200, 620))], name="form", general=read_report(page))
    reading, recognised = read_with_forms(page, [form])
    assert recognised is not None
    assert reading.fields.department is None
    assert reading.fields.patient_name is not None


def test_what_the_general_reader_found_is_proposed_and_reads_the_same() -> None:
    for form in all_forms()[::6]:
        pages = read_text_layer(form.pdf())
        general = read_report(pages)
        made = make_form(pages, suggested_areas(general, pages), name="form", general=general)
        recognised = check_form(made, pages)
        assert not differences(form.fields, read_with_forms(pages, [made])[0].fields), form.name
        assert recognised.score > 0.9
        assert not made.overrules & {"accession_number", "patient_id"}


def test_other_reports_tell_what_is_printed_on_all() -> None:
    sample = odd_form("boxes", SAMPLE)
    areas = [Area("patient_name", 1, (60, 104, 200, 130))]
    alone = {anchor.text for anchor in make_form(pages_of(sample), areas).anchors}
    others = [pages_of(odd_form("boxes", seed)) for seed in OTHERS[:5]]
    confirmed = {anchor.text for anchor in make_form(pages_of(sample), areas, others=others).anchors}
    assert "东海大学附属第二医院影像科 印制 请妥善保管" in confirmed
    assert not confirmed - alone - {"甲", "乙", "东海大学附属第二医院影像科 印制 请妥善保管"}


def test_a_form_is_the_same_after_it_was_kept() -> None:
    form = taught("own_words")
    assert form_from_json(form.to_json()) == form
    pages = pages_of(odd_form("own_words", SAMPLE))
    assert tuple(page_from_json(page_to_json(page)) for page in pages) == pages
    reading, _ = read_with_forms(pages, [form])
    assert reading_from_json(reading_to_json(reading)) == reading


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": []}, {"sizes": [[0, 5]]}, {"sizes": [[595, "x"]]}, {"kind": "XX"}, {"areas": [{"field": "modality", "page": 1, "box": [0, 0, 1, 1]}]},
        {"areas": [{"field": "patient_id", "page": 2, "box": [0, 0, 1, 1]}]}, {"areas": [{"field": "patient_id", "page": 1, "box": [5, 0, 1, 1]}]},
        {"areas": [{"field": "patient_id", "page": 1, "box": [0, 0, float("nan"), 1]}]}, {"areas": None}, {"anchors": [{"text": "", "page": 1, "box": [0, 0, 1, 1]}]},
        {"areas": [{"field": "patient_id", "page": 1, "box": [900, 0, 901, 1]}]}, {"anchors": [{"text": "x" * 200, "page": 1, "box": [0, 0, 1, 1]}]},
        {"areas": [{"field": "patient_id", "page": 1, "box": [0, 0, 1, 1]}] * 2}, {"version": "x"}, {"anchors": "abc"},
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnusableForm):
        form_from_json({**taught("own_words").to_json(), **change})


def test_a_form_without_a_name_fields_or_fixed_texts_is_not_kept() -> None:
    form, pages = taught("own_words"), pages_of(odd_form("own_words", SAMPLE))
    for change, trouble in (({"name": ""}, "no name"), ({"areas": ()}, "no fields"), ({"anchors": form.anchors[:1]}, "no fixed texts")):
        with pytest.raises(UnusableForm) as refused:
            check_form(replace(form, **change), pages)
        assert refused.value.trouble == trouble
    with pytest.raises(UnusableForm) as refused:
        check_form(form, pages_of(odd_form("boxes", SAMPLE)))
    assert refused.value.trouble == "not recognised"


@pytest.mark.parametrize("skew", [0.0, 0.03, 1.5708, 3.1416])
def test_a_place_on_a_picture_that_lay_askew_is_found_again(skew: float) -> None:
    page = PageText("", (), 842.0, 595.0, is_picture=True, skew=skew)
    box = (100.0, 200.0, 180.0, 212.0)
    there = level_box(picture_box(box, page), page)
    assert abs((there[0] + there[2]) / 2 - 140) < 0.2
    assert abs((there[1] + there[3]) / 2 - 206) < 0.2


def _moved(page: PageText, scale: float, across: float, down: float) -> PageText:
    characters = tuple(
        replace(
            one,
            left=one.left * scale + across,
            right=one.right * scale + across,
            top=one.top * scale + down,
            bottom=one.bottom * scale + down,
        )
        for one in page.characters
    )
    return replace(page, characters=characters)
