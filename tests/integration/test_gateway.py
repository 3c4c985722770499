# SPDX-License-Identifier: AGPL-3.0-or-later
"""A gateway and a cloud, both whole: what the gateway has acknowledged is readable in the cloud, byte for byte, whatever happens between."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
from pynetdicom import AE, build_context
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]

from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.storage.key_files import load_key_ring
from cloudfilm.version import VERSION
from tests.faults.site import descendants
from tests.support.associations import associate
from tests.support.connect_proxy import connect_proxy
from tests.support.gateway import Gateway, paired_gateway
from tests.support.instance import Instance, free_ports, wait_for
from tests.support.samples import ct_study, study_uid
from tests.support.staff import add_member
from tests.support.stow import stow
from tests.support.system_calls import traced

SEED = 41000


@pytest.fixture(scope="module")
def gateway(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = paired_gateway(
        instance, tmp_path_factory.mktemp("gateway"), "jia", CLOUDFILM_GATEWAY_TRIES="2", CLOUDFILM_GATEWAY_HEARTBEAT_SECONDS="1"
    )
    yield running
    running.stop()


def client_of(one: Instance) -> OrthancClient:
    ring = load_key_ring(one.data / "keys")
    return OrthancClient(one.orthanc_url, lambda: ring, "test", lambda: datetime.now(UTC))


def store(gateway: Gateway, paths: list[Path], pause: float = 0.0) -> dict[str, int]:
    """C-STORE each; the status by SOPInstanceUID, as far as there was an answer."""
    entity = AE(ae_title="CT1")
    entity.requested_contexts = [build_context(CTImageStorage, "1.2.840.10008.1.2.1")]
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 10
    statuses: dict[str, int] = {}
    association = associate(entity, "127.0.0.1", gateway.dicom_port, ae_title="CLOUDFILM")
    if not association.is_established:
        return statuses
    for path in paths:
        dataset = dcmread(path)
        try:
            answer = association.send_c_store(dataset)
        except RuntimeError:
            break
        if not answer or "Status" not in answer:
            break
        statuses[str(dataset.SOPInstanceUID)] = int(answer.Status)
        time.sleep(pause)
    if association.is_established:
        association.release()
    return statuses


def acknowledged(statuses: dict[str, int]) -> set[str]:
    return {uid for uid, status in statuses.items() if status == 0}


def hashes(one: Instance, study: str, uids: set[str]) -> dict[str, str]:
    """SHA-256 of what an Orthanc gives back."""
    client = client_of(one)
    found = {uid: client.find_instance(study, uid) for uid in uids}
    return {uid: hashlib.sha256(client.instance_file(known)).hexdigest() for uid, known in found.items() if known}


def test_what_is_received_is_confirmed_byte_for_byte(gateway: Gateway, instance: Instance, tmp_path: Path) -> None:
    study = study_uid(f"{SEED}")
    sent = acknowledged(store(gateway, ct_study(tmp_path, f"{SEED}", slices=6)))
    assert len(sent) == 6
    wait_for(lambda: gateway.rows(f"SELECT count(*) FROM instance WHERE study_instance_uid = '{study}' AND state = 'confirmed'") == [(6,)])
    there, here = hashes(instance, study, sent), hashes(gateway, study, sent)
    assert there == here
    assert set(there) == sent
    recorded = dict(gateway.rows(f"SELECT sop_instance_uid, sha256 FROM instance WHERE study_instance_uid = '{study}'"))
    assert recorded == there


def test_after_kills_in_mid_transfer_everything_acknowledged_is_in_the_cloud(gateway: Gateway, instance: Instance, tmp_path: Path) -> None:
    """kill -9 of Orthanc and of the forwarder, at moments that a seed chose, while a study arrives and leaves."""
    plan, study = random.Random(41001), study_uid("41001")
    paths = ct_study(tmp_path, "41001", slices=120)
    heard: dict[str, int] = {}
    ended = threading.Event()

    def send() -> None:
        left = list(paths)
        while left:
            heard.update(store(gateway, left, pause=0.01))
            left = [path for path in paths if heard.get(str(dcmread(path, stop_before_pixels=True).SOPInstanceUID)) != 0]
            if left:
                time.sleep(0.3)
        ended.set()

    sender = threading.Thread(target=send)
    sender.start()
    kills = 0
    for _ in range(5):
        if ended.wait(plan.uniform(0.3, 1.2)):
            break
        part = plan.choice(["orthanc", "forwarder", "forwarder"])
        pid = wait_for(lambda part=part: gateway.part_pid(part), what=f"{part} to be up again")
        os.kill(pid, signal.SIGKILL)
        kills += 1
    sender.join(timeout=60)
    assert kills >= 3
    sent = acknowledged(heard)
    assert len(sent) == len(paths)
    wait_for(lambda: _confirmed(gateway, study) == len(paths), 60, "every instance confirmed")
    there = hashes(instance, study, sent)
    assert set(there) == sent
    assert there == hashes(gateway, study, sent)
    rows = instance.sql(
        "SELECT count(*) FROM Resources i JOIN DicomIdentifiers d ON d.id = i.internalId WHERE i.resourceType = 3 AND d.value = ANY(%s)",
        list(sent),
        database="orthanc",
    )
    assert rows == [(len(sent),)], "no instance twice in the cloud's index"


def _confirmed(gateway: Gateway, study: str) -> int:
    count: int = gateway.rows(f"SELECT count(*) FROM instance WHERE study_instance_uid = '{study}' AND state = 'confirmed'")[0][0]
    return count


def test_other_content_in_the_cloud_is_a_conflict_and_another_hospitals_study_is_set_aside_while_the_rest_goes_on(
    gateway: Gateway, instance: Instance, tmp_path: Path
) -> None:
    first = ct_study(tmp_path / "a", "41002", slices=2)
    changed = dcmread(first[0])
    changed.PixelData = bytes(len(changed.PixelData))
    changed.save_as(tmp_path / "other.dcm")
    stow(instance.client(instance.token("jia", "store")), [(tmp_path / "other.dcm").read_bytes()])
    foreign = ct_study(tmp_path / "b", "41003", slices=1)
    stow(instance.client(instance.token("yi", "store")), [ct_study(tmp_path / "c", "41004", slices=1, study_seed="41003")[0].read_bytes()])
    assert acknowledged(store(gateway, foreign + first)) != set()
    wait_for(
        lambda: (
            gateway.rows(
                f"SELECT state, count(*) FROM instance WHERE study_instance_uid IN ('{study_uid('41002')}', '{study_uid('41003')}')"
                " GROUP BY state ORDER BY state"
            )
            == [("confirmed", 1), ("conflict", 1), ("set aside", 1)]
        ),
        30,
        "the three verdicts",
    )
    assert gateway.told()["conflicts"] >= 1
    assert gateway.told()["set_aside"] >= 1


def test_other_content_under_a_uid_that_is_here_is_kept_beside_it(gateway: Gateway, tmp_path: Path) -> None:
    path = ct_study(tmp_path, "41005", slices=1)[0]
    assert list(store(gateway, [path]).values()) == [0]
    changed = dcmread(path)
    changed.PixelData = bytes(len(changed.PixelData))
    changed.save_as(tmp_path / "other.dcm")
    before = set((gateway.data / "gateway/conflicts").glob("*.dcm"))
    assert list(store(gateway, [tmp_path / "other.dcm"]).values()) == [0]
    (kept,) = set((gateway.data / "gateway/conflicts").glob("*.dcm")) - before
    assert dcmread(kept).PixelData == changed.PixelData


def test_pairing_codes_are_good_once_and_the_heartbeat_reaches_the_cloud(gateway: Gateway, instance: Instance, tmp_path: Path) -> None:
    code = instance.admin("gateway", "add", "--hospital", "yi", "--name", "急诊")["pairing_code"]
    client = instance.client()
    first, second = (client.post("/api/v1/gateways/pair", json={"pairing_code": code}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 401)
    told = wait_for(lambda: instance.sql("SELECT told FROM gateway WHERE hospital_id = 'jia' AND last_seen_at IS NOT NULL"))[0][0]
    assert "waiting" in told
    other = instance.client(first.json()["token"])
    assert other.post("/api/v1/gateways/heartbeat", json={"waiting": 3}).status_code == 200
    # A hospital's gateway gets no receipt for what is another's.
    store(gateway, ct_study(tmp_path, "41009", slices=1))
    confirmed = "SELECT study_instance_uid, sop_instance_uid FROM instance WHERE state = 'confirmed' LIMIT 1"
    mine = wait_for(lambda: gateway.rows(confirmed))[0]
    asked = {"instances": [{"study_instance_uid": mine[0], "sop_instance_uid": mine[1]}]}
    assert other.post("/api/v1/receipts", json=asked).json()["receipts"][0]["sha256"] == []
    assert instance.client().post("/api/v1/receipts", json=asked).status_code == 401


def test_a_full_disk_refuses_with_a700_and_the_gateway_takes_again_when_there_is_room(
    instance: Instance, gateway: Gateway, tmp_path: Path
) -> None:
    """The gateway is started again with a reserve that no disk has, and then without."""
    paths = ct_study(tmp_path, "41006", slices=1)
    gateway.stop()
    gateway.environment["CLOUDFILM_GATEWAY_RESERVE_MEGABYTES"] = "9999999"
    gateway.start()
    assert list(store(gateway, paths).values()) == [0xA700]
    assert gateway.told()["disk_state"] == "full"
    gateway.stop()
    gateway.environment["CLOUDFILM_GATEWAY_RESERVE_MEGABYTES"] = "1"
    gateway.start()
    assert list(store(gateway, paths).values()) == [0]
    wait_for(lambda: _confirmed(gateway, study_uid("41006")) == 1)
    assert len(hashes(instance, study_uid("41006"), {str(dcmread(paths[0]).SOPInstanceUID)})) == 1


def test_on_its_page_both_languages_say_how_it_is(gateway: Gateway) -> None:
    pages = {
        language: subprocess.run(
            ["curl", "-s", "--noproxy", "*", f"http://127.0.0.1:{gateway.http_port}/gateway?lang={language}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for language in ("zh-CN", "en")
    }
    assert "等待上传的影像" in pages["zh-CN"]
    assert "Images waiting" in pages["en"]


def test_the_bytes_are_synced_to_the_disk_before_the_sender_hears_of_success(gateway: Gateway, instance: Instance, tmp_path: Path) -> None:
    """Seen in the kernel: kill -9 cannot show a missing fsync, only the power could."""
    for number, one in enumerate((gateway, instance)):
        folder = tmp_path / str(number)
        pids = [one.part_pid("orthanc"), *(descendants(one.part_pid("postgresql")) if one is instance else [])]
        paths = ct_study(folder, f"4400{number}", slices=1)
        with traced(folder, "openat,fsync,fdatasync,write,sendto,sendmsg", pids) as trace:
            assert list(store(one, paths).values()) == [0]
        (folder / "trace.txt").write_text("\n".join(trace.lines))
        written = trace.ended("openat", r"orthanc/../../[0-9a-f-]{36}\".*O_CREAT")
        synced = trace.ended("fsync|fdatasync", r"orthanc/../../[0-9a-f-]{36}>", written)
        answered = trace.ended("write|sendto|sendmsg", rf"TCP:\[127\.0\.0\.1:{one.dicom_port}->", written)
        assert 0 <= written < synced < answered
        if one is instance:
            assert synced < trace.ended("fsync|fdatasync", "postgresql/pg_wal/", synced) < answered


def dcmtk(gateway: Gateway, tool: str, *arguments: str, aet: str) -> subprocess.CompletedProcess[str]:
    """DCMTK's own program: pynetdicom brings others of the same names, which call a refusal a success."""
    command = [f"/usr/bin/{tool}", "-aet", aet, "-aec", "CLOUDFILM", "127.0.0.1", str(gateway.dicom_port), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def workstation(gateway: Gateway) -> int:
    """WS1 may search and fetch; the port where it hears what it fetches."""
    port = free_ports(1)[0]
    gateway.admin("gateway", "let-in", "--aet", "WS1", "--host", "127.0.0.1", "--port", str(port), "--may", "find,move,get")
    return port


def test_a_workstation_finds_and_fetches_what_the_gateway_holds_byte_for_byte(gateway: Gateway, workstation: int, tmp_path: Path) -> None:
    """With DCMTK's clients; the Chinese name comes back in the character set that the answer names."""
    paths, study = ct_study(tmp_path / "sent", "41007", slices=3), study_uid("41007")
    assert len(acknowledged(store(gateway, paths))) == 3
    asked = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]
    (tmp_path / "found").mkdir()
    keys = [*asked, "-k", "PatientName=*小明*", "-k", "PatientID", "-k", "SpecificCharacterSet=ISO_IR 192"]
    found = dcmtk(gateway, "findscu", *keys, "-X", "-od", str(tmp_path / "found"), aet="WS1")
    assert found.returncode == 0, found.stderr
    (answer,) = [dcmread(path, force=True) for path in (tmp_path / "found").iterdir()]
    assert (str(answer.PatientName), answer.PatientID) == ("Wang^XiaoMing=王^小明", "P41007")
    for tool, options in (("movescu", ["--port", str(workstation), "-aem", "WS1"]), ("getscu", [])):
        (tmp_path / tool).mkdir()
        fetched = dcmtk(gateway, tool, *asked, *options, "-od", str(tmp_path / tool), aet="WS1")
        assert fetched.returncode == 0, fetched.stderr
        contents = {str(one.SOPInstanceUID): bytes(one.PixelData) for one in map(dcmread, (tmp_path / tool).iterdir())}
        assert contents == {str(one.SOPInstanceUID): bytes(one.PixelData) for one in map(dcmread, paths)}


