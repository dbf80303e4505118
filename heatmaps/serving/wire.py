"""What passes between the front process and a thread that answers, over a socket of the machine: frames.

A frame is a letter, the length of what follows, and that. Both ends are processes of one start of one program.
"""

import marshal
import struct
from typing import Any

# The first word of a thread: which process it belongs to.
HELLO = struct.Struct("!I")
HEADER = struct.Struct("!cI")

# To a thread: the environment of the request, and its body.
REQUEST = b"Q"
# In the environment, the file that has the body instead.
BODY_FILE = "heatmaps.body_file"
# Back from it: status and headers, pieces of the body, and how it ended.
HEAD = b"H"
BODY = b"B"
END = b"E"
BROKEN = b"X"

Head = tuple[int, list[tuple[str, str]]]


def frame(kind: bytes, content: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(content)) + content


def request(environ: dict[str, Any], body: bytes) -> bytes:
    return frame(REQUEST, marshal.dumps((environ, body)))


def request_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    environ, body = marshal.loads(content)  # noqa: S302 -- from a process of our own
    return environ, body


def head(status: str, headers: list[tuple[str, str]]) -> bytes:
    return frame(HEAD, marshal.dumps((int(status[:3]), headers)))


def head_of(content: bytes) -> Head:
    status, headers = marshal.loads(content)  # noqa: S302 -- from a process of our own
    return status, headers
