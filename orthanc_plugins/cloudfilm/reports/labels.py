# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that hospitals print before a value, and where they stand in a line.

A label is recognised with any spaces between its characters (姓 名), with a translation after it (姓名 Name), in brackets (【影像所见】) and with a
colon of either width. Without a colon or brackets it must stand apart, as in a ruled table. Labels that belong to no field of ours are listed all
the same: they end the value before them, and 临床诊断 is not 诊断.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloudfilm.reports.label_words import (
    ANY_FINDINGS,
    ANY_IMPRESSION,
    NO_HEADING,
    ONLY_BEFORE_A_COLON,
    SIGNED,
    SYNONYMS,
    TRANSLATIONS,
    WEAK,
)
from cloudfilm.reports.traditional import folded

BLOCKS = frozenset({"findings", "impression", "advice"})
AFTER_THE_TEXT = frozenset({"reporting_doctor", "reviewing_doctor", "report_time", "after_the_text"})

_DOCTORS = ("reporting_doctor", "reviewing_doctor")
_WORDS = [
    (synonym, field, is_weak)
    for words, is_weak in ((SYNONYMS, False), (WEAK, True))
    for field, synonyms in words.items()
    for synonym in synonyms.split()
]
_WORDS += [
    (synonym + signed, field, is_weak)
    for synonym, field, is_weak in _WORDS
    if field in _DOCTORS and not synonym.isascii() and "签" not in synonym
    for signed in SIGNED
]
_FIELD_OF = {re.sub(r"[_.]", "", word).upper(): (field, is_weak) for word, field, is_weak in _WORDS}
_ALL = [word for word, _, _ in _WORDS if word not in ONLY_BEFORE_A_COLON and folded(word) == word]
_CHINESE = [word for word in _ALL if not word.isascii()]
_ENGLISH = [word for word in _ALL if word.isascii()]


def _spelled(synonyms: list[str], between: str = r"\s*") -> str:
    in_order = sorted(synonyms, key=len, reverse=True)
    spelled = "|".join(between.join(map(re.escape, synonym.replace("_", ""))).replace(r"\.", r"\.?") for synonym in in_order)
    return re.sub(r"号(?![\\\w/／])", r"号(?:\\s*码)?", spelled).replace("（", "[（(]").replace("）", "[）)]")


