# SPDX-License-Identifier: AGPL-3.0-or-later
"""docker/Dockerfile installs what the lists and locks name, and nothing that it names itself."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = "\n".join(line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#")).replace("\\\n", " ")


def packages() -> set[str]:
    lines = (ROOT / "packages/runtime.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


def test_the_packages_come_from_the_list_alone() -> None:
    (installed,) = re.findall(r"apt-get install ([^;&|]*)", INSTRUCTIONS)
    assert [word for word in installed.split() if not word.startswith("-")] == ["$list"]
    assert "COPY packages/runtime.txt" in INSTRUCTIONS
    words = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", INSTRUCTIONS))
    assert not words & (packages() - {"orthanc", "cups"})


def test_python_packages_come_from_the_lock_and_are_checked_by_hash() -> None:
    (options,) = re.findall(r"pip install ([^;&|\n]*)", INSTRUCTIONS)
    assert {"--require-hashes", "--no-deps"} <= set(options.split())
    assert "COPY requirements/runtime.txt" in INSTRUCTIONS


def test_node_is_in_no_stage_that_the_image_is_made_of() -> None:
    stages = re.split(r"^FROM ", INSTRUCTIONS, flags=re.MULTILINE)[1:]
    assert "requirements/build.txt" not in stages[-1]
    (parent,) = [stage for stage in stages if stage.splitlines()[0].endswith(f"AS {stages[-1].split()[0]}")]
    assert "requirements/build.txt" not in parent
    assert "COPY --from=ohif /opt/cloudfilm/ohif /opt/cloudfilm/ohif" in stages[-1]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignored = {line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines()}
    sources = re.findall(r"^COPY (?!--)(\S+)", INSTRUCTIONS, re.MULTILINE)
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] not in ignored, source


def test_data_and_repository_stay_out_of_the_image() -> None:
    ignored = {line.strip() for line in (ROOT / ".dockerignore").read_text().splitlines()}
    assert {"var", ".git"} <= ignored
