# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that is measured beside a stock Orthanc in one run: scripts/bench without an argument."""
