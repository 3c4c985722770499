# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms that were drawn after the reader: what it cannot read it must leave unknown, and bind to nothing."""

import pytest

from bench.near_twins import RIGHT, near_twins, right_study
from bench.report_scores import Scores
from cloudfilm.reports.extraction import read_report
from cloudfilm.reports.field_reading import SURE, ReportReading, unsure_fields
from cloudfilm.reports.matching import Matched, match_report
from cloudfilm.reports.text_layer import read_text_layer
from demo.forms.further import FURTHER_LAYOUTS, FurtherForm, further_forms
from tests.support.report_pages import differences

FORMS = further_forms()
# A tick that is drawn is no text; 病历号 beside MRN is a hospital's book, which may not be the images'.
NOT_READ = {"ticked": {"patient_sex"}, "english_first": {"patient_id"}}


@pytest.fixture(scope="module")
def read() -> dict[str, ReportReading]:
    return {form.name: read_report(read_text_layer(form.pdf())) for form in FORMS}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_field_is_read_or_left_unknown(form: FurtherForm, read: dict[str, ReportReading]) -> None:
    reading = read[form.name]
    differing = differences(form.fields, reading.fields)
    assert set(differing) <= NOT_READ.get(form.layout, set()), differing
    assert all(getattr(reading.fields, name) is None for name in differing)


def test_nearly_all_of_them_are_read(read: dict[str, ReportReading]) -> None:
    scores = Scores()
    for form in FORMS:
        scores.add(form.name, form.fields, read[form.name])
    assert len(FURTHER_LAYOUTS) == 10
    assert scores.to_json()["accuracy"] > 0.99
    assert scores.sure_and_wrong == 0


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_none_is_matched_with_a_near_twin_of_its_study(form: FurtherForm, read: dict[str, ReportReading]) -> None:
    reading, twins, right = read[form.name], near_twins(form.fields), right_study(form.fields)
    unsure = unsure_fields(reading.to_json())
    for candidates in ([*twins, right], twins, *([twin] for twin in twins)):
        decision = match_report(reading.fields, candidates, unsure=unsure, unplaced=reading.unplaced)
        assert not isinstance(decision, Matched) or decision.study_instance_uid == RIGHT


def test_what_stands_behind_a_weak_label_is_not_sure(read: dict[str, ReportReading]) -> None:
    (form,) = [form for form in FORMS if form.name == "scope_sheet-0-endoscopy"]
    assert read[form.name].fields.reporting_doctor == form.fields.reporting_doctor
    assert read[form.name].readings["reporting_doctor"].confidence < SURE
