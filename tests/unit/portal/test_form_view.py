# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page for teaching a form shows of a sample."""

from __future__ import annotations

from cloudfilm.reports.text_layer import read_text_layer
from demo.forms.marking import marked_areas
from demo.forms.odd import odd_form
from demo.report_form import make_report_pdf
from portal.form_view import draft_from_json, show
from tests.support.samples import fields_for


def test_reports_on_another_form_that_has_half_of_the_labels_do_not_decide_what_is_printed_on_this_one() -> None:
    sample = odd_form("two_numbers", 34200)
    pages = read_text_layer(sample.pdf())
    marks = [{"field": one.field, "page": one.page, "box": one.box} for one in marked_areas(sample.fields, pages)]
    draft = draft_from_json({"name": "妇幼报告单", "kind": "", "dropped": [], "marks": marks})
    others = [read_text_layer(make_report_pdf(fields_for(seed))) for seed in ("34900", "34901", "34902")]
    values = {one.name: one.value for one in show(draft, pages, others).fields}
    assert values["accession_number"] == sample.fields.accession_number
    assert values["patient_id"] == sample.fields.patient_id
