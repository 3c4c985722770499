# SPDX-License-Identifier: AGPL-3.0-or-later
"""Raw ports, queues with a password, pictures, and files that an HL7 message names."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from demo.report_form import make_report_pdf
from tests.integration.test_hl7 import code, exchange, message
from tests.support.instance import Instance, free_ports, wait_for
from tests.support.samples import fields_for

POSTSCRIPT = (
    b"%!PS-Adobe-3.0\n/Helvetica findfont 14 scalefont setfont 72 760 moveto (Patient ID: P32200) show 72 740 moveto"
    b" (Accession Number: A32200) show 72 720 moveto (Findings: nothing of note) show 72 700 moveto (Impression: normal) show showpage\n%%EOF\n"
)


# --- Raw ports --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raw_port(instance: Instance) -> int:
    """A raw port of 甲 for 127.0.0.1."""
    (port,) = free_ports(1)
    arguments = ["--hospital", "jia", "--raw-port", str(port), "--raw-host", "127.0.0.1"]
    assert instance.admin("station", "add-printer", "jia-raw", *arguments)["raw_port"] == port

    def is_open() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            return False
        return True

    wait_for(is_open, what="the raw port")
    return port


def send(port: int, job: bytes, is_cut: bool = False, address: str = "127.0.0.1") -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(address, 0)) as line:
        line.sendall(job)
        if is_cut:  # a reset instead of an end
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def raw_reports(instance: Instance) -> list[tuple[Any, ...]]:
    return instance.sql("SELECT status, accession_number, document_sha256 FROM report WHERE source_name = 'jia-raw' ORDER BY received_at")


def reasons(instance: Instance) -> list[str]:
    return [path.read_text().strip() for path in sorted((instance.data / "spool/raw/jia-raw/failed").glob("*.reason.txt"))]


def test_postscript_and_pdf_become_reports_and_the_same_twice_is_one(instance: Instance, raw_port: int) -> None:
    before = len(raw_reports(instance))
    send(raw_port, b"\x1b%-12345X@PJL ENTER LANGUAGE=POSTSCRIPT\n" + POSTSCRIPT + b"\x04\x1b%-12345X")
    send(raw_port, POSTSCRIPT)
    send(raw_port, make_report_pdf(fields_for("32201")))
    wait_for(lambda: sum(row[0] != "received" for row in raw_reports(instance)) == before + 2, timeout_seconds=90, what="two reports")
    wait_for(lambda: not list((instance.data / "spool/raw/jia-raw").glob("*.job")), what="an empty spool")
    assert {row[1] for row in raw_reports(instance)} == {"A32200", "A32201"}


@pytest.mark.parametrize(
    ("job", "is_cut", "reason"),
    [
        (POSTSCRIPT[:100], False, "cut off"),
        (POSTSCRIPT * 50, True, "cut in the middle"),
        (make_report_pdf(fields_for("32202"))[:3000], False, "cut off"),
        (b"\x1bE\x1b&l0Oreport", False, "PCL"),
        (b"hello", False, "neither"),
        (b"%!PS\n(/etc/passwd) (r) file 1000 string readstring pop show showpage\n%%EOF\n", False, "cannot be converted"),
    ],
)
def test_what_is_not_whole_or_not_known_is_put_aside_with_the_reason(
    instance: Instance, raw_port: int, job: bytes, is_cut: bool, reason: str
) -> None:
    before, known = raw_reports(instance), len(reasons(instance))
    send(raw_port, job, is_cut)
    found = wait_for(lambda: reasons(instance)[known:], timeout_seconds=150, what="the reason")
    assert reason in found[0]
    assert raw_reports(instance) == before


def test_a_job_that_is_too_large_is_not_taken(instance: Instance, raw_port: int) -> None:
    known = len(reasons(instance))
    with socket.create_connection(("127.0.0.1", raw_port), timeout=30) as line, contextlib.suppress(ConnectionError):
        line.sendall(b"%!PS" + b" " * (80 << 20))
    assert "larger than 64 MB" in wait_for(lambda: reasons(instance)[known:], timeout_seconds=60)[0]


def test_another_address_is_hung_up_on(instance: Instance, raw_port: int) -> None:
    before, known = raw_reports(instance), reasons(instance)
    with socket.create_connection(("127.0.0.1", raw_port), timeout=10, source_address=("127.0.0.7", 0)) as line:
        assert line.recv(10) == b""
    assert (raw_reports(instance), reasons(instance)) == (before, known)


@pytest.mark.parametrize("arguments", [("--raw-port", "9100"), ("--raw-host", "127.0.0.1"), ("--raw-port", "9100", "--raw-host", "ward")])
def test_a_raw_port_needs_hosts_that_are_addresses(instance: Instance, arguments: tuple[str, ...]) -> None:
    assert instance.admin("station", "add-printer", "jia-no", "--hospital", "jia", *arguments, check=False).returncode != 0
    assert instance.sql("SELECT count(*) FROM intake_source WHERE name = 'jia-no'") == [(0,)]


# --- A queue with a password --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(instance: Instance) -> dict[str, str]:
    """Two queues with passwords, of two hospitals."""
    own = instance.admin("station", "add-printer", "jia-guarded", "--hospital", "jia", "--password")
    other = instance.admin("station", "add-printer", "yi-guarded", "--hospital", "yi", "--password")
    assert own["address"].startswith("ipps://")
    return {"jia": own["password"], "yi": other["password"]}


def ipptool(instance: Instance, document: Path, queue: str, who: str, scheme: str = "ipps", request: str = "") -> str:
    """Print-Job by CUPS' own IPP client; what it says. ``request`` names another queue in the address than in the request itself."""
    test = document.with_suffix(".test")
    uri = f"ipp://localhost/printers/{queue}"
    test.write_text(
        "{\nOPERATION Print-Job\nGROUP operation-attributes-tag\nATTR charset attributes-charset utf-8\nATTR naturalLanguage attributes-natural-language en\n"
        f"ATTR uri printer-uri {uri}\nATTR name requesting-user-name {who.split(':')[0] or 'anybody'}\nATTR name job-name {document.stem}\n"
        f"ATTR mimeMediaType document-format application/pdf\nFILE {document}\nSTATUS successful-ok\n}}\n"
    )
    login = f"{who}@" if who else ""
    address = f"{scheme}://{login}localhost:{instance.ipp_port}/printers/{request or queue}"
    command = ["ipptool", "-t", "-T", "20", *(["-E"] if scheme == "ipp+tls" else []), address.replace("ipp+tls", "ipp"), str(test)]
    return subprocess.run(command, capture_output=True, text=True, check=False, input="", timeout=60).stdout


