# SPDX-License-Identifier: AGPL-3.0-or-later
"""Consoles that can only print: their films become images of the study that they show, and of no other."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom.sop_class import BasicColorPrintManagementMeta, BasicFilmBox, BasicFilmSession, PresentationLUT

from demo.report_form import make_report_pdf
from tests.support.film_console import Console, burned_in, console, image_item, print_film
from tests.support.instance import Instance, wait_for
from tests.support.samples import ct_study, fields_for, study_uid
from tests.support.staff import add_member


@pytest.fixture(scope="module")
def film_printer(instance: Instance) -> int:
    """Consoles of 甲 and 乙 on the loopback; the port that they print to."""
    instance.admin("station", "add-console", "jia-old-ct", "--hospital", "jia", "--aet", "OLDCT", "--host", "127.0.0.1")
    return int(instance.admin("station", "add-console", "yi-old-mr", "--hospital", "yi", "--aet", "OLDMR", "--host", "127.0.0.1")["port"])


def films(instance: Instance, source: str = "jia-old-ct") -> int:
    return int(instance.sql("SELECT count(*) FROM printed_film WHERE source_name = %s", source)[0][0])


def film_with(instance: Instance, label: str) -> dict[str, Any]:
    """The film with this label, once it is in the archive."""
    names = "state, reason, hospital_id, study_instance_uid, film_id::text, patient_id, numbers"
    rows = wait_for(
        lambda: instance.sql(
            f"SELECT {names} FROM printed_film WHERE texts ? %s AND stored_study_instance_uid = study_instance_uid", label
        ),
        timeout_seconds=90,
        what=f"the film {label}",
    )
    return dict(zip(names.replace("::text", "").split(", "), rows[0], strict=True))


def stored_film(instance: Instance, hospital: str, study: str) -> pydicom.Dataset:
    """The study's secondary capture, by DICOMweb."""
    client = instance.client(instance.token(hospital, "query", "retrieve"))
    found = client.get(f"/dicom-web/studies/{study}/series?Modality=OT").json()
    series = found[0]["0020000E"]["Value"][0]
    answer = client.get(f"/dicom-web/studies/{study}/series/{series}", headers={"Accept": 'multipart/related; type="application/dicom"'})
    assert answer.status_code == 200
    body = answer.content
    start = body.index(b"DICM") - 128
    return pydicom.dcmread(BytesIO(body[start : body.rindex(b"\r\n--")]))


