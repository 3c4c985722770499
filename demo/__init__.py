# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a demonstration and the tests need: made-up reports that look like real ones."""
