# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.instance import Instance


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An installation with one hospital and its CT scanner."""
    running = Instance(tmp_path_factory.mktemp("e2e"))
    running.start()
    running.admin("hospital", "add", "jia", "--name", "甲医院")
    running.admin("modality", "add", "--hospital", "jia", "--aet", "CT1", "--host", "127.0.0.1")
    yield running
    running.stop()
