"""Bodies that are files: what is told of them before they are read."""

from rest_framework.exceptions import ParseError
from rest_framework.request import Request


def announced_length(request: Request) -> int:
    """How many bytes the body has, as its header tells. Raises ParseError."""
    if "Content-Length" not in request.headers and "Transfer-Encoding" in request.headers:
        raise ParseError("Send the body with its Content-Length.")
    length = request.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit()):
        raise ParseError("Content-Length is not a number.")
    return int(length[:20])
