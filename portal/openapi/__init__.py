# SPDX-License-Identifier: AGPL-3.0-or-later
"""The description of the API (OpenAPI 3.1) and examples of its use, as programs and people read them."""
