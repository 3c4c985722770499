# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that stamps a document whose exam number was reserved: with the reserved code, unless the page carries it already."""

from __future__ import annotations

import json
import sys

from cloudfilm.reports.active_content import without_active_content
from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits, limit_this_process
from cloudfilm.reports.stamp import stamp
from cloudfilm.reports.stamp_drawing import Stamp


def main() -> None:
    """Answer the one request on the standard input."""
    request, pdf = read_frames(sys.stdin.buffer)
    wanted = json.loads(request)
    limit_this_process(DocumentLimits(**wanted["limits"]))
    from cloudfilm.reports.carried_code import carries_code

    harmless = without_active_content(pdf) or pdf
    if carries_code(pdf, wanted["secret_sha256"]):
        write_frames(sys.stdout.buffer, [json.dumps({"carried": True}).encode(), harmless])
        return
    stamped = [stamp(harmless, Stamp(**wanted["stamp"]))] if wanted["stamp"] else []
    write_frames(sys.stdout.buffer, [json.dumps({"carried": False}).encode(), *stamped])


if __name__ == "__main__":
    main()
