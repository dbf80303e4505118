"""How often a key may ask."""

import time
from collections.abc import Callable

import pytest
from pytest_django import Settings

from heatmaps.access.moving_windows import MemoryStorage
from heatmaps.access.throttling import PersonalAPIKeyThrottle
from heatmaps.models import PersonalAPIKey, Project, User
from tests.conftest import Api, document

HEATMAPS = "/api/projects/1/heatmaps/"


class Clock:
    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(MemoryStorage, "clock", staticmethod(clock))
    return clock


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def set_rates(burst: str, sustained: str) -> None:
        monkeypatch.setattr(PersonalAPIKeyThrottle, "THROTTLE_RATES", {"burst": burst, "sustained": sustained})

    return set_rates


def ask(api: Api, times: int) -> list[int]:
    # A bad parameter costs as much of the budget as a good one, and no time.
    return [api.list(limit="x").status_code for _ in range(times)]


def test_the_rates_of_the_contract() -> None:
    assert PersonalAPIKeyThrottle.THROTTLE_RATES == {"burst": "240/minute", "sustained": "1200/hour"}


def test_the_241st_request_within_a_minute_is_refused(api: Api, clock: Clock) -> None:
    assert ask(api, 240) == [400] * 240
    clock.seconds += 59.5
    response = api.list()
    assert response.status_code == 429
    assert document(response) == {
        "type": "throttled_error",
        "code": "throttled",
        "detail": "Request was throttled. Expected available in 1 second.",
        "attr": None,
    }
    assert response["Retry-After"] == "1"
    clock.seconds += 1
    assert api.list().status_code == 200


def test_retry_after_is_the_longer_of_the_two_waits_and_enough(
    api: Api, clock: Clock, rates: Callable[[str, str], None]
) -> None:
    rates("2/minute", "3/hour")
    assert ask(api, 2) == [400, 400]
    # It is the third that counts for the hour, so that waiting for the minute would not do.
    assert api.list()["Retry-After"] == "3600"
    clock.seconds += 61
    refused = api.list()
    assert (refused.status_code, refused["Retry-After"]) == (429, str(3600 - 61))
    clock.seconds += 3600 - 61
    assert api.list().status_code == 200


def test_every_reply_to_a_key_tells_its_budget(api: Api, clock: Clock, rates: Callable[[str, str], None]) -> None:
    rates("3/minute", "1000/hour")

    def budget() -> tuple[int, str, str, str]:
        response = api.list()
        return (
            response.status_code,
            response["RateLimit-Limit"],
            response["RateLimit-Remaining"],
            response["RateLimit-Reset"],
        )

    assert budget() == (200, "3", "2", "60")
    clock.seconds += 10
    assert budget() == (200, "3", "1", "60")
    assert [api.list(limit="x")[f"RateLimit-{name}"] for name in ("Remaining",)] == ["0"]
    assert budget() == (429, "3", "0", "60")
    for path in ("/api/projects/99/heatmaps/", "/api/projects/1/heatmaps/"):
        assert api.get(path).has_header("RateLimit-Limit")
    assert api.ask("POST", HEATMAPS).has_header("RateLimit-Limit")
    assert api.get(HEATMAPS, accept="text/html").has_header("RateLimit-Limit")


def test_refusals_before_the_throttle_cost_nothing(api: Api, rates: Callable[[str, str], None]) -> None:
    rates("1/minute", "1/hour")
    assert [api.list(project=99).status_code for _ in range(3)] == [404] * 3
    assert [api.ask("POST", HEATMAPS).status_code for _ in range(3)] == [403] * 3
    assert [api.list().status_code for _ in range(2)] == [200, 429]


def test_a_key_has_one_budget_for_all_projects_and_endpoints(
    api: Api, project: Project, rates: Callable[[str, str], None]
) -> None:
    Project.objects.create(pk=3, name="Blog", organization=project.organization)
    rates("4/minute", "1000/hour")
    paths = [
        "projects/1/heatmaps/",
        "environments/3/heatmaps/",
        "projects/3/heatmaps/events/",
        "heatmap/",
        "heatmap/events/",
    ]
    assert [api.get(f"/api/{path}").status_code for path in paths] == [200, 200, 400, 200, 429]


def test_each_key_has_its_own_budget(api: Api, user: User, rates: Callable[[str, str], None]) -> None:
    rates("1/minute", "1000/hour")
    second = Api(PersonalAPIKey.make(user, "second")[1])
    assert ask(api, 2) == [400, 429]
    assert ask(second, 2) == [400, 429]


def test_a_key_in_the_query_has_a_budget_too(anonymous: Api, user: User, rates: Callable[[str, str], None]) -> None:
    rates("1/minute", "1000/hour")
    parameters = {"personal_api_key": PersonalAPIKey.make(user, "in the query")[1]}
    assert [anonymous.get(HEATMAPS, parameters).status_code for _ in range(2)] == [200, 429]


def test_sessions_are_not_limited_and_told_nothing(session: Api, rates: Callable[[str, str], None]) -> None:
    rates("1/minute", "1/hour")
    responses = [session.list() for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3
    assert not any(response.has_header("RateLimit-Limit") for response in responses)


def test_a_switch_turns_it_off(api: Api, settings: Settings, rates: Callable[[str, str], None]) -> None:
    rates("1/minute", "1/hour")
    settings.RATE_LIMIT_ENABLED = False
    responses = [api.list() for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3
    assert not any(response.has_header("RateLimit-Limit") for response in responses)
