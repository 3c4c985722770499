# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts CloudFilm on one machine and keeps it running: what scripts/run runs inside the private root."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading

from cloudfilm.db.migrate import DatabaseIsNewer, migrate, migrations
from machine.certificate import ensure_certificate
from machine.configuration import configuration_values
from machine.default_passwords import check_passwords
from machine.folders import prepare_folders
from machine.gateway import start_gateway
from machine.installation import APP, DATA, ENVIRONMENT_FILE, RUN, VERSION_FILE, CannotStart, memory_folder
from machine.options import Options, parse_options
from machine.postgresql import database_uri, ensure_cluster, ensure_databases
from machine.preflight import check_disk, check_ports, check_version, free_port, lock_data_folder
from machine.printing import prepare_printing
from machine.readiness import wait_until_ready
from machine.s3_server import BUCKET, S3Server
from machine.supervisor import Supervisor
from machine.templates import render, render_nginx


def main() -> int:
    """Start, say READY, stay until SIGINT or SIGTERM."""
    options = parse_options(sys.argv[1:])
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        lock = lock_data_folder()
        check_version(migrations()[-1][0])
        check_disk()
        check_ports(options)
        check_passwords(os.environ, APP / "orthanc.json")
        supervisor = (start_gateway if options.role == "gateway" else _start)(options, stop)
    except (CannotStart, DatabaseIsNewer) as error:
        print(f"cloudfilm: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cloudfilm: {error.strerror}: {error.filename or 'see log/ in the data folder'}", file=sys.stderr)
        return 1
    try:
        while not stop.wait(1.0):
            if supervisor.has_ended:
                print("cloudfilm: the supervisor ended; see log/supervisord.log in the data folder.", file=sys.stderr)
                return 1
        print("stopping …", flush=True)
        return 0
    finally:
        supervisor.stop()
        shutil.rmtree(memory_folder(), ignore_errors=True)
        lock.close()


def _start(options: Options, stop: threading.Event) -> Supervisor:
    if (DATA / "gateway").exists():
        raise CannotStart("This data folder is a gateway's: start it with --role gateway, or choose another with --data DIR.")
    prepare_folders()
    ensure_certificate(options.public_url)
    orthanc_port = free_port()
    s3_server = _prepare_s3_server(options)
    environment = _environment(options, orthanc_port) | (_s3_environment(s3_server) if s3_server else {})
    os.environ.update(environment)
    ENVIRONMENT_FILE.write_text("".join(f"{name}={value}\n" for name, value in environment.items()), encoding="utf-8")
    _write_configuration(options, orthanc_port)
    ensure_cluster()
    supervisor = Supervisor(RUN / "supervisord.conf")
    try:
        supervisor.wait_until_up()
        supervisor.start("postgresql")
        if s3_server is not None:
            supervisor.start("s3")
            s3_server.make_bucket()
        ensure_databases()
        VERSION_FILE.write_text(f"{migrate(database_uri('cloudfilm'))}\n", encoding="ascii")
        supervisor.start("orthanc", "worker", "intake", "printer", "nginx")
        wait_until_ready(options, lambda: not supervisor.has_ended and not stop.is_set())
    except BaseException:
        supervisor.stop()
        if stop.is_set():
            raise CannotStart("stopped before it was ready.") from None
        raise
    print(f"READY {options.public_url}", flush=True)
    return supervisor


def _prepare_s3_server(options: Options) -> S3Server | None:
    """The local S3 server: once images may lie there, it is started again without being asked for."""
    server = S3Server(DATA / "s3", "orthanc", free_port(), DATA / "keys" / "s3.credentials")
    if not options.s3 and not server.credentials_file.exists():
        return None
    server.prepare()
    return server


def _s3_environment(server: S3Server) -> dict[str, str]:
    return {
        "CLOUDFILM_STORAGE": os.environ.get("CLOUDFILM_STORAGE", "s3"),
        "CLOUDFILM_S3_ENDPOINT": server.endpoint,
        "CLOUDFILM_S3_BUCKET": BUCKET,
        "CLOUDFILM_S3_CREDENTIALS_FILE": str(server.credentials_file),
        "CLOUDFILM_S3_ADDRESSING": "path",
        "CLOUDFILM_S3_MULTIPART_MEGABYTES": "0",
    }


def _environment(options: Options, orthanc_port: int) -> dict[str, str]:
    """What orthanc.json leaves to the installation, and the settings (CLOUDFILM_…) that the caller has in the environment beside it."""
    ours = {
        "CLOUDFILM_PUBLIC_URL": options.public_url,
        "CLOUDFILM_HTTPS_PORT": str(options.https_port),
        "CLOUDFILM_DICOM_PORT": str(options.dicom_port),
        "CLOUDFILM_IPP_PORT": str(options.ipp_port),
        "CLOUDFILM_HL7_PORT": str(options.hl7_port),
        "CLOUDFILM_HL7_BIND": options.bind,
        "CLOUDFILM_PRINT_PORT": str(options.print_port),
        "CLOUDFILM_PRINT_BIND": options.bind,
        "CLOUDFILM_ORTHANC_HTTP_PORT": str(orthanc_port),
        "CLOUDFILM_ORTHANC_DICOM_PORT": str(options.dicom_port),
        "CLOUDFILM_ORTHANC_URL": f"http://127.0.0.1:{orthanc_port}",
        "CLOUDFILM_DATABASE_URI": database_uri("cloudfilm"),
        "CLOUDFILM_INDEX_URI": database_uri("orthanc"),
    }
    callers = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("CLOUDFILM_") and name not in ("CLOUDFILM_INSIDE", "CLOUDFILM_CACHE", "CLOUDFILM_DATA_OUTSIDE")
    }
    return callers | ours


def _write_configuration(options: Options, orthanc_port: int) -> None:
    values = configuration_values(
        options.bind, options.http_port, options.https_port, options.ipp_port, options.public_url, f"127.0.0.1:{orthanc_port}"
    )
    render_nginx(APP / "docker/nginx", RUN / "nginx", values)
    prepare_printing(values)
    (RUN / "supervisord.conf").write_text(render(APP / "docker/supervisor/supervisord.conf.template", values), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
