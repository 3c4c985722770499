# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts a hospital's gateway on this machine: Orthanc with its SQLite index, the ways in for reports, and the forwarder. No PostgreSQL, no nginx."""

from __future__ import annotations

import json
import os
import pwd
import socket
import threading
import time
import urllib.request

from cloudfilm.errors import CloudFilmError
from cloudfilm.settings import SECTION, load_configuration, parse_settings
from cloudfilm.storage.key_files import load_key_ring
from cloudfilm.transfer.orphans import set_orphans_apart
from cloudfilm.transfer.pairing import PairingFile, exchange_code
from cloudfilm.transfer.places import GatewayPlaces
from machine.certificate import ensure_certificate
from machine.configuration import configuration_values
from machine.folders import prepare_folders
from machine.installation import APP, DATA, ENVIRONMENT_FILE, POSTGRESQL, RUN, CannotStart
from machine.options import Options
from machine.preflight import free_port
from machine.printing import is_printing_up, prepare_printing
from machine.supervisor import Supervisor
from machine.templates import render

_PLUGIN = "/usr/share/orthanc/plugins/libOrthancPython.so"
_SECONDS = 60.0
_COMMITMENTS_AT_ONCE = 32


def start_gateway(options: Options, stop: threading.Event) -> Supervisor:
    """Start the parts and wait until they answer."""
    if (POSTGRESQL / "PG_VERSION").exists():
        raise CannotStart("This data folder is a cloud's: a gateway needs one of its own (--data DIR).")
    prepare_folders()
    ensure_certificate(options.public_url)
    places = GatewayPlaces(DATA)
    orthanc_port = free_port()
    environment = _environment(options, orthanc_port)
    os.environ.update(environment)
    ENVIRONMENT_FILE.write_text("".join(f"{name}={value}\n" for name, value in environment.items()), encoding="utf-8")
    _write_configuration(options, orthanc_port)
    _prepare(places)
    _pair(options, places)
    supervisor = Supervisor(RUN / "supervisord.conf")
    try:
        supervisor.wait_until_up()
        supervisor.start("orthanc", "forwarder", "intake", "printer")
        _wait_until_ready(options, supervisor, stop)
    except BaseException:
        supervisor.stop()
        if stop.is_set():
            raise CannotStart("stopped before it was ready.") from None
        raise
    print(f"READY http://localhost:{options.http_port}/gateway", flush=True)
    return supervisor


def _environment(options: Options, orthanc_port: int) -> dict[str, str]:
    ours = {
        "CLOUDFILM_DICOM_PORT": str(options.dicom_port),
        "CLOUDFILM_ORTHANC_HTTP_PORT": str(orthanc_port),
        "CLOUDFILM_ORTHANC_DICOM_PORT": str(options.dicom_port),
        "CLOUDFILM_ORTHANC_URL": f"http://127.0.0.1:{orthanc_port}",
        "CLOUDFILM_GATEWAY_STATUS_PORT": str(options.http_port),
        "CLOUDFILM_PUBLIC_URL": options.public_url,
        "CLOUDFILM_IPP_PORT": str(options.ipp_port),
        "CLOUDFILM_HL7_PORT": str(options.hl7_port),
        "CLOUDFILM_HL7_BIND": options.bind,
    }
    callers = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("CLOUDFILM_") and name not in ("CLOUDFILM_INSIDE", "CLOUDFILM_CACHE", "CLOUDFILM_DATA_OUTSIDE")
    }
    return callers | ours


def _write_configuration(options: Options, orthanc_port: int) -> None:
    """orthanc.json without what a gateway has not."""
    try:
        configuration = load_configuration(APP / "orthanc.json", os.environ)
        parse_settings(configuration[SECTION])
    except CloudFilmError as error:
        raise CannotStart(error.public_message) from error
    for section in ("PostgreSQL", "DicomWeb"):
        configuration.pop(section)
    configuration |= {"Name": "CloudFilm gateway", "Plugins": [_PLUGIN], "PythonScript": str(APP / "orthanc_plugins/gateway_plugin.py")}
    # A commitment waits for the cloud, one in each of these.
    configuration["ConcurrentJobs"] = _COMMITMENTS_AT_ONCE
    (RUN / "gateway.json").write_text(json.dumps(configuration, ensure_ascii=False, indent=1), encoding="utf-8")
    values = configuration_values(
        options.bind, options.http_port, options.https_port, options.ipp_port, options.public_url, f"127.0.0.1:{orthanc_port}"
    )
    prepare_printing(values)
    (RUN / "supervisord.conf").write_text(render(APP / "docker/supervisor/gateway.conf.template", values), encoding="utf-8")


def _prepare(places: GatewayPlaces) -> None:
    user = pwd.getpwnam("orthanc")
    for folder in (places.folder, places.orphans, places.conflicts, places.refused):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, user.pw_uid, user.pw_gid)
    for file in places.folder.iterdir():
        os.chown(file, user.pw_uid, user.pw_gid)
    load_key_ring(DATA / "keys")
    for key in (DATA / "keys").iterdir():
        os.chown(key, user.pw_uid, user.pw_gid)
    set_orphans_apart(DATA / "orthanc", places.orphans)
    for file in (DATA / "orthanc").glob("index*"):
        os.chown(file, user.pw_uid, user.pw_gid)


def _pair(options: Options, places: GatewayPlaces) -> None:
    file = PairingFile(places.pairing)
    if not options.pair:
        if file.read() is None:
            print(
                "This gateway is not paired: what it receives waits here. Open /gateway/pair, or start it with --cloud URL --pair CODE.",
                flush=True,
            )
        return
    try:
        file.write(exchange_code(options.cloud, options.pair, os.environ.get("CLOUDFILM_GATEWAY_CA_FILE", ""), os.environ.get("CLOUDFILM_GATEWAY_PROXY", "")))  # fmt: skip
    except CloudFilmError as error:
        if file.read() is None:
            raise CannotStart(error.public_message) from error
        print(f"cloudfilm: {error.public_message} The gateway goes on as it was paired before.", flush=True)


def _wait_until_ready(options: Options, supervisor: Supervisor, stop: threading.Event) -> None:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if supervisor.has_ended or stop.is_set():
            raise CannotStart("The supervisor ended; see log/ in the data folder.")
        if supervisor.state("orthanc") == "RUNNING" and _answers(options):
            return
        time.sleep(0.1)
    raise CannotStart(f"Not ready after {_SECONDS:.0f} s; see log/ in the data folder.")


def _answers(options: Options) -> bool:
    try:
        socket.create_connection(("127.0.0.1", options.dicom_port), timeout=1).close()
        socket.create_connection(("127.0.0.1" if options.bind == "0.0.0.0" else options.bind, options.hl7_port), timeout=1).close()  # noqa: S104
        with urllib.request.urlopen(f"http://127.0.0.1:{options.http_port}/gateway/status.json", timeout=2):
            return is_printing_up()
    except OSError:
        return False
