# SPDX-License-Identifier: AGPL-3.0-or-later
"""What only the containers of docker/compose.yml run; how they start is ``machine.container``."""
