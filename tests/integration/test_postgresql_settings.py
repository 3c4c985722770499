# SPDX-License-Identifier: AGPL-3.0-or-later
"""The database server runs with our settings, beside whatever its own file says."""

from __future__ import annotations

import pytest

from tests.support.instance import Instance


@pytest.mark.parametrize(
    ("setting", "value"),
    [("shared_buffers", "512MB"), ("max_wal_size", "2GB"), ("wal_compression", "lz4"), ("jit", "off"), ("fsync", "on")],
)
def test_a_setting_is_in_force(instance: Instance, setting: str, value: str) -> None:
    assert instance.sql(f"SHOW {setting}") == [(value,)]
