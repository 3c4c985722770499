# SPDX-License-Identifier: AGPL-3.0-or-later
"""zh.js translates what OHIF really asks for."""

import re
from typing import Any

from playwright.sync_api import Browser

from tests.unit.ohif.conftest import Installed, opened

# OHIF asks for these by a key that none of its languages has (it brings the English text in its code).
WITHOUT_A_TEXT_OF_ITS_OWN = {"Click to toggle on or off", "CrosshairsModifier", "LanguageName.zh", "ModifierKeys", "PlusLeftClick"}
# Not translated: nobody meets them in the basic viewer without a study list.
UNMET_NAMESPACES = {"AboutModal", "DataSourceConfiguration", "Onboarding", "PanelSUV", "ROIThresholdConfiguration", "USAnnotationPanel"}


def test_every_text_is_one_that_ohif_asks_for(chinese: dict[str, Any], ohif: Installed) -> None:
    english, own = ohif.locale("en-US"), ohif.locale("zh")
    unknown = {
        f"{namespace}:{key}"
        for namespace, texts in chinese["texts"].items()
        for key in texts
        if key not in english.get(namespace, {}) and key not in own.get(namespace, {}) and key not in WITHOUT_A_TEXT_OF_ITS_OWN
    }
    assert not unknown


def test_the_i18n_module_has_the_number_we_ask_for(chinese: dict[str, Any], ohif: Installed) -> None:
    script = ohif.text("app.bundle.*.js")
    (body,) = re.findall(rf"[,{{]{chinese['id']}\(\w+,(\w+),\w+\)\{{\"use strict\";\w+\.d\(\1,\{{A:", script)
    assert body
    assert "addLocales" in script
    assert "globalThis.rspackChunk" in script


def test_no_placeholder_is_lost_in_translation(chinese: dict[str, Any], ohif: Installed) -> None:
    english = ohif.locale("en-US")
    for namespace, texts in chinese["texts"].items():
        for key, text in texts.items():
            expected = re.findall(r"\{\{\s*\w+\s*\}\}", english.get(namespace, {}).get(key, ""))
            assert sorted(re.findall(r"\{\{\s*\w+\s*\}\}", text)) == sorted(expected), f"{namespace}:{key}"


def test_what_a_reader_meets_is_translated(chinese: dict[str, Any], ohif: Installed) -> None:
    own = ohif.locale("zh")
    missing = {
        f"{namespace}:{key}"
        for namespace, texts in ohif.locale("en-US").items()
        if namespace in {"CaptureViewportModal", "Header", "MeasurementTable", "Messages", "ToolbarLayoutSelector", "WindowLevelActionMenu"}
        for key in texts
        if key not in own.get(namespace, {}) and key not in chinese["texts"].get(namespace, {})
    }
    assert missing == {"MeasurementTable:Create SR"}  # its button is hidden
    assert not UNMET_NAMESPACES & set(chinese["texts"])


def test_the_patched_bundle_asks_only_for_texts_that_we_have(browser: Browser, ohif: Installed) -> None:
    asked = set(re.findall(r'window\.cloudfilmText\("([^"]+)"\)', ohif.text("89.bundle.*.js")))
    assert asked
    with opened(browser, "zh-CN") as page:
        untranslated = [text for text in asked if page.evaluate("text => window.cloudfilmText(text)", text) == text]
    assert untranslated == []
    with opened(browser, "en") as page:
        assert page.evaluate("window.cloudfilmText('Patient')") == "Patient"
