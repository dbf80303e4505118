"""The browser SDK as npm ships it, in a real browser, fills the map: every visit's points and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import pytest

from tests import chromium, node
from tests.node import BROWSER
from tests.processes import Service, ask, served

if chromium.PATH is None or not node.is_there():
    node.leave_out_module(
        "The browser test was left out, as it needs Chromium, and Node 20 or newer with npm. On Debian: "
        "apt-get install chromium nodejs npm; where that Node is older, https://nodejs.org has a newer one."
    )

# One SDK of each way in which points were ever sent. tests/browser/package.json says which release each of them is.
VISITS: dict[str, dict[str, Any]] = {
    "1.150": {"sdk": "posthog-js-1.150"},
    "1.340": {"sdk": "posthog-js-1.340"},
    "1.409": {"sdk": "posthog-js-1.409"},
    "1.449": {"sdk": "posthog-js-1.449"},
    # From the page's own origin through the site's proxy, with the SDK's extensions built in.
    "1.449-full-same-origin": {"sdk": "posthog-js-1.449", "build": "dist/module.full.js", "same_origin": True},
}
# These do not begin anew at a single-page route: the depth of the page before counts for the next one as well.
KEEP_THE_DEPTH = {"1.150", "1.340", "1.409"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the service is served, and a key to it."""

    port: int
    key: str
    token: str

    def answer(self, path: str, **parameters: Any) -> Any:
        target = f"/api/projects/1/heatmaps/{path}?{urlencode(parameters)}"
        status, body = ask(self.port, target, Authorization=f"Bearer {self.key}")
        assert status == 200, body
        return orjson.loads(body)

    def points(self, **parameters: Any) -> list[tuple[float, int, bool, int]]:
        """x, y, whether fixed, and how often."""
        return [
            (point["pointer_relative_x"], point["pointer_y"], point["pointer_target_fixed"], point["count"])
            for point in self.answer("", **parameters)["results"]
        ]