def test_a_film_joins_the_study_whose_number_and_patient_are_burned_into_it(instance: Instance, film_printer: int, tmp_path: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "32001", slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid("32001")))
    pictures = [burned_in(["王小明", "ID: P32001", "ACC: A32001", f"IM {number}"], seed=number) for number in range(4)]
    with console(film_printer) as one:
        status, printer = one.printer()
        assert (status, printer.PrinterStatus) == (0, "NORMAL")
        assert print_film(one, "STANDARD\\2,2", pictures, "first film", FilmSizeID="14INX17IN", FilmOrientation="PORTRAIT") == 0
    film = film_with(instance, "first film")
    assert (film["state"], film["study_instance_uid"], film["hospital_id"]) == ("matched", study_uid("32001"), "jia")
    kept = stored_film(instance, "jia", study_uid("32001"))
    assert (kept.PatientID, kept.AccessionNumber, str(kept.PatientName)) == ("P32001", "A32001", "Wang^XiaoMing=王^小明")
    assert kept.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    pixels = kept.pixel_array
    assert abs(pixels.shape[1] / pixels.shape[0] - 14 / 17) < 0.01
    # Every pixel of the second image is there as it was printed.
    half = pixels.shape[1] // 2
    rows = pixels[: pixels.shape[0] // 2, half:]
    top, left = next((y, x) for y in range(rows.shape[0]) for x in range(3) if np.array_equal(rows[y, x : x + 512], pictures[1][0]))
    assert np.array_equal(rows[top : top + 512, left : left + 512], pictures[1])


def test_a_film_of_nobody_known_is_a_study_of_its_own_that_staff_are_shown(instance: Instance, film_printer: int) -> None:
    with console(film_printer) as one:
        assert print_film(one, "STANDARD\\1,1", [burned_in(["HEAD AX"], seed=32010)], "nobody 32010") == 0
    film = film_with(instance, "nobody 32010")
    assert film["state"] == "unidentified"
    kept = stored_film(instance, "jia", film["study_instance_uid"])
    assert kept.PatientID == f"FILM-{film['film_id'][:8].upper()}"
    assert (kept.PatientName, kept.AccessionNumber) == ("", "")
    owner = "SELECT hospital_id FROM study WHERE study_instance_uid = %s"
    assert instance.sql(owner, film["study_instance_uid"]) == [("jia",)]


def test_staff_say_whose_a_film_is_and_take_it_back(instance: Instance, film_printer: int, tmp_path: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "48000", slices=1))).returncode == 0
    exam = study_uid("48000")
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", exam))
    with console(film_printer) as one:
        assert print_film(one, "STANDARD\\1,1", [burned_in(["KNEE"], seed=48000)], "<b>knee</b> 48000") == 0
    film = film_with(instance, "<b>knee</b> 48000")
    nobody, place = film["study_instance_uid"], f"/staff/films/{film['film_id']}"
    registrar, stranger = add_member(instance, "registrar", "jia").client(), add_member(instance, "registrar", "yi").client()
    assert film["film_id"] in registrar.get("/staff/films").text
    assert film["film_id"] not in stranger.get("/staff/films?show=all").text
    assert stranger.get(place).status_code == 404
    page = registrar.get(place, params={"studies": "P48000"}).text
    assert f'value="{exam}"' in page
    assert "&lt;b&gt;knee&lt;/b&gt; 48000" in page
    picture = re.search(r'<img src="(/dicom-web/[^"]+)" alt="[^"]', page)
    assert picture
    assert registrar.get(picture[1].replace("&amp;", "&")).content[:2] == b"\xff\xd8"
    assert stranger.post(f"{place}/identify", data={"study": exam}).status_code == 404
    assert registrar.post(f"{place}/identify", data={"study": "1.2.3"}).status_code == 404
    assert registrar.post(f"{place}/identify", data={"study": "'"}).status_code == 400
    assert registrar.post(f"{place}/begin", data={"accession_number": "A48000", "patient_id": "P1"}).status_code == 409, "it has images"

    def is_in(study: str) -> bool:
        client = instance.client(instance.token("jia", "query"))
        return client.get(f"/dicom-web/studies/{study}/series?Modality=OT").json() != []

    decided = registrar.post(f"{place}/identify", data={"study": exam}).headers["Location"]
    assert decided.endswith(f"done={film['film_id']}")
    wait_for(lambda: is_in(exam) and not is_in(nobody), what="the film in the exam")
    assert f"{place}/forget" in registrar.get(decided).text
    assert registrar.post(f"{place}/forget").headers["Location"] == place
    wait_for(lambda: is_in(nobody) and not is_in(exam), what="the film back")
    begun = {"accession_number": "A48001", "patient_id": "P48001", "patient_name": "王小明"}
    registrar.post(f"{place}/begin", data=begun)
    wait_for(
        lambda: instance.sql("SELECT 1 FROM study WHERE accession_number = 'A48001' AND patient_id = 'P48001' AND instance_count = 1"),
        what="the exam that the film begins",
    )
    told = "SELECT count(*) FROM audit_event WHERE detail LIKE %s"
    assert instance.sql(told, f"%a film is: {film['film_id']}") == [(3,)]


