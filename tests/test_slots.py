"""Places are bounded, and one who asks for many does not keep out another."""

import threading
import time
from collections.abc import Callable

from heatmaps.engine.slots import FairSemaphore


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_no_more_are_let_in_than_there_are_places() -> None:
    places = FairSemaphore(2)
    assert places.acquire("a", 0)
    assert places.acquire("b", 0)
    assert not places.acquire("a", 0.01)
    places.release("b")
    assert places.acquire("a", 0)


def test_the_next_place_goes_to_who_holds_the_fewest() -> None:
    """A busy project holds both places and has three more waiting when a quiet one comes."""
    places = FairSemaphore(2)
    assert places.acquire("busy", 0)
    assert places.acquire("busy", 0)
    came: list[str] = []

    def come(holder: str) -> None:
        assert places.acquire(holder, 10)
        came.append(holder)

    threads = []
    for number, holder in enumerate(["busy", "busy", "busy", "quiet"], 1):
        threads.append(threading.Thread(target=come, args=(holder,)))
        threads[-1].start()
        wait_until(lambda number=number: sum(map(len, places._waiting.values())) == number)  # type: ignore[misc]
    for expected in (["quiet"], ["quiet", "busy"]):
        places.release("busy")
        wait_until(lambda expected=expected: came == expected)  # type: ignore[misc]
    for holder in ("quiet", "busy"):
        places.release(holder)
    for thread in threads:
        thread.join(10)
    assert came == ["quiet", "busy", "busy", "busy"]


def test_with_one_place_those_who_wait_take_turns() -> None:
    """Whoever asks for many at once would else have the place until all of them are done."""
    places = FairSemaphore(1)
    assert places.acquire("first", 0)
    came: list[str] = []

    def come(holder: str) -> None:
        assert places.acquire(holder, 10)
        came.append(holder)
        places.release(holder)

    threads = []
    for number, holder in enumerate(["busy", "busy", "busy", "quiet"], 1):
        threads.append(threading.Thread(target=come, args=(holder,)))
        threads[-1].start()
        wait_until(lambda number=number: sum(map(len, places._waiting.values())) == number)  # type: ignore[misc]
    places.release("first")
    for thread in threads:
        thread.join(10)
    assert came == ["busy", "quiet", "busy", "busy"]


def test_who_gave_up_waiting_gets_no_place() -> None:
    places = FairSemaphore(1)
    assert places.acquire("a", 0)
    assert not places.acquire("b", 0.01)
    places.release("a")
    assert not places._waiting
    assert places.acquire("c", 0)


def test_nobody_holds_more_than_their_part() -> None:
    places = FairSemaphore(4, most_of_one=3)
    assert [places.acquire("busy", 0.01) for _ in range(4)] == [True, True, True, False]
    assert places.acquire("quiet", 0)
    places.release("busy")
    assert places.acquire("busy", 0)
    places.release("quiet")
    # The place stays free for another, and who waits at the limit gets one of its own back.
    waiting = threading.Thread(target=places.acquire, args=("busy", 10))
    waiting.start()
    wait_until(lambda: bool(places._waiting))
    assert places.acquire("other", 0)
    places.release("busy")
    waiting.join(10)
    assert places._held == {"busy": 3, "other": 1}


def test_who_may_have_no_more_does_not_keep_a_place_from_the_service_itself() -> None:
    """A project has its part and waits for more. What is asked for nobody in particular came first, and holds more."""
    places = FairSemaphore(4, most_of_one=1)
    assert [places.acquire(holder, 0) for holder in (None, None, None, "busy")] == [True] * 4
    waiting = [threading.Thread(target=places.acquire, args=(holder, 10)) for holder in (None, "busy")]
    for number, thread in enumerate(waiting, 1):
        thread.start()
        wait_until(lambda number=number: len(places._waiting) == number)  # type: ignore[misc]
    places.release(None)
    waiting[0].join(5)
    assert places._held == {None: 3, "busy": 1}
    places.release("busy")
    waiting[1].join(5)
    assert places._held == {None: 3, "busy": 1}
    assert not places._waiting
