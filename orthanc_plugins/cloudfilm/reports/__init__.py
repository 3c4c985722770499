# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports: reading their fields, matching them to studies, stamping the QR code, and rendering their pages."""
