"""One load of a project at a time, of all processes that share its metadata database: a load asks what is stored and
then adds what is not, and nobody may add the same in between. Who holds the turn loses it by ending, killed or not."""

import fcntl
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_RETRY_SECONDS = 0.2
# Of a machine that is gone without a word, the database server learns after about so many seconds.
_KEEPALIVE = {"tcp_keepalives_idle": 20, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 4}

Try = Callable[[], bool]
Check = Callable[[], None]

_in_memory: dict[int, threading.Lock] = {}


@contextmanager
def turn(project_id: int, waiting: Callable[[], None]) -> Iterator[Check]:
    """Waits until no other load of the project is under way, and says so by `waiting` where it has to. Yields what
    raises DatabaseError when the turn was lost."""
    with ExitStack() as held:
        attempt, check = _turns(project_id, held)
        if not attempt():
            waiting()
            while not attempt():
                time.sleep(_RETRY_SECONDS)
        yield check


def _turns(project_id: int, held: ExitStack) -> tuple[Try, Check]:
    database = connections["default"]
    if database.vendor == "postgresql":
        return _of_postgresql(project_id, held)
    name = str(database.settings_dict["NAME"])
    if name.startswith("file:") or name == ":memory:":
        return _of_this_process(project_id, held)
    return _of_a_file(Path(f"{name}.load-{project_id}"), held)


def _of_this_process(project_id: int, held: ExitStack) -> tuple[Try, Check]:
    """SQLite in memory is nobody else's."""
    lock = _in_memory.setdefault(project_id, threading.Lock())

    def attempt() -> bool:
        if lock.acquire(blocking=False):
            held.callback(lock.release)
            return True
        return False

    return attempt, lambda: None


def _of_a_file(path: Path, held: ExitStack) -> tuple[Try, Check]:
    """A lock on a file beside SQLite's; the operating system takes it back when its holder ends."""
    file = held.enter_context(path.open("ab"))

    def attempt() -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    return attempt, lambda: None


def _of_postgresql(project_id: int, held: ExitStack) -> tuple[Try, Check]:
    """An advisory lock, which ends with its connection; one that nobody else has, so that nobody gives it back."""
    connection = connections.create_connection("default")
    held.callback(connection.close)
    key = int.from_bytes(hashlib.sha256(f"load of project {project_id}".encode()).digest()[:8], signed=True)
    for setting, value in _KEEPALIVE.items():
        _ask(connection, "SELECT set_config(%s, %s, false)", setting, str(value))

    def attempt() -> bool:
        if _ask(connection, "SELECT pg_try_advisory_lock(%s)", key):
            held.callback(release)
            return True
        return False

    def release() -> None:
        # A connection that broke has released it.
        with suppress(DatabaseError):
            _ask(connection, "SELECT pg_advisory_unlock(%s)", key)

    def check() -> None:
        if not _ask(connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"):
            raise DatabaseError("The turn to load was lost.")

    return attempt, check


def _ask(connection: BaseDatabaseWrapper, sql: str, *values: str | int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]
