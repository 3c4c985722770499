# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published viewing path: what nginx serves itself is what Orthanc has, to whom it may be shown, and no longer than that."""

from __future__ import annotations

import io
import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import imagecodecs
import numpy as np
import pytest
import requests
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import generate_frames

from cloudfilm.access.token import InternalToken
from cloudfilm.doors.asker import SESSION_COOKIE
from cloudfilm.publish.kinds import MEDIA_TYPES
from tests.support.grants import share_of, signed, viewer_token
from tests.support.instance import Instance, wait_for
from tests.support.mint import Mint
from tests.support.pictures import COMPRESSED, compressed, picture
from tests.support.samples import change, ct_study, study_uid
from tests.support.stow import stow

OHIF = "multipart/related; type=application/octet-stream; transfer-syntax=*"
UNCOMPRESSED = 'multipart/related; type="application/octet-stream"'
HTJ2K = "1.2.840.10008.1.2.4.202"
STUDY = study_uid("36100")


def published(instance: Instance, study_instance_uid: str) -> list[tuple[Any, ...]]:
    statement = "SELECT 1 FROM publication WHERE study_instance_uid = %s AND published_at IS NOT NULL"
    return wait_for(lambda: instance.sql(statement, study_instance_uid), 45, "publication")


def series_path(path: Path | bytes) -> str:
    image = dcmread(io.BytesIO(path) if isinstance(path, bytes) else path, stop_before_pixels=True)
    return f"/dicom-web/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}"


def instance_path(path: Path | bytes) -> str:
    image = dcmread(io.BytesIO(path) if isinstance(path, bytes) else path, stop_before_pixels=True)
    return f"{series_path(path)}/instances/{image.SOPInstanceUID}"


def part(answer: requests.Response) -> tuple[str, bytes]:
    """Content-Type and content of the one part, read as a client does: by the boundary in the header."""
    assert answer.status_code == 200, (answer.status_code, answer.text[:300])
    boundary = answer.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
    _, whole, end = answer.content.split(b"--" + boundary)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert end in (b"--", b"--\r\n")
    lines = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n"))
    return lines["Content-Type"], body[: -len(b"\r\n")]


def is_published(answer: requests.Response) -> bool:
    return answer.status_code == 200 and "immutable" in answer.headers.get("Cache-Control", "")


