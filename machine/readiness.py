# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether every part answers: asked as users ask, through nginx, and by a DICOM port that accepts."""

from __future__ import annotations

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from machine.installation import CannotStart
from machine.options import Options
from machine.printing import is_printing_up


def wait_until_ready(options: Options, is_alive: Callable[[], bool], timeout_seconds: float = 120.0) -> None:
    """Return when health says that all is well and DICOM is open; raise `CannotStart` with what is missing otherwise."""
    deadline = time.monotonic() + timeout_seconds
    missing = "nothing answered"
    while time.monotonic() < deadline:
        if not is_alive():
            raise CannotStart("The supervisor ended; see log/ in the data folder.")
        missing = what_is_missing(options)
        if not missing:
            return
        time.sleep(0.2)
    raise CannotStart(f"Not ready after {timeout_seconds:.0f} s: {missing}. See log/ in the data folder.")


def what_is_missing(options: Options) -> str:
    """A sentence's part, empty when all is there."""
    address = "127.0.0.1" if options.bind in ("0.0.0.0", "127.0.0.1") else options.bind  # noqa: S104
    try:
        socket.create_connection(("127.0.0.1", options.dicom_port), timeout=2).close()
    except OSError:
        return "the DICOM port does not answer"
    for port, part in ((options.hl7_port, "the intake"), (options.print_port, "the film printer")):
        try:
            socket.create_connection((address, port), timeout=2).close()
        except OSError:
            return f"{part} does not answer"
    if not is_printing_up():
        return "the print server does not answer"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own certificate, on the loopback
    try:
        with urllib.request.urlopen(f"https://{address}:{options.https_port}/api/v1/health", timeout=5, context=context) as answer:
            health = json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            health = json.load(error)
        except ValueError:
            return f"the portal answers {error.code}"
    except (OSError, ValueError) as error:
        return f"the portal does not answer ({type(error).__name__})"
    return ", ".join(f"{part} is {state}" for part, state in health.get("parts", {"health": "unreadable"}).items() if state != "up")
