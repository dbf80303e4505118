"""Where what is temporary goes."""

import os
import shutil

_MEMORY = "/dev/shm"  # noqa: S108 -- whoever uses it makes a directory of its own in it
_ROOM = 2 * 1024**3


def place() -> str | None:
    """In memory where there is room, because the engine makes thousands of small files. None stands for the usual place
    and for that of TMPDIR."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    return _MEMORY
