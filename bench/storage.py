# SPDX-License-Identifier: AGPL-3.0-or-later
"""What it costs to store in S3 instead of on the local disk: two CloudFilms, the same images, in turns."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from http.client import HTTPSConnection
from pathlib import Path

import numpy as np
import obstore
from obstore.store import S3Store
from pydicom import dcmread
from pydicom.uid import generate_uid

from bench.failure import BenchFailed
from bench.installation import BenchInstallation, bench_installation
from demo.head_ct import HeadCtStudy, uid_from, write_head_ct
from demo.voxels import Voxels
from machine.s3_server import BUCKET

ASSOCIATIONS = 8
_BIRTH, _MOMENT = date(1980, 5, 1), datetime(2026, 3, 5, 9, 30)
_SIDE = 512
_READERS = 4
_FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'


@dataclass
class StorageMeasured:
    """Per case the figures of the rounds: images a second (``ingest_1``, ``ingest_8``, ``reads``), processor seconds of one study of ``images``."""

    images: int = 0
    image_bytes: int = 0
    ingest_1: dict[str, list[float]] = field(default_factory=dict)
    ingest_8: dict[str, list[float]] = field(default_factory=dict)
    reads: dict[str, list[float]] = field(default_factory=dict)
    cold_reads: list[float] = field(default_factory=list)
    cpu_seconds: dict[str, list[float]] = field(default_factory=dict)
    s3_puts: list[float] = field(default_factory=list)
    objects_per_image: float = 0.0
    bytes_per_image: float = 0.0
    s3_is_on_disk: bool = False


def measure_storage(rounds: int, images: int, s3_on_disk: bool) -> StorageMeasured:
    """Start both, measure in turns, stop both. ``images`` are sent on each association."""
    measured = StorageMeasured(images=images * ASSOCIATIONS, s3_is_on_disk=s3_on_disk)
    with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary, ExitStack() as started:
        folder = Path(temporary)
        folder.chmod(0o711)
        if not s3_on_disk:
            memory = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="cloudfilm-bench-", dir="/dev/shm")))
            (folder / "s3").mkdir()
            (folder / "s3" / "s3").symlink_to(memory)
        template = _template(folder / "template")
        measured.image_bytes = template.stat().st_size
        local = started.enter_context(bench_installation("local disk", folder / "local", folder / "local.log"))
        s3 = started.enter_context(bench_installation("S3", folder / "s3", folder / "s3.log", "--s3"))
        both = (local, s3)
        paths: list[str] = []
        for number in range(rounds):
            order = both if number % 2 == 0 else both[::-1]
            studies = [_write_study(template, folder / "send" / str(one), f"{number} {one}", images) for one in range(ASSOCIATIONS)]
            single = _write_study(template, folder / "single", f"{number} single", images)
            for one in order:
                _note(measured.ingest_1, one.name, images / _taken(lambda one=one: one.send([folder / "single"])))  # type: ignore[misc]
            for one in order:
                before = one.cpu_seconds()
                taken = _taken(lambda one=one: one.send([folder / "send" / str(number) for number in range(ASSOCIATIONS)]))  # type: ignore[misc]
                _note(measured.cpu_seconds, one.name, one.cpu_seconds() - before)
                _note(measured.ingest_8, one.name, images * ASSOCIATIONS / taken)
            measured.s3_puts.append(s3_own_speed(s3, template, images * ASSOCIATIONS))
            paths += [path for study in (*studies, single) for path in study]
            shutil.rmtree(folder / "send")
            shutil.rmtree(folder / "single")
        _measure_reads(measured, both, paths, rounds)
        status = s3.admin("storage", "status")
        measured.objects_per_image = status["in_bucket"] / len(paths)
        measured.bytes_per_image = status["bytes_in_bucket"] / len(paths)
    return measured


def _measure_reads(measured: StorageMeasured, both: tuple[BenchInstallation, ...], paths: list[str], rounds: int) -> None:
    """Warm: the files are in the operating system's memory either way; there are more than Orthanc's own memory holds (256 MB)."""
    s3 = both[1]
    for cached in (s3.data / "cache/s3").glob("??"):
        shutil.rmtree(cached)
    measured.cold_reads.append(len(paths) / _taken(lambda: read_frames(s3, paths)))
    read_frames(both[0], paths)
    for number in range(rounds):
        for one in both if number % 2 == 0 else both[::-1]:
            _note(measured.reads, one.name, len(paths) / _taken(lambda one=one: read_frames(one, paths)))  # type: ignore[misc]


def read_frames(one: BenchInstallation, paths: list[str]) -> None:
    """One frame of each instance from Orthanc, over a few connections: a query keeps nginx from what is published."""
    context = ssl.create_default_context(cafile=str(one.data / "tls/certificate.pem"))
    headers = {"Accept": _FRAME, "Authorization": f"Bearer {one.token}"}

    def share(of: int) -> None:
        connection = HTTPSConnection("localhost", one.https_port, timeout=60, context=context)
        for path in paths[of::_READERS]:
            connection.request("GET", f"/dicom-web{path}/frames/1?stored=1", headers=headers)
            answer = connection.getresponse()
            if len(answer.read()) < _SIDE * _SIDE * 2:
                raise BenchFailed(f"{one.name} answered {answer.status}")
        connection.close()

    with ThreadPoolExecutor(_READERS) as pool:
        list(pool.map(share, range(_READERS)))


def s3_own_speed(s3: BenchInstallation, template: Path, number: int, at_once: int = ASSOCIATIONS) -> float:
    """Images a second that the S3 server itself takes: for each an object of its size and one of its header's."""
    settings = dict(line.split("=", 1) for line in (s3.data / "run/environment").read_text(encoding="utf-8").splitlines())
    keys = dict(line.split(" = ", 1) for line in (s3.data / "keys/s3.credentials").read_text().splitlines() if " = " in line)
    store = S3Store(
        BUCKET,
        config={
            "endpoint": settings["CLOUDFILM_S3_ENDPOINT"],
            "region": "us-east-1",
            "access_key_id": keys["aws_access_key_id"],
            "secret_access_key": keys["aws_secret_access_key"],
        },
        client_options={"allow_http": True},
    )
    content = template.read_bytes()

    def put(place: int) -> None:
        obstore.put(store, f"own-speed/{place}", content)
        obstore.put(store, f"own-speed/{place}.head", content[:2000])

    def all_of_them() -> None:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(put, range(number)))

    return number / _taken(all_of_them)


