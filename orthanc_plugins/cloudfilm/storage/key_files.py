# SPDX-License-Identifier: AGPL-3.0-or-later
"""The installation's keys as files of mode 0600, made at the first start; running processes follow when they change."""

from __future__ import annotations

import base64
import fcntl
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from cloudfilm.access.key_ring import KeyRing, SigningKey
from cloudfilm.storage.whole_file import write_whole

SIGNING, SEALING, HASHING = "signing.keys", "sealing.keys", "hashing.key"
_SHORTEST_BYTES = 32  # RFC 7518 §3.2: no shorter than the hash
_log = logging.getLogger(__name__)


def load_key_ring(directory: Path) -> KeyRing:
    """Read the keys; make those that are missing.

    Files: ``signing.keys`` and ``sealing.keys`` hold one key a line, oldest first; a signing key is its name, its secret and, if known, when it
    was made (``a1b2c3d4 BASE64 2026-05-11T09:42:00+00:00``); ``hashing.key`` holds one key for good.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with key_lock(directory):  # two processes at a first start make one key
        _make(directory / SIGNING, lambda: signing_line(new_signing_key(datetime.now(UTC))))
        _make(directory / HASHING, _random_key)
        _make(directory / SEALING, lambda: Fernet.generate_key().decode("ascii"))
    return _read(directory)


class KeyFiles:
    """A `KeySource`: the ring as the files have it now. Looking costs two ``stat``, some 10 µs.

    Files that cannot be read, or are being written by hand, leave the ring as it was.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ring = load_key_ring(directory)
        self._seen = self._look()
        self._reading = threading.Lock()

    def __call__(self) -> KeyRing:
        """The keys of this moment."""
        if self._look() != self._seen:
            with self._reading:
                seen = self._look()
                if seen != self._seen:
                    self._seen = seen
                    self._reread()
        return self._ring

    def _reread(self) -> None:
        try:
            self._ring = _read(self._directory)
            _log.warning("the keys have changed: %d sign tokens", len(self._ring.signing))
        except (OSError, ValueError) as error:
            _log.error("the changed keys cannot be read, the old ones stay in use: %s", type(error).__name__)

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_version(self._directory / name) for name in (SIGNING, SEALING))


@contextmanager
def key_lock(directory: Path) -> Iterator[None]:
    """Let nobody else change the files."""
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_signing_keys(directory: Path) -> list[SigningKey]:
    """The signing keys, oldest first."""
    return [_signing_key(line) for line in _lines(directory / SIGNING)]


def write_signing_keys(directory: Path, keys: list[SigningKey]) -> None:
    """Replace the signing keys in one step; under `key_lock`."""
    _write(directory / SIGNING, [signing_line(key) for key in keys])


def new_signing_key(now: datetime) -> SigningKey:
    """A random key."""
    return SigningKey(secrets.token_hex(4), secrets.token_bytes(32), now)


def signing_line(key: SigningKey) -> str:
    """A key as its file has it."""
    columns = [key.key_id, base64.b64encode(key.secret).decode("ascii")]
    return " ".join(columns + ([key.created_at.isoformat(timespec="seconds")] if key.created_at else []))


def _signing_key(line: str) -> SigningKey:
    key_id, secret, *created_at = line.split()
    decoded = base64.b64decode(secret, validate=True)
    if len(decoded) < _SHORTEST_BYTES:
        raise ValueError("a signing key is too short")
    return SigningKey(key_id, decoded, datetime.fromisoformat(created_at[0]) if created_at else None)


def _read(directory: Path) -> KeyRing:
    """Read the files as they are; ValueError when one of them holds no key."""
    signing, sealing, hashing = read_signing_keys(directory), _lines(directory / SEALING), _lines(directory / HASHING)
    if not signing or not sealing or not hashing:
        raise ValueError("a file of keys is empty")
    return KeyRing(tuple(signing), base64.b64decode(hashing[0]), tuple(line.encode("ascii") for line in sealing))


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]


def _make(path: Path, make: Callable[[], str]) -> None:
    if not path.exists():
        _write(path, [make()])


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, "".join(line + "\n" for line in lines).encode("ascii"))


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
