"""A request as WSGI has it."""

from typing import Any
from urllib.parse import unquote_to_bytes

# Names that WSGI has without HTTP_.
_PLAIN = {"CONTENT_TYPE", "CONTENT_LENGTH"}


def environ_of(scope: Any, prefix: str = "") -> dict[str, Any]:
    """The environment of a request, without what belongs to the process that answers. A prefix of all paths under
    which the service is reached is taken off, where the proxy in front has left it on."""
    path = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        path = path[len(prefix) :] or "/"
    client, server = scope["client"] or ("", 0), scope["server"] or ("", 0)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": prefix,
        "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "RAW_URI": scope["target"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str(client[0]),
        "wsgi.url_scheme": "http",
    }
    for name, value in scope["headers"]:
        # `X_Forwarded_For` would become what a proxy's `X-Forwarded-For` becomes.
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in _PLAIN else f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ
