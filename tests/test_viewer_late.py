"""Replies that come late, in a real browser: each is shown with what it was asked for, or not at all."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, Route, expect

from tests import chromium, node
from tests.chromium import Held
from tests.processes import Service
from tests.test_viewer import Demo, Viewer
from tests.viewer_shop import browser, served_with, viewer

__all__ = ["browser", "viewer"]

if chromium.PATH is None:
    node.leave_out_module("The tests of late replies were left out, as they need Chromium.")

pytestmark = pytest.mark.slow

SITE = "https://late.example"
# How often each page was clicked on; beside them are more pages than are listed at once.
CLICKS = {"/busy": 9, "/calm": 7, "/other": 5}
PAGES = {**CLICKS, **{f"/more/{page}": 1 for page in range(60)}}
LOOKED_AT = {"project": "1", "date_from": "-7d", "show": "outline", "widths": "any"}
MAPS = "**/projects/1/heatmaps/?*include=coverage*"
SHARES = "**/projects/1/heatmaps/?*limit=1"
PAGE_LISTS = "**/projects/1/heatmaps/pages/?*"
GO = "query => { history.pushState(null, '', query); dispatchEvent(new PopStateEvent('popstate')); }"


def clicks() -> Iterator[dict[str, Any]]:
    moment = now() - timedelta(days=2)
    for path, count in PAGES.items():
        for visitor in range(count):
            yield {
                "distinct_id": f"visitor-{visitor}",
                "session_id": f"session-{visitor}",
                "current_url": f"{SITE}{path}",
                "viewport_width": 80,
                "viewport_height": 45,
                "type": "click",
                "x": 24,
                "y": 30,
                "timestamp": f"{moment:%Y-%m-%d %H:%M:%S}",
            }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Project 1 with its pages, and project 2 with nothing."""
    service = Service(directory=tmp_path_factory.mktemp("late"), environment={"RATE_LIMIT_ENABLED": "false"})
    with served_with(service, clicks(), [], ("few", ["visitor-1"])) as demo:
        code = (
            "from heatmaps.models import Organization, Project\n"
            "Project.objects.create(pk=2, name='Empty', organization=Organization.objects.get())"
        )
        service.result("shell", "-v0", "-c", code)
        yield demo


def ask(viewer: Viewer, **state: Any) -> Page:
    """Opens the viewer, and waits for nothing."""
    viewer.page.goto(f"{viewer.demo.origin}/?{urlencode({**LOOKED_AT, **state})}")
    return viewer.page


def opened(viewer: Viewer, **state: Any) -> Page:
    ask(viewer, **{"url": f"{SITE}/busy", **state})
    viewer.settle()
    viewer.wait_for_replies()
    return viewer.page


def go(viewer: Viewer, **state: Any) -> None:
    """As the way back does, which changes anything at once."""
    viewer.page.evaluate(GO, f"?{urlencode({**LOOKED_AT, **state})}")


def choose_page(page: Page, path: str) -> None:
    page.locator(f"#pages [data-url='{SITE}{path}']").click()


def leave_project(viewer: Viewer, asked: str, **state: Any) -> Page:
    """Goes to the project with nothing while a map is asked for, and lets the reply to what was `asked` come late."""
    held = Held(viewer.page, asked)
    page = ask(viewer, **state)
    expect(page.locator("#cancel")).to_be_visible()
    page.get_by_label("Project").select_option("Empty")
    expect(page.locator("#empty")).to_contain_text("No interaction has come in yet")
    held.let_go()
    viewer.wait_for_replies()
    return page


def test_the_map_of_a_project_that_was_left_is_not_shown_in_the_next(viewer: Viewer) -> None:
    page = leave_project(viewer, MAPS, url=f"{SITE}/busy")
    for selector in ("#progress", "#heat", "#problem"):
        expect(page.locator(selector)).to_be_hidden()
    expect(page.locator("#total")).to_be_empty()
    expect(page.locator("#shown-title")).to_have_text("No page")
    expect(page.locator("#picture")).to_have_attribute("aria-busy", "false")


def test_what_a_pattern_of_a_project_that_was_left_takes_in_is_not_asked_for_on(viewer: Viewer) -> None:
    page = leave_project(viewer, f"{PAGE_LISTS}search=*", pattern=f"{SITE}/.*")
    expect(page.locator("#empty")).to_contain_text("No interaction has come in yet")
    assert not any("/projects/2/heatmaps/?" in url for url in viewer.requests)


def test_nothing_is_drawn_before_its_answer_and_live_waits_for_it(viewer: Viewer) -> None:
    page = opened(viewer)
    held = Held(page, MAPS)
    choose_page(page, "/calm")
    expect(page.locator("#cancel")).to_be_visible()
    page.get_by_label("Colours").select_option("viridis")
    page.set_viewport_size({"width": 1100, "height": 700})
    # Longer than a window has to stay as it is; there is nothing else to wait for where nothing happens.
    page.wait_for_timeout(300)
    expect(page.locator("#heat")).to_be_hidden()
    expect(page.locator("#picture")).to_have_attribute("aria-busy", "true")
    page.get_by_label("Live").uncheck()
    page.get_by_label("Live").check()
    held.let_go()
    expect(page.locator("#total")).to_have_text(str(CLICKS["/calm"]))
    viewer.settle()
    expect(page.locator("#progress")).to_be_hidden()