def test_a_film_is_never_put_on_another_hospitals_study(instance: Instance, film_printer: int, tmp_path: Path) -> None:
    assert instance.dcmtk("storescu", *map(str, ct_study(tmp_path, "32020", slices=1))).returncode == 0
    wait_for(lambda: instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s AND instance_count = 1", study_uid("32020")))
    with console(film_printer, aet="OLDMR") as one:
        assert print_film(one, "STANDARD\\1,1", [burned_in(["P32020", "A32020"], seed=32020)], "of yi") == 0
    film = film_with(instance, "of yi")
    assert (film["hospital_id"], film["state"]) == ("yi", "unidentified")
    assert film["study_instance_uid"] != study_uid("32020")


def test_a_report_that_waits_tells_whose_film_it_is_and_finds_it(instance: Instance, film_printer: int) -> None:
    # A film's study is of the day on which it was printed: a report of another day would be a contradiction, and people's to decide.
    today = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%dT%H:%M}"
    token = instance.token("jia", "reports")
    sent = instance.client(token).post(
        "/api/v1/reports", files={"file": ("r.pdf", make_report_pdf(replace(fields_for("32030"), exam_time=today)), "application/pdf")}
    )
    assert sent.json()["status"] == "waiting"
    with console(film_printer) as one:
        assert print_film(one, "STANDARD\\1,1", [burned_in(["A32030", "P32030"], seed=32030)], "with a report") == 0
    film = film_with(instance, "with a report")
    assert (film["state"], film["patient_id"]) == ("matched", "P32030")
    select = "SELECT study_instance_uid FROM report WHERE report_id = %s AND status = 'matched'"
    assert wait_for(lambda: instance.sql(select, sent.json()["report_id"])) == [(film["study_instance_uid"],)]
    kept = stored_film(instance, "jia", film["study_instance_uid"])
    assert (kept.PatientID, kept.AccessionNumber) == ("P32030", "A32030")


def test_a_film_printed_twice_is_one(instance: Instance, film_printer: int) -> None:
    picture = burned_in(["TWICE"], seed=32040)
    before = films(instance)
    with console(film_printer) as one:
        for _ in range(2):
            session = generate_uid()
            assert one.create(BasicFilmSession, session, NumberOfCopies="2")[0] == 0
            status, answer, uid = one.film("STANDARD\\1,1", session)
            assert (status, one.image(answer.ReferencedImageBoxSequence[0], image_item(picture)), one.print(uid)) == (0, 0, 0)
            assert one.print(session, BasicFilmSession) == 0  # all of the session, which is printed already
            assert one.association.send_n_delete(BasicFilmSession, session, meta_uid=one.meta).Status == 0
    wait_for(lambda: not list((instance.data / "spool/film/jia-old-ct").glob("*.film")), what="an empty spool")
    assert films(instance) == before + 1


