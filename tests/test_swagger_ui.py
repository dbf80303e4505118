"""Swagger UI in a real browser: what it fills in by itself is a request that answers."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Page, expect

from tests import chromium, node
from tests.processes import Service, served

if chromium.PATH is None:
    node.leave_out_module(
        "The tests of Swagger UI were left out, as they need Chromium. On Debian: apt-get install chromium."
    )

OPERATIONS = [
    "heatmaps_list",
    "heatmaps_events_retrieve",
    "heatmaps_pages_list",
    "environments_heatmaps_list",
    "cohorts_list",
    "projects_list",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Swagger UI of a service with a small demo, whose user is signed in."""
    directory: Path = tmp_path_factory.mktemp("demo")
    service = Service(directory=directory, environment={"DEMO": "true"})
    demo = orjson.loads(service.result("demo", "--no-serve", "--json", "--rows", "2000"))
    assert demo["project_id"] == 1
    with served(service) as port, chromium.launched() as browser, browser.new_page() as page:
        page.set_default_timeout(10_000)
        origin = f"http://127.0.0.1:{port}"
        page.goto(demo["sign_in_url"].replace("http://127.0.0.1:8000", origin))
        page.goto(f"{origin}/api/schema/swagger-ui/")
        yield page


@pytest.mark.parametrize("operation", OPERATIONS)
def test_try_it_out_and_execute_untouched_answers(page: Page, operation: str) -> None:
    block = page.locator(f"#operations-heatmaps-{operation}")
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    asked = block.locator(".request-url pre").inner_text()
    # Nothing that leaves out what is there.
    assert not any(name in asked for name in ("url_", "viewport_", "cohort_ids", "search"))
    block.locator(".opblock-summary").click()
