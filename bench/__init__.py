# SPDX-License-Identifier: AGPL-3.0-or-later
"""scripts/bench: what CloudFilm costs and gains beside a stock Orthanc, on the same machine, with the same study, in the same minute."""