def guarded_reports(instance: Instance, queue: str = "jia-guarded") -> int:
    return int(instance.sql("SELECT count(*) FROM report WHERE source_name = %s", queue)[0][0])


def job_file(folder: Path, seed: str) -> Path:
    path = folder / f"{seed}.pdf"
    path.write_bytes(make_report_pdf(fields_for(seed)))
    return path


def test_the_right_password_prints_over_tls(instance: Instance, guarded: dict[str, str], tmp_path: Path) -> None:
    said = ipptool(instance, job_file(tmp_path, "32210"), "jia-guarded", f"jia-guarded:{guarded['jia']}")
    assert "[PASS]" in said, said
    wait_for(lambda: guarded_reports(instance) == 1, timeout_seconds=60)


def test_nobody_else_prints_there(instance: Instance, guarded: dict[str, str], tmp_path: Path) -> None:
    before = guarded_reports(instance)
    document = job_file(tmp_path, "32211")
    attempts = {
        "no password": ipptool(instance, document, "jia-guarded", ""),
        "a wrong one": ipptool(instance, document, "jia-guarded", "jia-guarded:wrong"),
        "another queue's": ipptool(instance, document, "jia-guarded", f"yi-guarded:{guarded['yi']}"),
        "another queue's, by its own address": ipptool(
            instance, document, "jia-guarded", f"yi-guarded:{guarded['yi']}", request="yi-guarded"
        ),
        "an account of the system": ipptool(instance, document, "jia-guarded", "root:root"),
        "by the open address": ipptool(instance, document, "jia-guarded", "", scheme="ipp", request="jia-ct"),
        "no password, without TLS": ipptool(instance, document, "jia-guarded", "", scheme="ipp"),
    }
    assert {why: "[PASS]" in said for why, said in attempts.items()} == dict.fromkeys(attempts, False)
    assert not list((instance.data / "spool/print/jia-guarded").glob("*.pdf"))
    assert guarded_reports(instance) == before


def test_a_password_administers_nothing(instance: Instance, guarded: dict[str, str]) -> None:
    server = f"jia-guarded:{guarded['jia']}@localhost:{instance.ipp_port}"
    command = ["lpadmin", "-E", "-h", f"localhost:{instance.ipp_port}", "-U", "jia-guarded", "-p", "mine", "-v", "socket://127.0.0.1:9"]
    assert (
        subprocess.run(
            command, capture_output=True, check=False, input=b"", timeout=60, env={**os.environ, "CUPS_SERVER": server}
        ).returncode
        != 0
    )


def test_the_password_is_kept_as_a_hash_and_can_be_taken_away(instance: Instance, guarded: dict[str, str], tmp_path: Path) -> None:
    kept = (instance.data / "cups/passwords/yi-guarded").read_text()
    assert guarded["yi"] not in kept
    instance.admin("station", "add-printer", "yi-guarded", "--hospital", "yi")
    assert "[PASS]" in ipptool(instance, job_file(tmp_path, "32212"), "yi-guarded", "", scheme="ipp")
    assert not (instance.data / "cups/passwords/yi-guarded").exists()


# --- Pictures, and files that a message names -----------------------------------------------------------------------------------------------------


