# SPDX-License-Identifier: AGPL-3.0-or-later
"""Benchmarks, run by scripts/bench: what CloudFilm does, in figures."""
