# SPDX-License-Identifier: AGPL-3.0-or-later
"""Made-up reports in twelve layouts, with what is printed on them as ground truth, for tests and benchmarks.

`all_forms()` lists them; the same list on every machine and every day. No person, hospital or number in them is real.
"""

from demo.forms.catalogue import Form, all_forms

__all__ = ["Form", "all_forms"]
