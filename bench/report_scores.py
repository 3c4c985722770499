# SPDX-License-Identifier: AGPL-3.0-or-later
"""How well reports were read: per field right, wrong, and wrong although it was said to be sure."""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from cloudfilm.reports.field_reading import SURE, ReportReading
from cloudfilm.reports.fields import ReportFields

LONG_TEXTS = ("findings", "impression")


def printed_alike(first: str | None, second: str | None) -> bool:
    """Whether two values are the same but for white space and the width of characters, which no printed page tells apart."""
    return _bare(first) == _bare(second)


def _bare(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())


@dataclass
class Scores:
    """Counts over many reports; a field that is blank on paper and was left unknown is right."""

    total: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    sure_and_wrong: int = 0
    unsure_and_right: int = 0
    characters: int = 0
    wrong_characters: int = 0
    mistakes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, truth: ReportFields, read: ReportReading) -> None:
        """Count one report."""
        for field_name, said in truth.to_json().items():
            value = getattr(read.fields, field_name)
            confidence = read.readings[field_name].confidence if field_name in read.readings else None
            self.total[field_name] += 1
            if field_name in LONG_TEXTS:
                self.characters += len(_bare(said))
                self.wrong_characters += _wrong_characters(_bare(said), _bare(value))
            if printed_alike(said, value):
                self.unsure_and_right += confidence is not None and confidence < SURE
                continue
            self.wrong[field_name] += 1
            self.missed[field_name] += value is None
            self.sure_and_wrong += (confidence or 0) >= SURE
            self.mistakes.append({"form": name, "field": field_name, "printed": said, "read": value, "confidence": confidence})

    def to_json(self) -> dict[str, Any]:
        """Counts and shares."""
        fields, wrong = self.total.total(), self.wrong.total()
        return {
            "fields": fields,
            "right": fields - wrong,
            "accuracy": 1 - wrong / max(fields, 1),
            "left_unknown": self.missed.total(),
            "sure_and_wrong": self.sure_and_wrong,
            "unsure_and_right": self.unsure_and_right,
            "character_accuracy_of_texts": 1 - self.wrong_characters / max(self.characters, 1),
            "accuracy_by_field": {name: 1 - self.wrong[name] / count for name, count in self.total.items()},
            "mistakes": self.mistakes,
        }


def _wrong_characters(said: str, read: str) -> int:
    edits = SequenceMatcher(None, said, read, autojunk=False).get_opcodes()
    return sum(max(end - start, read_end - read_start) for tag, start, end, read_start, read_end in edits if tag != "equal")
