"""A ClickHouse server for the tests, where no package of one can be had: ClickHouse's HTTP interface, as version 26.9
speaks it, over the embedded engine of the same version.

    python -m tests.clickhouse_server [--port N] [--directory D] [--account NAME:PASSWORD[:READONLY]]… [--config FILE]

prints its URL and serves until it is stopped. With a command behind the options it runs that, with TEST_CLICKHOUSE_URL
naming the server, and ends with it. What the engine does is the engine's: SQL, parameters, settings, limits
and error numbers. What a server does around it is written here after ClickHouse's own sources: accounts, form fields
and their limits, formats and compression, error replies, a reply that breaks off. There are no sessions, no progress
of mutations, and a request line may have 64 KiB where a server takes 1 MiB.
"""

import argparse
import gzip
import json
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from base64 import b64decode
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import chdb
import lz4.frame  # type: ignore[import-untyped]
from backports import zstd

from tests import temporary

# What a server keeps of a reply until it sends the status line, when the caller does not wait for the end.
BUFFER_BYTES = 1024 * 1024
# http_max_field_value_size: of a form's field and of a query parameter.
MAX_FIELD_BYTES = 128 * 1024
# What of the query string is not a setting.
TRANSPORT = frozenset(
    {"query", "database", "default_format", "query_id", "session_id", "session_timeout", "session_check", "user"}
    | {"password", "quota_key", "role", "compress", "decompress", "buffer_size", "wait_end_of_query", "stacktrace"}
    | {"client_protocol_version"}
)

# By error number, those that do not have 500.
STATUSES = {
    code: status
    for status, codes in {
        400: (6, 8, 15, 25, 26, 27, 36, 38, 41, 44, 53, 62, 72, 117, 167, 168, 321, 376, 427, 441, 675, 676),
        403: (192, 193, 497, 512, 516),
        404: (46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 511),
        408: (159,),
        501: (48,),
        503: (76, 209, 439),
    }.items()
    for code in codes
}
INSERT = re.compile(
    rb"\s*INSERT\s+INTO\b(?P<into>.*?)\bFORMAT\s+(?P<kind>\w+)[ \t\f]*\r?\n?", re.DOTALL | re.IGNORECASE
)
TRAILING_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*(?:SETTINGS\b.*)?$", re.DOTALL | re.IGNORECASE)
CHANGES_THE_CONNECTION = re.compile(rb"\s*(SET|USE)\b", re.IGNORECASE)
# What the embedded engine answers piece by piece.
QUESTION = re.compile(rb"\s*(SELECT|WITH)\b", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)\.")
# The engine takes a server with its own address and port for itself. Nothing listens there.
CLUSTER = """
<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><{name}>
        <shard>
            <internal_replication>true</internal_replication>
            <replica><host>127.0.0.1</host><port>9000</port></replica>
        </shard>
    </{name}></remote_servers>
</clickhouse>
"""
_cluster = b""
CONTENT_TYPES = {"JSON": "application/json", "Native": "application/octet-stream"}


