"""No event is lost and none counts twice: sent again, sent at once, killed in between, with an engine that fails."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import orjson
import pytest

from heatmaps import engine
from heatmaps.capture import batching, projects, storage
from heatmaps.capture.captured import Captured, Key, StoredEvent
from heatmaps.capture.points import Points
from heatmaps.capture.storage import Store
from tests.capture import NOW, POINT, URL, Browser, event, rows, stored, stored_events
from tests.capture import browser as browser  # noqa: PLC0414 -- a fixture

TABLES = ["heatmaps", "events", "captured_events"]


def captured(number: int = 0) -> Captured:
    """An event with two points and a row of its own."""
    return Captured(
        key=Key(1, number or uuid4().int),
        happened_at=NOW,
        distinct_id="ann",
        session_id="session",
        points=Points(67, 83, x=[1, 2], y=[1, 2], is_fixed=[False, True], url=[URL, URL], type=["click", "click"]),
        event=StoredEvent(uuid=str(uuid4()), name="click", properties="{}", elements_chain=""),
    )


def counts() -> tuple[int, int]:
    return len(stored()), len(stored_events())


def inserts() -> int:
    """How many parts have ever been made in the tables."""
    [found] = rows(
        "SELECT sum(parts) AS parts FROM (SELECT max(max_block_number) - min(min_block_number) + 1 AS parts"
        " FROM system.parts WHERE database = currentDatabase() AND table IN {tables:Array(String)} AND active"
        " GROUP BY table, partition)",
        tables=TABLES,
    )
    return int(found["parts"])


@pytest.fixture
def crowd(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[bytes]], list[int]]:
    """Posts all bodies at once, and tells how each was answered."""
    # The other threads do not see what the test has put into the metadata database.
    monkeypatch.setattr(projects, "KNOWN_FOR_SECONDS", 1_000)
    assert projects.owner(browser.token)

    def post(bodies: list[bytes]) -> list[int]:
        together = threading.Barrier(len(bodies))

        def one(body: bytes) -> int:
            together.wait()
            return browser.ask("POST", "/e/", body).status_code

        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(one, bodies))

    return post


# --- Together ------------------------------------------------------------------------------------------------------


def test_two_hundred_posts_at_once_make_a_handful_of_parts(
    browser: Browser, crowd: Callable[[list[bytes]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "PARTS_A_SECOND", 4.5)
    answers = crowd([browser.zipped(event(), event(event="x")) for _ in range(200)])
    assert answers == [200] * 200
    assert counts() == (400, 200)
    batching._writer.stop()
    assert inserts() <= 20


def test_groups_follow_each_other_at_a_pace(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(batching, "PARTS_A_SECOND", 4.0)
    monkeypatch.setattr("heatmaps.capture.batching.sleep", waited.append)
    monkeypatch.setattr("heatmaps.capture.batching.monotonic", lambda: 100.0)
    for _ in range(5):
        browser.send(event())
    # Each makes two parts, and three may be made at once. A clock that stands still adds up what is owed.
    assert waited == [0, 0, 0.25, 0.75, 1.25]


def test_a_group_ends_where_it_has_rows_enough(
    browser: Browser, crowd: Callable[[list[bytes]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "GROUP_ROWS", 25)
    assert crowd([browser.zipped(event(*[POINT] * 10)) for _ in range(20)]) == [200] * 20
    sizes = rows("SELECT count() AS rows FROM heatmaps GROUP BY _partition")
    assert sum(size["rows"] for size in sizes) == 200
    assert max(size["rows"] for size in sizes) <= 20


# --- Sent again ----------------------------------------------------------------------------------------------------


def test_a_post_that_is_sent_again_adds_nothing(browser: Browser) -> None:
    one, other = event(event="x"), event()
    for _ in range(2):
        browser.send(one, other)
    assert counts() == (2, 1)
    # Among others, in another order, in a request of its own.
    browser.send(event(), other, one)
    assert browser.post({**other, "api_key": browser.token}).status_code == 200
    assert counts() == (3, 1)


def test_a_uuid_is_one_however_it_is_written(browser: Browser) -> None:
    uuid = uuid4()
    browser.send(*(event(uuid=text) for text in (str(uuid), str(uuid).upper(), uuid.hex)))
    assert counts() == (1, 0)


@pytest.mark.parametrize(
    "uuid",
    [..., None, "", "x", 5, "0" * 32, "018f3c1e-7a6b-7c3d-8e9f-0123456789a", ["018f3c1e-7a6b-7c3d-8e9f-0123456789ab"]],
)
def test_without_a_usable_uuid_an_event_counts_at_every_post(browser: Browser, uuid: Any) -> None:
    post = browser.zipped(event(event="x", uuid=uuid), event(event="x", uuid=uuid))
    for _ in range(3):
        assert browser.ask("POST", "/e/", post).status_code == 200
    assert counts() == (6, 6)
    [different] = rows("SELECT uniqExact(uuid) AS uuids FROM events")
    assert different == {"uuids": 6}


def test_a_get_that_is_sent_again_adds_nothing(browser: Browser) -> None:
    data = orjson.dumps({**event(), "api_key": browser.token}).decode()
    for number in range(2):
        assert browser.client.get("/e/", {"data": data, "_": str(number)}).status_code == 200
    assert counts() == (1, 0)


def test_equal_points_of_different_events_all_count(browser: Browser) -> None:
    browser.send(event(POINT, POINT), event(POINT))
    browser.send(event(POINT))
    assert counts() == (4, 0)


def test_a_uuid_twice_in_one_post_counts_once(browser: Browser) -> None:
    one = event(event="x")
    browser.send(one, one, event(), one)
    assert counts() == (2, 1)


def test_projects_do_not_share_their_uuids(browser: Browser) -> None:
    number = uuid4().int
    events = [captured(number), captured(number)]
    events[1].key = Key(2, number)
    Store().put(events)
    assert counts() == (4, 2)


def test_the_same_post_from_many_at_once_counts_once(
    browser: Browser, crowd: Callable[[list[bytes]], list[int]]
) -> None:
    posts = [browser.zipped(event(), event(event="x")) for _ in range(5)]
    assert crowd(posts * 10) == [200] * 50
    assert counts() == (10, 5)


# --- Killed in between ---------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, step: str, *, before: bool) -> Iterator[None]:
    """The process ends before or after a step."""
    owner: Any = Store if hasattr(Store, step) else storage
    happens = getattr(owner, step)

    def last(*arguments: Any) -> None:
        if not before:
            happens(*arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, last)
        with pytest.raises(Killed):
            yield


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", ["_claim", "_judge", "insert_points", "insert_events"])
def test_a_kill_at_any_step_loses_and_doubles_nothing(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, step: str, *, before: bool
) -> None:
    # As a minute later, when no other process can be at it any more.
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    events = [captured() for _ in range(3)]
    # Twice in a row, with other company.
    for some in (events[:2], events[1:]):
        with killed(monkeypatch, step, before=before):
            Store().put(some)
    for _ in range(2):
        # A new process, which has nothing in its memory.
        assert Store().put([*events, captured(7)])[0] == set()
    assert counts() == (8, 4)


def test_what_is_complete_is_noted_and_need_not_be_looked_for(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Store()
    events = [captured(), captured()]
    first.put(events[:1])
    # With the claims of the next group, or after a rest.
    first.put(events[1:])
    first.mark()
    assert not first.has_marks
    monkeypatch.setattr(storage, "_found", lambda *_: pytest.fail("It looked among the rows."))
    Store().put(events)
    assert counts() == (4, 2)


def test_after_a_rest_it_is_noted_what_is_complete(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "REST_SECONDS", 0.01)
    marked = threading.Event()
    mark = Store.mark

    def mark_and_tell(self: Store) -> None:
        mark(self)
        marked.set()

    monkeypatch.setattr(Store, "mark", mark_and_tell)
    browser.send(event())
    assert marked.wait(5)
    assert rows("SELECT count() AS marks FROM captured_events WHERE team_id = 0") == [{"marks": 1}]


# --- Several processes ---------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a ClickHouse server, a claim of another process may be of one that is still at work."""
    monkeypatch.setattr(
        storage, "_is_settled", lambda claim: claim.age_milliseconds > storage.SETTLED_AFTER_MILLISECONDS
    )


