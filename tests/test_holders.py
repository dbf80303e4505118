"""For whom a request is: nobody gets another turn by making something up."""

from typing import Any

import pytest

from heatmaps.front import holders
from heatmaps.front.holders import Holders


def environ(path: str, *, method: str = "GET", query: str = "", **headers: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "192.0.2.1",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }


@pytest.mark.parametrize("credential", [{"authorization": "Bearer k"}, {"query": "a=1&personal_api_key=k"}])
def test_who_opened_something_has_the_turn_of_the_project_or_their_own(credential: dict[str, str]) -> None:
    one = Holders()
    of_project = environ("/api/environments/7/heatmaps/", **credential)
    assert one.holder_of(of_project) == "192.0.2.1"
    one.opened(of_project)
    assert one.holder_of(of_project) == 7
    assert isinstance(one.holder_of(environ("/api/projects/", **credential)), bytes)
    assert one.holder_of(environ("/api/projects/7/heatmaps/", authorization="Bearer other")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/", "GET"),
        ("/admin/", "GET"),
        ("/admin/login/", "GET"),
        ("/e/", "POST"),
        ("/_health", "GET"),
        ("/static/a.js", "GET"),
        ("/api/schema/", "GET"),
        ("/api/schema/redoc/", "GET"),
        ("/api/projects/7/heatmaps/", "OPTIONS"),
    ],
)
@pytest.mark.parametrize("credential", [{"authorization": "Bearer made up"}, {"cookie": "sessionid=made-up"}])
def test_what_anybody_may_ask_opens_nothing(path: str, method: str, credential: dict[str, str]) -> None:
    one = Holders()
    one.opened(environ(path, method=method, **credential))
    assert one.holder_of(environ("/api/projects/7/heatmaps/", **credential)) == "192.0.2.1"


def test_those_who_have_not_come_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "MOST_KNOWN", 2)
    one = Holders()
    asked = [environ("/api/projects/7/", authorization=f"Bearer {number}") for number in range(3)]
    one.opened(asked[0])
    one.opened(asked[1])
    assert one.holder_of(asked[0]) == 7
    one.opened(asked[2])
    assert [one.holder_of(request) for request in asked] == [7, "192.0.2.1", 7]
