"""The report in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .conftest import PATIENCE_MILLISECONDS

ALL = "1020 of 1020 jobs, page 1 of 21"


@pytest.fixture(params=["light"])
def page(request: pytest.FixtureRequest, browser: Browser, thousand: Path) -> Iterator[Page]:
    """The report opened; whatever the browser complains about fails the test."""
    look = request.param
    opened = browser.new_page(
        viewport={"width": 390 if look == "phone" else 1280, "height": 900},
        color_scheme="dark" if look == "dark" else "light",
    )
    opened.set_default_timeout(PATIENCE_MILLISECONDS)
    complaints: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(thousand.as_uri())
    opened.wait_for_selector("#results tbody tr")
    yield opened
    opened.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def column(page: Page, name: str) -> list[str]:
    names = page.evaluate("JSON.parse(document.getElementById('table-data').textContent).names")
    return page.locator(f"#results tbody td:nth-child({names.index(name) + 1})").all_inner_texts()


def filter_of(page: Page, name: str) -> Any:
    return page.get_by_label(f"Filter {name}", exact=True)


def heading(page: Page, name: str) -> Any:
    """A column's button, to be pressed by key: a picture that is being drawn may move it."""
    return page.locator("#results th button").filter(has_text=name).first


@pytest.mark.parametrize("page", ["light", "dark", "phone"], indirect=True)
def test_every_picture_is_drawn_and_the_page_is_as_wide_as_the_screen(page: Page) -> None:
    places = page.locator(".figure")
    count = places.count()
    assert count >= 8
    for place in range(count):
        places.nth(place).scroll_into_view_if_needed()
        page.wait_for_function(
            "n => document.querySelectorAll('.figure')[n].querySelector('.main-svg')", arg=place
        )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_table_sorts_and_pages(page: Page) -> None:
    assert page.locator("#count").inner_text() == ALL
    heading(page, "error").press("Enter")
    errors = [float(text) for text in column(page, "error")]
    assert len(errors) == 50
    assert errors == sorted(errors, key=abs)  # the nearest to the exact energy first, not the lowest
    heading(page, "error").press("Enter")
    worst = [float(text) for text in column(page, "error")]
    assert worst == sorted(worst, key=abs, reverse=True)
    assert abs(worst[0]) > abs(errors[-1])
    page.locator("#next").press("Enter")
    assert abs(float(column(page, "error")[0])) <= abs(worst[-1])
    for _ in range(19):
        page.locator("#next").press("Enter")
    assert column(page, "error")[-4:] == [""] * 4  # what has no value comes last
    assert page.locator("#next").is_disabled()


def test_the_table_filters(page: Page) -> None:
    filter_of(page, "status").fill("failed")
    assert column(page, "job") == ["5", "77"]
    assert column(page, "reason") == ["exit code 1"] * 2
    filter_of(page, "status").fill("")
    filter_of(page, "shots").fill(">=300")
    filter_of(page, "optimizer").fill("=spsa")
    assert page.locator("#count").inner_text() == "170 of 1020 jobs, page 1 of 4"
    filter_of(page, "optimizer").fill("nothing has this")
    assert page.locator("#count").inner_text() == "0 of 1020 jobs, page 1 of 1"
    filter_of(page, "optimizer").fill("")
    filter_of(page, "shots").fill("")
    assert page.locator("#count").inner_text() == ALL


def test_a_thousand_jobs_stay_responsive(page: Page) -> None:
    # Not how fast this machine is: the page has 50 rows however many jobs there are, and a second is what
    # separates a table from a frozen browser.
    assert page.locator("#results tbody tr").count() == 50
    spent = page.evaluate(
        """() => {
            const begun = performance.now();
            for (const button of document.querySelectorAll('#results th button')) button.click();
            return (performance.now() - begun) / document.querySelectorAll('#results th button').length;
        }"""
    )
    assert spent < 1000


def test_a_picture_can_be_chosen_and_the_theme_switched(page: Page) -> None:
    choice = page.locator("#heat-map-0 select")
    choice.scroll_into_view_if_needed()
    page.wait_for_selector("#heat-map-0 .main-svg")
    before = page.locator("#heat-map-0 .xtitle").inner_html()
    choice.select_option(index=1)
    page.wait_for_function("t => document.querySelector('#heat-map-0 .xtitle').innerHTML !== t", arg=before)
    ground = "getComputedStyle(document.body).backgroundColor"
    colour = "getComputedStyle(document.querySelector('#heat-map-0 .xtitle')).fill"
    before = page.evaluate(f"[{ground}, {colour}]")
    page.locator("#theme").click()
    # Both change; or else this waits in vain.
    page.wait_for_function(f"b => {ground} !== b[0] && {colour} !== b[1]", arg=before)


def test_a_log_is_shown_as_text(page: Page) -> None:
    shown = page.locator("#failures pre").first
    assert "</script><b>bold</b>" in shown.inner_text()