def orthanc(instance: Instance, method: str, path: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {signed(instance, InternalToken('worker'))}"}
    answer = requests.request(method, instance.orthanc_url + path, headers=headers, timeout=30, **more)
    answer.raise_for_status()
    return answer.json()


def orthanc_id(instance: Instance, level: str, keyword: str, uid: str) -> str:
    return str(orthanc(instance, "POST", "/tools/find", json={"Level": level, "Query": {keyword: uid}})[0])


@pytest.fixture(scope="module")
def slices(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = ct_study(tmp_path_factory.mktemp("published"), "36100", slices=5)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    published(instance, STUDY)
    return paths


@pytest.fixture(scope="module")
def reader(instance: Instance) -> requests.Session:
    return instance.client(instance.token("jia", "query", "retrieve", "store"))


def test_published_frames_are_the_pixels_that_were_sent(reader: requests.Session, slices: list[Path]) -> None:
    for path in slices:
        answer = reader.get(f"{instance_path(path)}/frames/1", headers={"Accept": OHIF})
        assert is_published(answer)
        kind, codestream = part(answer)
        assert kind == f"image/jphc; transfer-syntax={HTJ2K}"
        stored = reader.get(f"{instance_path(path)}/frames/1", headers={"Accept": UNCOMPRESSED})
        assert not is_published(stored)
        assert imagecodecs.htj2k_decode(codestream).astype("<i2").tobytes() == dcmread(path).PixelData == part(stored)[1]


@pytest.mark.parametrize(
    ("accept", "from_the_tree"),
    [
        (OHIF, True),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', True),
        ('multipart/related; type="image/jphc"', True),
        ("multipart/related; type=image/jphc; transfer-syntax=*", True),
        (f'multipart/related; type="image/jphc"; transfer-syntax={HTJ2K}', True),
        ("*/*", False),
        (None, False),
        (UNCOMPRESSED, False),
        (f"{UNCOMPRESSED}; transfer-syntax=1.2.840.10008.1.2.1", False),
    ],
)
def test_whoever_takes_it_gets_what_is_published_and_others_get_orthanc(
    reader: requests.Session, slices: list[Path], accept: str | None, from_the_tree: bool
) -> None:
    answer = reader.get(f"{instance_path(slices[0])}/frames/1", headers={"Accept": accept})
    assert answer.status_code == 200
    assert is_published(answer) is from_the_tree
    if not from_the_tree:
        assert part(answer)[1] == dcmread(slices[0]).PixelData


def test_what_would_have_to_be_compressed_is_not_acceptable_and_harms_nobody(reader: requests.Session, slices: list[Path]) -> None:
    for syntax in ("4.50", "4.70", "4.80", "4.90", "4.201", "5"):
        for media in ("application/octet-stream", "image/jp2"):
            accept = f'multipart/related; type="{media}"; transfer-syntax=1.2.840.10008.1.2.{syntax}'
            assert reader.get(f"{instance_path(slices[0])}/frames/1", headers={"Accept": accept}).status_code == 406
    assert reader.get(f"{instance_path(slices[0])}/frames/1", headers={"Accept": UNCOMPRESSED}).status_code == 200


def test_queries_lists_and_frames_that_are_not_there_are_orthancs(reader: requests.Session, slices: list[Path]) -> None:
    assert reader.get(f"{instance_path(slices[0])}/frames/2", headers={"Accept": OHIF}).status_code in (400, 404)
    assert not is_published(reader.get(f"{instance_path(slices[0])}/frames/1,1", headers={"Accept": OHIF}))
    assert not is_published(reader.get(f"{instance_path(slices[0])}/frames/1?x=1", headers={"Accept": OHIF}))


def test_frames_come_in_parts_and_are_asked_about_by_their_etag(reader: requests.Session, slices: list[Path]) -> None:
    whole = reader.get(f"{instance_path(slices[1])}/frames/1", headers={"Accept": OHIF})
    first = reader.get(f"{instance_path(slices[1])}/frames/1", headers={"Accept": OHIF, "Range": "bytes=0-99"})
    rest = reader.get(f"{instance_path(slices[1])}/frames/1", headers={"Accept": OHIF, "Range": "bytes=100-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == whole.content
    assert "private" in whole.headers["Cache-Control"]
    unchanged = reader.get(f"{instance_path(slices[1])}/frames/1", headers={"Accept": OHIF, "If-None-Match": whole.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_published_metadata_are_orthancs(instance: Instance, reader: requests.Session, slices: list[Path]) -> None:
    path = f"{series_path(slices[0])}/metadata"
    for encoding in ("gzip", "identity"):
        answer = reader.get(path, headers={"Accept": "application/dicom+json", "Accept-Encoding": encoding})
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert answer.headers["Content-Type"] == "application/dicom+json"
        stored = reader.get(f"{path}?fresh=1", headers={"Accept": "application/dicom+json"})
        assert "no-cache" not in stored.headers.get("Cache-Control", "")
        assert answer.json() == json.loads(stored.text.replace(instance.url, ""))
    bulk = answer.json()[0]["7FE00010"]["BulkDataURI"]
    assert bulk.startswith("/dicom-web/studies/")
    xml = reader.get(path, headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    assert "xml" in xml.headers["Content-Type"]


def test_thumbnails_pictures_and_their_list(reader: requests.Session, slices: list[Path]) -> None:
    listed = reader.get(f"{series_path(slices[0])}/pictures").json()
    assert [one["instance_number"] for one in listed["instances"]] == [1, 2, 3, 4, 5]
    assert listed["key_picture"] == listed["instances"][2]["sop_instance_uid"]
    assert "Wang" not in json.dumps(listed)
    for path in slices:
        ours = reader.get(f"{instance_path(path)}/frames/1/picture")
        rendered = reader.get(f"{instance_path(path)}/rendered?window=500,1200,linear", headers={"Accept": "image/jpeg"})
        pictures = [np.asarray(Image.open(io.BytesIO(one.content)).convert("L")).astype(int) for one in (ours, rendered)]
        assert pictures[0].shape == pictures[1].shape
        assert np.abs(pictures[0] - pictures[1]).mean() < 1.5  # JPEG of other quality; tests/unit/publish holds the levels exactly
    thumbnail = reader.get(f"{instance_path(slices[2])}/thumbnail?viewport=256,256", headers={"Accept": "image/jpeg"})
    assert is_published(thumbnail)
    assert Image.open(io.BytesIO(thumbnail.content)).format == "JPEG"
    assert reader.get(f"{instance_path(slices[2])}/thumbnail", headers={"Accept": "image/png"}).headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("transfer_syntax_uid", COMPRESSED)
def test_compressed_frames_are_the_ones_that_orthanc_has(instance: Instance, reader: requests.Session, transfer_syntax_uid: str) -> None:
    content = compressed(transfer_syntax_uid)
    assert stow(reader, [content]).status_code == 200
    image = dcmread(io.BytesIO(content))
    published(instance, image.StudyInstanceUID)
    number = int(image.get("NumberOfFrames", 1))
    for at, frame in enumerate(generate_frames(image.PixelData, number_of_frames=number), start=1):
        answer = reader.get(f"{instance_path(content)}/frames/{at}", headers={"Accept": OHIF})
        assert is_published(answer)
        kind, body = part(answer)
        assert kind == f"{MEDIA_TYPES[transfer_syntax_uid]}; transfer-syntax={transfer_syntax_uid}"
        stored = part(reader.get(f"{instance_path(content)}/frames/{at}?stored=1", headers={"Accept": OHIF}))[1]
        assert body == stored == frame
        accept = f"multipart/related; type={MEDIA_TYPES[transfer_syntax_uid]}; transfer-syntax={transfer_syntax_uid}"
        assert part(reader.get(f"{instance_path(content)}/frames/{at}", headers={"Accept": accept}))[1] == frame


def test_a_jpeg_2000_is_not_made_into_something_else_at_the_cost_of_everybody(instance: Instance, reader: requests.Session) -> None:
    content = compressed("1.2.840.10008.1.2.4.91")
    assert stow(reader, [content]).status_code == 200
    published(instance, dcmread(io.BytesIO(content)).StudyInstanceUID)
    pid = instance.part_pid("orthanc")
    assert reader.get(f"{instance_path(content)}/frames/1", headers={"Accept": UNCOMPRESSED}).status_code == 406
    assert instance.part_pid("orthanc") == pid


def test_many_frames_and_colour(instance: Instance, reader: requests.Session) -> None:
    grey = picture("36101", frames=4, BitsStored=12, WindowCenter=2000, WindowWidth=3000)
    colour = picture(
        "36102", frames=2, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, BitsAllocated=8, BitsStored=8
    )
    assert stow(reader, [grey, colour]).status_code == 200
    for content in (grey, colour):
        image = dcmread(io.BytesIO(content))
        published(instance, image.StudyInstanceUID)
        for at, expected in enumerate(image.pixel_array, start=1):
            _, codestream = part(reader.get(f"{instance_path(content)}/frames/{at}", headers={"Accept": OHIF}))
            stored = part(reader.get(f"{instance_path(content)}/frames/{at}", headers={"Accept": UNCOMPRESSED}))[1]
            assert np.array_equal(imagecodecs.htj2k_decode(codestream), expected)
            assert expected.tobytes() == stored[: expected.nbytes]
            assert reader.get(f"{instance_path(content)}/frames/{at}/picture").headers["Content-Type"] == "image/jpeg"


def test_a_foreign_token_finds_nothing_and_no_token_is_asked_for_one(instance: Instance, slices: list[Path]) -> None:
    foreign, nobody = instance.client(instance.token("yi", "query", "retrieve")), instance.client()
    series, one = series_path(slices[0]), instance_path(slices[0])
    for path in (f"{one}/frames/1", f"{series}/metadata", f"{one}/thumbnail", f"{one}/frames/1/picture", f"{series}/pictures"):
        headers = {"Accept": OHIF if path.endswith("frames/1") else "*/*"}
        assert foreign.get(path, headers=headers).status_code == 404, path
        assert nobody.get(path, headers=headers).status_code == 401, path


def test_a_revoked_token_loses_it_within_the_known_seconds(instance: Instance, slices: list[Path]) -> None:
    issued = instance.admin("token", "issue", "--hospital", "jia", "--scope", "retrieve")
    client, path = instance.client(issued["token"]), f"{instance_path(slices[0])}/frames/1"
    assert is_published(client.get(path, headers={"Accept": OHIF}))
    instance.admin("token", "revoke", issued["token_id"])
    revoked = datetime.now(UTC)
    wait_for(lambda: client.get(path, headers={"Accept": OHIF}).status_code in (401, 404), 12, "the end of access")
    assert datetime.now(UTC) - revoked < timedelta(seconds=9)


def test_whoever_may_not_see_names_never_gets_published_metadata(instance: Instance, slices: list[Path], reader: requests.Session) -> None:
    path = f"{series_path(slices[0])}/metadata"
    for rights, hides in (("images,report", True), ("images", False)):
        share = share_of(instance, "jia", [STUDY], rights=rights, hides_names=hides)
        client = instance.client(viewer_token(instance, share, [STUDY]))
        for accept in ("application/dicom+json", "*/*", None):
            assert "no-cache" not in reader.get(f"{path}?x=1").headers.get("Cache-Control", "")
            answer = client.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
            assert ("Wang" in answer.text) is not hides
        assert is_published(client.get(f"{instance_path(slices[0])}/frames/1", headers={"Accept": OHIF}))


def test_the_tree_itself_is_at_no_address(instance: Instance, slices: list[Path], reader: requests.Session) -> None:
    image = dcmread(slices[0], stop_before_pixels=True)
    below = f"{image.StudyInstanceUID}/{image.SeriesInstanceUID}/{image.SOPInstanceUID}/1.202"
    for path in (f"/published/{below}", f"/{below}", f"/dicom-web/{below}", f"/dicom-web/published/{below}", f"/dicom-web/studies/{below}"):
        answer = reader.get(path)
        assert answer.status_code in (400, 401, 403, 404), path
        assert b"\xff\x4f\xff\x51" not in answer.content
    assert (instance.data / "published").stat().st_mode & 0o7 == 0


def test_a_series_that_grows_is_published_anew_and_never_shown_short(instance: Instance, reader: requests.Session, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "36103", slices=4)
    assert instance.dcmtk("storescu", *map(str, paths[:3])).returncode == 0
    published(instance, study_uid("36103"))
    metadata = f"{series_path(paths[0])}/metadata"
    assert len(reader.get(metadata).json()) == 3
    assert instance.dcmtk("storescu", str(paths[3])).returncode == 0
    assert len(reader.get(metadata).json()) == 4
    wait_for(lambda: reader.get(metadata).headers.get("Cache-Control") == "private, no-cache", 30, "metadata of the grown series")
    assert len(reader.get(metadata).json()) == 4
    assert is_published(reader.get(f"{instance_path(paths[3])}/frames/1", headers={"Accept": OHIF}))


def test_frames_are_there_before_the_series_is_whole(instance: Instance, reader: requests.Session, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "36104", slices=40)
    for path in paths[::10]:
        assert instance.dcmtk("storescu", str(path)).returncode == 0
    wait_for(lambda: is_published(reader.get(f"{instance_path(paths[0])}/frames/1", headers={"Accept": OHIF})))
    is_whole = instance.sql("SELECT published_at FROM publication WHERE study_instance_uid = %s", study_uid("36104"))
    assert is_whole in ([(None,)], []) or len(reader.get(f"{series_path(paths[0])}/metadata").json()) == 4


@pytest.mark.parametrize("level", ["instances", "series", "studies"])
def test_what_is_deleted_is_unpublished(instance: Instance, reader: requests.Session, tmp_path: Path, level: str) -> None:
    seed = {"instances": "36105", "series": "36106", "studies": "36107"}[level]
    paths = ct_study(tmp_path, seed, slices=2)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    published(instance, study_uid(seed))
    image = dcmread(paths[0], stop_before_pixels=True)
    named = {"instances": "SOPInstanceUID", "series": "SeriesInstanceUID", "studies": "StudyInstanceUID"}[level]
    single = {"instances": "Instance", "series": "Series", "studies": "Study"}[level]
    gone = instance.data / "published" / image.StudyInstanceUID / image.SeriesInstanceUID / image.SOPInstanceUID
    assert gone.exists()
    orthanc(instance, "DELETE", f"/{level}/{orthanc_id(instance, single, named, image[named].value)}")
    wait_for(lambda: not gone.exists(), 5, "unpublishing")
    assert reader.get(f"{instance_path(paths[0])}/frames/1", headers={"Accept": OHIF}).status_code == 404
    left = gone.parents[{"instances": 0, "series": 0, "studies": 1}[level]]
    assert left.exists() is (level == "instances")
    if level == "instances":
        wait_for(lambda: (left / "metadata").exists(), 30, "metadata of what is left")
        assert len(reader.get(f"{series_path(paths[1])}/metadata").json()) == 1


def test_the_same_uid_with_other_pixels_is_not_served_from_before(instance: Instance, reader: requests.Session, tmp_path: Path) -> None:
    paths = ct_study(tmp_path, "36108", slices=1)
    assert instance.dcmtk("storescu", str(paths[0])).returncode == 0
    published(instance, study_uid("36108"))
    orthanc(instance, "DELETE", f"/studies/{orthanc_id(instance, 'Study', 'StudyInstanceUID', study_uid('36108'))}")
    wait_for(lambda: not (instance.data / "published" / study_uid("36108")).exists())
    wait_for(lambda: not instance.sql("SELECT 1 FROM study WHERE study_instance_uid = %s", study_uid("36108")))
    change(paths, PixelData=np.full((128, 128), 77, dtype="<i2").tobytes())
    assert instance.dcmtk("storescu", str(paths[0])).returncode == 0
    published(instance, study_uid("36108"))
    _, codestream = part(reader.get(f"{instance_path(paths[0])}/frames/1", headers={"Accept": OHIF}))
    assert set(np.unique(imagecodecs.htj2k_decode(codestream))) == {77}


def test_what_nobody_opens_is_dropped_and_comes_back_when_somebody_does(
    instance: Instance, reader: requests.Session, tmp_path: Path
) -> None:
    paths = ct_study(tmp_path, "36109", slices=2)
    assert instance.dcmtk("storescu", *map(str, paths)).returncode == 0
    uid, frame = study_uid("36109"), f"{instance_path(paths[0])}/frames/1"
    published(instance, uid)
    dropped = instance.admin("publish", "--drop", uid)
    assert dropped["dropped"] == 1
    assert not (instance.data / "published" / uid).exists()
    assert part(reader.get(frame, headers={"Accept": OHIF}))[1] == dcmread(paths[0]).PixelData
    assert instance.sql("SELECT dropped_at IS NOT NULL FROM publication WHERE study_instance_uid = %s", uid) == [(True,)]
    share = share_of(instance, "jia", [uid])
    session = instance.client()
    session.headers["Cookie"] = f"{SESSION_COOKIE}={Mint(instance).session(share)}"
    assert session.get(f"/images/desktop?study={uid}").status_code == 303
    published(instance, uid)
    assert is_published(reader.get(frame, headers={"Accept": OHIF}))


def test_a_worker_that_is_killed_leaves_nothing_half(instance: Instance, reader: requests.Session, tmp_path: Path) -> None:
    contents = [picture(f"36110 {number}", side=1400, frames=6) for number in range(4)]
    assert stow(reader, contents).status_code == 200
    staging = instance.data / "published/.staging"
    wait_for(lambda: any(staging.glob("*/*.202")), 20, "a worker that publishes")
    os.kill(instance.part_pid("worker"), signal.SIGKILL)
    for content in contents:
        uids = instance_path(content).split("/")[3::2]
        shown = instance.data.joinpath("published", *uids)
        assert not shown.exists() or len(list(shown.glob("*.202"))) == 6
    for content in contents:
        published(instance, dcmread(io.BytesIO(content), stop_before_pixels=True).StudyInstanceUID)
        assert len(list(instance.data.joinpath("published", *instance_path(content).split("/")[3::2]).glob("*.202"))) == 6
    assert [path for path in staging.glob("*") if path.name.startswith("tmp")] == []


def test_what_no_row_speaks_of_is_taken_away_when_the_worker_starts(instance: Instance, slices: list[Path]) -> None:
    stray = instance.data / "published" / "1.2.3.36111" / "1.2" / "1.3"
    stray.mkdir(parents=True)
    (stray / "1.202").write_bytes(b"of nobody")
    owner = (instance.data / "published").stat()
    for made in (stray / "1.202", stray, stray.parent, stray.parents[1]):
        os.chown(made, owner.st_uid, owner.st_gid)
    kept = instance.data / "published" / STUDY
    boot = instance.data / "published/.boot"
    lost = next(kept.glob("*/*/1.202"))
    whole = lost.read_bytes()
    os.truncate(lost, 0)
    boot.write_text(str(uuid4()))
    instance.switch_part("worker", "stop")
    instance.switch_part("worker", "start")
    wait_for(lambda: not stray.exists(), 30, "reconciling")
    wait_for(lambda: lost.exists() and lost.read_bytes() == whole, 150, "the frame that was lost")


def test_the_command_tells_and_publishes(instance: Instance, slices: list[Path]) -> None:
    told = instance.admin("publish", STUDY)
    assert told["published"] == 1
    assert told["files"] >= 10
    all_told = instance.admin("publish")
    assert all_told["bytes"] >= told["bytes"] > 0
    assert instance.admin("publish", "1.2.3", check=False).returncode != 0
