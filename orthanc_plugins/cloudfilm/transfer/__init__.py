# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hospital's gateway: a durable queue of what was received, forwarding to the cloud, receipts."""
