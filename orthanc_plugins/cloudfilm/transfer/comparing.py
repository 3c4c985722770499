# SPDX-License-Identifier: AGPL-3.0-or-later
"""What differs between a gateway and the archive, for one study. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cloudfilm.transfer.queue_state import State

# What the gateway is sure of: it had a receipt, or another content in its place.
_HAD_A_VERDICT = frozenset({State.CONFIRMED, State.CONFLICT})
# What is on its way is no difference yet.
_ON_ITS_WAY = frozenset({State.WAITING, State.SENDING})


@dataclass(frozen=True, slots=True)
class Told:
    """An instance as the gateway holds it. ``sha256`` is empty where it was not read yet."""

    sha256: str
    state: State


@dataclass(frozen=True, slots=True)
class Differences:
    """SOPInstanceUIDs, sorted. ``safe_to_send_again``: those missing in the cloud that the gateway had a receipt for."""

    missing_in_cloud: tuple[str, ...] = ()
    other_content: tuple[str, ...] = ()
    missing_on_gateway: tuple[str, ...] = ()
    safe_to_send_again: tuple[str, ...] = ()


def compare(told: Mapping[str, Told], stored: Mapping[str, Collection[str]], expected: Collection[str]) -> Differences:
    """
    Compare one study.

    Parameters
    ----------
    told
        What the gateway holds, by SOPInstanceUID.
    stored
        SHA-256 of what the archive holds, by SOPInstanceUID; several where one UID stands for several files.
    expected
        What the gateway had a receipt for and should still keep.
    """
    settled = {uid: one for uid, one in told.items() if one.state not in _ON_ITS_WAY}
    missing = sorted(uid for uid in settled if not stored.get(uid))
    return Differences(
        missing_in_cloud=tuple(missing),
        other_content=tuple(sorted(
            uid for uid, one in settled.items() if one.state in _HAD_A_VERDICT and one.sha256 and stored.get(uid) and one.sha256 not in stored[uid]
        )),
        missing_on_gateway=tuple(sorted(uid for uid in expected if uid not in told)),
        safe_to_send_again=tuple(uid for uid in missing if settled[uid].state is State.CONFIRMED),
    )  # fmt: skip
