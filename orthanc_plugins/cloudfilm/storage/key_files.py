# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installation's keys as files of mode 0600, made at the first start."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from cloudfilm.access.key_ring import KeyRing, SigningKey


def load_key_ring(directory: Path) -> KeyRing:
    """Read the keys; make those that are missing.

    Files: ``signing.keys`` and ``sealing.keys`` hold one key a line, oldest first (to rotate, append a line and restart);
    ``hashing.key`` holds one key for good.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two processes at a first start make one key
        signing = _lines(directory / "signing.keys", lambda: f"{secrets.token_hex(4)} {_random_key()}")
        hashing = _lines(directory / "hashing.key", _random_key)
        sealing = _lines(directory / "sealing.keys", lambda: Fernet.generate_key().decode("ascii"))
    return KeyRing(
        signing=tuple(SigningKey(key_id, base64.b64decode(secret)) for key_id, secret in (line.split() for line in signing)),
        hashing=base64.b64decode(hashing[0]),
        sealing=tuple(line.encode("ascii") for line in sealing),
    )


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def _lines(path: Path, make: Callable[[], str]) -> list[str]:
    if not path.exists():
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    return [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
