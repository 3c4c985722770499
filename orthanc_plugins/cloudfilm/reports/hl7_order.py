# SPDX-License-Identifier: AGPL-3.0-or-later
"""What order messages say of exams: ORM^O01 (HL7 v2.3 §4.2), OML^O21, OMG^O19 and OMI^O23 (v2.5.1 §4.4). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

import hl7

from cloudfilm.db.exam_orders import OrderNumbers, OrderStatus, OrderWord
from cloudfilm.reports.hl7_message import Condition, Message, MessageRefused
from cloudfilm.reports.hl7_patient import patient_facts
from cloudfilm.reports.hl7_values import moment, number, text

ORDERS = ("ORM^O01", "OML^O21", "OMG^O19", "OMI^O23")
_NEW = frozenset({"NW", "RO", "PA", "CH", "SN", "NA", "OK"})
# Table 0119. What only changes an order says nothing of its status.
_CONTROL: dict[str, OrderStatus | None] = {
    **dict.fromkeys(_NEW, OrderStatus.EXPECTED),
    **dict.fromkeys(("XO", "XX", "XR", "RU", "SC", "SS", "SR", "UA", "UC", "UD", "UX", "UH", "PR"), None),
    **dict.fromkeys(("CA", "OC", "CR", "DC", "OD", "DR", "RP", "RQ"), OrderStatus.CANCELLED),
    **dict.fromkeys(("HD", "OH", "HR"), OrderStatus.HELD),
    **dict.fromkeys(("RL", "OE", "OR"), OrderStatus.EXPECTED),
}
# Table 0038 (ORC-5), and table 0123 (OBR-25) where that is empty.
_STATUS = {
    "CA": OrderStatus.CANCELLED, "DC": OrderStatus.CANCELLED, "RP": OrderStatus.CANCELLED, "ER": OrderStatus.CANCELLED,
    "HD": OrderStatus.HELD, "SC": OrderStatus.EXPECTED, "IP": OrderStatus.STARTED, "A": OrderStatus.STARTED, "CM": OrderStatus.COMPLETED,
}  # fmt: skip
_RESULT_STATUS = {
    "X": OrderStatus.CANCELLED, "O": OrderStatus.EXPECTED, "S": OrderStatus.EXPECTED, "I": OrderStatus.STARTED, "R": OrderStatus.COMPLETED,
    "P": OrderStatus.COMPLETED, "F": OrderStatus.COMPLETED, "C": OrderStatus.COMPLETED, "A": OrderStatus.COMPLETED,
}  # fmt: skip
_MOST_ORDERS = 500


@dataclass(slots=True)
class _Group:
    """One ORC with what follows it."""

    orc: hl7.Segment
    requests: list[hl7.Segment] = field(default_factory=list)
    others: dict[str, hl7.Segment] = field(default_factory=dict)


def orders_of(message: Message, zone: tzinfo) -> list[OrderWord]:
    """Read an order message: an order for each ORC, and for each further OBR under it.

    Raises
    ------
    MessageRefused
        An order has no number, or its control code (ORC-1) is none that we know.
    """
    patients = message.segments("PID")
    if len(patients) > 1:
        raise MessageRefused("PID: the message is about several patients; allowed is one.", Condition.SEGMENT)
    of_patient: dict[str, str] = {}
    if patients:
        of_patient = patient_facts(message, patients[0])
        patient_id = number(message, patients[0], 3)
        of_patient |= {"patient_id": patient_id} if patient_id else {}
    found = [
        OrderWord(numbers, {**of_patient, **facts}) for group in _groups(message) for numbers, facts in _orders_in(message, group, zone)
    ]
    if not found:
        raise MessageRefused("ORC: the segment is missing.", Condition.SEGMENT)
    if len(found) > _MOST_ORDERS:
        raise MessageRefused(f"ORC: the message has {len(found)} orders; allowed are {_MOST_ORDERS}.", Condition.SEGMENT)
    return found


def _groups(message: Message) -> list[_Group]:
    groups: list[_Group] = []
    for segment in message.parsed:
        name = str(segment[0])
        if name == "ORC":
            groups.append(_Group(segment))
        elif name == "OBR" and not groups:
            raise MessageRefused("ORC: there is none before OBR.", Condition.SEGMENT)
        elif name == "OBR":
            groups[-1].requests.append(segment)
        elif groups:
            groups[-1].others.setdefault(name, segment)
    return groups


def _orders_in(message: Message, group: _Group, zone: tzinfo) -> Iterator[tuple[OrderNumbers, dict[str, str]]]:
    requests: list[hl7.Segment | None] = [*group.requests] or [None]
    for obr in requests:
        numbers = _numbers(message, group, obr)
        if numbers == OrderNumbers():
            raise MessageRefused("ORC-2, ORC-3, OBR-18: the order has no number.", Condition.REQUIRED)
        said = {
            "status": _status(message, group.orc, obr),
            "modality": (text(message, obr, 24) if obr is not None else None) or _other(message, group, "IPC", 5),
            "exam": (text(message, obr, 4, 2) or text(message, obr, 4, 1)) if obr is not None else None,
            "ordered_at": moment(message, group.orc, 9, 1, zone),
            "scheduled_at": _scheduled(message, group, obr, zone),
        }
        yield numbers, {name: str(value) for name, value in said.items() if value is not None}


def _numbers(message: Message, group: _Group, obr: hl7.Segment | None) -> OrderNumbers:
    """The accession number is OBR-18 or IPC-1; where nobody says one, the department's number stands for it, as in results."""

    def of_request(position: int) -> str:
        return number(message, obr, position) if obr is not None else ""

    filler = of_request(3) or number(message, group.orc, 3)
    ipc = group.others.get("IPC")
    accession = of_request(18) or (number(message, ipc, 1) if ipc is not None else "")
    return OrderNumbers(accession, of_request(2) or number(message, group.orc, 2), filler)


def _status(message: Message, orc: hl7.Segment, obr: hl7.Segment | None) -> OrderStatus | None:
    control = message.value_of(orc, 1).upper()
    if control not in _CONTROL:
        raise MessageRefused(
            f"ORC-1: {control or 'nothing'} is not taken; allowed are {', '.join(sorted(_CONTROL))}.",
            Condition.TABLE_VALUE if control else Condition.REQUIRED,
        )
    by_control = _CONTROL[control]
    if by_control in (OrderStatus.CANCELLED, OrderStatus.HELD):
        return by_control
    said = _STATUS.get(message.value_of(orc, 5).upper())
    result = _RESULT_STATUS.get(message.value_of(obr, 25).upper()) if obr is not None else None
    return said or result or by_control


def _scheduled(message: Message, group: _Group, obr: hl7.Segment | None, zone: tzinfo) -> str | None:
    """TQ1-7, OBR-36, or the start in the quantity/timing of older versions (OBR-27.4, ORC-7.4)."""
    tq1 = group.others.get("TQ1")
    ways = (
        (tq1, 7, 1), (obr, 36, 1), (obr, 27, 4), (group.orc, 7, 4),
    )  # fmt: skip
    found = (moment(message, segment, position, component, zone) for segment, position, component in ways if segment is not None)
    return next((one for one in found if one is not None), None)


def _other(message: Message, group: _Group, name: str, position: int) -> str | None:
    segment = group.others.get(name)
    return text(message, segment, position) if segment is not None else None
