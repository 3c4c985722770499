# SPDX-License-Identifier: AGPL-3.0-or-later
"""The virtual printer (CUPS): its folders and configuration, and its queues."""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from machine.installation import APP, DATA, RUN, TLS, CannotStart
from machine.templates import render

SOCKET = RUN / "cups.sock"
_SYSTEM = Path("/usr/lib/cups")
_ROOT = DATA / "cups"
_PASSWORDS = _ROOT / "passwords"
_SPOOL = DATA / "spool/print"
_TEMPLATES = APP / "docker/cups"
_REAL_PRINTERS = ("ipp", "ipps", "http", "https", "socket", "lpd")


def prepare_printing(values: Mapping[str, str]) -> None:
    """Make the folders, own back end beside the system's filters, and write the configuration."""
    orthanc, lp = pwd.getpwnam("orthanc"), pwd.getpwnam("lp")
    for folder, uid, gid, mode in (
        (_ROOT, 0, lp.pw_gid, 0o755),
        (_ROOT / "ppd", 0, lp.pw_gid, 0o755),
        (_ROOT / "ssl", 0, 0, 0o700),
        (_PASSWORDS, 0, 0, 0o700),
        (RUN / "cups", 0, 0, 0o755),
        (RUN / "cups/bin", 0, 0, 0o755),
        (RUN / "cups/bin/backend", 0, 0, 0o755),
        (RUN / "cups/cache", 0, lp.pw_gid, 0o770),
        (RUN / "cups/state", 0, lp.pw_gid, 0o755),
        # On the data folder's disk, and kept over a restart: jobs that could not be stored yet wait here.
        (_ROOT / "requests", 0, lp.pw_gid, 0o710),
        (_ROOT / "requests/tmp", 0, lp.pw_gid, 0o1770),
        (DATA / "spool", 0, 0, 0o711),
        (_SPOOL, orthanc.pw_uid, orthanc.pw_gid, 0o711),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, uid, gid)
        folder.chmod(mode)
    for part in ("daemon", "filter", "cgi-bin", "monitor", "notifier", "driver"):
        _link(RUN / "cups/bin" / part, _SYSTEM / part)
    for backend in _REAL_PRINTERS:
        _link(RUN / "cups/bin/backend" / backend, _SYSTEM / "backend" / backend)
    ours = RUN / "cups/bin/backend/cloudfilm"
    shutil.copyfile(_TEMPLATES / "cloudfilm", ours)
    ours.chmod(0o755)  # run as the user lp
    # IPPS shows the portal's certificate.
    name = socket.gethostname()
    for suffix, file in ((".crt", "certificate.pem"), (".key", "key.pem")):
        shutil.copyfile(TLS / file, _ROOT / "ssl" / f"{name}{suffix}")
        (_ROOT / "ssl" / f"{name}{suffix}").chmod(0o600)
    for template in ("cupsd.conf", "cups-files.conf"):
        (_ROOT / template).write_text(render(_TEMPLATES / f"{template}.template", {**values, "HOSTNAME": name}), encoding="utf-8")
    give_spools_back()


def give_spools_back() -> None:
    """User numbers differ from one private root to the next: the back end writes as lp, the intake reads and deletes as orthanc."""
    for spool in _SPOOL.iterdir():
        _give_spool(spool)


def add_queue(name: str) -> None:
    """Let a station print to us: ipp://HOST:PORT/printers/NAME. Done again it changes nothing."""
    spool = _SPOOL / name
    spool.mkdir(parents=True, exist_ok=True)
    _give_spool(spool)
    _lpadmin("-p", name, "-E", "-v", f"cloudfilm:/{name}", "-P", str(_TEMPLATES / "report.ppd"), "-o", "printer-is-shared=true")


def protect_queue(name: str) -> str:
    """Let only those print to a queue who know its password, over TLS; return the password, a new one each time.

    Weighed: a proxy that asks for it would look at the address of the request, and CUPS prints where the request's own text says. CUPS asks PAM
    itself (docker/cups/pam), and each queue takes no user but the one who is called as it is.
    """
    password = "-".join(secrets.token_hex(2) for _ in range(5))
    salt = secrets.token_bytes(16)
    _PASSWORDS.mkdir(mode=0o700, exist_ok=True)
    part = _PASSWORDS / f".{name}"
    part.touch(mode=0o600)
    part.write_text(f"{salt.hex()} {hashlib.scrypt(password.encode(), salt=salt, n=1 << 14, r=8, p=1).hex()}\n", encoding="ascii")
    part.rename(_PASSWORDS / name)
    _lpadmin("-p", name, "-o", "printer-op-policy=password", "-u", f"allow:{name}")
    return password


def unprotect_queue(name: str) -> None:
    """Everybody on the network may print to it."""
    _lpadmin("-p", name, "-o", "printer-op-policy=default", "-u", "allow:all")
    (_PASSWORDS / name).unlink(missing_ok=True)


def add_return_queue(name: str, uri: str) -> None:
    """The real printer that a station's stamped copies go to."""
    _add_real_printer(f"return-{name}", uri)


def add_kiosk_queue(queue: str, uri: str) -> None:
    """The real printer of a kiosk."""
    _add_real_printer(queue, uri)


def add_desk_queue(queue: str, uri: str) -> None:
    """A real printer that staff send to."""
    _add_real_printer(queue, uri)


def remove_desk_queue(queue: str) -> None:
    """The printer is not ours to use any more; jobs that wait for it go."""
    _lpadmin("-x", queue)


def _add_real_printer(queue: str, uri: str) -> None:
    """It is asked what it can print."""
    driver = ("-m", "everywhere") if uri.startswith(("ipp:", "ipps:", "http:", "https:")) else ("-m", "raw")
    _lpadmin("-p", queue, "-E", "-v", uri, *driver, "-o", "printer-is-shared=false", "-o", "printer-error-policy=retry-job")


def is_printing_up() -> bool:
    """Whether the print server answers."""
    return subprocess.run(["lpstat", "-h", str(SOCKET), "-r"], capture_output=True, check=False).returncode == 0


def _lpadmin(*arguments: str) -> None:
    result = subprocess.run(["lpadmin", "-h", str(SOCKET), *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = [line for line in result.stderr.splitlines() if "deprecated" not in line]
        raise CannotStart(f"The print server refused: {said[-1] if said else 'it gave no reason'}")


def _give_spool(spool: Path) -> None:
    os.chown(spool, pwd.getpwnam("lp").pw_uid, pwd.getpwnam("orthanc").pw_gid)
    spool.chmod(0o2770)


def _link(link: Path, target: Path) -> None:
    if not link.is_symlink():
        link.symlink_to(target)
