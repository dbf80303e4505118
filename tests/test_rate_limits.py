"""How hits are counted: in the memory of a process, and in Redis for several."""

import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pytest_django import Settings
from structlog.testing import capture_logs

from heatmaps.access.moving_windows import SHARED_WINDOWS, MemoryStorage
from heatmaps.access.rate_limits import Budget, RateLimit
from tests.processes import Service, ask, redis_server, served

MINUTE = 60


class ManualStorage(MemoryStorage):
    """Its clock stands still, unless a test turns it."""

    seconds = 1_000.0

    def clock(self) -> float:  # type: ignore[override]
        return self.seconds


@pytest.fixture
def redis() -> Iterator[int]:
    with redis_server() as port:
        yield port


# --- In the memory of a process ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_limit_holds_for_each_of_100_000_callers_in_bounded_memory() -> None:
    storage, limit = ManualStorage(), 3
    tracemalloc.start()
    try:
        for turn in range(limit + 1):
            is_left = {storage.acquire_entry(f"caller {number}", limit, MINUTE) for number in range(100_000)}
            assert is_left == {turn < limit}
            storage.seconds += 1
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert storage.get_moving_window("caller 0", limit, MINUTE) == (1_000, limit)
    # docs/operations.md has what was measured.
    assert used < 100_000 * (400 + 8 * limit)


def test_a_hit_takes_little_more_than_8_bytes() -> None:
    storage, callers, limit = ManualStorage(), 50, 1_200
    tracemalloc.start()
    try:
        for number in range(callers):
            for _ in range(limit):
                storage.acquire_entry(f"caller {number}", limit, 60 * MINUTE)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < callers * (400 + 8 * limit * 1.2)


def test_strangers_push_nobodys_count_out() -> None:
    storage = ManualStorage(max_callers=1_000)
    assert [storage.acquire_entry("ann", 2, MINUTE) for _ in range(3)] == [True, True, False]
    with capture_logs() as lines:
        for number in range(20_000):
            storage.acquire_entry(f"stranger {number}", 2, MINUTE)
    assert storage.acquire_entry("ann", 2, MINUTE) is False
    assert [line["callers"] for line in lines] == [1_000]
    assert len(storage._windows) <= 1_000 + SHARED_WINDOWS
    # Strangers are counted, too: with others, so that none of them has more than the limit.
    allowed = Counter(storage.acquire_entry(f"stranger {number % 20_000}", 2, MINUTE) for number in range(60_000))
    assert allowed[True] <= 2 * (1_000 + SHARED_WINDOWS)
    storage.seconds += MINUTE
    assert storage.acquire_entry("ann", 2, MINUTE) is True


def test_expired_windows_go_by_themselves() -> None:
    storage = ManualStorage()
    for number in range(10_000):
        storage.acquire_entry(f"caller {number}", 5, MINUTE)
    storage.seconds += MINUTE
    for _ in range(6_000):
        storage.acquire_entry("ann", 5, MINUTE)
    assert list(storage._windows) == ["ann"]


@given(hits=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.5, 1, 9.5, 10, 11])), max_size=60))
def test_it_counts_as_a_plain_list_of_moments_would(hits: list[tuple[str, float]]) -> None:
    storage, limit, seconds = ManualStorage(), 3, 10
    moments: dict[str, list[float]] = {"a": [], "b": [], "c": []}
    for caller, pause in hits:
        storage.seconds += pause
        counted = [moment for moment in moments[caller] if moment > storage.seconds - seconds]
        oldest = counted[0] if counted else storage.seconds
        assert storage.get_moving_window(caller, limit, seconds) == (oldest, len(counted))
        assert storage.acquire_entry(caller, limit, seconds) == (len(counted) < limit)
        if len(counted) < limit:
            moments[caller].append(storage.seconds)
            assert storage.newest(caller) == storage.seconds


def test_threads_never_spend_more_than_there_is() -> None:
    limit = RateLimit("burst", 100, MINUTE)
    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(lambda _: limit.hit("ann"), range(500))) == {True: 100, False: 400}


def test_kinds_of_hits_are_counted_apart() -> None:
    assert RateLimit("burst", 1, MINUTE).hit("1") is True
    assert RateLimit("bad_keys", 1, MINUTE).hit("1") is True
    assert RateLimit("burst", 1, MINUTE).hit("1") is False


# --- In Redis ------------------------------------------------------------------------------------------------------


def budgets_and_hits(limit: RateLimit) -> list[bool | Budget | None]:
    return [step for _ in range(3) for step in (limit.budget("ann"), limit.hit("ann"))] + [limit.budget("ann")]


def test_redis_and_memory_count_alike(redis: int, settings: Settings) -> None:
    limit = RateLimit("burst", 2, MINUTE)
    in_memory = budgets_and_hits(limit)
    assert in_memory == [
        Budget(limit=2, remaining=2, next=0, reset=0),
        True,
        Budget(limit=2, remaining=1, next=0, reset=60),
        True,
        Budget(limit=2, remaining=0, next=60, reset=60),
        False,
        Budget(limit=2, remaining=0, next=60, reset=60),
    ]
    settings.CACHE_URL = f"redis://127.0.0.1:{redis}/0"
    assert budgets_and_hits(limit) == in_memory


def test_in_redis_one_more_is_left_when_that_was_told(redis: int, settings: Settings) -> None:
    settings.CACHE_URL = f"redis://127.0.0.1:{redis}/0"
    limit = RateLimit("burst", 2, 2)
    assert limit.hit("ann") is True
    time.sleep(0.5)
    assert [limit.hit("ann"), limit.hit("ann")] == [True, False]
    told = limit.budget("ann")
    assert told
    assert (told.remaining, told.next, told.reset) == (0, 2, 2)
    time.sleep(told.next - 0.4)
    assert limit.hit("ann") is True
    assert limit.hit("ann") is False


def test_in_redis_a_clock_that_is_set_back_keeps_nobody_waiting_longer_than_a_window(
    redis: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CACHE_URL = f"redis://127.0.0.1:{redis}/0"
    limit, right = RateLimit("burst", 2, 1), time.time
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: right() + 86_400)
        assert [limit.hit("ann"), limit.hit("ann")] == [True, True]
    assert limit.budget("ann") in {Budget(limit=2, remaining=0, next=1, reset=1), limit.budget("nobody")}
    until = time.monotonic() + 20
    while not limit.hit("ann"):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_two_processes_share_one_limit_in_redis(redis: int, tmp_path: Path) -> None:
    """At once, from many threads: of 200 requests exactly those of the budget pass."""
    variables = {"CACHE_URL": f"redis://127.0.0.1:{redis}/0", "RATE_LIMIT_BURST": "90/hour"}
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    one = Service(directory=first, environment=variables)
    one.migrate()
    key = one.make_project().key
    # An engine of its own, and the same projects and keys.
    other = Service(directory=second, environment=variables)
    other.migrate()
    other = Service(directory=second, environment=variables | {"DATABASE_URL": one.variables()["DATABASE_URL"]})
    with served(one) as first_port, served(other) as second_port, ThreadPoolExecutor(16) as threads:
        ports = [first_port, second_port] * 100
        path = "/api/projects/1/heatmaps/?limit=x"
        statuses = Counter(threads.map(lambda port: ask(port, path, Authorization=f"Bearer {key}")[0], ports))
    assert statuses == {400: 90, 429: 110}
