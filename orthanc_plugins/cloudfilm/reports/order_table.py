# SPDX-License-Identifier: AGPL-3.0-or-later
"""A RIS's list of exams as a table in CSV, with Chinese or English headings. Pure: the whole table is understood, or every line that is not is named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo

from cloudfilm.db.exam_orders import OrderNumbers, OrderStatus, OrderWord

HEADINGS = {
    "accession_number": ("accession_number", "检查号", "检查编号"),
    "placer_order_number": ("placer_order_number", "申请单号", "申请号"),
    "filler_order_number": ("filler_order_number", "执行单号"),
    "patient_id": ("patient_id", "影像号", "患者编号", "病人编号"),
    "patient_name": ("patient_name", "姓名", "患者姓名"),
    "patient_sex": ("patient_sex", "性别"),
    "patient_birth_date": ("patient_birth_date", "出生日期"),
    "modality": ("modality", "检查类型", "设备类型"),
    "exam": ("exam", "procedure", "检查项目", "检查部位"),
    "scheduled_at": ("scheduled_at", "预约时间", "检查时间"),
    "ordered_at": ("ordered_at", "申请时间", "开单时间"),
    "status": ("status", "状态"),
}  # fmt: skip
_STATUSES = {
    **{one.value: one for one in OrderStatus},
    "待检查": OrderStatus.EXPECTED, "已预约": OrderStatus.EXPECTED, "已登记": OrderStatus.EXPECTED, "暂停": OrderStatus.HELD,
    "检查中": OrderStatus.STARTED, "已检查": OrderStatus.COMPLETED, "已完成": OrderStatus.COMPLETED, "已取消": OrderStatus.CANCELLED,
}  # fmt: skip
_SEXES = {"M": "M", "F": "F", "O": "O", "男": "M", "女": "F", "": ""}
_DAY = re.compile(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})")
_NUMBERS = ("accession_number", "placer_order_number", "filler_order_number")
_LONGEST = {**dict.fromkeys((*_NUMBERS, "patient_id"), 64), "patient_name": 250}
_MOST_TROUBLES = 20


class TableRefused(Exception):
    """The table cannot be taken; ``troubles`` are sentences, each naming a line."""

    def __init__(self, troubles: list[str]) -> None:
        super().__init__("; ".join(troubles))
        self.troubles = troubles


def orders_in_table(content: bytes, zone: tzinfo) -> list[OrderWord]:
    """Read a table in UTF-8 or GB18030; an empty cell says nothing.

    Raises
    ------
    TableRefused
        A heading is unknown, or a line cannot be understood.
    """
    rows = csv.reader(io.StringIO(_decoded(content), newline=""))
    try:
        names = [_name_of(heading) for heading in next(rows, [])]
        if not set(names) & set(_NUMBERS):
            raise TableRefused([f"Line 1: no column has the exams' numbers; allowed are {', '.join(_NUMBERS)}, or 检查号."])
        words, troubles = [], []
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                words.append(_word(dict(zip(names, cells, strict=False)), zone))
            except ValueError as error:
                troubles.append(f"Line {rows.line_num}: {error}")
    except csv.Error as error:
        raise TableRefused([f"Line {rows.line_num}: this is no CSV ({error})."]) from error
    troubles += _twice(words)
    if troubles:
        raise TableRefused(troubles[:_MOST_TROUBLES])
    return words


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise TableRefused(["The table is neither in UTF-8 nor in GB18030."])


def _name_of(heading: str) -> str:
    """The column of a heading. What we do not know we do not need."""
    plain = heading.strip().lower()
    return next((name for name, known in HEADINGS.items() if plain in known), "")


def _word(cells: dict[str, str], zone: tzinfo) -> OrderWord:
    values = {name: " ".join(cell.split()) for name, cell in cells.items() if name and cell.strip()}
    for name, longest in _LONGEST.items():
        if len(values.get(name, "")) > longest:
            raise ValueError(f"{name} is longer than {longest} characters.")
    numbers = OrderNumbers(*(values.pop(name, "") for name in _NUMBERS))
    if numbers == OrderNumbers():
        raise ValueError("the exam has no number.")
    return OrderWord(numbers, dict(_facts(values, zone)))


def _facts(values: dict[str, str], zone: tzinfo) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        match name:
            case "patient_sex":
                if value.upper() not in _SEXES:
                    raise ValueError("patient_sex; allowed are M, F, O, 男 and 女.")
                yield name, _SEXES[value.upper()]
            case "status":
                if value.lower() not in _STATUSES:
                    raise ValueError(f"status; allowed are {', '.join(_STATUSES)}.")
                yield name, _STATUSES[value.lower()]
            case "patient_birth_date":
                yield name, _day(value).isoformat()
            case "scheduled_at" | "ordered_at":
                yield name, _moment(name, value, zone)
            case _:
                yield name, value[:200] if name != "patient_name" else value


def _day(value: str) -> date:
    found = _DAY.fullmatch(value)
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("patient_birth_date; allowed is YYYY-MM-DD.") from error


def _moment(name: str, value: str, zone: tzinfo) -> str:
    try:
        at = datetime.fromisoformat(value.replace("/", "-"))
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}; allowed is YYYY-MM-DD HH:MM.") from error


def _twice(words: list[OrderWord]) -> list[str]:
    seen: set[str] = set()
    found = []
    for word in words:
        number = word.numbers.accession_number
        if number and number in seen:
            found.append(f"The accession number {number} is there twice.")
        seen.add(number)
    return found
