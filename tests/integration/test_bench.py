# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench measures every case beside the stock Orthanc and leaves nothing running."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.instance import APP


def servers() -> set[int]:
    """Processes that a measurement starts."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = status.read_bytes()
        except OSError:
            continue
        if b"cloudfilm-bench-" in command:
            found.add(int(status.parent.name))
    return found


def test_access_is_measured_beside_a_stock_orthanc() -> None:
    command = [APP / "scripts/bench", "access", "--rounds", "5", "--requests", "20", "--seconds", "5", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert result.returncode == 0, result.stderr
    resources = json.loads(result.stdout)["resources"]
    assert [one["name"] for one in resources] == ["one frame", "one instance's metadata"]
    assert resources[0]["bytes"] > 256 * 256 * 2
    for resource in resources:
        stock, *ours = resource["cases"]
        assert stock["added_p50"] == {"median": 0.0, "lowest": 0.0, "highest": 0.0}
        assert len(ours) == 4
        for case in resource["cases"]:
            assert resource["rounds"] == 5
            assert 0 < case["p50"]["lowest"] <= case["p50"]["median"] <= case["p50"]["highest"]
            assert case["p50"]["median"] <= case["p99"]["median"]
    assert servers() == set()


def test_reports_that_wait_are_read_in_order_by_a_worker_that_does_not_grow() -> None:
    command = [APP / "scripts/bench", "waiting", "--reports", "50", "--seconds", "200", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=290)
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert (seen["read"], seen["not_as_expected"]) == (50, 0)
    assert seen["furthest_out_of_order"] <= 3
    assert seen["worker_megabytes_highest"] < seen["worker_megabytes_warm"] * 1.3
    assert servers() == set()
