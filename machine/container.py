# SPDX-License-Identifier: AGPL-3.0-or-later
"""One part in one container: ``python -m machine.container PART`` prepares what the part needs and becomes it."""

from __future__ import annotations

import os
import pwd
import sys

from cloudfilm.db.migrate import DatabaseIsNewer, migrate, migrations
from machine.certificate import ensure_certificate
from machine.configuration import configuration_values
from machine.default_passwords import check_passwords
from machine.folders import prepare_folders
from machine.installation import APP, DATA, POSTGRESQL, POSTGRESQL_SOCKETS, RUN, VERSION_FILE, CannotStart, memory_folder
from machine.postgresql import database_uri, ensure_cluster, ensure_databases
from machine.preflight import check_disk, check_version
from machine.printing import prepare_printing
from machine.templates import render_nginx

ORTHANC = "cloudfilm:8042"


def main() -> int:
    """Become the part that is named; returns only when that cannot be."""
    parts = {"postgresql": _postgresql, "orthanc": _orthanc, "worker": _worker, "intake": _intake, "printer": _printer, "nginx": _nginx}
    part = parts.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if part is None:
        print(f"usage: python -m machine.container {'|'.join(parts)}", file=sys.stderr)
        return 2
    try:
        check_version(migrations()[-1][0])
        check_disk()
        check_passwords(os.environ, APP / "orthanc.json")
        prepare_folders()
        part()
    except (CannotStart, DatabaseIsNewer) as error:
        print(f"cloudfilm: {error}", file=sys.stderr)
    return 1


def _postgresql() -> None:
    ensure_cluster()
    options = ["-D", str(POSTGRESQL), "-k", str(POSTGRESQL_SOCKETS), "-c", "listen_addresses="]
    _become("postgres", "/usr/lib/postgresql/17/bin/postgres", *options)


def _orthanc() -> None:
    ensure_databases()
    VERSION_FILE.write_text(f"{migrate(database_uri('cloudfilm'))}\n", encoding="ascii")
    os.environ["TCP_NODELAY"] = "1"  # see docker/supervisor/supervisord.conf.template
    os.environ["MALLOC_ARENA_MAX"] = "5"
    _become("orthanc", "/usr/sbin/Orthanc", str(APP / "orthanc.json"))


def _worker() -> None:
    os.environ["CUPS_SERVER"] = str(RUN / "cups.sock")  # stamped copies go to real printers
    _become("orthanc", sys.executable, "-m", "cloudfilm.jobs")


def _intake() -> None:
    os.environ["CLOUDFILM_HL7_BIND"] = os.environ["CLOUDFILM_PRINT_BIND"] = "0.0.0.0"  # noqa: S104 - the container's own network
    os.environ["CUPS_SERVER"] = str(RUN / "cups.sock")
    _become("orthanc", sys.executable, "-m", "cloudfilm.intakes")


def _printer() -> None:
    public_url = os.environ.get("CLOUDFILM_PUBLIC_URL", "https://localhost:8443")
    prepare_printing(configuration_values("0.0.0.0", 8080, 8443, 6310, public_url, ORTHANC))  # noqa: S104
    os.execv("/usr/sbin/cupsd", ["cupsd", "-f", "-c", str(DATA / "cups/cupsd.conf"), "-s", str(DATA / "cups/cups-files.conf")])  # noqa: S606


def _nginx() -> None:
    public_url = os.environ.get("CLOUDFILM_PUBLIC_URL", "https://localhost:8443")
    ensure_certificate(public_url)
    render_nginx(APP / "docker/nginx", RUN / "nginx", configuration_values("0.0.0.0", 8080, 8443, 6310, public_url, ORTHANC))  # noqa: S104
    os.execv("/bin/sh", ["/bin/sh", str(APP / "docker/nginx/start.sh"), str(RUN), str(RUN / "nginx.conf"), str(memory_folder())])  # noqa: S606


def _become(user: str, *command: str) -> None:
    known = pwd.getpwnam(user)
    os.initgroups(user, known.pw_gid)
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)
    os.environ["HOME"] = str(RUN)
    os.execv(command[0], list(command))  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
