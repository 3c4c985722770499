# SPDX-License-Identifier: AGPL-3.0-or-later
"""The real parts together: a cloud that stores on its disk or in a real S3 server, gateways on lines that can be cut."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import chown
from typing import Any

import requests

from cloudfilm.db.database import Database
from cloudfilm.jobs.context import JobContext
from cloudfilm.orthanc_api.object_storage import ObjectStorage
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.orthanc_api.storage_area import StorageArea
from cloudfilm.settings import load_settings
from cloudfilm.storage.bucket import Bucket
from cloudfilm.storage.documents import DocumentStore
from cloudfilm.storage.key_files import KeyFiles
from cloudfilm.storage.local_attachments import LocalAttachments
from machine.s3_server import S3Server
from tests.faults.clock import SteppedClock
from tests.faults.line import Line, relayed
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.gateway import Gateway
from tests.support.instance import APP, Instance
from tests.support.mint import Mint
from tests.support.s3_server import running_s3_server, s3_settings

HOSPITAL = "jia"
CLOUD_PARTS = ("orthanc", "postgresql", "nginx", "intake", "worker")
GATEWAY_PARTS = ("orthanc", "forwarder")


@dataclass
class Site:
    """Everything that runs. ``token`` may store, query, retrieve and hand in reports for the hospital."""

    cloud: Instance
    gateways: list[Gateway] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    clocks: list[SteppedClock] = field(default_factory=list)
    s3: S3Server | None = None
    s3_proxy: FaultyProxy | None = None
    token: str = ""

    def set_clock(self, number: int, seconds: int) -> None:
        """Of the cloud (0) or of a gateway."""
        self.clocks[number].set(seconds)

    def orthanc(self, one: Instance) -> OrthancClient:
        """Its Orthanc, asked as its own processes do."""
        return OrthancClient(one.orthanc_url, KeyFiles(one.data / "keys"), "tests", lambda: datetime.now(UTC))

    def delete_study(self, study_instance_uid: str) -> None:
        """Delete a study in the cloud's Orthanc, if anything of it is there."""
        orthanc_id = self.orthanc(self.cloud).find_study(study_instance_uid)
        if orthanc_id is None:
            return
        session = requests.Session()
        session.trust_env = False
        credential = {"Authorization": f"Bearer {Mint(self.cloud).internal()}"}
        answer = session.delete(f"{self.cloud.orthanc_url}/studies/{orthanc_id}", headers=credential, timeout=30)
        assert answer.status_code == 200, answer.status_code

    def jobs(self, clock: Callable[[], datetime]) -> JobContext:
        """What the cloud's worker works with, with a clock of our own: time passes without anybody waiting."""
        data = str(self.cloud.data)
        environment = {name: value.replace("/var/lib/cloudfilm", data) for name, value in self.cloud.settings.items()}
        settings = load_settings(APP / "orthanc.json", {**environment, "CLOUDFILM_DATA": data})
        return JobContext(
            settings,
            Database(settings.database_uri, maximum_connections=2),
            KeyFiles(settings.keys_directory),
            DocumentStore(settings.documents_directory),
            self.orthanc(self.cloud),
            clock,
        )

    def object_storage(self) -> ObjectStorage:
        """The bucket as it is, past the proxy that breaks."""
        assert self.s3 is not None
        socket = self.cloud.data / "run/postgresql"
        database, index = (Database(f"postgresql:///{name}?host={socket}&user=cloudfilm", 2) for name in ("cloudfilm", "orthanc"))
        mark = self.cloud.sql("SELECT installation_id FROM storage_installation")[0][0]
        bucket = Bucket(s3_settings(self.s3.endpoint, self.s3.credentials_file), str(mark))
        local = LocalAttachments(self.cloud.data / "orthanc")
        return ObjectStorage(StorageArea(database, bucket, local, None, None, "", stores_to_s3=True), bucket, local, database, index)


