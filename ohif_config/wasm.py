# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebAssembly without what only a debugger reads: OpenJPH comes with 1.8 MB of it beside 0.3 MB of code."""

from collections.abc import Iterator

_HEADER = b"\0asm\x01\0\0\0"
_CUSTOM = 0


def without_debugging(module: bytes) -> bytes:
    """The module without its custom sections of names and DWARF, which change nothing that it does (WebAssembly Core Specification 1.0 §5.5.3).

    Raises
    ------
    ValueError
        When it is not a binary module of version 1.
    """
    if not module.startswith(_HEADER):
        raise ValueError("not a WebAssembly module of version 1")
    return _HEADER + b"".join(section for name, section in _sections(module) if not (name == b"name" or name.startswith(b".debug_")))


def _sections(module: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each with its name, which only custom ones have."""
    at = len(_HEADER)
    while at < len(module):
        size, content = _unsigned(module, at + 1)
        name = b""
        if module[at] == _CUSTOM:
            length, begin = _unsigned(module, content)
            name = module[begin : begin + length]
        if content + size > len(module):
            raise ValueError("a section of the WebAssembly module is cut off")
        yield name, module[at : content + size]
        at = content + size


def _unsigned(module: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number, and where what follows it begins."""
    value = shift = 0
    while True:
        byte = module[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
