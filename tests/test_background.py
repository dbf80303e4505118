"""A thread beside the requests of a process: one for each process, ended with it in order."""

import os
import threading
from multiprocessing import get_context
from pathlib import Path

from heatmaps.background import Background


def test_there_is_one_thread_and_another_after_it_ended() -> None:
    began: list[threading.Thread] = []
    go_on = threading.Event()

    def work() -> None:
        began.append(threading.current_thread())
        go_on.wait(10)

    background = Background("test", work, lambda: None, exit_priority=0)
    background.begin()
    background.begin()
    assert [thread.name for thread in began] == ["test"]
    go_on.set()
    background.join(10)
    background.begin()
    background.join(10)
    assert len(began) == 2


def test_a_child_has_its_own_which_ends_in_order_and_begins_no_more(tmp_path: Path) -> None:
    said = tmp_path / "said"

    def say(text: str) -> None:
        with said.open("a") as file:
            file.write(f"{'parent' if os.getpid() == parent else 'child'} {text}\n")

    def work() -> None:
        while later.goes_on(0.01):
            pass
        say("stopped")

    def end() -> None:
        later.join(10)
        later.begin()
        say("ended later")

    def begin() -> None:
        later.begin()
        sooner.begin()

    parent = os.getpid()
    sooner = Background("sooner", lambda: None, lambda: say("ended sooner"), exit_priority=2)
    later = Background("later", work, end, exit_priority=1)
    later.begin()
    # As if somebody had just been starting one.
    with later._lock:
        child = get_context("fork").Process(target=begin)
        child.start()
    child.join(20)
    assert child.exitcode == 0
    assert said.read_text().splitlines() == ["child ended sooner", "child stopped", "child ended later"]
    assert later._finalizer is not None
    later._finalizer()
    assert said.read_text().splitlines()[3:] == ["parent stopped", "parent ended later"]
