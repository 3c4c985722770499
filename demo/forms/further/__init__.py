# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms that were drawn after the reader, deliberately unlike the twelve layouts that it was made with. Every value is made up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

from cloudfilm.reports.fields import ReportFields
from demo.forms.cases import make_case
from demo.forms.further import (
    combined,
    english_first,
    half_sheet,
    scope_sheet,
    signed_by_hand,
    ticked,
    traditional,
    typewriter,
    underlined,
    wrapped,
)
from demo.forms.pen import FONTS, Pen
from demo.forms.vocabulary import EXAMS
from demo.forms.wording import Wording, word

FORMS_PER_LAYOUT = 6
_FIRST_SEED = 52_000
_MODULES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        underlined, half_sheet, scope_sheet, traditional, wrapped, ticked, combined, signed_by_hand, typewriter, english_first,
    )
}  # fmt: skip
FURTHER_LAYOUTS = tuple(_MODULES)

type Draw = Callable[[Pen, Wording, random.Random], None]


@dataclass(frozen=True, slots=True)
class FurtherForm:
    """One report on such a form. `fields` is what its paper says."""

    name: str
    layout: str
    kind: str
    font: str
    seed: int
    fields: ReportFields

    def pdf(self) -> bytes:
        """Draw it."""
        random_of = random.Random(f"words {self.name}")
        module, pen = _MODULES[self.layout], Pen(self.font)
        wording = word(self.fields, self.kind, random_of)
        labels = {name: random_of.choice(words) for name, words in module.LABELS.items()}
        draw: Draw = module.draw
        draw(pen, replace(wording, labels=wording.labels | labels), random_of)
        return pen.finish()


def further_form(layout: str, number: int, first_seed: int = _FIRST_SEED) -> FurtherForm:
    """The report of this number; a layout says which kinds of exam it is used for, and what it does not print."""
    module, place = _MODULES[layout], FURTHER_LAYOUTS.index(layout)
    kinds = getattr(module, "KINDS", tuple(EXAMS))
    kind = kinds[(place + number * 3) % len(kinds)]
    seed = first_seed + place * 1000 + number
    fields = replace(make_case(seed, kind, 3 + number % 4), **dict.fromkeys(getattr(module, "NOT_PRINTED", ())))
    printed: ReportFields = getattr(module, "as_printed", lambda fields, _: fields)(fields, random.Random(f"printed {seed}"))
    font = getattr(module, "FONT", FONTS[number % 2])
    return FurtherForm(f"{layout}-{number}-{kind}", layout, kind, font, seed, printed)


def further_forms() -> tuple[FurtherForm, ...]:
    """All of them, layout by layout."""
    return tuple(further_form(layout, number) for layout in FURTHER_LAYOUTS for number in range(FORMS_PER_LAYOUT))
