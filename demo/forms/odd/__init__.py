# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms that no general reader can know: taught by one sample, they are read all the same. Every value is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cloudfilm.reports.fields import ReportFields
from demo.forms.cases import make_case
from demo.forms.odd import boxes, bulletin, own_words, two_numbers
from demo.forms.pen import Pen
from demo.forms.vocabulary import EXAMS
from demo.forms.wording import SEXES

type Draw = Callable[[Pen, Mapping[str, str]], None]
_LAYOUTS = {module.__name__.rpartition(".")[2]: module for module in (bulletin, own_words, boxes, two_numbers)}
ODD_LAYOUTS = tuple(_LAYOUTS)


@dataclass(frozen=True, slots=True)
class OddForm:
    """One report on such a form. `fields` is what its paper says."""

    name: str
    layout: str
    fields: ReportFields

    def pdf(self) -> bytes:
        """Draw it."""
        pen = Pen()
        values = {name: value or "" for name, value in self.fields.to_json().items()}
        values["patient_sex"] = SEXES.get(values["patient_sex"], "")
        for name in ("exam_time", "report_time"):
            values[name] = datetime.fromisoformat(values[name]).strftime("%Y-%m-%d %H:%M") if values[name] else ""
        draw: Draw = _LAYOUTS[self.layout].draw
        draw(pen, values)
        return pen.finish()


def odd_form(layout: str, seed: int) -> OddForm:
    """The report of this seed; the kinds of exam take turns."""
    module = _LAYOUTS[layout]
    kind = list(EXAMS)[seed % len(EXAMS)]
    printed = {"hospital_name": module.HOSPITAL, **dict.fromkeys(module.NOT_PRINTED)}
    fields = replace(make_case(seed, kind, 2 + seed % 5), **printed)
    return OddForm(f"{layout}-{seed}", layout, replace(fields, modality=fields.modality if fields.report_kind else None))
