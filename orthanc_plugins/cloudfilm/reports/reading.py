# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reading of a report: which value stands behind which label, in one order of the lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cloudfilm.reports.labels import AFTER_THE_TEXT, BLOCKS, Label, find_labels
from cloudfilm.reports.lines import Line

_FOOTER = re.compile(
    r"(?:注\s*[:：]\s*|\d[.、]\s*)?[本此](?:报告|检查|结果).*(?:参考|有效|依据|证明|负责)|(?:检查)?结果仅供.*参考|"
    r"(?:.*\s)?第?\s*\d+\s*页(?:\s*[,，/]?\s*共\s*\d+\s*页)?$|共\s*\d+\s*页|(?:.*\s)?\d+\s*/\s*\d+$|-\s*\d+\s*-$|(?:.*\s)?page\s*\d+",
    re.IGNORECASE,
)
_SEAL = re.compile(r"[^，。；]{0,12}(?:专用章|盖章)")
MARKED, APART, BELOW = 1.0, 0.96, 0.9  # how sure it is that a value belongs to its label: after a colon, after a gap, on the next line


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind a label, and how sure it is that it belongs there (0 to 1)."""

    line: Line
    certainty: float

    @property
    def text(self) -> str:
        """As it is printed."""
        return self.line.text


@dataclass(slots=True)
class Reading:
    """
    What one pass over the lines found.

    Attributes
    ----------
    head
        The lines above the first label of the first page: the title.
    values
        Behind each label, on the same line, the first text that was not empty.
    below
        Under a label that ended its line, the next line, where that has no label.
    seen
        Every label found, also those without a value.
    contradicted
        Labels that stand before different values in different places, as where two reports came in one document.
    blocks
        The lines of the findings and of the impression.
    """

    head: list[Line] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    below: dict[str, Value] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    contradicted: set[str] = field(default_factory=set)
    blocks: dict[str, list[Line]] = field(default_factory=dict)

    def text_of(self, name: str) -> str:
        """The text behind a label; empty where there is none."""
        return self.values[name].text if name in self.values else ""


def read_lines(pages: Sequence[Sequence[Line]]) -> Reading:
    """Read the pages of one report, given as lines. A block that is open at a page's end goes on below the next page's header."""
    reading = Reading()
    block: str | None = None
    for number, lines in enumerate(pages):
        block = _read_page(reading, lines, block, is_first=number == 0)
    return reading


def _read_page(reading: Reading, lines: Sequence[Line], block: str | None, is_first: bool) -> str | None:
    """Returns the block that the next page goes on with."""
    is_above_text = True
    head = {"".join(line.text.split()) for line in reading.head}
    for place, line in enumerate(lines):
        labels = find_labels(line.text)
        if not labels and is_footer(line.text):
            continue
        if is_first and not labels and not reading.seen:
            reading.head.append(line)
            continue
        if not is_first and is_above_text and ("".join(line.text.split()) in head or (labels and labels[0].field not in BLOCKS)):
            _harvest(reading, line, labels)
            continue
        if labels and labels[0].field in BLOCKS:
            block = _open_block(reading, line, labels[0])
            is_above_text = False
        elif block and not _ends_block(labels):
            reading.blocks[block].append(line)
            is_above_text = False
        else:
            block = None
            _harvest(reading, line, labels)
            _look_below(reading, labels, line, lines[place + 1 : place + 2])
    return block or _unfinished(reading)


def is_footer(text: str) -> bool:
    """Whether a line is a page's number, a note at its foot or the text of a seal."""
    return bool(_FOOTER.match(text) or _SEAL.fullmatch(text))


def _ends_block(labels: Sequence[Label]) -> bool:
    """Inside a text, a single 部位: is part of it; a row of labels or a doctor's name is the end of it."""
    return len(labels) > 1 or any(label.field in AFTER_THE_TEXT for label in labels)


def _unfinished(reading: Reading) -> str | None:
    """Where every page ends with the doctors' names, the findings go on overleaf for as long as there has been no impression."""
    return "findings" if "findings" in reading.blocks and "impression" not in reading.blocks else None


def _open_block(reading: Reading, line: Line, label: Label) -> str:
    reading.seen.add(label.field)
    lines = reading.blocks.setdefault(label.field, [])
    rest = line.part(label.end)
    if rest.text:
        lines.append(rest)
    return label.field


def _harvest(reading: Reading, line: Line, labels: Sequence[Label]) -> None:
    for number, label in enumerate(labels):
        end = labels[number + 1].start if number + 1 < len(labels) else len(line.text)
        value = Value(line.part(label.end, end), MARKED if label.is_marked else APART)
        reading.seen.add(label.field)
        if value.text and "".join(reading.values.setdefault(label.field, value).text.split()) != "".join(value.text.split()):
            reading.contradicted.add(label.field)


def _look_below(reading: Reading, labels: Sequence[Label], line: Line, following: Sequence[Line]) -> None:
    if labels and following and not line.text[labels[-1].end :].strip() and not find_labels(following[0].text):
        reading.below.setdefault(labels[-1].field, Value(following[0], BELOW))
