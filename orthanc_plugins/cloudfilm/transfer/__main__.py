# SPDX-License-Identifier: AGPL-3.0-or-later
"""python -m cloudfilm.transfer: the forwarder."""

from cloudfilm.transfer.process import main

main()
