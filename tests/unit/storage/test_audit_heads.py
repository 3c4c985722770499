# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file that anchors the end of the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cloudfilm.storage.audit_heads import AnchoredHead, AuditHeads

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def head(sequence: int, seal: bytes = b"\1" * 32, minutes: int = 0) -> AnchoredHead:
    return AnchoredHead(sequence, seal, NOW + timedelta(minutes=minutes))


def test_a_head_is_added_only_when_it_changed(tmp_path: Path) -> None:
    heads = AuditHeads(tmp_path / "audit/heads.log")
    added = [heads.append(one) for one in (head(1), head(1, minutes=1), head(2), head(2, b"\2" * 32), head(1))]
    assert added == [True, False, True, True, True]
    assert [one for _, one in heads.read()] == [head(1), head(2), head(2, b"\2" * 32), head(1)]
    assert heads.path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_left_by_a_power_cut_is_cut_off(tmp_path: Path) -> None:
    heads = AuditHeads(tmp_path / "heads.log")
    heads.append(head(1))
    with heads.path.open("a") as file:
        file.write("2 0101")
    assert [one for _, one in heads.read()] == [head(1), None]
    assert not heads.append(head(1))
    assert heads.append(head(2))
    assert [one for _, one in heads.read()] == [head(1), head(2)]


def test_there_may_be_no_file_yet(tmp_path: Path) -> None:
    assert list(AuditHeads(tmp_path / "heads.log").read()) == []
