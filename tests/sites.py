"""Small sites of other people, on this machine: what they answer to each path, and what they were asked."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Mapping[str, str], str]


@dataclass(kw_only=True)
class Site:
    """A site that is up. Its pages may be changed meanwhile."""

    port: int = 0
    pages: dict[str, Reply | Callable[[BaseHTTPRequestHandler], object]] = field(default_factory=dict)
    # Of each request: its path, and its headers by their small names.
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def up(site: Site, *, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Answers at a free port until the end of the block. `port` of the site says which."""

    class Handler(BaseHTTPRequestHandler):
        # A browser may keep connections that it opened to be quick.
        timeout = 10

        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path.partition("?")[0], (404, {}, "no such page"))
            if callable(page):
                page(self)
                return
            status, headers, body = page
            content = body.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "text/html", "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 -- the library's name

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who asks may go away at any moment, and some tests are about that."""

    with Server((address, site.port), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
