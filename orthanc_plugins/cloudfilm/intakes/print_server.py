# SPDX-License-Identifier: AGPL-3.0-or-later
"""The print server as a client sees it: a job is put into a queue held, known by its number, and then let go.

In between the number is committed to our database. Whoever dies before that leaves a held job, which never prints; whoever dies after it
finds the job by its number: nothing is printed twice, nothing is forgotten.
"""

from __future__ import annotations

import re
import subprocess

from cloudfilm.errors import Unavailable

_SECONDS = 60
_REQUEST_ID = re.compile(rb"request id is (\S+-\d+) ")


def hold_job(content: bytes, queue: str, title: str) -> str:
    """Hand a PDF over without printing it; return the job's name, ``QUEUE-NUMBER``.

    Raises
    ------
    Unavailable
        The print server does not answer, or does not know the queue.
    """
    result = _run(["lp", "-d", queue, "-t", title, "-H", "hold", "-"], content)
    found = _REQUEST_ID.search(result.stdout)
    if result.returncode != 0 or found is None:
        raise Unavailable(f"The printer queue {queue} did not take the stamped copy.")
    return found[1].decode("ascii")


def release_job(job: str) -> None:
    """Let a held job print; of a job that was let go before, nothing."""
    result = _run(["lp", "-i", job, "-H", "resume"])
    if result.returncode != 0 and job in jobs_waiting(job.rpartition("-")[0]):
        raise Unavailable(f"The print server does not let the job {job} go.")


def jobs_waiting(queue: str) -> frozenset[str]:
    """The jobs of a queue that are not done: held, waiting or being printed."""
    result = _run(["lpstat", "-W", "not-completed", "-o", queue])
    if result.returncode != 0 and b"Invalid destination" not in result.stderr:
        raise Unavailable("The print server does not answer.")
    return frozenset(line.split()[0].decode("utf-8", "replace") for line in result.stdout.splitlines() if line.strip())


def cancel_job(job: str) -> None:
    """Throw a job away; it may be gone already."""
    _run(["cancel", job])


def _run(command: list[str], content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=content, capture_output=True, timeout=_SECONDS, check=False, env=None)
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The print server does not answer.") from error