def test_who_was_not_let_in_to_search_finds_and_fetches_nothing_and_who_only_searches_stores_nothing(
    gateway: Gateway, workstation: int, tmp_path: Path
) -> None:
    study = study_uid("41007")
    asked = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}", "-od", str(tmp_path)]
    for aet in ("CT1", "STRANGER"):
        for tool, options in (("findscu", ["-X"]), ("movescu", ["--port", str(workstation), "-aem", "WS1"]), ("getscu", [])):
            dcmtk(gateway, tool, *asked, *options, aet=aet)
            assert list(tmp_path.iterdir()) == [], f"{aet} got something by {tool}"
    (path,) = ct_study(tmp_path, "41008", slices=1)
    assert dcmtk(gateway, "storescu", str(path), aet="WS1").returncode != 0
    assert dcmtk(gateway, "storescu", str(path), aet="CT1").returncode == 0


def test_a_workstation_fetches_to_no_place_that_was_not_let_in_and_nothing_once_it_is_shut_out(gateway: Gateway, tmp_path: Path) -> None:
    port = free_ports(1)[0]
    gateway.admin("gateway", "let-in", "--aet", "WS2", "--host", "127.0.0.1", "--port", str(port), "--may", "find,move")
    assert {"aet": "WS2", "host": "127.0.0.1", "port": port, "may": ["find", "move"]} in gateway.admin("gateway", "admitted")["admitted"]
    asked = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid(f'{SEED}')}"]
    assert dcmtk(gateway, "movescu", *asked, "--port", str(port), "-aem", "ELSEWHERE", "-od", str(tmp_path), aet="WS2").returncode != 0
    assert dcmtk(gateway, "findscu", *asked, "-X", "-od", str(tmp_path), aet="WS2").returncode == 0
    gateway.admin("gateway", "shut-out", "--aet", "WS2")
    before = len(list(tmp_path.iterdir()))
    dcmtk(gateway, "findscu", *asked, "-X", "-od", str(tmp_path), aet="WS2")
    assert len(list(tmp_path.iterdir())) == before
    assert dcmtk(gateway, "echoscu", aet="WS2").returncode != 0


