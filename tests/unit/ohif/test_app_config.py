# SPDX-License-Identifier: AGPL-3.0-or-later
"""app-config.js: one source on our own origin, no demo, the reader's language, and a sentence where OHIF would be black."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.unit.ohif.conftest import OURS, SOURCE, again, opened


def test_it_has_one_data_source_and_that_is_our_own_origin(config: dict[str, Any]) -> None:
    (source,) = config["dataSources"]
    assert source["sourceName"] == config["defaultDataSourceName"]
    roots = {key: value for key, value in source["configuration"].items() if key.endswith("Root")}
    assert roots == {"qidoRoot": "/dicom-web", "wadoRoot": "/dicom-web", "wadoUriRoot": "/wado"}


@pytest.mark.parametrize("name", [*OURS, "index.html"])
def test_it_names_no_other_host(name: str) -> None:
    assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", (SOURCE / name).read_text(encoding="utf-8"))


def test_it_shows_no_study_list_tour_dialog_or_theme(config: dict[str, Any]) -> None:
    (customization,) = config["customizationService"]
    assert config["showStudyList"] is False
    assert config["investigationalUseDialog"] == {"option": "never"}
    assert customization["ohif.tours"] == {"$set": []}
    assert customization["ohif.appearanceModal"] == {"$set": None}
    assert "customizationUrlPrefixes" not in config
    assert "dangerouslyUseDynamicConfig" not in config


def test_its_own_page_stands_where_ohif_would_open_files_of_the_reader(config: dict[str, Any]) -> None:
    routes = config["customizationService"][0]["routes.customRoutes"]["$set"]
    assert {"/local", "/localbasic", "/debug", "/notfoundstudy"} <= {route["path"] for route in routes["routes"]}
    assert routes["notFoundRoute"]["path"] == "*"


@pytest.mark.parametrize(
    ("cookie", "browser_locale", "i18next", "html"),
    [
        ("zh-CN", "en-US", "zh", "zh-CN"),
        ("en", "zh-CN", "en-US", "en"),
        (None, "zh-CN", "zh", "zh-CN"),
        (None, "fr-FR", "en-US", "en"),
    ],
)
def test_the_cookie_decides_the_language_then_the_browser(
    browser: Browser, cookie: str | None, browser_locale: str, i18next: str, html: str
) -> None:
    with opened(browser, cookie, browser_locale) as page:
        assert page.evaluate("localStorage.i18nextLng") == i18next
        assert page.evaluate("document.documentElement.lang") == html


def test_a_language_chosen_in_the_viewer_stays_until_the_cookie_changes(browser: Browser) -> None:
    with opened(browser, "zh-CN") as page:
        page.evaluate("localStorage.i18nextLng = 'en-US'")
        again(page)
        assert page.evaluate("document.documentElement.lang") == "en"
        page.context.add_cookies([{"name": "lang", "value": "en", "url": "https://film.example"}])
        again(page)
        page.context.add_cookies([{"name": "lang", "value": "zh-CN", "url": "https://film.example"}])
        again(page)
        assert page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize(
    "error",
    ["{status: 401}", "{status: 403}", 'new Error("Couldn\'t retrieve /dicom-web/… got status 401")', "{error: {status: 401}}"],
)
@pytest.mark.parametrize(("lang", "sentence"), [("zh-CN", "链接已失效，请返回报告页面重新打开。"), ("en", "This link has expired.")])
def test_a_refused_request_says_that_the_link_has_expired(browser: Browser, error: str, lang: str, sentence: str) -> None:
    with opened(browser, lang) as page:
        page.evaluate(f"window.config.httpErrorHandler({error}); window.config.httpErrorHandler({error})")
        assert sentence in page.inner_text("#cloudfilm-notice")
        assert page.locator("#cloudfilm-notice a").get_attribute("href", timeout=1000)


@pytest.mark.parametrize("error", ["{status: 500}", "{status: 404}", "undefined", "null", "new Error('aborted')", "{message: undefined}"])
def test_other_failures_do_not_cover_the_images(browser: Browser, error: str) -> None:
    with opened(browser) as page:
        page.evaluate(f"window.config.httpErrorHandler({error})")
        assert page.locator("#cloudfilm-notice").count() == 0


def test_an_address_without_an_exam_says_so(browser: Browser) -> None:
    with opened(browser, "zh-CN", query="") as page:
        assert "没有找到该检查的影像" in page.inner_text("#cloudfilm-notice")


def test_documents_never_hang_first_and_images_open_in_the_middle_but_those_of_ultrasound(browser: Browser) -> None:
    with opened(browser) as page:
        protocols = page.evaluate("window.config.extensions[0].getHangingProtocolModule().map((one) => one.protocol)")
        chosen = page.evaluate("window.config.modesConfiguration['@ohif/mode-longitudinal'].hangingProtocol.$set")
    assert chosen == [protocol["id"] for protocol in protocols]
    for protocol in protocols:
        assert protocol["protocolMatchingRules"], "OHIF passes over a protocol without rules"
        for selector in protocol["displaySetSelectors"].values():
            rules = selector["seriesMatchingRules"]
            assert {"attribute": "Modality", "constraint": {"doesNotEqual": {"value": "DOC"}}, "required": True} in rules
        for stage in protocol["stages"]:
            opens = {viewport["viewportOptions"]["initialImageOptions"]["preset"] for viewport in stage["viewports"]}
            assert opens == ({"first"} if protocol["id"] == "cloudfilm-us" else {"middle"})


@pytest.mark.parametrize(
    ("point", "planes", "nearest"),
    [
        ([0, 0, 4.4], [0.0, 2.0, 4.0, 6.0], 2),
        ([90, 50, 5.2], [6.0, 4.0, 2.0], 0),
        ([0, 0, 9.0], [0.0, 2.0, 4.0, 6.0], -1),
        ([0, 0, 7.5], [0.0, 2.0, 4.0, 6.0], 3),
    ],
)
def test_the_nearest_image_holds_the_point_unless_the_series_does_not_reach_it(
    browser: Browser, point: list[float], planes: list[float], nearest: int
) -> None:
    stack = [{"rowCosines": [1, 0, 0], "columnCosines": [0, 1, 0], "imagePositionPatient": [-100, -100, z]} for z in planes]
    with opened(browser) as page:
        assert page.evaluate("([point, planes]) => window.cloudfilmReading.nearestPlane(point, planes)", [point, stack]) == nearest


def test_breasts_are_told_apart_by_side_and_view_however_the_device_says_it(browser: Browser) -> None:
    view = "(image) => window.cloudfilmHanging.attributes.cloudfilmBreastView[1]({ images: [image], SeriesDescription: image.SeriesDescription })"
    with opened(browser) as page:
        for image, told in (
            ({"ImageLaterality": "R", "ViewPosition": "CC"}, "RCC"),
            ({"ImageLaterality": "L", "ViewCodeSequence": [{"CodeValue": "R-10226", "CodingSchemeDesignator": "SRT"}]}, "LMLO"),
            ({"SharedFunctionalGroupsSequence": [{"FrameAnatomySequence": [{"FrameLaterality": "R"}]}], "ViewPosition": "MLO"}, "RMLO"),
            ({"SeriesDescription": "L CC"}, "LCC"),
            ({"ImageLaterality": "R", "ViewCodeSequence": [{"CodeValue": "399162004", "ViewModifierCodeSequence": [{"CodeValue": "399163009"}]}]}, ""),
        ):  # fmt: skip
            assert page.evaluate(view, image) == told


@pytest.mark.parametrize(
    ("description", "scout"), [("3-plane loc", True), ("定位像", True), ("Scout", True), ("T2 local", False), ("轴位", False)]
)
def test_localizers_are_known_by_their_words(browser: Browser, description: str, scout: bool) -> None:
    with opened(browser) as page:
        told = page.evaluate(
            "(text) => window.cloudfilmHanging.attributes.cloudfilmScout[1]({ images: [{}], SeriesDescription: text })", description
        )
    assert told is scout


def test_key_images_are_what_is_marked_then_the_middle_of_each_series(browser: Browser) -> None:
    def named(sop: str, frame: int | None = None) -> dict[str, Any]:
        return {"ValueType": "IMAGE", "ReferencedSOPSequence": [{"ReferencedSOPInstanceUID": sop, "ReferencedFrameNumber": frame}]}

    document = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.59", "ConceptNameCodeSequence": [{"CodeValue": "113000"}],
        "ContentSequence": [{"ValueType": "TEXT"}, named("1.2"), named("9.9"), named("2.1", 3), named("1.2")],
    }  # fmt: skip
    rejecting = {**document, "ConceptNameCodeSequence": [{"CodeValue": "113001"}], "ContentSequence": [named("1.1")]}
    series = [
        {"displaySetInstanceUID": "a", "imageIds": [f"wadors:/instances/1.{place}/frames/1" for place in range(1, 6)]},
        {"displaySetInstanceUID": "b", "imageIds": [f"wadors:/instances/2.1/frames/{frame}" for frame in (1, 2, 3)]},
        {"displaySetInstanceUID": "c", "imageIds": []},
    ]
    with opened(browser) as page:
        found = page.evaluate(
            "([series, documents]) => window.cloudfilmKeyImages.keyImages(series, documents)", [series, [document, rejecting]]
        )
    assert [(one["displaySetInstanceUID"], one["index"], one["isMarked"]) for one in found] == [
        ("a", 1, True), ("b", 2, True), ("a", 2, False), ("b", 1, False),
    ]  # fmt: skip


def test_an_automatic_window_leaves_out_the_extremes(browser: Browser) -> None:
    values = [-5000] + [100] * 500 + [300] * 500 + [90000]
    with opened(browser) as page:
        found = page.evaluate("(values) => window.cloudfilmWindows.fitting(values)", values)
        assert page.evaluate("() => window.cloudfilmWindows.fitting([7, 7, 7])") is None
    assert abs(found["width"] - 200) < 50
    assert abs(found["level"] - 200) < 50


def test_window_presets_are_named_in_the_readers_language(browser: Browser) -> None:
    presets = "window.config.customizationService[0]['cornerstone.windowLevelPresets'].CT.$set.map(p => [p.description, p.window, p.level])"
    with opened(browser, "zh-CN") as page:
        assert ["肺窗", "1500", "-600"] in page.evaluate(presets)
    with opened(browser, "en") as page:
        assert ["Lung", "1500", "-600"] in page.evaluate(presets)


@pytest.mark.parametrize(("width", "closed"), [(390, True), (1440, False)])
def test_a_narrow_screen_gives_its_room_to_the_image(browser: Browser, width: int, closed: bool) -> None:
    with opened(browser) as page:
        page.set_viewport_size({"width": width, "height": 844})
        again(page)
        mode = page.evaluate("window.config.modesConfiguration['@ohif/mode-longitudinal']")
    panels = mode["routes"]["0"]["layoutInstance"]["props"]
    assert (panels == {"leftPanelClosed": {"$set": True}, "rightPanels": {"$set": []}}) == closed