def test_colour_and_twelve_bits_and_an_inverted_lut_are_printed(instance: Instance, film_printer: int) -> None:
    with console(film_printer, meta=BasicColorPrintManagementMeta) as one:
        colour = np.zeros((300, 300, 3), np.uint8)
        colour[:, :, 0] = 200
        assert print_film(one, "STANDARD\\1,1", [colour], "colour 32050") == 0
    with console(film_printer) as one:
        session, lut = generate_uid(), generate_uid()
        assert one.create(BasicFilmSession, session, FilmSessionLabel="inverse 32050")[0] == 0
        assert one.create(PresentationLUT, lut, PresentationLUTShape="INVERSE")[0] == 0
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = PresentationLUT, lut
        status, answer, uid = one.film("STANDARD\\1,1", session, ReferencedPresentationLUTSequence=[reference])
        assert status == 0
        assert one.image(answer.ReferencedImageBoxSequence[0], image_item(np.full((300, 300), 4095, np.uint16))) == 0
        assert one.print(uid) == 0
    red = stored_film(instance, "jia", film_with(instance, "colour 32050")["study_instance_uid"]).pixel_array
    assert red[red.shape[0] // 2, red.shape[1] // 2].tolist() == [200, 0, 0]
    black = stored_film(instance, "jia", film_with(instance, "inverse 32050")["study_instance_uid"]).pixel_array
    assert black[black.shape[0] // 2, black.shape[1] // 2] == 0


DCMTK_CONFIGURATION = r"""
[[GENERAL]]
[NETWORK]
Aetitle = OLDCT
[PRINT]
Directory = {folder}/spool
MinPrintResolution = 512\512
MaxPrintResolution = 4096\4096
DeletePrintJobs = false
[DATABASE]
Directory = {folder}/database
[LUT]
Directory = {folder}/lut
[[COMMUNICATION]]
[CLOUDFILM]
Aetitle = CLOUDFILM
Description = CloudFilm
Hostname = 127.0.0.1
Port = {port}
Type = PRINTER
DisplayFormat=1,1\2,2
FilmSizeID = 14INX17IN
MagnificationType = REPLICATE\BILINEAR\CUBIC\NONE
MaxPDU = 32768
PresentationLUTMatchRequired = false
PresentationLUTinFilmSession = {in_session}
Supports12Bit = true
SupportsPresentationLUT = true
SupportsTrim = true
"""


@pytest.mark.parametrize("in_session", ["false", "true"])
def test_dcmtk_prints(instance: Instance, film_printer: int, tmp_path: Path, in_session: str) -> None:
    """DCMTK's own SCU: dcmpsprt renders two images as a print job, dcmprscu sends it."""
    images = ct_study(tmp_path / "ct", f"32060{in_session}", slices=2)
    for folder in ("spool", "lut", "database", "log"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dcmpstat.cfg").write_text(DCMTK_CONFIGURATION.format(folder=tmp_path, port=film_printer, in_session=in_session))
    configuration = ["-c", str(tmp_path / "dcmpstat.cfg"), "-p", "CLOUDFILM"]
    made = subprocess.run(
        ["dcmpsprt", *configuration, "--lin-od", "--layout", "2", "2", *map(str, images)], capture_output=True, check=False
    )
    (job,) = list((tmp_path / "database").glob("SP_*.dcm"))
    assert made.returncode == 0
    label = f"dcmtk {in_session}"
    sent = subprocess.run(["dcmprscu", "-v", *configuration, "--label", label, str(job)], capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr + sent.stdout
    film = film_with(instance, label)
    pixels = stored_film(instance, "jia", film["study_instance_uid"]).pixel_array
    upper_left, lower_right = pixels[: pixels.shape[0] // 2, : pixels.shape[1] // 2], pixels[pixels.shape[0] // 2 :, pixels.shape[1] // 2 :]
    assert upper_left.max() > 100
    assert lower_right.max() == 0


# --- What must not be ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("aet", "called"), [("STRANGER", "CLOUDFILM"), ("OLDCT", "PRINTER")])
def test_whoever_is_not_registered_gets_no_association(instance: Instance, film_printer: int, aet: str, called: str) -> None:
    with console(film_printer, aet=aet, called=called) as one:
        assert not one.association.is_established
        assert one.association.is_rejected


def test_an_address_that_nobody_registered_is_hung_up_on(instance: Instance, film_printer: int) -> None:
    with socket.create_connection(("127.0.0.1", film_printer), timeout=10, source_address=("127.0.0.9", 0)) as line:
        assert line.recv(10) == b""


def test_an_ae_title_at_an_address_is_one_console(instance: Instance, film_printer: int) -> None:
    result = instance.admin("station", "add-console", "mine", "--hospital", "yi", "--aet", "OLDCT", "--host", "127.0.0.1", check=False)
    assert result.returncode != 0
    assert "jia-old-ct" in result.stderr


def begun(one: Console, layout: str = "STANDARD\\1,1", **attributes: Any) -> tuple[int, Dataset, str]:
    session = generate_uid()
    assert one.create(BasicFilmSession, session)[0] == 0
    return one.film(layout, session, **attributes)


def test_what_is_missing_or_cannot_be_is_refused_with_a_status_and_nothing_is_kept(instance: Instance, film_printer: int) -> None:
    before = films(instance)
    with console(film_printer) as one:
        assert one.create(BasicFilmBox, generate_uid(), ImageDisplayFormat="STANDARD\\1,1")[0] == 0x0106  # no session
        status, answer, uid = begun(one)
        assert status == 0
        assert one.create(BasicFilmBox, uid, ImageDisplayFormat="STANDARD\\1,1")[0] == 0x0111
        assert one.create(BasicFilmBox, generate_uid(), ImageDisplayFormat="CUSTOM\\7")[0] == 0x0106
        assert one.create(BasicFilmBox, generate_uid())[0] == 0x0120
        (box,) = answer.ReferencedImageBoxSequence
        assert one.image(box, None) == 0x0120
        assert one.image(box, image_item(np.zeros((9, 9), np.uint8), Rows=60_000, Columns=60_000)) == 0x0106
        assert one.print(uid) == 0xB603  # nothing was printed
        assert one.print(generate_uid()) == 0x0112
        box.ReferencedSOPInstanceUID = "1.2.3"
        assert one.image(box, image_item(np.zeros((9, 9), np.uint8))) == 0x0112
    assert films(instance) == before


def test_a_hundred_films_on_one_association_and_no_more(instance: Instance, film_printer: int) -> None:
    with console(film_printer) as one:
        session = generate_uid()
        assert one.create(BasicFilmSession, session)[0] == 0
        answers = [one.film("STANDARD\\1,1", session)[0] for _ in range(101)]
    assert answers == [0] * 100 + [0x0213]


def test_images_beyond_the_memory_that_a_console_may_take_are_refused(instance: Instance, film_printer: int) -> None:
    with console(film_printer) as one:
        _, answer, _ = begun(one, "STANDARD\\2,3")
        large = np.zeros((6000, 6600), np.uint8)
        statuses = [one.image(box, image_item(large)) for box in answer.ReferencedImageBoxSequence]
    assert statuses == [0] * 5 + [0x0213]


def test_what_an_aborted_association_left_unprinted_is_not_kept_and_the_printer_lives_on(instance: Instance, film_printer: int) -> None:
    before = films(instance)
    with console(film_printer) as one:
        _, answer, _ = begun(one)
        assert one.image(answer.ReferencedImageBoxSequence[0], image_item(burned_in(["LOST"]))) == 0
        one.association.abort()
    with socket.create_connection(("127.0.0.1", film_printer), timeout=10) as line:
        line.sendall(struct.pack(">BBL", 1, 0, 0xFFFFFF00) + b"x" * 5000)  # a PDU of four gigabytes, says its sender
        line.settimeout(10)
        assert not line.recv(100).startswith(b"\x02")  # no association came of it
    with socket.create_connection(("127.0.0.1", film_printer), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with console(film_printer) as one:
        assert one.printer()[0] == 0
    assert films(instance) == before


def test_consoles_print_side_by_side(instance: Instance, film_printer: int) -> None:
    before = films(instance)

    def one_console(number: int) -> int:
        with console(film_printer) as one:
            return print_film(one, "STANDARD\\1,1", [burned_in([], seed=32100 + number, side=128)], f"parallel {number}")

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(one_console, range(5))) == [0] * 5
    wait_for(lambda: films(instance) == before + 5)


def test_a_film_is_refused_when_it_cannot_be_written(instance: Instance, film_printer: int) -> None:
    spool = instance.data / "spool/film/jia-old-ct"
    wait_for(lambda: not list(spool.glob("*.film")), what="an empty spool")
    aside = spool.with_name("aside")
    spool.rename(aside)
    spool.write_bytes(b"a file where the folder should be")
    try:
        with console(film_printer) as one:
            assert print_film(one, "STANDARD\\1,1", [burned_in(["FULL"], seed=32070)]) == 0xC602
    finally:
        spool.unlink()
        aside.rename(spool)
    with console(film_printer) as one:
        assert print_film(one, "STANDARD\\1,1", [burned_in(["FULL"], seed=32070)], "written after all") == 0
    assert film_with(instance, "written after all")["state"] == "unidentified"