def test_logs_and_settings_are_the_clouds_only_as_long_as_the_hospital_consents(gateway: Gateway, instance: Instance) -> None:
    """On the gateway's own page somebody gives the consent, and ends it; staff of the cloud ask meanwhile."""
    member = add_member(instance, "administrator", "jia").client()
    gateway_id = json.loads((gateway.data / "gateway/pairing.json").read_text())["gateway_id"]
    page = f"/staff/gateways/{gateway_id}"

    def recorded() -> list[str]:
        return [row[0] for row in instance.sql("SELECT detail FROM audit_event WHERE detail LIKE %s", f"%{gateway_id}%")]

    wait_for(lambda: VERSION in member.get(page).text, 60, "the version on the staff's page")
    member.post(page, data={"step": "log"})
    member.post(page, data={"step": "settings", "keep_days": "3"})
    assert instance.sql("SELECT 1 FROM gateway_maintenance WHERE gateway_id = %s", gateway_id) == [], "without consent nothing can be asked"

    decide(gateway, "yes")
    wait_for(lambda: 'id="allowed"' in member.get(page).text, 60, "the consent to reach the cloud")
    assert "trouble=limits" in member.post(page, data={"step": "settings", "speed_limits": "fast"}).headers["Location"]
    member.post(page, data={"step": "settings", "speed_limits": "00:00-00:00=500", "keep_days": "3"})
    member.post(page, data={"step": "log"})
    wait_for(lambda: (gateway.told().get("speed_limits"), gateway.told().get("keep_days")) == ("00:00-00:00=500", 3), 60, "the settings")
    log = wait_for(
        lambda: instance.sql("SELECT log FROM gateway_maintenance WHERE gateway_id = %s AND log <> ''", gateway_id), 60, "the log"
    )[0][0]
    assert "cloudfilm.transfer" in log
    assert "Orthanc has started" in log
    assert study_uid(f"{SEED}") not in log
    wait_for(lambda: any("took the settings" in one for one in recorded()), 60, "the gateway's word that it took the settings")

    decide(gateway, "no")
    wait_for(lambda: 'id="not-allowed"' in member.get(page).text, 60, "the end of the consent")
    assert "speed_limits" not in gateway.told()
    assert instance.sql("SELECT settings_asked_at, log_asked_at FROM gateway_maintenance WHERE gateway_id = %s", gateway_id) == [
        (None, None)
    ]
    for said in ("allowed by the hospital", "asked gateway", "handed over its log", "ended by the hospital"):
        assert any(said in one for one in recorded()), said


