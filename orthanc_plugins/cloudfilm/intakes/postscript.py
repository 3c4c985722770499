# SPDX-License-Identifier: AGPL-3.0-or-later
"""PostScript to PDF by Ghostscript: a program that somebody sent, run without files, with limits, in a process of its own.

Weighed: ``ps2pdf`` is a script around the same; CUPS' filters take jobs of their own queue only. Text stays text.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import tempfile

from cloudfilm.reports.print_stream import JobRefused

_MEMORY_BYTES = 1 << 30
_CPU_SECONDS = 15
_WALL_SECONDS = 45.0
_OPTIONS = (
    "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dNOPROMPT", "-sDEVICE=pdfwrite", "-dCompatibilityLevel=1.4", "-dPDFSETTINGS=/prepress",
    "-dAutoRotatePages=/None", "-dEmbedAllFonts=true", "-dOmitInfoDate=true", "-dOmitID=true", "-dOmitXMP=true",
)  # fmt: skip


def to_pdf(postscript: bytes, largest_bytes: int) -> bytes:
    """
    Convert a job. The same job gives the same bytes: printed twice it is one report.

    Raises
    ------
    JobRefused
        It is no PostScript that Ghostscript can run within the limits, or it draws no page.
    """

    def limit() -> None:
        os.setsid()
        for kind, value in (
            (resource.RLIMIT_AS, _MEMORY_BYTES),
            (resource.RLIMIT_CPU, _CPU_SECONDS),
            (resource.RLIMIT_FSIZE, largest_bytes),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (value, value))

    with tempfile.TemporaryDirectory(prefix="cloudfilm-raw-") as folder:
        target = os.path.join(folder, "page.pdf")  # noqa: PTH118
        with tempfile.TemporaryFile(dir=folder) as source:
            source.write(postscript)
            source.seek(0)
            process = subprocess.Popen(
                ["/usr/bin/gs", *_OPTIONS, f"-sOutputFile={target}", "-"],
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": folder},
                preexec_fn=limit,
            )
            try:
                status = process.wait(_WALL_SECONDS)
            except subprocess.TimeoutExpired:
                raise JobRefused("The PostScript job took too long to convert.") from None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status != 0:
            raise JobRefused("The PostScript job cannot be converted: it is damaged, or takes more memory or time than a report does.")
        try:
            with open(target, "rb") as file:
                pdf = file.read()
        except FileNotFoundError:
            pdf = b""
    if not re.search(rb"/Type\s*/Page\b", pdf):
        raise JobRefused("The PostScript job draws no page.")
    return pdf
