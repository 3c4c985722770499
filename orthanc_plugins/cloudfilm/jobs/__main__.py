# SPDX-License-Identifier: AGPL-3.0-or-later
"""``python -m cloudfilm.jobs`` runs a worker."""

from cloudfilm.jobs.worker import main

main()