def decide(gateway: Gateway, wish: str) -> None:
    """The button on the gateway's page."""
    command = ["curl", "-s", "--noproxy", "*", "-d", f"remote={wish}", f"http://127.0.0.1:{gateway.http_port}/gateway/remote"]
    subprocess.run(command, check=True)


def test_a_token_that_has_less_than_sixty_days_left_is_renewed_by_itself(gateway: Gateway, instance: Instance) -> None:
    pairing = gateway.data / "gateway/pairing.json"
    before = json.loads(pairing.read_text())
    of_token = "FROM gateway g WHERE g.gateway_id = %s AND g.token_id = t.token_id"
    instance.sql(f"UPDATE api_token t SET expires_at = now() + interval '50 days' {of_token}", before["gateway_id"])
    wait_for(lambda: json.loads(pairing.read_text())["token"] != before["token"], 60, "another token")
    left = instance.sql(
        "SELECT t.expires_at - now() > interval '80 days' FROM api_token t JOIN gateway g USING (token_id) WHERE g.gateway_id = %s",
        before["gateway_id"],
    )
    assert left == [(True,)]


def test_a_gateway_is_paired_on_its_own_page_and_goes_through_the_hospitals_proxy(instance: Instance, tmp_path: Path) -> None:
    """The administrator makes the code on a page of the cloud; it is typed on a page of the gateway, whose line is a proxy with a password."""
    member = add_member(instance, "administrator", "jia").client()
    made = member.post("/staff/gateways", data={"name": "门诊机房"})
    code = re.search(r'id="pairing-code">([^<]+)<', made.text)
    assert code, made.text
    with connect_proxy("hospital:secret") as proxy:
        gateway = Gateway(tmp_path, ("--role", "gateway"), environment={
            "CLOUDFILM_GATEWAY_CA_FILE": "/var/lib/cloudfilm/cloud.pem", "CLOUDFILM_GATEWAY_RESERVE_MEGABYTES": "1",
            "CLOUDFILM_GATEWAY_PROXY": f"http://hospital:secret@127.0.0.1:{proxy.port}",
        })  # fmt: skip
        (tmp_path / "cloud.pem").write_bytes((instance.data / "tls/certificate.pem").read_bytes())
        gateway.start()
        try:
            gateway.let_in("CT1")
            assert list(store(gateway, ct_study(tmp_path / "images", "41010", slices=2)).values()) == [0, 0]
            assert "云端地址应形如" in typed(gateway, "ftp://nowhere", code[1])
            assert "配对码错误" in typed(gateway, instance.url, "0000-0000-0000")
            typed(gateway, instance.url, code[1])
            wait_for(lambda: _confirmed(gateway, study_uid("41010")) == 2, 60, "both confirmed, also what came before the pairing")
        finally:
            gateway.stop()
    assert set(proxy.asked) == {f"localhost:{instance.https_port}"}
    assert instance.sql("SELECT count(*) FROM gateway WHERE name = '门诊机房' AND paired_at IS NOT NULL") == [(1,)]


