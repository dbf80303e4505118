"""Pages put together: query strings in one entry, and values in paths as stars. What is sent back finds the same."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from heatmaps import engine
from tests import reference
from tests.conftest import Api, Interactions
from tests.seeds import SEEDED, SEEDS
from tests.test_layout import UPSTREAM

SHOP = "https://shop.example"
UUID = "0d9b5a0c-6f2e-4f6d-9a3e-2b8c7d1e4f5a"


def add(interactions: Interactions, *urls: str) -> None:
    interactions.add_all([{"current_url": url} for url in urls])


def pages(api: Api, **parameters: Any) -> dict[str, dict[str, Any]]:
    return {page["url"]: page for page in api.pages(**parameters)["results"]}


def test_query_strings_and_fragments_are_put_together(api: Api, interactions: Interactions) -> None:
    add(interactions, f"{SHOP}/cart", f"{SHOP}/cart/?utm=1", f"{SHOP}:443/c%61rt#top", f"{SHOP}/#/cart", f"{SHOP}/cart")
    interactions.add(current_url="HTTPS://SHOP.example/cart?utm=2", type="rageclick", distinct_id="bob")
    first, second = api.pages(by="page")["results"]
    assert list(first) == [
        *("url", "total_count", "visitors", "first_seen", "last_seen", "types", "urls", "url_page"),
    ]
    assert (first["url"], first["url_page"]) == (f"{SHOP}/cart", f"{SHOP}/cart")
    assert (first["total_count"], first["visitors"], first["urls"]) == (5, 2, 4)
    assert [(one["type"], one["count"]) for one in first["types"]] == [("click", 4), ("rageclick", 1)]
    assert (second["url"], second["total_count"], second["urls"]) == (f"{SHOP}#/cart", 1, 1)


def test_punycode_is_the_host_that_it_stands_for(api: Api, interactions: Interactions) -> None:
    add(
        interactions,
        "https://xn--strae-oqa.example/a",
        "https://straße.example/a?x",
        "https://XN--strae-oqa.example:443/a",
    )
    (page,) = api.pages(by="page")["results"]
    assert (page["url_page"], page["total_count"]) == ("https://straße.example/a", 3)
    assert api.answer(url_page=page["url_page"])["fold"]["total_count"] == 3


def test_values_in_paths_are_stars(api: Api, interactions: Interactions) -> None:
    add(
        interactions,
        *(f"{SHOP}/user/{value}/orders" for value in ("12", "7", UUID, "deadbeef", "2026-03-30", "2026.3.1")),
        *(f"{SHOP}/user/{name}/orders" for name in ("ann", "12a", "beef", "me/")),
        f"{SHOP}/user/%31%32/orders?page=2",
    )
    found = pages(api, by="template")
    template = found.pop(f"{SHOP}/user/*/orders")
    assert (template["template"], template["total_count"], template["urls"]) == (f"{SHOP}/user/*/orders", 7, 7)
    assert set(found) == {f"{SHOP}/user/{name}/orders" for name in ("ann", "12a", "beef", "me/")}
    assert api.answer(url_pattern=template["url_pattern"])["fold"]["total_count"] == 7


def test_a_place_with_more_than_a_hundred_names_has_values(api: Api, interactions: Interactions) -> None:
    names = [f"{SHOP}/u/name-{n}x/{part}" for n in range(101) for part in ("", "settings")]
    add(interactions, *names, *(f"{SHOP}/v/name-{n}x" for n in range(100)), f"{SHOP}/u/5/settings")
    found = pages(api, by="template", limit=1000)
    assert found[f"{SHOP}/u/*"]["total_count"] == 101
    assert found[f"{SHOP}/u/*/settings"]["total_count"] == 102
    assert len(found) == 102
    for page in (found[f"{SHOP}/u/*"], found[f"{SHOP}/u/*/settings"]):
        assert api.answer(url_pattern=page["url_pattern"])["fold"]["total_count"] == page["total_count"]


@pytest.mark.parametrize("by", ["url", "page", "template"])
def test_pages_of_few_visitors_are_left_out_and_the_totals_stay_whole(
    api: Api, interactions: Interactions, by: str
) -> None:
    interactions.add_all([{"current_url": f"{SHOP}/a", "distinct_id": name} for name in ("ann", "bob")])
    interactions.add_all([{"current_url": f"{SHOP}/b"}] * 5)
    answer = api.pages(by=by, min_visitors=2, limit=1)
    assert [(page["url"], page["visitors"]) for page in answer["results"]] == [(f"{SHOP}/a", 2)]
    assert [one["count"] for one in answer["types"]] == [7]
    assert answer["has_more"] is False


def test_a_page_is_found_by_any_of_its_urls_and_whole(api: Api, interactions: Interactions) -> None:
    add(interactions, f"{SHOP}/cart?utm=1", f"{SHOP}/cart", f"{SHOP}/other")
    answer = api.pages(by="page", search="UTM=1")
    assert [(page["url"], page["total_count"]) for page in answer["results"]] == [(f"{SHOP}/cart", 2)]
    assert [one["count"] for one in answer["types"]] == [2]


def test_exact_times_and_paging(api: Api, interactions: Interactions) -> None:
    add(interactions, f"{SHOP}/1", f"{SHOP}/1", f"{SHOP}/b", f"{SHOP}/c?1", f"{SHOP}/c?2")
    assert api.pages(by="page", time_from="2026-03-30T12:00:00.000001")["results"] == []
    for by in ("page", "template"):
        whole = api.pages(by=by)["results"]
        assert len(whole) == 3
        assert [api.pages(by=by, limit=1, offset=n)["results"][0] for n in range(3)] == whole
        assert [api.pages(by=by, limit=1, offset=n)["has_more"] for n in range(3)] == [True, True, False]


def test_by_anything_else_is_refused(api: Api) -> None:
    response = api.get("/api/projects/1/heatmaps/pages/", {"by": "site"})
    assert response.status_code == 400
    assert b'"attr":"by"' in response.content  # type: ignore[attr-defined]


SEGMENTS = [
    "a",
    "b",
    "12",
    "007",
    "deadbeef",
    UUID,
    "2026-03-30",
    "%31",
    "%41",
    "%2F",
    "ü",
    "%C3%BC",
    "x*y",
    "*",
    "a.b",
]
ORIGINS = [SHOP, "HTTPS://Shop.example", f"{SHOP}:443", "http://shop.example", "https://xn--tda.e", "https://ü.e", ""]
ENDS = [
    "",
    "/",
    "//",
    "?q",
    "?q/",
    "#f",
    "#!",
    "#/",
    "#//",
    "#!/?x",
    "#/r/12",
    "#!/r/?x",
    "/?a#/r/12",
    "#r/",
    "#!r",
    "?a\nb#c\nd",
]


def random_url(random: Random) -> str:
    # A place with many names is made of few rows by other tests; here paths collide.
    path = "".join(f"/{random.choice(SEGMENTS)}" for _ in range(random.randrange(4)))
    return random.choice(ORIGINS) + path + random.choice(ENDS)


@pytest.mark.slow
@settings(SEEDED, max_examples=12)
@given(seed=SEEDS)
def test_sent_back_a_page_has_the_same_total(session: Api, interactions: Interactions, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- a test's, and no secret
    urls = [random_url(random) for _ in range(60)]
    if random.random() < 0.5:
        urls += [f"{SHOP}/a/name-{n}/{random.choice(SEGMENTS)}" for n in range(102)]
    interactions.clear()
    add(interactions, *urls)
    rows = [{"current_url": url.rstrip("/")} for url in urls]
    by_page: dict[str, set[str]] = {}
    for row in rows:
        by_page.setdefault(reference.page_of(row["current_url"]), set()).add(row["current_url"])
    found = session.pages(by="page", limit=1000)["results"]
    assert {page["url"]: page["urls"] for page in found} == {page: len(some) for page, some in by_page.items()}
    templates = session.pages(by="template", limit=1000)["results"]
    assert sum(page["total_count"] for page in found) == sum(page["total_count"] for page in templates) == len(urls)
    for page in [*random.sample(found, min(8, len(found))), *random.sample(templates, min(12, len(templates)))]:
        sent = {name: page[name] for name in ("url_page", "url_pattern") if name in page}
        assert session.answer(**sent)["fold"]["total_count"] == page["total_count"], page


def test_posthogs_own_table_gives_the_same(api: Api, interactions: Interactions) -> None:
    random = Random(7)  # noqa: S311 -- a test's, and no secret
    add(interactions, *(random_url(random) for _ in range(300)))
    asked: list[dict[str, Any]] = [
        {"by": by, **more} for by in ("url", "page", "template") for more in ({}, {"min_visitors": 1, "search": "A/"})
    ]
    asked += [{"by": "page", "min_visitors": 2}, {"by": "template", "type": "click", "limit": 2, "offset": 1}]
    ours = [api.pages(**parameters) for parameters in asked]
    columns = "session_id, team_id, distinct_id, timestamp, x, y, scale_factor, viewport_width, viewport_height"
    columns += ", pointer_target_fixed, current_url, type"
    with engine.writer() as client:
        client.command(UPSTREAM.replace("TABLE heatmaps", "TABLE heatmaps_theirs"))
        client.command(f"INSERT INTO heatmaps_theirs ({columns}) SELECT {columns} FROM heatmaps")
        client.command("EXCHANGE TABLES heatmaps AND heatmaps_theirs")
    engine.columns.cache_clear()
    try:
        assert [api.pages(**parameters) for parameters in asked] == ours
    finally:
        with engine.writer() as client:
            client.command("EXCHANGE TABLES heatmaps AND heatmaps_theirs")
            client.command("DROP TABLE heatmaps_theirs")
        engine.columns.cache_clear()
