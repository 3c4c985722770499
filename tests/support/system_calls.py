# SPDX-License-Identifier: AGPL-3.0-or-later
"""strace on running processes: what they asked the kernel for, in order."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.instance import wait_for

_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(.*)")


@dataclass
class Trace:
    """Calls in the order in which they ended."""

    lines: list[str] = field(default_factory=list)

    def ended(self, call: str, about: str, start: int = 0) -> int:
        """The place of the first such call that has ended well, at or after a place; -1 when there is none.

        Parameters
        ----------
        call, about
            Regular expressions: the call's name, and what stands in its line (descriptors are shown with their files and addresses).
        """
        begun: dict[str, bool] = {}
        for place, line in enumerate(self.lines):
            known = _LINE.match(line)
            if known is None:
                continue
            thread, name, rest = known.groups()
            if not re.fullmatch(call, name):
                continue
            if rest.startswith(" resumed>"):
                is_meant = begun.pop(thread, False)
            elif rest.endswith("<unfinished ...>"):
                begun[thread] = bool(re.search(about, rest))
                continue
            else:
                is_meant = bool(re.search(about, rest))
            if is_meant and place >= start and not re.search(r"= -1 ", rest):
                return place
        return -1


@contextmanager
def traced(folder: Path, calls: str, pids: Sequence[int]) -> Iterator[Trace]:
    """Trace these processes and all their threads and children within the block."""
    trace, output = Trace(), folder / "strace"
    process = subprocess.Popen(
        ["strace", "-f", "-yy", "-qq", "-s", "16", "-e", f"trace={calls}", "-o", str(output), *(f"--attach={pid}" for pid in pids)],
        stdin=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: all(_is_traced(pid) for pid in pids), what="strace to be attached")
        yield trace
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    trace.lines += output.read_text(errors="replace").splitlines()


def _is_traced(pid: int) -> bool:
    """Whether each of its threads is; a process that has ended meanwhile needs no tracer."""
    try:
        threads = [(one / "status").read_text() for one in Path(f"/proc/{pid}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return not Path(f"/proc/{pid}").exists()
    return all(not re.search(r"^TracerPid:\t0$", one, re.MULTILINE) for one in threads)
