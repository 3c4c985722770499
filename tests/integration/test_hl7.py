# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 v2 over MLLP: results become reports, and are acknowledged only when they are stored."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.report_form import make_report_pdf
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid


@pytest.fixture(scope="module")
def sender(instance: Instance) -> None:
    """甲's reporting system, on the loopback."""
    instance.admin("station", "add-hl7", "jia-hl7", "--hospital", "jia", "--host", "127.0.0.1", "--application", "RIS")


def message(seed: str, *observations: str, charset: str = "UNICODE UTF-8", kind: str = "ORU^R01^ORU_R01", application: str = "RIS") -> str:
    return "\r".join(
        [
            f"MSH|^~\\&|{application}|JIA|CLOUDFILM|CF|20260305103200||{kind}|M{seed}|P|2.5.1||||||{charset}",
            f"PID|1||P{seed}||王^小明~Wang^XiaoMing||19800501|M",
            f"OBR|1||A{seed}|CT1^头颅|||20260305093000|||||||||||||||20260305103200||CT|F",
            *observations,
        ]
    )


TEXT = ("OBX|1|TX|F^影像所见||两侧大脑半球对称。\\.br\\脑室系统大小正常。||||||F", "OBX|2|FT|I^诊断意见||1. 颅脑CT平扫未见异常。||||||F")


def exchange(instance: Instance, *blocks: bytes) -> list[bytes]:
    """Send blocks over one connection and return what is answered to each."""
    answers = []
    with socket.create_connection(("127.0.0.1", instance.hl7_port), timeout=30) as line:
        for block in blocks:
            line.sendall(b"\x0b" + block + b"\x1c\r")
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                portion = line.recv(65536)
                if not portion:
                    return answers
                answer += portion
            answers.append(answer.strip(b"\x0b\x1c\r"))
    return answers


def code(answer: bytes) -> str:
    return next(segment.split(b"|")[1].decode() for segment in answer.split(b"\r") if segment.startswith(b"MSA"))


def report(instance: Instance, seed: str) -> tuple[Any, ...]:
    rows = wait_for(
        lambda: instance.sql(
            "SELECT status, fields, study_instance_uid, report_id, status_reason FROM report WHERE title = %s AND status <> 'received'",
            f"HL7 M{seed}",
        )
    )
    return rows[0]


@pytest.mark.parametrize(("charset", "encoding"), [("UNICODE UTF-8", "utf-8"), ("GB 18030-2000", "gb18030"), ("", "gb18030")])
def test_a_text_becomes_a_page_that_we_lay_out_and_finds_its_images(
    instance: Instance, sender: None, tmp_path: Path, charset: str, encoding: str
) -> None:
    seed = f"hl7{encoding}{len(charset)}"
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, seed, slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid(seed)))
    (answer,) = exchange(instance, message(seed, *TEXT, charset=charset).encode(encoding))
    assert (code(answer), f"M{seed}".encode() in answer) == ("AA", True)
    status, fields, found, report_id, _ = report(instance, seed)
    assert (status, found) == ("matched", study_uid(seed))
    assert fields["findings"] == "两侧大脑半球对称。\n脑室系统大小正常。"
    assert fields["patient_name"] == "王小明"
    client = instance.client(instance.token("jia", "reports"))
    assert client.get(f"/api/v1/reports/{report_id}/pages/1").status_code == 200


def test_a_document_in_the_message_is_kept_byte_for_byte(instance: Instance, sender: None) -> None:
    pdf = make_report_pdf(fields_for("hl7pdf"))
    document = f"OBX|1|ED|PDF^报告||^application^pdf^Base64^{base64.b64encode(pdf).decode()}||||||F"
    (answer,) = exchange(instance, message("hl7pdf", document).encode())
    assert code(answer) == "AA"
    report_id = report(instance, "hl7pdf")[3]
    assert instance.client(instance.token("jia", "reports")).get(f"/api/v1/reports/{report_id}/original.pdf").content == pdf


def test_a_paper_that_says_another_patient_than_the_message_is_never_bound(instance: Instance, sender: None) -> None:
    pdf = make_report_pdf(fields_for("other patient"))
    document = f"OBX|1|ED|PDF^报告||^application^pdf^Base64^{base64.b64encode(pdf).decode()}||||||F"
    exchange(instance, message("hl7differs", document).encode())
    status, _, _, _, reason = report(instance, "hl7differs")
    assert status == "review"
    assert "image number" in reason
    assert "exam number" in reason


def test_one_connection_carries_many_messages_and_a_repeated_one_is_one_report(instance: Instance, sender: None) -> None:
    block = message("hl7again", *TEXT).encode()
    assert [code(answer) for answer in exchange(instance, block, block, block)] == ["AA"] * 3
    assert instance.sql("SELECT count(*) FROM report WHERE title = 'HL7 Mhl7again'") == [(1,)]


REFUSED = {
    "no message": b"hello",
    "no result": message("r1", kind="ADT^A01").encode(),
    "another application": message("r2", *TEXT, application="HIS").encode(),
    "nothing to show": message("r3").encode(),
    "no base64": message("r4", "OBX|1|ED|P||^application^pdf^Base64^***||||||F").encode(),
    "no pdf": message("r5", f"OBX|1|ED|P||^application^pdf^Base64^{base64.b64encode(b'GIF89a').decode()}||||||F").encode(),
    "no OBR": b"MSH|^~\\&|RIS|JIA|||20260305||ORU^R01|r6|P|2.5.1\rOBX|1|TX|F||text",
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_taken_is_answered_with_the_reason_and_stores_nothing(instance: Instance, sender: None, why: str) -> None:
    before = instance.sql("SELECT count(*) FROM report")
    (answer,) = exchange(instance, REFUSED[why])
    assert code(answer) == "AR"
    assert len(answer.split(b"MSA|AR|")[1].split(b"|")[1]) > 10
    assert instance.sql("SELECT count(*) FROM report") == before


@pytest.fixture
def nobody_registered(instance: Instance, sender: None) -> Iterator[None]:
    instance.sql("UPDATE intake_source SET sender = replace(sender, '127.0.0.1|', '192.0.2.1|') WHERE kind = 'hl7'")
    yield
    instance.sql("UPDATE intake_source SET sender = replace(sender, '192.0.2.1|', '127.0.0.1|') WHERE kind = 'hl7'")


def test_an_address_that_nobody_registered_is_hung_up_on(instance: Instance, nobody_registered: None) -> None:
    assert exchange(instance, message("stranger", *TEXT).encode()) == []
    assert instance.sql("SELECT count(*) FROM report WHERE title = 'HL7 Mstranger'") == [(0,)]
