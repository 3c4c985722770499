# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a document may cost before it is refused."""

import resource
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """
    Limits for one document.

    Attributes
    ----------
    max_bytes, max_pages
        Of the document.
    max_page_points
        The longer side of a page: 5000 points are 1.76 m.
    max_pixels
        Of one rendered page; a larger page is rendered smaller, not refused.
    memory_bytes, cpu_seconds, wall_clock_seconds, output_bytes, open_files
        Of the process that reads it.
    refuses_active
        Whether what would run or hand over files is a reason to refuse; else it is taken out of the copies.
    recognition_memory_bytes, recognition_cpu_seconds, recognition_seconds
        Of the process that recognises text in pictures of its pages; the times are for each page. It gets pictures only, never the document.
    """

    max_bytes: int = 50_000_000
    max_pages: int = 50
    max_page_points: int = 5_000
    max_pixels: int = 8_000_000
    memory_bytes: int = 1 << 30
    cpu_seconds: int = 15
    wall_clock_seconds: float = 30.0
    output_bytes: int = 256 << 20
    open_files: int = 64
    refuses_active: bool = False
    recognition_memory_bytes: int = 5 << 29
    recognition_cpu_seconds: int = 40
    recognition_seconds: float = 90.0

    def for_recognition(self, pages: int) -> "DocumentLimits":
        """The limits of the process that recognises so many pages."""
        return replace(
            self,
            memory_bytes=self.recognition_memory_bytes,
            cpu_seconds=self.recognition_cpu_seconds * pages,
            wall_clock_seconds=self.recognition_seconds * pages,
        )


def limit_this_process(limits: DocumentLimits) -> None:
    """Give this process the limits for good: the kernel ends it when it exceeds them (setrlimit(2))."""
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.output_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),  # a core file would hold the report
    ):
        resource.setrlimit(kind, (value, value))
