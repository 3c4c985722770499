# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of forms: every layout six times, the kinds of exam and the fonts in turn."""

import random
from dataclasses import dataclass
from functools import lru_cache

from cloudfilm.reports.fields import ReportFields
from demo.forms.cases import make_case
from demo.forms.layouts import LAYOUTS
from demo.forms.pen import FONTS, Pen
from demo.forms.vocabulary import EXAMS
from demo.forms.wording import word

FORMS_PER_LAYOUT = 6
_LONG, _SHORT = 48, 4  # sentences of the findings


@dataclass(frozen=True, slots=True)
class Form:
    """One made-up report. `fields` is what its paper says."""

    name: str
    layout: str
    kind: str
    font: str
    seed: int
    fields: ReportFields

    def pdf(self) -> bytes:
        """Draw it."""
        random_of = random.Random(f"words {self.name}")
        pen = Pen(self.font)
        LAYOUTS[self.layout](pen, word(self.fields, self.kind, random_of), random_of)
        return pen.finish()


@lru_cache
def all_forms() -> tuple[Form, ...]:
    """All of them, in the order of the layouts."""
    kinds = list(EXAMS)
    forms: list[Form] = []
    for place, layout in enumerate(LAYOUTS):
        for number in range(FORMS_PER_LAYOUT):
            kind = kinds[(place + number * 3) % len(kinds)]
            seed = place * FORMS_PER_LAYOUT + number
            fields = make_case(seed, kind, _LONG if layout == "multi_page" else _SHORT)
            forms.append(Form(f"{layout}-{number}-{kind}", layout, kind, FONTS[(place + number) % 2], seed, fields))
    return tuple(forms)
