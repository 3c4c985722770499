# SPDX-License-Identifier: AGPL-3.0-or-later
"""The intake: one process that takes what stations hand in without a token of their own."""

from cloudfilm.intakes.process import main

main()