_TRANSLATED = rf"(?:\s*[/／|(（]?\s*(?:{_spelled(_ENGLISH)}|[A-Za-z][A-Za-z.' ]{{0,28}}(?=\s*[)）:：]))\s*[)）]?)?"
_TRANSLATED_APART = rf"(?:\s*[/／|(（]?\s*(?:{_spelled(_ENGLISH)})\s*[)）]?)?"
_WORD = rf"{_spelled(_CHINESE)}|{_spelled(_ENGLISH)}"
# A label may follow directly on a value that ends with one of these (性别:男年龄:45岁), and on no other Chinese character.
_BEFORE = r"(?:(?<![\u4e00-\u9fffA-Za-z/])|(?<=[男女岁月天日床科区室]))"
_WITH_COLON = re.compile(rf"{_BEFORE}({_WORD}){_TRANSLATED}\s*[:：]", re.IGNORECASE)
_GLUED = re.compile(rf"(?:^|(?<=\s))(?:{_spelled([*_ENGLISH, *TRANSLATIONS])})({_spelled(_CHINESE)})\s*[:：]", re.IGNORECASE)
_SHORT = re.compile(rf"(?:^|(?<=\s))({'|'.join(sorted(ONLY_BEFORE_A_COLON))})\s*[:：]")
_IN_BRACKETS = re.compile(rf"[【\[〔「［〖]\s*({_WORD}){_TRANSLATED_APART}\s*[】\]〕」］〗]\s*[:：]?", re.IGNORECASE)
_APART = re.compile(rf"(?:^|(?<=\s))({_WORD}){_TRANSLATED_APART}(?=\s|$)", re.IGNORECASE)
_JOINED = re.compile(
    rf"(?:^|(?<=\s))((?:{_spelled(_CHINESE)})(?:\s*[/／、]\s*(?:{_spelled(_CHINESE)})){{1,2}})(?:\s*[:：]|(?=\s|$))", re.IGNORECASE
)
_TIGHT = re.compile(
    rf"(?<=[\u4e00-\u9fffA-Za-z0-9])"
    rf"({_spelled([word for word in _CHINESE if len(word) > 1 and _FIELD_OF[word.upper()][0] not in BLOCKS] + ['审核', '复核'])})\s*[:：]",
    re.IGNORECASE,
)
_BROKEN = re.compile(rf"(?:^|(?<=\s))({_spelled(_CHINESE)})(?=\s|[:：])", re.IGNORECASE)
# What makes a label of a word that its value follows at once, as where recognition lost the space between them (性别女).
_RUN_ON_VALUES = {
    "patient_name": r"[\u4e00-\u9fff·]{2,6}(?=\s|$)",
    "patient_sex": r"[男女](?=\s|$)",
    "patient_age": r"\d{1,3}\s*(?:岁|月|天|$)",
    "department": r"[\u4e00-\u9fff]{1,12}(?:科|室|区|部|门诊)(?=\s|$)",
    "bed_number": r"\d{1,3}\s*床?(?=\s|$)",
    **dict.fromkeys(("patient_id", "accession_number", "outpatient_number", "inpatient_number"), r"[A-Za-z]{0,4}\d{4}"),
    **dict.fromkeys(("exam_time", "report_time"), r"(?:19|20)\d\d\s*[-/.年]"),
    **dict.fromkeys(_DOCTORS, r"[\u4e00-\u9fff·]{2,4}(?=\s|$)"),
}
_RUN_ON = [
    re.compile(rf"(?:^|(?<=\s))({_spelled([word for word in _CHINESE if _FIELD_OF[word.upper()] == (field, False)])})(?={value})")
    for field, value in _RUN_ON_VALUES.items()
]
_ANY_HEADING = re.compile(
    rf"\s*(?!(?:{'|'.join(NO_HEADING.split())}))[\u4e00-\u9fffA-Za-z/+\-]{{0,10}}?"
    rf"(?:(?P<findings>{'|'.join(ANY_FINDINGS)})|(?P<impression>{'|'.join(ANY_IMPRESSION)}))(?:\s*[:：]|\s*$)"
)
_UNKNOWN = re.compile(r"(?:^|(?<=\s))(?:[\u4e00-\u9fff][\u4e00-\u9fff/／、()（）]{1,9}|[A-Za-z][A-Za-z.' ]{1,20})\s*[:：]")
_TRANSLATION_BEFORE = re.compile(rf"(?:^|(?<=\s))(?:{_spelled([*_ENGLISH, *TRANSLATIONS])})\s*[/／]?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Label:
    """
    A label in a line: the field that it names, and the characters `start` to `end` (its colon included) that it takes up.

    `is_marked` tells whether a colon or brackets mark it as one; `is_weak`, that another label of the form says it better. A label for several values
    (性别/年龄) names their fields with a plus between them.
    """

    field: str
    start: int
    end: int
    is_marked: bool = True
    is_weak: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Each field that it names."""
        return tuple(self.field.split("+"))

    @property
    def ends_text(self) -> bool:
        """Whether it stands behind the findings and the impression."""
        return not AFTER_THE_TEXT.isdisjoint(self.fields)


def find_labels(line: str) -> tuple[Label, ...]:
    """The labels in one line of text, from left to right. Headings of a block of text count only at the beginning of the line."""
    return tuple(label for label in all_labels(line) if label.field not in BLOCKS or not line[: label.start].strip())


def all_labels(line: str) -> tuple[Label, ...]:
    """The labels in one line of text, headings anywhere among them."""
    found: list[Label] = []
    searched = folded(line)
    for match in _JOINED.finditer(searched):
        if label := _joined(line, match):
            found.append(label)
    for pattern, is_marked in ((_IN_BRACKETS, True), (_GLUED, True), (_WITH_COLON, True), (_SHORT, True), (_APART, False)):
        for match in pattern.finditer(searched):
            if all(match.end() <= label.start or match.start() >= label.end for label in found):
                found.append(_label(line, match, is_marked))
    found += _labels_within_values(line, searched, found)
    found += _run_on_labels(line, searched, found)
    return _with_translations(searched, sorted(found, key=lambda label: label.start))


def any_heading(line: str) -> Label | None:
    """A heading that is known by its ending only (冠脉CTA所见), at the beginning of a line."""
    match = _ANY_HEADING.match(folded(line))
    if not match:
        return None
    return Label("findings" if match["findings"] else "impression", 0, match.end(), is_marked=match[0].rstrip()[-1:] in ":：", is_weak=True)


def unknown_labels(line: str, known: Sequence[Label]) -> tuple[Label, ...]:
    """What looks like a label between the known ones, and is none of them: it ends the value before it."""
    found = (Label("unknown", match.start(), match.end()) for match in _UNKNOWN.finditer(line))
    return tuple(one for one in found if all(one.end <= label.start or one.start >= label.end for label in known))


def _label(line: str, match: re.Match[str], is_marked: bool) -> Label:
    field, is_weak = _field_of(line[match.start(1) : match.end(1)])
    return Label(field, match.start(), match.end(), is_marked, is_weak)


def _joined(line: str, match: re.Match[str]) -> Label | None:
    """性别/年龄 is both; 诊断/印象 is one thing said twice, and 门诊号/住院号 a word of its own."""
    text = line[match.start(1) : match.end(1)]
    if _plain(text) in _FIELD_OF:
        return None
    fields = tuple(dict.fromkeys(_field_of(word)[0] for word in re.split("[/／、]", text)))
    if len(fields) > 1 and not BLOCKS.isdisjoint(fields):
        return None
    return Label("+".join(fields), match.start(), match.end(), is_marked=match[0].rstrip()[-1:] in ":：")


def _with_translations(line: str, labels: Sequence[Label]) -> tuple[Label, ...]:
    """Labels with the English words before them: Patient Name 姓名: is one label."""
    whole: list[Label] = []
    for label in labels:
        before = whole[-1] if whole else None
        between = line[before.end if before else 0 : label.start]
        if before and before.field == label.field and not between.strip(" /／"):
            whole[-1] = replace(label, start=before.start, is_marked=label.is_marked or before.is_marked)
            continue
        value, _, column = between.rpartition("\t")
        is_first = bool(value.strip()) or not before  # else it may be the value of the label before
        if is_first and re.fullmatch(r"\s*[A-Za-z][A-Za-z.' ]{0,28}[/／]?\s*", column):
            whole.append(replace(label, start=label.start - len(column.lstrip())))
        elif match := _TRANSLATION_BEFORE.search(between):
            whole.append(replace(label, start=label.start - (len(between) - match.start())))
        else:
            whole.append(label)
    return tuple(whole)


def _labels_within_values(line: str, searched: str, found: Sequence[Label]) -> list[Label]:
    """Labels that follow on a value without a space (姓名:韩刚性别:男); without a label before them in the phrase, 监护人姓名: is another label."""
    within: list[Label] = []
    for match in _TIGHT.finditer(searched):
        known = [*found, *within]
        before = max((label.end for label in known if label.end <= match.start()), default=None)
        if before is None or any(match.start() < label.end and label.start < match.end() for label in known):
            continue
        if "\t" not in line[before : match.start()].strip() and line[before : match.start()].strip():
            within.append(_label(line, match, is_marked=False))
    return within


def _run_on_labels(line: str, searched: str, found: Sequence[Label]) -> list[Label]:
    matches = [match for pattern in _RUN_ON for match in pattern.finditer(searched)]
    free = [match for match in matches if all(match.end() <= label.start or match.start() >= label.end for label in found)]
    return [replace(_label(line, match, is_marked=False), is_weak=True) for match in free]


def is_label(text: str) -> bool:
    """Whether a text is a label and nothing else."""
    return _plain(folded(text)) in _FIELD_OF


def mend_broken_labels(stream: str) -> str:
    """Put the labels together again that a narrow table cell broke over two lines (门诊 / 号)."""
    mended, place = [], 0
    for match in _BROKEN.finditer(folded(stream)):
        whole = stream[match.start() : match.end()]
        mended += [stream[place : match.start()], re.sub(r"\s", "", whole) if "\n" in whole else whole]
        place = match.end()
    return "".join([*mended, stream[place:]])


def _field_of(text: str) -> tuple[str, bool]:
    """The field that a word names, and whether only weakly. 病歷號 is a patient's number where Traditional characters are written, 病历号 is not."""
    return _FIELD_OF.get(_plain(text)) or _FIELD_OF[_plain(folded(text))]


def _plain(text: str) -> str:
    bare = re.sub(r"[\s.]", "", text).upper().replace("(", "（").replace(")", "）")
    return re.sub("[号號][码碼]$", lambda match: match[0][0], bare)