def test_what_another_process_may_be_storing_is_to_be_sent_again(
    browser: Browser, server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = captured()
    with killed(monkeypatch, "insert_points", before=True):
        Store().put([one])
    other = captured()
    undecided, _ = Store().put([one, other])
    assert undecided == {one.key}
    assert counts() == (2, 1)
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    assert Store().put([one, other])[0] == set()
    assert counts() == (4, 2)


def test_a_request_with_something_undecided_is_503(
    browser: Browser, server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = browser.zipped(event(), event())
    with monkeypatch.context() as patch:
        patch.setattr(storage, "insert_points", lambda *_: (_ for _ in ()).throw(engine.EngineUnavailable("gone")))
        assert browser.ask("POST", "/e/", post).status_code == 503
    response = browser.ask("POST", "/e/", post)
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    assert browser.ask("POST", "/e/", post).status_code == 200
    assert counts() == (2, 0)


def test_of_two_processes_with_one_event_at_least_one_gives_way(
    browser: Browser, server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = captured()
    claims = storage._claims
    others: list[set[Key]] = []

    def meanwhile(*arguments: Any) -> Any:
        """Another process begins and ends between one's claim and its look."""
        if not others:
            others.append(set())
            others[0] = Store().put([one])[0]
        return claims(*arguments)

    monkeypatch.setattr(storage, "_claims", meanwhile)
    assert Store().put([one])[0] == {one.key}
    assert others == [{one.key}]
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    assert Store().put([one])[0] == set()
    assert counts() == (2, 1)


def test_rows_are_not_inserted_long_after_their_claim(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    one = captured()
    with monkeypatch.context() as patch:
        patch.setattr(storage, "CLAIM_SECONDS", -1)
        with pytest.raises(engine.EngineBusy):
            Store().put([one])
    assert counts() == (0, 0)
    Store().put([one])
    assert counts() == (2, 1)


# --- An engine that fails ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [engine.EngineUnavailable("gone"), engine.EngineError("no", 241), OSError()])
def test_without_an_engine_a_post_is_to_come_again_and_then_is_stored(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(storage, "SETTLED_AFTER_MILLISECONDS", -1)
    post = browser.zipped(event(), event(event="x"))
    for step in ("_claim", "_judge", "insert_points", "insert_events"):
        with monkeypatch.context() as patch:
            patch.setattr(Store if hasattr(Store, step) else storage, step, lambda *_: (_ for _ in ()).throw(error))
            response = browser.ask("POST", "/e/", post, origin="https://shop.example")
        assert (response.status_code, response["Retry-After"]) == (503, "1")
        assert response["Access-Control-Allow-Origin"] == "https://shop.example"
    assert browser.ask("POST", "/e/", post).status_code == 200
    assert counts() == (2, 1)


def test_no_more_waits_than_there_is_memory_for(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_ROWS_WAITING", 3)
    stuck, goes_on = threading.Event(), threading.Event()
    put = Store.put

    def slowly(self: Store, group: Any) -> Any:
        stuck.set()
        assert goes_on.wait(10)
        return put(self, group)

    monkeypatch.setattr(Store, "put", slowly)
    writer = batching._writer
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(writer.put, [captured()])]
        assert stuck.wait(10)
        waiting.append(pool.submit(writer.put, [captured()]))
        while not writer._queue:
            pass
        response = browser.ask("POST", "/e/", browser.zipped(event(POINT, POINT)))
        assert (response.status_code, response["Retry-After"]) == (503, "1")
        goes_on.set()
        for one in waiting:
            one.result(10)
    assert counts() == (4, 2)
    assert (writer._rows, writer._bytes) == (0, 0)


def test_nobody_waits_for_ever(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_SECONDS_WAITING", 0.05)
    goes_on = threading.Event()
    put = Store.put
    monkeypatch.setattr(Store, "put", lambda self, group: (goes_on.wait(10), put(self, group))[1])
    post = browser.zipped(event())
    assert browser.ask("POST", "/e/", post).status_code == 503
    monkeypatch.setattr(batching, "MAX_SECONDS_WAITING", 10)
    goes_on.set()
    assert browser.ask("POST", "/e/", post).status_code == 200
    assert counts() == (1, 0)