class EngineFailure(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def failure(error: Exception) -> EngineFailure:
    message = str(error)
    code = CODE.search(message)
    return EngineFailure(int(code[1]) if code else 1000, message[code.start() :] if code else message)


@dataclass(frozen=True, slots=True)
class Account:
    password: str
    readonly: int = 0


@dataclass(slots=True)
class Asked:
    """A request: what is to be run, and how."""

    sql: bytes
    parameters: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    readonly: int = 0
    # What is told in a header, once the answer begins.
    rows_read: int = 0


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, directory: str, accounts: dict[str, Account], config: str | None, max_queries: int
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.places = threading.BoundedSemaphore(max_queries)
        self.accounts = accounts
        self._address = directory + (f"?config-file={config}" if config else "")
        # By what was set in them. One that failed is not kept.
        self._idle: dict[tuple[str, ...], list[Any]] = {}
        # Held open, so that the engine stays.
        self.engine = self.connect()
        self.version, self.timezone = self.engine.query("SELECT version(), timezone()", "TSV").bytes().decode().split()

    def connect(self) -> Any:
        return chdb.connect(self._address)  # type: ignore[no-untyped-call]

    @contextmanager
    def lend(self, asked: Asked) -> Iterator[Any]:
        """A connection with just these settings."""
        statements = []
        if database := asked.options.get("database"):
            statements.append(f"USE `{database.replace('`', '``')}`")
        if asked.readonly:
            statements.append(f"SET readonly = {asked.readonly}")
        for name, value in sorted(asked.settings.items(), key=lambda setting: setting[0] == "readonly"):
            text = value.replace("\\", "\\\\").replace("'", "\\'")
            statements.append(f"SET {name} = '{text}'")
        idle = self._idle.setdefault(tuple(statements), [])
        try:
            connection = idle.pop()
        except IndexError:
            connection = self.connect()
            try:
                for statement in statements:
                    connection.query(statement, "TSV")
            except BaseException:
                connection.close()
                raise
        yield connection
        if CHANGES_THE_CONNECTION.match(asked.sql):
            connection.close()
        else:
            idle.append(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A caller who goes away is no news.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    wbufsize = 64 * 1024

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 -- the framework's name
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        body = self._body()
        if url.path in {"/ping", "/replicas_status"} or (url.path == "/" and not url.query and not body):
            self._send(200, b"Ok.\n")
        elif url.path != "/":
            self._send(404, b"There is no handle " + url.path.encode() + b"\n")
        else:
            query_id = str(uuid4())
            try:
                asked = self._asked(url.query, body)
                query_id = asked.options.get("query_id") or query_id
                Reply(self, asked, query_id).send()
            except EngineFailure as error:
                self._refuse(error, query_id)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return decompressed(body, self.headers.get("Content-Encoding", ""))

    def _asked(self, query: str, body: bytes) -> Asked:
        values: dict[str, str] = {}
        for field_of_query in query.split("&"):
            # Measured as it comes: an escaped byte counts as three.
            check_field_size(field_of_query.partition("=")[2].encode())
        values.update(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
        media_type, _, attributes = self.headers.get("Content-Type", "").partition(";")
        if media_type == "multipart/form-data":
            boundary = attributes.partition("boundary=")[2].encode()
            for name, content in form_fields(body, boundary):
                check_field_size(content)
                values[name] = content.decode("utf-8", "surrogateescape")
            body = b""
        readonly = self._readonly(values)
        text = values.get("query", "").encode("utf-8", "surrogateescape")
        asked = Asked(on_this_server(text + b"\n" + body if text and body else text or body), readonly=readonly)
        for name, value in values.items():
            if name.startswith("param_"):
                asked.parameters[name.removeprefix("param_")] = value
            elif name in TRANSPORT:
                asked.options[name] = value
            else:
                asked.settings[name] = value
        return asked

    def _readonly(self, values: dict[str, str]) -> int:
        """What the account and the method allow: 0 all, 1 reading without settings, 2 reading."""
        name, password = values.get("user", "default"), values.get("password", "")
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, password = b64decode(credentials).decode().partition(":")
        elif "X-ClickHouse-User" in self.headers:
            name, password = self.headers["X-ClickHouse-User"], self.headers.get("X-ClickHouse-Key", "")
        account = self.server.accounts.get(name)
        if account is None or not secrets.compare_digest(account.password.encode(), password.encode()):
            raise EngineFailure(
                516,
                f"Code: 516. DB::Exception: {name}: Authentication failed: password is incorrect, or there is no user"
                " with such name. (AUTHENTICATION_FAILED)",
            )
        if account.readonly:
            return account.readonly
        return 2 if self.command == "GET" else 0

    def _refuse(self, error: EngineFailure, query_id: str) -> None:
        self._send(
            STATUSES.get(error.code, 500),
            f"{error} (version {self.server.version} (official build))\n".encode("utf-8", "surrogateescape"),
            {"X-ClickHouse-Exception-Code": str(error.code), "X-ClickHouse-Query-Id": query_id},
        )

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/plain; charset=UTF-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Reply:
    """The answer to a query. The query runs in a thread, so that its progress can be told meanwhile."""

    def __init__(self, handler: Handler, asked: Asked, query_id: str) -> None:
        self._handler = handler
        self._asked = asked
        self._tag = secrets.token_hex(8).translate(str.maketrans("0123456789", "ghijklmnop"))
        self._is_begun = self._is_body_begun = False
        self._interval = None
        if asked.settings.get("send_progress_in_http_headers") == "1":
            self._interval = int(asked.settings.get("http_headers_progress_interval_ms", 100)) / 1000
        self._encoding = ""
        if asked.settings.get("enable_http_compression") == "1":
            accepted = handler.headers.get("Accept-Encoding", "")
            self._encoding = next((name for name in COMPRESSORS if name in accepted), "")
        found = TRAILING_FORMAT.search(asked.sql)
        self._format = found[1].decode() if found else asked.options.get("default_format", "TabSeparated")
        self._headers = {
            "Content-Type": CONTENT_TYPES.get(self._format, "text/tab-separated-values; charset=UTF-8"),
            "X-ClickHouse-Server-Display-Name": "embedded",
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Format": self._format,
            "X-ClickHouse-Timezone": handler.server.timezone,
            "X-ClickHouse-Exception-Tag": self._tag,
        }

    def send(self) -> None:
        waits = self._asked.options.get("wait_end_of_query") == "1"
        kept: list[bytes] = []
        size = 0
        compress, finish = COMPRESSORS[self._encoding]() if self._encoding else (bytes, bytes)
        try:
            with closing(self._pieces()) as pieces:
                for piece in pieces:
                    if self._is_body_begun:
                        self._chunk(compress(piece))
                        continue
                    kept.append(piece)
                    size += len(piece)
                    if size > BUFFER_BYTES and not waits:
                        self._begin_body()
                        self._chunk(compress(b"".join(kept)))
        except EngineFailure as error:
            if not self._is_begun:
                raise
            self._break_off(error, compress)
            return
        if not self._is_body_begun:
            self._begin_body()
            self._chunk(compress(b"".join(kept)))
        self._chunk(finish())
        self._handler.wfile.write(b"0\r\n\r\n")

    def _pieces(self) -> Generator[bytes]:
        """What the engine gives, while it works; meanwhile, progress is told in headers."""
        pieces: queue.Queue[bytes | EngineFailure | None] = queue.Queue(4)
        is_wanted = threading.Event()
        is_wanted.set()
        threading.Thread(target=self._work, args=(pieces, is_wanted), daemon=True).start()
        try:
            while True:
                try:
                    piece = pieces.get(timeout=self._interval)
                except queue.Empty:
                    self._progress()
                    continue
                if piece is None:
                    return
                if isinstance(piece, EngineFailure):
                    raise piece
                yield piece
        finally:
            is_wanted.clear()

    def _work(self, pieces: "queue.Queue[bytes | EngineFailure | None]", is_wanted: threading.Event) -> None:
        def give(piece: bytes | EngineFailure | None) -> None:
            while is_wanted.is_set():
                with suppress(queue.Full):
                    pieces.put(piece, timeout=0.1)
                    return

        try:
            with closing(run(self._handler.server, self._asked, self._format)) as found:
                for piece in found:
                    give(piece)
                    if not is_wanted.is_set():
                        return
            give(None)
        except EngineFailure as error:
            give(error)

    def _begin(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._handler.send_response(200)
            for name, value in self._headers.items():
                self._handler.send_header(name, value)
            self._handler.send_header("Transfer-Encoding", "chunked")

    def _progress(self) -> None:
        if not self._is_body_begun:
            self._begin()
            self._handler.send_header("X-ClickHouse-Progress", json.dumps({"read_rows": "0"}))
            self._handler.flush_headers()
            self._handler.wfile.flush()

    def _begin_body(self) -> None:
        self._begin()
        self._is_body_begun = True
        if self._encoding:
            self._handler.send_header("Content-Encoding", self._encoding)
        self._handler.send_header(
            "X-ClickHouse-Summary", json.dumps({"read_rows": str(self._asked.rows_read), "written_rows": "0"})
        )
        self._handler.end_headers()

    def _break_off(self, error: EngineFailure, compress: Callable[[bytes], bytes]) -> None:
        """The status is sent: the error goes into the body, and the body has no end."""
        self._handler.close_connection = True
        text = f"{error} (version {self._handler.server.version} (official build))\n".encode()
        if not self._is_body_begun:
            self._handler.send_header("X-ClickHouse-Exception-Code", str(error.code))
            self._begin_body()
        marker, tag = b"__exception__\r\n", self._tag.encode()
        self._chunk(
            compress(b"\r\n" + marker + tag + b"\r\n" + text + str(len(text)).encode() + b" " + tag + b"\r\n" + marker)
        )

    def _chunk(self, content: bytes) -> None:
        if content:
            self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))


def run(server: Server, asked: Asked, kind: str) -> Generator[bytes]:
    if not server.places.acquire(blocking=False):
        raise EngineFailure(
            202, "Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)"
        )
    try:
        with server.lend(asked) as connection:
            if insert := INSERT.match(asked.sql):
                statement = b"INSERT INTO" + insert["into"]
                with connection.send_insert(statement.decode(), insert["kind"].decode()) as inserter:
                    inserter.append(asked.sql[insert.end() :])
                    inserter.finish()
            elif kind == "Native" and QUESTION.match(asked.sql):
                with closing(connection.send_query(asked.sql.decode(), kind, params=asked.parameters)) as stream:
                    for piece in stream:
                        asked.rows_read = piece.storage_rows_read()
                        yield piece.bytes()
            else:
                yield connection.query(asked.sql.decode(), kind, params=asked.parameters).bytes()
    except (RuntimeError, chdb.ChdbError) as error:
        raise failure(error) from error
    except UnicodeDecodeError as error:
        raise EngineFailure(62, "Code: 62. DB::Exception: Syntax error: not UTF-8. (SYNTAX_ERROR)") from error
    finally:
        server.places.release()


def on_this_server(sql: bytes) -> bytes:
    """What one server of a cluster does with a statement for all of them, without the keeper that they would share."""
    if not _cluster:
        return sql
    sql = sql.replace(b" ON CLUSTER `" + _cluster + b"`", b"")
    return re.sub(rb"(?<=ENGINE = )Replicated(\w*MergeTree)(\('/clickhouse/[^)]*\))?", rb"\1", sql)


def check_field_size(value: bytes) -> None:
    if len(value) > MAX_FIELD_BYTES:
        raise EngineFailure(
            1000, "Poco::Exception. Code: 1000, e.code() = 0, HTML Form Exception: Field value too long"
        )


def form_fields(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'\bname="([^"]*)"', head)
        if name:
            yield name[1].decode(), content


def decompressed(body: bytes, encoding: str) -> bytes:
    if encoding == "lz4":
        content = b""
        while body:
            decompressor = lz4.frame.LZ4FrameDecompressor()
            content += decompressor.decompress(body)
            body = decompressor.unused_data or b""
        return content
    if encoding == "zstd":
        return zstd.decompress(body)
    if encoding == "gzip":
        return gzip.decompress(body)
    return body


def _lz4() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    compressor = lz4.frame.LZ4FrameCompressor(auto_flush=True)
    begun = [compressor.begin()]
    return lambda data: (begun.pop() if begun else b"") + compressor.compress(data), compressor.flush


def _zstd() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    compressor = zstd.ZstdCompressor(level=1)
    return lambda data: compressor.compress(data, compressor.FLUSH_BLOCK), compressor.flush


def _zlib(bits: int) -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    compressor = zlib.compressobj(1, zlib.DEFLATED, bits)
    return lambda data: compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH), compressor.flush


# The one that a server likes best comes first.
COMPRESSORS: dict[str, Callable[[], tuple[Callable[[bytes], bytes], Callable[[], bytes]]]] = {
    "lz4": _lz4,
    "zstd": _zstd,
    "gzip": lambda: _zlib(31),
    "deflate": lambda: _zlib(15),
}


def _account(text: str) -> tuple[str, Account]:
    name, _, rest = text.partition(":")
    password, _, restriction = rest.partition(":")
    return name, Account(password, readonly=int(restriction or 0))


@contextmanager
def _configuration(cluster: str | None, config: str | None) -> Iterator[str | None]:
    if not cluster:
        yield config
        return
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(CLUSTER.format(name=cluster))
        file.flush()
        yield file.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--directory")
    parser.add_argument("--account", action="append", type=_account, help="NAME:PASSWORD[:READONLY]")
    parser.add_argument("--config", help="a file of server settings")
    parser.add_argument("--cluster", help="the name of a cluster that this is the only server of")
    parser.add_argument("--max-queries", type=int, default=100, help="at once; more are refused")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    global _cluster  # noqa: PLW0603 -- one process is one server
    _cluster = (options.cluster or "").encode()
    accounts = dict(options.account or [("default", Account(""))])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (
        # One of its own only where none is given: it would be left behind when the server is killed.
        nullcontext(options.directory)
        if options.directory
        else tempfile.TemporaryDirectory(prefix="heatmaps-clickhouse-", dir=temporary.place()) as directory,
        _configuration(options.cluster, options.config) as config,
        Server(options.port, directory, accounts, config, options.max_queries) as server,
    ):
        url = f"http://127.0.0.1:{server.server_address[1]}"
        if options.command:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            environment = os.environ | {"TEST_CLICKHOUSE_URL": url}
            status = subprocess.run(options.command, env=environment).returncode  # noqa: S603, PLW1510 -- what was typed
            if not options.directory:
                shutil.rmtree(directory, ignore_errors=True)
            if options.cluster and config:
                Path(config).unlink()
            # The engine now and then ends with a fault while it closes, and the status has to be the command's.
            os._exit(status)
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
