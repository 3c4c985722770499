# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of a register as hospitals send them, and a line to send them over by MLLP."""

from __future__ import annotations

import socket

from tests.support.instance import Instance


def message(
    kind: str, control_id: str, *segments: str, at: str = "20260305103200", application: str = "RIS", charset: str = "UNICODE UTF-8"
) -> str:
    """A message with these segments after its MSH."""
    head = f"MSH|^~\\&|{application}|JIA|CLOUDFILM|CF|{at}||{kind}|{control_id}|P|2.5.1||||||{charset}"
    return "\r".join([head, *segments]) + "\r"


def patient(number: str, name: str = "Wang^XiaoMing~王^小明", born: str = "19800501", sex: str = "M") -> str:
    """A PID segment."""
    return f"PID|1||{number}||{name}||{born}|{sex}"


def order(
    control: str,
    accession: str = "",
    filler: str = "",
    placer: str = "",
    status: str = "",
    exam: str = "头颅CT平扫",
    at: str = "20260305093000",
) -> str:
    """ORC and OBR segments."""
    return f"ORC|{control}|{placer}|{filler}||{status}||||20260304150000\rOBR|1|{placer}|{filler}|CT1^{exam}||||||||||||||{accession}||||||CT||||||||||||{at}"


def send(instance: Instance, *messages: str | bytes) -> list[bytes]:
    """Send over one connection and return what is answered to each."""
    answers = []
    with socket.create_connection(("127.0.0.1", instance.hl7_port), timeout=30) as line:
        for one in messages:
            line.sendall(b"\x0b" + (one if isinstance(one, bytes) else one.encode()) + b"\x1c\r")
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                portion = line.recv(65536)
                if not portion:
                    return answers
                answer += portion
            answers.append(answer.strip(b"\x0b\x1c\r"))
    return answers


def code(answer: bytes) -> str:
    """MSA-1."""
    return next(segment.split(b"|")[1].decode() for segment in answer.split(b"\r") if segment.startswith(b"MSA"))


def error(answer: bytes) -> tuple[str, str]:
    """ERR-3.1 and ERR-8."""
    fields = next(segment.split(b"|") for segment in answer.split(b"\r") if segment.startswith(b"ERR"))
    return fields[3].split(b"^")[0].decode(), fields[8].decode()
