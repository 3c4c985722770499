# SPDX-License-Identifier: AGPL-3.0-or-later
"""From what is printed to what is stored: dates, sexes, modalities, names and numbers."""

import re
import unicodedata
from datetime import datetime

from cloudfilm.reports.traditional import folded

_DATE = re.compile(r"(\d{4}|民国\s*\d{2,3})\s*(?:[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{2})(\d{2}))")
_TIME = re.compile(r"[\sT]*(\d{1,2})\s*[:时点]\s*(\d{1,2})")
_SEXES = {
    "男": "M",
    "男性": "M",
    "M": "M",
    "MALE": "M",
    "女": "F",
    "女性": "F",
    "F": "F",
    "FEMALE": "F",
    "未知": "O",
    "不详": "O",
    "其他": "O",
    "O": "O",
}
# The first that fits wins: a PET-CT is not a CT, 乳腺X线 is not a plain film, and what an endoscope sees by ultrasound is filed as either.
_MODALITIES: tuple[tuple[str, str | None], ...] = (
    (r"PET|SPECT|ECT(?![A-Z])|核医学|DSA|造影(?!剂)|钡[餐剂灌]|透视|骨密度|超声(?:内镜|胃镜|肠镜)|内镜超声|EUS(?![A-Z])|ANGIOGRA|FLUOROSC|DENSITOMET|NUCLEAR", None),
    (r"(?<![A-Z])F?MR(?:I|A|V|S|CP)?(?![A-Z])|磁共振|核磁|MAGNETIC RESONANCE", "MR"),
    (r"(?<![A-Z])(?:CB)?CT[AVPU]?(?![A-Z])|计算机(?:体层|断层)|COMPUTED TOMOGRA", "CT"),
    (r"钼靶|乳[腺房](?:数[字位])?(?:X|DR|摄影|摄片)|(?<![A-Z])MG(?![A-Z])|MAMMOGRA", "MG"),
    (r"(?<![A-Z])CR(?![A-Z])|计算机X|COMPUTED RADIOGRA", "CR"),
    (r"(?<![A-Z])D[RX](?![A-Z])|X线|X光|X射线|X片|平片|胸片|拍片|放射检查|RADIOGRA|X-?RAY", "DX"),
    (r"超声|彩超|B超|心动图|多普勒|(?<![A-Z])US(?![A-Z])|ULTRASO|SONOGRA|ECHOCARDIO|DOPPLER", "US"),
    (r"内镜|内窥镜|[胃肠喉]镜|(?:支气管|鼻咽|鼻|膀胱|宫腔|阴道|胸腔|腹腔|关节|胆道|食管|输尿管)镜|ENDOSCOP|GASTROSCOP|COLONOSCOP|BRONCHOSCOP|LARYNGOSCOP|CYSTOSCOP", "ES"),
)  # fmt: skip
_YEAR_BEFORE_THE_REPUBLIC = 1911
_NOTHING = re.compile(r"[\s/\\—–\-_无無.·。:：]*")
_LINE_TO_WRITE_ON = " _＿﹍\t\n"
_TICKED, _EMPTY = "☑☒■√✓✔▣●\uf0fe\uf0fd\uf052", "□☐○口\uf06f\uf0a8\uf0a3"  # the last three: Wingdings, as word processors write them
_BOX = re.compile(rf"[{_TICKED}{_EMPTY}]|[\[（(]\s*[{_TICKED}]?\s*[\]）)]")


def iso_time(printed: str) -> str | None:
    """
    A printed date and time as YYYY-MM-DDTHH:MM, or YYYY-MM-DD where there is no time. Seconds are dropped.

    Reads 2026-03-05 14:30, 2026/3/5, 2026.03.05, 2026年3月5日14时30分, 20260305 and 民國115年3月5日. An impossible date or time gives `None`.
    """
    text = folded(unicodedata.normalize("NFKC", printed))
    date = _DATE.search(text)
    if not date:
        return None
    year = int(date[1].removeprefix("民国")) + (_YEAR_BEFORE_THE_REPUBLIC if date[1].startswith("民国") else 0)
    month, day = date[2] or date[4], date[3] or date[5]
    time = _TIME.match(text, date.end())
    try:
        if time:
            return datetime(year, int(month), int(day), int(time[1]), int(time[2])).isoformat(timespec="minutes")
        return datetime(year, int(month), int(day)).date().isoformat()
    except ValueError:
        return None


def ticked(printed: str) -> str:
    """
    What is ticked among boxes (☑男 □女, 男√ 女□); the text as it is where there are no two boxes, and nothing where not exactly one is ticked.

    Boxes stand before their words unless the text begins with a word.
    """
    boxes = list(_BOX.finditer(printed))
    if not any(character in _TICKED + _EMPTY.replace("○", "").replace("口", "") for box in boxes for character in box[0]):
        return printed
    are_before = not printed[: boxes[0].start()].strip()
    starts = [box.end() for box in boxes] if are_before else [0, *(box.end() for box in boxes)]
    ends = [*(box.start() for box in boxes[1:]), len(printed)] if are_before else [box.start() for box in boxes]
    words = [printed[start:end].strip() for start, end in zip(starts, ends, strict=False)]
    chosen = [word for box, word in zip(boxes, words, strict=False) if any(mark in box[0] for mark in _TICKED)]
    return chosen[0] if len(chosen) == 1 else ""


def sex_code(printed: str) -> str | None:
    """A printed sex as in PatientSex (PS3.3 §C.7.1.1): M, F or O; `None` when it is none of the usual words."""
    return _SEXES.get(unicodedata.normalize("NFKC", printed).strip(_LINE_TO_WRITE_ON).upper())


def modality_code(printed: str) -> str | None:
    """The modality that a title such as 磁共振检查报告单 names, or `None` when it names none that we know."""
    text = folded(unicodedata.normalize("NFKC", printed)).upper()
    return next((code for pattern, code in _MODALITIES if re.search(pattern, text)), None)


def person_name(printed: str) -> str | None:
    """A name without the spaces that fill a two-character name up to three (张 三)."""
    text = plain(printed)
    return re.sub(r"(?<=[\u3400-\u9fff·])\s+(?=[\u3400-\u9fff·])", "", text) if text else None


def identifier(printed: str) -> str | None:
    """A number in ordinary (half-width) characters without spaces; `None` when it does not look like a number in a hospital's books."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", printed)).strip(_LINE_TO_WRITE_ON)
    return text if re.fullmatch(r"(?=.*[0-9A-Za-z])[\w\-./#+()*]{1,64}", text) else None


def plain(printed: str) -> str | None:
    """The text on one line, or `None` where the paper has only a dash or a line to write on."""
    text = " ".join(printed.split()).strip(_LINE_TO_WRITE_ON)
    return None if _NOTHING.fullmatch(text) else text
