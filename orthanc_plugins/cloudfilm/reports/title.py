# SPDX-License-Identifier: AGPL-3.0-or-later
"""The title of a report: whose it is and of what kind."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cloudfilm.reports.lines import Line
from cloudfilm.reports.traditional import folded

_HOSPITAL = re.compile(
    r".*?(?:医院|卫生院|保健院|诊所|门诊部|卫生服务中心|影像(?:诊断)?中心|医学中心|体检中心|检验中心)(?:[（(][^）)]*[）)]|[\u4e00-\u9fff]{1,6}(?:院区|分院))?"
)
_KIND = re.compile(
    r"[^:：]{0,30}(?:报告[单书]?|检查单|结果单|诊断书|(?:影像|超声|内镜|放射)诊断单?)(?:[（(].*[)）])?|[A-Za-z][A-Za-z /&\-]{0,40}\bReport",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TitlePart:
    """The hospital's name or the report's kind, and the line in which it stands."""

    text: str
    line: Line


def names_hospital(text: str) -> bool:
    """Whether a text is a hospital's name, or begins with one."""
    return bool(_HOSPITAL.match(folded("".join(text.split()))))


def read_title(head: Iterable[Line]) -> tuple[TitlePart | None, TitlePart | None]:
    """
    The hospital's name and the kind of report, from the lines above the first label.

    Both may stand in one line (某某市人民医院CT检查报告单), with spaces between the characters.
    """
    hospital: TitlePart | None = None
    kind: TitlePart | None = None
    for line in head:
        text = re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", line.text.strip())
        name = _HOSPITAL.match(folded(text))
        rest = text[name.end() :] if name else text
        hospital = hospital or (TitlePart(text[: name.end()], line) if name else None)
        if kind is None and _KIND.fullmatch(folded(rest)):
            kind = TitlePart(rest, line)
    return hospital, kind
