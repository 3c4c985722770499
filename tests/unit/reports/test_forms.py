# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every made-up form in every layout, read from its text layer."""

from collections import Counter

import pypdfium2
import pytest

from bench.near_twins import RIGHT, near_twins, right_study
from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import SURE, ReportReading
from cloudfilm.reports.matching import Matched, match_report
from cloudfilm.reports.text_layer import read_text_layer
from demo.forms import Form, all_forms
from tests.support.report_pages import differences

FORMS = all_forms()


@pytest.fixture(scope="module")
def read() -> dict[str, ReportReading]:
    return {form.name: read_report(read_text_layer(form.pdf())) for form in FORMS}


def test_there_are_at_least_sixty_forms_in_twelve_layouts_of_every_kind() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS) >= 60
    assert len({form.layout for form in FORMS}) == 12
    assert set(Counter(form.kind for form in FORMS)) == {"ct", "mr", "dr", "cr", "mammography", "ultrasound", "endoscopy", "other"}
    assert {form.fields.modality for form in FORMS} == {"CT", "MR", "DX", "CR", "MG", "US", "ES", None}


def test_a_form_is_the_same_on_every_day() -> None:
    assert FORMS[0].pdf() == FORMS[0].pdf()
    all_forms.cache_clear()
    assert all_forms() == FORMS


def test_some_forms_have_several_pages() -> None:
    assert max(len(pypdfium2.PdfDocument(form.pdf())) for form in FORMS if form.layout == "multi_page") >= 2


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_field_is_read_from_the_text_layer(form: Form, read: dict[str, ReportReading]) -> None:
    assert not differences(form.fields, read[form.name].fields)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_field_is_sure_and_has_a_place_on_the_page(form: Form, read: dict[str, ReportReading]) -> None:
    reading = read[form.name]
    assert set(reading.readings) == {name for name, value in reading.fields.to_json().items() if value is not None}
    for name, one in reading.readings.items():
        assert one.value == getattr(reading.fields, name)
        assert SURE <= one.confidence <= 1, name
        assert one.page is not None, name
        assert one.box is not None, name
        left, top, right, bottom = one.box
        assert 0 <= left < right <= 596, name
        assert 0 <= top < bottom <= 842, name


def test_the_box_of_a_field_is_where_the_value_is_printed(read: dict[str, ReportReading]) -> None:
    form = next(form for form in FORMS if form.layout == "above")
    one = read[form.name].readings["accession_number"]
    assert one.box is not None
    (page,) = read_text_layer(form.pdf())
    left, top, right, bottom = one.box
    inside = [
        character.text
        for character in page.characters
        if left - 0.1 <= character.left
        and character.right <= right + 0.1
        and top - 0.1 <= character.top
        and character.bottom <= bottom + 0.1
    ]
    assert "".join(inside) == form.fields.accession_number


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_no_report_is_matched_with_a_near_twin_of_its_study(form: Form, read: dict[str, ReportReading]) -> None:
    fields = read[form.name].fields
    twins, right = near_twins(form.fields), right_study(form.fields)
    decision = match_report(fields, [*twins, right])
    assert isinstance(decision, Matched)
    assert decision.study_instance_uid == RIGHT
    assert not isinstance(match_report(fields, twins), Matched)
    assert not any(isinstance(match_report(fields, [twin]), Matched) for twin in twins)
