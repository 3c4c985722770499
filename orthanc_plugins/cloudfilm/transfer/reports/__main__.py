# SPDX-License-Identifier: AGPL-3.0-or-later
"""python -m cloudfilm.transfer.reports: the gateway's intake."""

from cloudfilm.transfer.reports.process import main

main()
