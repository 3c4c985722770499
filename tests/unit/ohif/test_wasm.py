# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is taken out of WebAssembly, byte by byte."""

import pytest
from wasm import without_debugging

HEADER = b"\0asm\x01\0\0\0"
CODE = b"\x0a\x04\x01\x02\0\x0b"
# Of 200 bytes: its size takes two.
LONG = b"\x0b\xc8\x01" + bytes(200)


def custom(name: bytes, content: bytes = b"x") -> bytes:
    return bytes([0, 1 + len(name) + len(content), len(name)]) + name + content


@pytest.mark.parametrize("name", [b"name", b".debug_info", b".debug_str"])
def test_names_and_debugging_go(name: bytes) -> None:
    assert without_debugging(HEADER + custom(name) + CODE + custom(name, b"") + LONG) == HEADER + CODE + LONG


def test_everything_else_stays() -> None:
    module = HEADER + CODE + custom(b"producers") + custom(b"dylink.0") + LONG
    assert without_debugging(module) == module


@pytest.mark.parametrize("module", [b"", b"MZ", HEADER[:4] + b"\x02\0\0\0", HEADER + LONG[:-1]])
def test_what_is_no_whole_module_is_refused(module: bytes) -> None:
    with pytest.raises(ValueError, match="WebAssembly"):
        without_debugging(module)
