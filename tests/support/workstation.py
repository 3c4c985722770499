# SPDX-License-Identifier: AGPL-3.0-or-later
"""A workstation that prints to a queue of the virtual printer."""

from __future__ import annotations

import os
import subprocess

from tests.support.instance import Instance


def print_to(instance: Instance, document: bytes, title: str, queue: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """As a Linux workstation does."""
    command = ["lp", "-d", queue, "-t", title, *options, "-"]
    server = f"127.0.0.1:{instance.ipp_port}"
    return subprocess.run(command, input=document, capture_output=True, check=False, env={**os.environ, "CUPS_SERVER": server})