@contextmanager
def running_site(folder: Path, place: str, gateways: int = 1) -> Iterator[Site]:
    """A cloud with the hospital 甲 (CT1) and its paired gateways, stopped at the end; ``place`` says where images lie: disk, s3, small disk;
    on "own clocks" they lie on the disk."""
    with ExitStack() as stack:
        s3 = proxy = None
        settings = {"CLOUDFILM_PUBLISHED_GIGABYTES": "0"}
        if place == "small disk":
            settings["CLOUDFILM_MINIMUM_FREE_BYTES"] = "1000000"
            for name, size in (("cloud", "700m"), *((f"gateway{number}", "250m") for number in range(gateways))):
                stack.enter_context(_small_disk(folder / name, size))
        if place == "s3":
            s3 = stack.enter_context(running_s3_server())
            proxy = stack.enter_context(faulty_proxy(s3.port))
            settings |= _stored_in(s3, proxy)
        clocks = [SteppedClock(folder / name) for name in ("cloud", *(f"gateway{number}" for number in range(gateways)))]
        clocked = [one.environment() if place == "own clocks" else {} for one in clocks]
        cloud = Instance(folder / "cloud", environment=settings | clocked[0])
        site = Site(cloud, s3=s3, s3_proxy=proxy, clocks=clocks)
        stack.callback(_stop, cloud)
        cloud.start()
        cloud.admin("hospital", "add", HOSPITAL, "--name", "甲医院")
        cloud.admin("modality", "add", "--hospital", HOSPITAL, "--aet", "CT1", "--host", "127.0.0.1")
        site.token = cloud.token(HOSPITAL, "store", "query", "retrieve", "reports")
        for number in range(gateways):
            line = stack.enter_context(relayed(cloud.https_port))
            gateway = _paired(cloud, folder / f"gateway{number}", line.port)
            gateway.environment |= {name: value for name, value in settings.items() if name == "CLOUDFILM_MINIMUM_FREE_BYTES"}
            gateway.environment |= clocked[1 + number]
            stack.callback(_stop, gateway)
            gateway.start()
            gateway.options = ("--role", "gateway")
            gateway.let_in("CT1")
            site.lines.append(line)
            site.gateways.append(gateway)
        yield site


@contextmanager
def _small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own, in memory."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _paired(cloud: Instance, folder: Path, port: int) -> Gateway:
    code = cloud.admin("gateway", "add", "--hospital", HOSPITAL, "--name", folder.name)["pairing_code"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloud.pem").write_bytes((cloud.data / "tls/certificate.pem").read_bytes())
    return Gateway(
        folder,
        ("--role", "gateway", "--cloud", f"https://localhost:{port}", "--pair", code),
        environment={
            "CLOUDFILM_GATEWAY_CA_FILE": "/var/lib/cloudfilm/cloud.pem",
            "CLOUDFILM_GATEWAY_RESERVE_MEGABYTES": "1",
            # So few that trouble of the cloud's own would be seen to count against an image.
            "CLOUDFILM_GATEWAY_TRIES": "2",
        },
    )


def _stored_in(s3: S3Server, proxy: FaultyProxy) -> dict[str, Any]:
    chown(s3.folder, "orthanc")
    chown(s3.credentials_file, "orthanc")
    return {
        "CLOUDFILM_STORAGE": "s3",
        "CLOUDFILM_S3_ENDPOINT": proxy.endpoint,
        "CLOUDFILM_S3_BUCKET": "cloudfilm",
        "CLOUDFILM_S3_CREDENTIALS_FILE": str(s3.credentials_file),
        "CLOUDFILM_S3_MULTIPART_MEGABYTES": "0",
        "CLOUDFILM_S3_TIMEOUT_SECONDS": "4",
    }


def _stop(one: Instance) -> None:
    if one.process is not None and one.process.poll() is None:
        one.stop()


def descendants(pid: int) -> list[int]:
    """All processes below one, itself first."""
    found = [pid]
    for one in found:
        children = subprocess.run(["pgrep", "-P", str(one)], capture_output=True, text=True, check=False).stdout.split()
        found += [int(child) for child in children]
    return found


def kill(pid: int) -> None:
    """kill -9."""
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
