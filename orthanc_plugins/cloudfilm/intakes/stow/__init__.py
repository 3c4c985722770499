# SPDX-License-Identifier: AGPL-3.0-or-later
"""STOW-RS (PS3.18 §10.5) before it reaches Orthanc: each instance is looked at before a parser meets it."""