def typed(gateway: Gateway, cloud: str, code: str) -> str:
    """What the pairing page answers."""
    fields = ["--data-urlencode", f"cloud={cloud}", "--data-urlencode", f"code={code}"]
    command = ["curl", "-s", "--noproxy", "*", *fields, f"http://127.0.0.1:{gateway.http_port}/gateway/pair?lang=zh-CN"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_file_that_no_parser_should_meet_is_refused_and_kept_with_its_reason(gateway: Gateway, tmp_path: Path) -> None:
    """Nested too deep for the small stacks that answer over HTTP."""
    path = ct_study(tmp_path, "41011", slices=1)[0]
    deep = dcmread(path)
    inner = Dataset()
    for _ in range(40):
        outer = Dataset()
        outer.ContentSequence = [inner]
        inner = outer
    deep.ContentSequence = [inner]
    deep.save_as(tmp_path / "deep.dcm")
    assert list(store(gateway, [tmp_path / "deep.dcm"]).values()) == [0xC000]
    (reason,) = (gateway.data / "gateway/refused").glob("*.json")
    assert json.loads(reason.read_text())["sender"] == "CT1"
    kept = dcmread(reason.with_suffix(".dcm"))
    assert kept.SOPInstanceUID == deep.SOPInstanceUID
    page = subprocess.run(
        ["curl", "-s", "--noproxy", "*", f"http://127.0.0.1:{gateway.http_port}/gateway?lang=zh-CN"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "序列嵌套过深" in page


SYNTAXES = (
    "image_dfl.dcm", "SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm", "rtdose_1frame.dcm", "SC_rgb_rle.dcm", "SC_rgb_small_odd_jpeg.dcm",
    "JPGExtended.dcm", "SC_rgb_jpeg_gdcm.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm", "JPEG2000.dcm",
)  # fmt: skip


def test_whatever_transfer_syntax_comes_goes_on_as_it_came(gateway: Gateway, instance: Instance, tmp_path: Path) -> None:
    """Eleven transfer syntaxes, each in an association of its own: nothing is transcoded, pixel data are the sender's, files the gateway's."""
    sent: dict[str, tuple[str, bytes]] = {}
    study = generate_uid()
    for name in SYNTAXES:
        image = dcmread(str(get_testdata_file(name, download=False)))
        image.StudyInstanceUID, image.SeriesInstanceUID, image.SOPInstanceUID = study, generate_uid(), generate_uid()
        image.PatientID, image.PatientName = "P41012", "Wang^XiaoMing"
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        path = tmp_path / name
        image.save_as(path)
        entity = AE(ae_title="CT1")
        entity.requested_contexts = [build_context(image.SOPClassUID, image.file_meta.TransferSyntaxUID)]
        association = associate(entity, "127.0.0.1", gateway.dicom_port, ae_title="CLOUDFILM")
        assert association.send_c_store(path).Status == 0x0000, name
        association.release()
        sent[str(image.SOPInstanceUID)] = (str(image.file_meta.TransferSyntaxUID), image.PixelData)
    wait_for(lambda: _confirmed(gateway, study) == len(SYNTAXES), 60, "all confirmed")
    client = client_of(instance)
    files = {uid: dcmread(BytesIO(client.instance_file(client.find_instance(study, uid) or ""))) for uid in sent}
    assert {uid: (str(file.file_meta.TransferSyntaxUID), file.PixelData) for uid, file in files.items()} == sent
    assert hashes(instance, study, set(sent)) == hashes(gateway, study, set(sent))
