"""What the driver raises leaves the engine as one of these."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
# ClickHouse's own number for it.
_NOT_ENOUGH_SPACE = 243


class EngineError(Exception):
    """ClickHouse refused or gave up a query. `code` is its error number, None when it never answered.

    The text is for logs and for whoever runs the service, never for a caller of the API.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class EngineUnavailable(EngineError):
    """There is no engine to ask: it cannot be opened or reached, or the connection broke."""


class ValueTooLong(EngineError):
    """A server takes no parameter as long as one of the question's."""


class TooManyCells(EngineError):
    """A picture needs more cells than the engine may answer with."""


class EngineBusy(EngineError):
    """Every place for a query was taken for as long as one may wait."""


@contextmanager
def driver_errors() -> Iterator[None]:
    try:
        yield
    except ClickHouseError as error:
        if lost_connection(error):
            raise EngineUnavailable(str(error)) from error
        if "HTML Form Exception: Field value too long" in str(error):
            raise ValueTooLong(str(error)) from error
        raise EngineError(str(error), getattr(error, "code", None)) from error
    except OSError as error:
        # What the driver writes down for the embedded engine needs room, too.
        if error.errno not in _NO_ROOM:
            raise
        raise EngineError(str(error), _NOT_ENOUGH_SPACE) from error


def lost_connection(error: ClickHouseError) -> bool:
    return getattr(error, "code", None) is None
