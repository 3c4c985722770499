# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fault harness: a busy time of sending, something breaks, and the same invariants afterwards (docs/faults.md)."""