@pytest.fixture(scope="module")
def sdks() -> None:
    node.install(BROWSER)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    service = Service(directory=tmp_path_factory.mktemp("capture"), environment={"RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    shop = service.make_project()
    with served(service) as port:
        yield Site(port=port, key=shop.key, token=shop.token)


@pytest.fixture(scope="module")
def visits(site: Site, sdks: None) -> dict[str, Any]:
    """What each visit did and saw, by its name; they are made side by side, each by a visitor of its own."""
    service = f"http://127.0.0.1:{site.port}"
    order = {
        "chromium": {"executablePath": chromium.PATH, "args": chromium.ARGUMENTS},
        "service": service,
        "api": f"{service}/api/projects/1/heatmaps/",
        "key": site.key,
        "token": site.token,
        "visits": [{"name": name, **visit} for name, visit in VISITS.items()],
    }
    done = node.run(BROWSER, "node", "visit.mjs", orjson.dumps(order).decode(), timeout=100)
    assert done.returncode == 0, done.stderr
    return {visit["name"]: visit for visit in orjson.loads(done.stdout)}


@pytest.fixture(params=VISITS)
def visit(request: pytest.FixtureRequest, visits: dict[str, Any]) -> Any:
    return visits[request.param]


# The page is seen through 1280 by 720 px and was scrolled by 500 px when all but the last of these happened. Where they
# are on the map, in hundredths of the width and in px down to a multiple of 16:
HEADER = (0.16, 16, True)  # at 200, 20 of the screen
PARAGRAPH = (0.24, 896, False)  # at 300, 900
BUTTON = (0.39, 1104, False)  # at 500, 1100
NOTHING = (0.7, 1008, False)  # at 900, 1000
LINK = (0.5, 2896, False)  # at 640, 2900


def test_clicks_are_where_they_were_made(site: Site, visit: Any) -> None:
    clicks = [(*BUTTON, 3), (*PARAGRAPH, 1), (*LINK, 1), (*HEADER, 1)]
    assert site.points(url_exact=visit["url"]) == clicks
    fold = site.answer("", url_exact=visit["url"])["fold"]
    assert fold == {"total_count": 5, "below_fold_count": 5, "pct_below_fold": 100.0, "median_viewport_height": 720}
    assert site.points(url_exact=visit["next_url"]) == []


def test_three_fast_clicks_are_a_rage_click_as_well(site: Site, visit: Any) -> None:
    assert site.points(type="rageclick", url_exact=visit["url"]) == [(*BUTTON, 1)]
    assert site.points(type="rageclick", url_exact=visit["next_url"]) == []


def test_clicks_that_change_nothing_are_dead(site: Site, visits: dict[str, Any]) -> None:
    dead = site.points(type="deadclick", url_exact=visits["1.449-full-same-origin"]["url"])
    # Which of the clicks after the first the SDK calls dead depends on how busy it is.
    assert (*HEADER, 1) in dead
    assert {(*HEADER, 1), (*PARAGRAPH, 1), (*BUTTON, 1)}.issuperset(dead)


def test_a_pointer_that_rests_is_seen_once_at_each_place(site: Site, visit: Any) -> None:
    rests = [(*PARAGRAPH, 1), (*NOTHING, 1), (*BUTTON, 1), (*LINK, 1), (*HEADER, 1)]
    assert site.points(type="mousemove", url_exact=visit["url"]) == rests
    assert site.points(type="mousemove", url_exact=visit["next_url"]) == []


def test_the_depth_of_each_page_is_told_when_it_is_left(site: Site, visit: Any) -> None:
    def depth(url: str) -> Any:
        return site.answer("", type="scrolldepth", url_exact=url)["results"]

    # The end of the page is at 3,000 px; the route was looked at from its top.
    end, top = 3000, 700
    after = end if visit["name"] in KEEP_THE_DEPTH else top
    assert depth(visit["url"]) == [{"cumulative_count": 1, "bucket_count": 1, "scroll_depth_bucket": end}]
    assert depth(visit["next_url"]) == [{"cumulative_count": 1, "bucket_count": 1, "scroll_depth_bucket": after}]


def test_points_lead_to_the_session_behind_them(site: Site, visit: Any) -> None:
    points = [{"x": x, "y": y, "target_fixed": fixed} for x, y, fixed in (HEADER, BUTTON, LINK)]
    behind = site.answer("events/", url_exact=visit["url"], points=orjson.dumps(points).decode())
    assert (behind["total_count"], behind["has_more"]) == (5, False)
    for interaction in behind["results"]:
        when = datetime.fromisoformat(interaction.pop("timestamp")).timestamp()
        # Some are sent with a time and some with how long ago it was, by a browser on this very machine.
        assert visit["began"] - 1 <= when <= visit["ended"] + 1
    who = {key: visit[key] for key in ("session_id", "distinct_id")}
    assert sorted(behind["results"], key=lambda one: one["pointer_y"]) == [
        {**who, "pointer_relative_x": x, "pointer_y": y, "current_url": visit["url"], "type": "click"}
        for x, y, _ in (HEADER, BUTTON, BUTTON, BUTTON, LINK)
    ]


def test_places_have_the_names_of_what_is_there(site: Site, visit: Any) -> None:
    """By what the SDK says of each click at once, where it tells of the place of the click only later."""
    areas = [
        {"name": name, "x": [x, x], "y": [y, y], "target_fixed": fixed}
        for name, (x, y, fixed) in {"button": BUTTON, "link": LINK, "nothing": NOTHING}.items()
    ]
    found = site.answer("areas/", url_exact=visit["url"], areas=orjson.dumps(areas).decode(), include="elements")
    button, link, nothing = (result["elements"] for result in found["results"])
    told = {"attr_id": None, "href": None, "count": 3, "share": 1.0}
    assert button == [{"tag_name": "button", "text": "Put into the basket", "selector": "button", **told}]
    assert link == [{"tag_name": "a", "text": "On to the cashier", "selector": "a", **told, "href": "next", "count": 1}]
    assert nothing == []


def test_visitors_are_told_apart(site: Site, visits: dict[str, Any]) -> None:
    everywhere = {"url_pattern": "*/shop/*", "aggregation": "unique_visitors"}
    assert site.points(**everywhere) == [(*place, len(visits)) for place in (PARAGRAPH, BUTTON, LINK, HEADER)]
    assert len({visit["session_id"] for visit in visits.values()}) == len(visits)


def test_the_events_of_a_visit_can_be_filtered_by(site: Site, visit: Any) -> None:
    def rage_of_sessions_with(event: str) -> int:
        return len(site.points(type="rageclick", url_exact=visit["url"], events=f'[{{"id":"{event}"}}]'))

    assert [rage_of_sessions_with(event) for event in ("$autocapture", "$pageleave", "$$heatmap")] == [1, 1, 0]
    # A new project takes visitors of localhost for its own people.
    assert site.points(url_exact=visit["url"], filter_test_accounts="true") == []


def test_points_are_sent_while_the_page_is_open_and_when_it_is_left(visit: Any) -> None:
    assert (visit["stored_while_open"], visit["stored_when_left"]) == (True, True)


def test_the_sdk_is_content_and_asks_nobody_else(site: Site, visit: Any) -> None:
    page = urlsplit(visit["url"]).netloc
    service = page if "same-origin" in visit["name"] else f"127.0.0.1:{site.port}"
    assert {urlsplit(request["url"]).netloc for request in visit["requests"]} == {page, service}
    posts = {request["status"] for request in visit["requests"] if request["method"] == "POST"}
    assert posts == {200}
    # The SDK's extensions are not served, and it gets along without them.
    assert [complaint for complaint in visit["complaints"] if "/static/" not in complaint] == []
