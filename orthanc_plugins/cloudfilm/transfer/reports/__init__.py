# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports through the gateway: taken from its stations, forwarded, and their stamped copies brought back."""