def picture(seed: str, kind: str) -> bytes:
    target = BytesIO()
    pypdfium2.PdfDocument(make_report_pdf(fields_for(seed)))[0].render(scale=2).to_pil().convert("L").save(target, kind)
    return target.getvalue()


@pytest.fixture(scope="module")
def folder(instance: Instance) -> Path:
    instance.admin("station", "add-folder", "jia-pictures", "--hospital", "jia")
    path = instance.data / "folders/jia-pictures"
    wait_for(lambda: (path / "in").is_dir(), what="the folder")
    return path


def test_a_picture_in_the_folder_becomes_a_page(instance: Instance, folder: Path) -> None:
    for seed, kind in (("32220", "JPEG"), ("32221", "PNG"), ("32222", "TIFF")):
        (folder / f"in/{seed}.{kind.lower()}").write_bytes(picture(seed, kind))
    (folder / "in/broken.png").write_bytes(picture("32223", "PNG")[:500])
    wait_for(lambda: len(list((folder / "done").iterdir())) == 3, what="three pictures taken", timeout_seconds=60)
    wait_for(lambda: (folder / "failed/broken.png.reason.txt").exists(), what="the reason")
    assert "picture is damaged" in (folder / "failed/broken.png.reason.txt").read_text()
    (report_id,) = instance.sql("SELECT report_id::text FROM report WHERE title = '32220'")[0]
    client = instance.client(instance.token("jia", "reports"))
    original = client.get(f"/api/v1/reports/{report_id}/original.pdf").content
    seen = pypdfium2.PdfDocument(original)[0].render(scale=1).to_pil()
    assert seen.height > seen.width
    # The same picture is the same report.
    (folder / "in/again.jpg").write_bytes(picture("32220", "JPEG"))
    wait_for(lambda: (folder / "duplicate/again.jpg").exists())
    assert Image.open(BytesIO((folder / "duplicate/again.jpg").read_bytes())).format == "JPEG"


@pytest.fixture(scope="module")
def sender(instance: Instance) -> Path:
    """A system that may name files, beside one that may not; the folder of the first."""
    instance.admin("station", "add-hl7", "jia-rp", "--hospital", "jia", "--host", "127.0.0.1", "--application", "RP", "--references")
    instance.admin("station", "add-hl7", "jia-plain", "--hospital", "jia", "--host", "127.0.0.1", "--application", "PLAIN")
    path = instance.data / "folders/jia-rp/in"
    wait_for(path.is_dir, what="the folder")
    return path


def observed(instance: Instance, seed: str, observation: str, application: str = "RP") -> bytes:
    (answer,) = exchange(instance, message(seed, observation, application=application).encode())
    return answer


def test_a_file_that_a_message_names_is_taken_from_the_stations_folder(instance: Instance, sender: Path) -> None:
    observation = "OBX|1|RP|PDF^报告||王小明 CT.pdf^^application^pdf||||||F"
    assert code(observed(instance, "32230", observation)) == "AE"  # not there yet: send again
    (sender / "王小明 CT.pdf").write_bytes(make_report_pdf(fields_for("32230")))
    assert code(observed(instance, "32230", observation)) == "AA"
    assert wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE title = 'HL7 M32230'"))


@pytest.mark.parametrize("pointer", ["../../keys/hashing.key", "/etc/passwd", "http:\\E\\\\E\\host", "http://127.0.0.1/x.pdf", "link.pdf"])
def test_nothing_outside_of_it_is_read(instance: Instance, sender: Path, pointer: str) -> None:
    if pointer == "link.pdf":
        (sender / pointer).unlink(missing_ok=True)
        (sender / pointer).symlink_to(instance.data / "VERSION")
    answer = observed(instance, "32231", f"OBX|1|RP|PDF||{pointer}^^application^pdf||||||F")
    assert code(answer) == "AR"
    assert b"OBX-5.1" in answer
    assert instance.sql("SELECT count(*) FROM report WHERE title = 'HL7 M32231'") == [(0,)]


def test_a_station_without_a_folder_names_none(instance: Instance, sender: Path) -> None:
    answer = observed(instance, "32232", "OBX|1|RP|PDF||x.pdf^^application^pdf||||||F", application="PLAIN")
    assert (code(answer), b"RP is not taken" in answer) == ("AR", True)


def test_a_picture_in_a_message_becomes_a_page_and_a_broken_one_is_refused(instance: Instance, sender: Path) -> None:
    whole, broken = picture("32233", "JPEG"), picture("32234", "PNG")[:400]

    def observation(content: bytes) -> str:
        return f"OBX|1|ED|IMG^报告||^image^jpeg^Base64^{base64.b64encode(content).decode()}||||||F"

    assert code(observed(instance, "32233", observation(whole))) == "AA"
    answer = observed(instance, "32234", observation(broken))
    assert (code(answer), b"picture is damaged" in answer) == ("AR", True)
    assert wait_for(lambda: instance.sql("SELECT 1 FROM report WHERE title = 'HL7 M32233'"))
