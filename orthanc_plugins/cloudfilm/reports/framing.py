# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several byte strings in one stream: each one after its length, 8 bytes, big endian."""

from collections.abc import Iterable
from typing import BinaryIO


def write_frames(stream: BinaryIO, frames: Iterable[bytes]) -> None:
    """Write every byte string with its length before it."""
    for frame in frames:
        stream.write(len(frame).to_bytes(8, "big"))
        stream.write(frame)
    stream.flush()


def read_frames(stream: BinaryIO) -> list[bytes]:
    """
    Read until the stream ends.

    Raises
    ------
    EOFError
        When the stream ends inside a frame.
    """
    frames: list[bytes] = []
    while header := stream.read(8):
        length = int.from_bytes(header, "big")
        frame = stream.read(length) if len(header) == 8 and length < 1 << 40 else b""
        if len(header) < 8 or len(frame) < length:
            raise EOFError("the stream ends inside a frame")
        frames.append(frame)
    return frames
