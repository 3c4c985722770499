# SPDX-License-Identifier: AGPL-3.0-or-later
"""One reading of a report: which value stands behind which label, in one order of the lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cloudfilm.reports.labels import BLOCKS, Label, any_heading, find_labels, unknown_labels
from cloudfilm.reports.lines import Line
from cloudfilm.reports.normalise import identifier
from cloudfilm.reports.traditional import folded

_FOOTER = re.compile(
    r"(?:注\s*[:：]\s*|\d[.、]\s*)?[本此](?:报告|检查|结果).*(?:参考|有效|依据|证明|负责)|(?:检查)?结果仅供.*参考|"
    r"(?:.*\s)?第?\s*\d+\s*页(?:\s*[,，/]?\s*共\s*\d+\s*页)?$|共\s*\d+\s*页|(?:.*\s)?\d+\s*/\s*\d+$|-\s*\d+\s*-$|(?:.*\s)?page\s*\d+",
    re.IGNORECASE,
)
_RULE = re.compile(r"[\s\-=_—–─━═*~·.＿]{5,}")
_VERDICT = re.compile(
    r"[\u4e00-\u9fff]{2,6}\s*[:：](?:[\s□☐○■☑☒√✓✔●口\[\]（）()]*(?:阳性|阴性|正常|异常|未见异常)){2,4}[\s□☐○■☑☒√✓✔●口\[\]（）()]*"
)
_SEAL = re.compile(r"[^，。；]{0,12}(?:专用章|盖章)")
# How sure it is that a value belongs to its label: after a colon, after a gap, on the next line; where another label would say it better.
MARKED, APART, BELOW, WEAK = 1.0, 0.96, 0.9, 0.79
_NUMBER = re.compile(r"(?<![\w\-/])(?<!\d[.:])(?=[\w\-]*\d{5})[A-Za-z]{0,6}\d[\w\-]{5,24}(?![\w:年月])", re.ASCII)
_DATE = re.compile(r"(?:19|20)\d\d-\d{1,2}-\d{1,2}|(?:19|20)\d\d[01]\d[0-3]\d")


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
    weak
        Fields whose value stands behind a word that names them only where no plainer one does.
    contradicted
        Labels that stand before different values in different places, as where two reports came in one document.
    blocks
        The lines of the findings, of the impression and of the advice below it.
    unplaced
        Numbers outside the text that no label explains: one of them may be the exam's.
    """

    head: list[Line] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    below: dict[str, Value] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    contradicted: set[str] = field(default_factory=set)
    blocks: dict[str, list[Line]] = field(default_factory=dict)
    weak: set[str] = field(default_factory=set)
    unplaced: set[str] = field(default_factory=set)

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
        if _RULE.fullmatch(line.text) or (not labels and is_footer(line.text)):
            continue
        if not labels and reading.seen and (heading := _unusual_heading(reading, line, block)):
            labels = (heading,)
        if is_first and not labels and not reading.seen:
            reading.head.append(line)
            _note_numbers(reading, line.text)
            continue
        if not is_first and is_above_text and ("".join(line.text.split()) in head or (labels and labels[0].field not in BLOCKS)):
            _harvest(reading, line, labels)
            continue
        if labels and labels[0].field in BLOCKS and not (labels[0].is_weak and labels[0].field in reading.blocks):
            block = _open_block(reading, line, labels[0])
            is_above_text = False
        elif block and not _ends_block(labels) and not _VERDICT.fullmatch(line.text):
            reading.blocks[block].append(line)
            is_above_text = False
        else:
            block = None
            _harvest(reading, line, labels)
            _look_below(reading, labels, line, lines[place + 1 : place + 2])
    return block or _unfinished(reading)


def _unusual_heading(reading: Reading, line: Line, block: str | None) -> Label | None:
    """A heading that is known by its ending, where there was none of its field; in the middle of a text only with a colon."""
    heading = any_heading(line.text)
    return heading if heading and heading.field not in reading.blocks and (heading.is_marked or not block) else None


def is_footer(text: str) -> bool:
    """Whether a line is a page's number, a note at its foot or the text of a seal."""
    return bool(_FOOTER.match(folded(text)) or _SEAL.fullmatch(text))


def _ends_block(labels: Sequence[Label]) -> bool:
    """Inside a text, a single 部位: is part of it; a row of labels or a doctor's name is the end of it."""
    return len(labels) > 1 or any(label.ends_text for label in labels)


def _unfinished(reading: Reading) -> str | None:
    """Where every page ends with the doctors' names, the findings go on overleaf for as long as there has been no impression."""
    return "findings" if "findings" in reading.blocks and "impression" not in reading.blocks else None


def _open_block(reading: Reading, line: Line, label: Label) -> str:
    reading.seen.add(label.field)
    if label.is_weak:
        reading.weak.add(label.field)
    elif label.field in reading.weak:  # what stood under the other heading was no findings, or no impression
        reading.weak.discard(label.field)
        reading.blocks.pop(label.field)
    lines = reading.blocks.setdefault(label.field, [])
    rest = line.part(label.end)
    if rest.text:
        lines.append(rest)
    return label.field


def _harvest(reading: Reading, line: Line, labels: Sequence[Label]) -> None:
    marks = sorted([*labels, *unknown_labels(line.text, labels)], key=lambda label: label.start)
    _note_numbers(reading, line.text[: marks[0].start] if marks else line.text)
    for number, label in enumerate(marks):
        end = marks[number + 1].start if number + 1 < len(marks) else len(line.text)
        value = Value(line.part(label.end, end), WEAK if label.is_weak else MARKED if label.is_marked else APART)
        if label.field == "unknown":
            _note_numbers(reading, value.text)
            continue
        parts = _divided(value, len(label.fields))
        for name, part in zip(label.fields, parts, strict=True):
            _keep(reading, name, part, label.is_weak)


def _keep(reading: Reading, name: str, value: Value, is_weak: bool) -> None:
    reading.seen.add(name)
    if not value.text or (is_weak and name in reading.values):
        return
    if name in reading.weak and not is_weak:
        reading.weak.discard(name)
        reading.values.pop(name, None)
    reading.weak |= {name} if is_weak else set()
    if "".join(reading.values.setdefault(name, value).text.split()) != "".join(value.text.split()):
        reading.contradicted.add(name)


def _divided(value: Value, count: int) -> list[Value]:
    """The values behind one label for several of them (男/45岁); where their number is another, the first may be all of them, and nothing is sure."""
    if count == 1:
        return [value]
    cuts = [match.span() for match in re.finditer(r"\s*[/／、]\s*", value.text)]
    if len(cuts) != count - 1:
        return [replace(value, certainty=BELOW * WEAK), *[replace(value, line=value.line.part(0, 0))] * (count - 1)]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(value.text)]
    return [replace(value, line=value.line.part(start, end)) for start, end in zip(starts, ends, strict=True)]


def _note_numbers(reading: Reading, text: str) -> None:
    """Numbers as long as an exam's, dates left out."""
    found = (match[0] for match in _NUMBER.finditer(text) if not _DATE.fullmatch(match[0]))
    reading.unplaced |= {number for one in found if (number := identifier(one))}


def _look_below(reading: Reading, labels: Sequence[Label], line: Line, following: Sequence[Line]) -> None:
    if labels and following and not line.text[labels[-1].end :].strip() and not find_labels(following[0].text):
        reading.below.setdefault(labels[-1].field, Value(following[0], BELOW))
