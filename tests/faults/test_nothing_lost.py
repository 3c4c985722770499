# SPDX-License-Identifier: AGPL-3.0-or-later
"""A few of the faults, once each: `scripts/test soak` tries all of them, many times (docs/faults.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kinds import BusyHour, Fault, FlakyObjectStore, LineTrouble, Nothing
from tests.faults.line import Trouble
from tests.faults.rounds import run_round
from tests.faults.site import Site, running_site

# Some 60 s on a quiet machine; several times that where other tests take its processors.
pytestmark = pytest.mark.timeout(900)
SEED = 44000
FAULTS = [BusyHour(), LineTrouble(Trouble.ANSWER_LOST), FlakyObjectStore()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("faults"), "s3") as running:
        yield running


@pytest.fixture(scope="module")
def page(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The patient's page where nothing breaks."""
    outcome = run_round(site, Nothing(), SEED, tmp_path_factory.mktemp("exams"))
    assert not outcome.flaws
    return outcome.page


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_nothing_acknowledged_is_lost(site: Site, page: tuple[str, ...], fault: Fault, tmp_path: Path) -> None:
    outcome = run_round(site, fault, SEED, tmp_path, page)
    assert not outcome.flaws
    assert outcome.acknowledged == outcome.sent > 0