def test_the_busiest_band_of_the_page_before_is_not_taken_for_the_next(viewer: Viewer) -> None:
    def answer(route: Route, busiest: str) -> None:
        is_busiest = busiest in route.request.url
        fold = {
            "total_count": int(is_busiest),
            "below_fold_count": 0,
            "pct_below_fold": 0,
            "median_viewport_height": None,
        }
        with viewer.page.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(json={"results": [], "fold": fold, "has_more": False})

    page = opened(viewer)
    held = Held(page, SHARES)
    for number, path in enumerate(("/calm", "/other"), 1):
        go(viewer, url=f"{SITE}{path}", widths="")
        held.wait(3 * number)
    for route in held.routes[:3]:
        answer(route, "viewport_width_max=480")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    for route in held.routes[3:]:
        answer(route, "viewport_width_min=1040")
    expect(page.locator("#total")).to_have_text(str(CLICKS["/other"]))
    assert viewer.state()["width_min"] == "1040"


@pytest.mark.parametrize(
    "state",
    [
        {"palette": "viridis", "opacity": "40"},
        {"radius": "8", "areas": '[{"name":"a","x":[0.1,0.5],"y":[100,900]}]'},
        {"opacity": "40", "areas": '[{"name":"a","x":[0.1,0.5],"y":[100,900]}]'},
    ],
)
def test_the_way_back_shows_all_that_it_changes(viewer: Viewer, state: dict[str, str]) -> None:
    page = opened(viewer, **state)
    # From where the clicks are to beyond them.
    places = [(0.3 + 0.002 * step, 480) for step in range(20)]

    def shown() -> tuple[Any, ...]:
        opacity = page.locator("#heat").evaluate("heat => getComputedStyle(heat).opacity")
        return viewer.pixels(places), opacity, page.locator("#areas-list li").count()

    wanted = shown()
    opened(viewer)
    assert shown() != wanted
    go(viewer, url=f"{SITE}/busy", **state)
    viewer.wait_for_replies()
    assert shown() == wanted


def test_what_a_pattern_took_in_before_is_not_taken_for_these_dates(viewer: Viewer) -> None:
    pattern = f"{SITE}/more/.*"
    held = Held(viewer.page, f"{PAGE_LISTS}date_from=-30d*search=*")
    page = ask(viewer, pattern=pattern, date_from="-30d")
    held.wait()
    go(viewer, pattern=pattern)
    expect(page.locator("#total")).to_have_text("60")
    held.let_go({"results": [], "types": [], "has_more": False})
    viewer.wait_for_replies()
    expect(page.locator("#matches")).to_have_text("Takes in 60 pages.")


def test_cohorts_of_a_project_that_was_left_are_not_those_of_the_next(viewer: Viewer) -> None:
    held = Held(viewer.page, "**/projects/1/cohorts/*")
    page = ask(viewer, url=f"{SITE}/busy")
    held.wait()
    page.get_by_label("Project").select_option("Empty")
    expect(page.locator("#empty")).to_contain_text("No interaction has come in yet")
    held.let_go()
    viewer.wait_for_replies()
    expect(page.locator("#cohort option")).to_have_text(["Everybody"])


def test_live_keeps_the_pages_that_were_listed_on_demand(viewer: Viewer) -> None:
    def one_more(route: Route) -> None:
        reply = route.fetch().json()
        reply["results"][0]["count"] += 1
        reply["coverage"]["count_total"] += 1
        route.fulfill(json=reply)

    page = opened(viewer)
    page.get_by_label("Live").uncheck()
    rows = page.locator("#pages .page")
    expect(rows).to_have_count(50)
    page.locator("#more-pages").click()
    expect(rows).to_have_count(len(PAGES))
    page.route(MAPS, one_more)
    with page.expect_response(PAGE_LISTS):
        page.get_by_label("Live").check()
    viewer.wait_for_replies()
    expect(page.locator("#said")).to_have_text("1 click came in.")
    expect(rows).to_have_count(len(PAGES))


def test_a_search_before_any_page_is_listed_finds_the_first_to_show(viewer: Viewer) -> None:
    held = Held(viewer.page, PAGE_LISTS, most=1)
    page = ask(viewer)
    held.wait()
    page.locator("#search").fill("calm")
    expect(page.locator("#shown-title")).to_have_text("late.example/calm")
    expect(page.locator("#total")).to_have_text(str(CLICKS["/calm"]))
    held.let_go()
    viewer.wait_for_replies()
    expect(page.locator("#shown-title")).to_have_text("late.example/calm")


def test_more_points_than_there_can_be_are_not_asked_for(viewer: Viewer) -> None:
    page = opened(viewer, limit="9999999")
    expect(page.locator("#problem")).to_be_hidden()
    expect(page.locator("#total")).to_have_text(str(CLICKS["/busy"]))
    assert "limit" not in viewer.state()
