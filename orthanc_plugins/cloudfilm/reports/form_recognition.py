# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which taught form a report is printed on: the only one whose fixed texts stand where they should and whose areas hold what they should, or none.

Fixed texts alone are not enough: two forms of one hospital share its name and many labels. So a form counts as recognised only when what stands in its
areas looks like such fields: a date where a date is, letters and digits where a number is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudfilm.reports.form_placing import Placing, place_form
from cloudfilm.reports.form_reading import AreaReading, read_areas
from cloudfilm.reports.printed_text import PrintedText
from cloudfilm.reports.taught_form import TaughtForm
from cloudfilm.reports.text_layer import PageText

LEAST_SCORE = 0.75  # of the fixed texts
LEAST_WEIGHT = 6  # characters of fixed text
_LEAST_PLAUSIBLE = 0.75  # of the areas whose fields have a look of their own
_LEAST_FILLED = 0.5
_APART = 0.08  # a second form so near to the best leaves it open which one it is
_TYPED = frozenset(
    {"patient_name", "patient_sex", "patient_age", "patient_id", "accession_number", "outpatient_number", "inpatient_number", "exam_time",
     "report_time"}
)  # fmt: skip
_WHOSE = frozenset({"patient_name", "patient_id", "accession_number"})


@dataclass(frozen=True, slots=True)
class RecognisedForm:
    """A form and what stands in its areas; `picture_pages` are those whose text was recognised in a picture."""

    form: TaughtForm
    placing: Placing
    areas: Mapping[str, AreaReading]
    score: float
    picture_pages: frozenset[int] = frozenset()


def recognise_form(pages: Sequence[PageText], forms: Sequence[TaughtForm]) -> RecognisedForm | None:
    """The one form that the pages are printed on; `None` when there is none, or two that fit as well."""
    texts = [PrintedText(page) for page in pages]
    candidates = [found for form in forms if (found := try_form(form, texts)) is not None]
    best = max(candidates, key=lambda found: (found.score, found.placing.weight), default=None)
    if best is None or any(other is not best and _is_as_good(other, best) for other in candidates):
        return None
    return best


def try_form(form: TaughtForm, texts: Sequence[PrintedText]) -> RecognisedForm | None:
    """The form with its areas read, where the pages may be printed on it."""
    placing = place_form(form, texts)
    if placing is None or placing.score < LEAST_SCORE or placing.weight < LEAST_WEIGHT:
        return None
    areas = read_areas(form, placing, texts)
    typed = [one for name, one in areas.items() if name in _TYPED]
    filled = [one for one in typed if one.reading is not None or not one.is_plausible]
    if typed and (len(filled) < _LEAST_FILLED * len(typed) or not any(areas[name].reading for name in _WHOSE & areas.keys())):
        return None
    plausible = sum(one.is_plausible for one in filled)
    if plausible < _LEAST_PLAUSIBLE * len(filled):
        return None
    share = plausible / len(filled) if filled else 1.0
    pictures = frozenset(number for number, text in enumerate(texts, 1) if text.page.is_picture)
    return RecognisedForm(form, placing, areas, round(placing.score * share, 3), pictures)


def _is_as_good(other: RecognisedForm, best: RecognisedForm) -> bool:
    """Of two forms that fit alike, the one with much more fixed text is meant."""
    return other.score > best.score - _APART and other.placing.weight > best.placing.weight * 0.7
