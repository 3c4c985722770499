# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real S3 server on this machine (`scripts/run --s3`): Ceph's radosgw with its SQLite back end, no cluster, on the loopback.

For trying S3 out and for tests. It keeps what it acknowledges, but each PUT is several synchronised SQLite transactions, one after the other, and
an upload in several parts comes back damaged (radosgw 18.2): it is asked for none.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import obstore
import requests
from obstore.store import S3Store

from machine.installation import CannotStart

BUCKET = "cloudfilm"
_CONFIGURATION = """[global]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
fsid = {fsid}
mon_host = 127.0.0.1
log_to_stderr = true
err_to_stderr = true
debug_rgw = 0
run_dir = {folder}
crash_dir = {folder}
[client]
rgw_backend_store = dbstore
rgw_config_store = dbstore
dbstore_config_uri = file:{folder}/config.db
dbstore_db_dir = {folder}
rgw_data = {folder}
rgw_frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw_dns_name = localhost
rgw_enable_usage_log = false
"""
_TRIES, _ADMIN_SECONDS = 3, 20
_ARGUMENTS = ["-n", "client.rgw", "--no-mon-config"]


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where its data lie, which user it runs as, the port it listens on and the file with the keys to it."""

    folder: Path
    user: str
    port: int
    credentials_file: Path

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        """What runs it."""
        return ["/usr/bin/radosgw", "-c", str(self.folder / "ceph.conf"), *_ARGUMENTS, "-d"]

    def prepare(self) -> None:
        """Write its configuration; the first time make its user and the file of credentials."""
        known = pwd.getpwnam(self.user)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(self.folder, known.pw_uid, known.pw_gid)
        (self.folder / "ceph.conf").write_text(_CONFIGURATION.format(fsid=uuid4(), folder=self.folder, port=self.port), encoding="ascii")
        if self.credentials_file.exists():
            return
        access_key, secret_key = self._make_user(known.pw_uid, known.pw_gid)
        part = self.credentials_file.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {secret_key}\n")
            os.fchown(file.fileno(), known.pw_uid, known.pw_gid)
        part.rename(self.credentials_file)

    def make_bucket(self, timeout_seconds: float = 60.0) -> None:
        """Wait until it answers, and make the bucket if there is none."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                session = requests.Session()
                session.trust_env = False
                answer = session.put(obstore.sign(self._store(), "PUT", "", timedelta(minutes=1)), timeout=10)
                if answer.ok:
                    return
                problem = f"it answered {answer.status_code}"
            except requests.RequestException as error:
                problem = type(error).__name__
            if time.monotonic() > deadline:
                raise CannotStart(f"The local S3 server does not answer ({problem}); see log/s3.log in the data folder.")
            time.sleep(0.1)

    def _store(self) -> S3Store:
        keys = dict(line.split(" = ", 1) for line in self.credentials_file.read_text(encoding="ascii").splitlines() if " = " in line)
        return S3Store(
            BUCKET,
            config={
                "endpoint": self.endpoint,
                "region": "us-east-1",
                "access_key_id": keys["aws_access_key_id"],
                "secret_access_key": keys["aws_secret_access_key"],
            },
            client_options={"allow_http": True},
        )

    def _make_user(self, uid: int, gid: int) -> tuple[str, str]:
        """Its access key and its secret key. radosgw-admin was once seen to hang: it is tried again."""
        command = ["/usr/bin/radosgw-admin", "-c", str(self.folder / "ceph.conf"), *_ARGUMENTS]
        command += ["user", "create", "--uid=cloudfilm", "--display-name=CloudFilm", "--gen-access-key", "--gen-secret"]
        problem = "no message"
        for _ in range(_TRIES):
            for stale in self.folder.glob("*.db*"):  # of an interrupted start: a user whose keys nobody has
                stale.unlink()
            try:
                result = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    check=True,
                    cwd="/",
                    user=uid,
                    group=gid,
                    extra_groups=[],
                    timeout=_ADMIN_SECONDS,
                )
                key = json.loads(result.stdout)["keys"][0]
                return str(key["access_key"]), str(key["secret_key"])
            except subprocess.CalledProcessError as error:
                problem = (error.stderr.strip().splitlines() or [problem])[-1]
            except subprocess.TimeoutExpired:
                problem = f"no answer in {_ADMIN_SECONDS} s"
            except (ValueError, KeyError, IndexError):
                problem = "an answer that holds no key"
        raise CannotStart(f"The local S3 server could not be prepared: radosgw-admin: {problem}")
