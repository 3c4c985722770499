# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench reports: reading, matching and stamping made-up reports in twelve layouts, with their text layer and as scans; in ten further ones
that were drawn after the reader; and in layouts that are taught from one sample each, since no reader can know them."""

import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from bench.near_twins import RIGHT, near_twins, right_study
from bench.report_scores import Scores
from bench.stamped_pages import covers_ink, decodes
from cloudfilm.reports.document import DocumentReading, read_document
from cloudfilm.reports.field_reading import unsure_fields
from cloudfilm.reports.limited_process import end_forkers
from cloudfilm.reports.matching import Matched, match_report
from cloudfilm.reports.stamp_drawing import Stamp
from cloudfilm.reports.taught_form import TaughtForm
from demo.forms import Form, all_forms
from demo.forms.further import FORMS_PER_LAYOUT, FURTHER_LAYOUTS, FurtherForm, further_form
from demo.forms.marking import teach_odd_form
from demo.forms.odd import ODD_LAYOUTS, OddForm, odd_form
from demo.forms.scan import scan_number, scanned_pdf

_STAMP = Stamp("HTTPS://FILM.HOSPITAL.CN/Q/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "7K3M-9QXF-2T8B")
_QUICK = 12
_TAUGHT_SEED = 34300


@dataclass
class Round:
    """What was measured of one way in which the forms came: with text, or as scans."""

    scores: Scores = field(default_factory=Scores)
    documents: int = 0
    pages: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    decoded: int = 0
    over_ink: int = 0
    matched: int = 0
    wrong_matches: int = 0
    recognised_as_taught: int = 0

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        return {
            **self.scores.to_json(),
            "documents": self.documents,
            "pages": self.pages,
            "seconds_per_page": self.seconds / max(self.pages, 1),
            "cpu_seconds_per_page": self.cpu_seconds / max(self.pages, 1),
            "peak_megabytes": self.peak_megabytes,
            "qr_decode_rate": self.decoded / max(self.documents, 1),
            "qr_over_ink": self.over_ink,
            "matched_with_the_right_study": self.matched,
            "wrong_matches": self.wrong_matches,
            "recognised_as_taught": self.recognised_as_taught,
        }


@click.command()
@click.option("--quick", is_flag=True, help="One form of each layout.")
@click.option("--json", "as_json", is_flag=True, help="Figures for machines, with every mistake.")
def reports(quick: bool, as_json: bool) -> None:
    """Accuracy, time and memory of reading; QR codes; wrong matches."""
    numbered = list(enumerate(all_forms()))
    if quick:
        numbered = numbered[:: len(numbered) // _QUICK]
    rounds = {"text": Round(), "scan": Round()}
    for name, measured in rounds.items():
        with _costs(measured):
            for number, form in numbered:
                pdf = form.pdf()
                _measure(measured, form, scanned_pdf(pdf, scan_number(number), number) if name == "scan" else pdf)
    for name, per_layout in (("further text", 1 if quick else FORMS_PER_LAYOUT), ("further scan", 1 if quick else 2)):
        rounds[name] = Round()
        with _costs(rounds[name]):
            for layout in FURTHER_LAYOUTS:
                for number in range(per_layout):
                    further = further_form(layout, number)
                    pdf = further.pdf()
                    _measure(rounds[name], further, scanned_pdf(pdf, scan_number(number), number) if name == "further scan" else pdf)
    for name, per_layout in (("taught text", 2 if quick else 20), ("taught scan", 1 if quick else 3)):
        rounds[name] = Round()
        with _costs(rounds[name]):
            for layout in ODD_LAYOUTS:
                taught = teach_odd_form(layout, _TAUGHT_SEED)
                for seed in range(_TAUGHT_SEED + 100, _TAUGHT_SEED + 100 + per_layout):
                    odd = odd_form(layout, seed)
                    pdf = odd.pdf()
                    _measure(rounds[name], odd, scanned_pdf(pdf, scan_number(seed), seed) if name == "taught scan" else pdf, [taught])
    figures = {name: measured.to_json() for name, measured in rounds.items()}
    click.echo(json.dumps(figures, ensure_ascii=False, indent=1) if as_json else _table(figures))


@contextmanager
def _costs(measured: Round) -> Iterator[None]:
    """Of all processes that read, with the one that loads the libraries for them: the kernel counts a process once it has been waited for."""
    end_forkers()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield
    end_forkers()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured.cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    measured.peak_megabytes = after.ru_maxrss / 1024  # the largest child so far: the scans come last


def _measure(measured: Round, form: Form | FurtherForm | OddForm, pdf: bytes, taught: Sequence[TaughtForm] = ()) -> None:
    began = time.monotonic()
    read = read_document(pdf, _STAMP, forms=taught)
    measured.recognised_as_taught += read.report.form is not None
    measured.seconds += time.monotonic() - began
    measured.documents += 1
    measured.pages += len(read.page_images)
    measured.scores.add(form.name, form.fields, read.report)
    measured.decoded += decodes(read.stamped_pdf, _STAMP.url)
    measured.over_ink += covers_ink(pdf, read.stamped_pdf)
    _match(measured, form, read)


def _match(measured: Round, form: Form | FurtherForm | OddForm, read: DocumentReading) -> None:
    """With the right study among its near twins, and with the twins alone."""
    kept = read.report.to_json()
    twins, right = near_twins(form.fields), right_study(form.fields)
    for candidates in ([*twins, right], twins, *([twin] for twin in twins)):
        decision = match_report(
            read.fields, candidates, unsure=unsure_fields(kept), needs_witness=read.report.needs_witness, unplaced=read.report.unplaced
        )
        if isinstance(decision, Matched):
            measured.matched += decision.study_instance_uid == RIGHT
            measured.wrong_matches += decision.study_instance_uid != RIGHT


def _table(figures: dict[str, dict[str, Any]]) -> str:
    columns = list(figures)
    rows: list[tuple[str, Sequence[str]]] = [("", columns)]
    for name in figures[columns[0]]:
        values = [figures[column][name] for column in columns]
        if name == "accuracy_by_field":
            rows += [(f"  {one}", [f"{value[one]:.2%}" for value in values]) for one in values[0]]
        elif name != "mistakes":
            rows.append((name, [_printed(name, value) for value in values]))
    width = max(len(name) for name, _ in rows) + 2
    return "\n".join(name.ljust(width) + "".join(value.rjust(12) for value in values) for name, values in rows)


def _printed(name: str, value: float) -> str:
    if "accuracy" in name or "rate" in name:
        return f"{value:.2%}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
