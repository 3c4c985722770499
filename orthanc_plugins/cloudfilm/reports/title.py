# SPDX-License-Identifier: AGPL-3.0-or-later
"""The title of a report: whose it is and of what kind."""

import re
from collections.abc import Iterable

_HOSPITAL = re.compile(
    r".*?(?:医院|卫生院|保健院|诊所|门诊部|卫生服务中心|影像(?:诊断)?中心|医学中心|体检中心|检验中心)(?:[（(][^）)]*[）)]|[\u4e00-\u9fff]{1,6}(?:院区|分院))?"
)
_KIND = re.compile(r"[^:：]{0,30}报告[单书]?(?:[（(].*[)）])?")


def read_title(head: Iterable[str]) -> tuple[str | None, str | None]:
    """
    The hospital's name and the kind of report, from the lines above the first label.

    Both may stand in one line (某某市人民医院CT检查报告单), with spaces between the characters.
    """
    hospital: str | None = None
    kind: str | None = None
    for line in head:
        text = re.sub(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])", "", line.strip())
        name = _HOSPITAL.match(text)
        rest = text[name.end() :] if name else text
        hospital = hospital or (name[0] if name else None)
        if kind is None and _KIND.fullmatch(rest):
            kind = rest
    return hospital, kind