def _template(folder: Path) -> Path:
    """One axial slice of noise in a sphere, 512x512, 16 bits."""
    noise = np.random.default_rng(35).integers(-1000, 1000, (3, _SIDE, _SIDE)).astype(np.int16)
    study = HeadCtStudy(
        patient_name="Bench^Storage",
        patient_id="BENCH",
        patient_sex="O",
        patient_birth_date=_BIRTH,
        accession_number="BENCH",
        study_datetime=_MOMENT,
        study_instance_uid=uid_from("CloudFilm bench storage"),
    )
    return next(path for path in write_head_ct(study, Voxels(noise, (1.0, 1.0, 1.0)), folder) if path.name.startswith("1-"))


def _write_study(template: Path, folder: Path, seed: str, images: int) -> list[str]:
    """Copies with identifiers of their own; their paths in DICOMweb."""
    folder.mkdir(parents=True)
    image = dcmread(template)
    image.StudyInstanceUID, image.SeriesInstanceUID = (generate_uid(entropy_srcs=["bench", seed, level]) for level in ("study", "series"))
    paths = []
    for number in range(images):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid(
            entropy_srcs=["bench", seed, str(number), str(os.getpid())]
        )
        image.InstanceNumber = number + 1
        image.save_as(folder / f"{number:04}.dcm")
        paths.append(f"/studies/{image.StudyInstanceUID}/series/{image.SeriesInstanceUID}/instances/{image.SOPInstanceUID}")
    return paths


def _taken(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _note(figures: dict[str, list[float]], name: str, figure: float) -> None:
    figures.setdefault(name, []).append(figure)
