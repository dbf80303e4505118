"""Clients of the official SDKs list the tools and call each, over HTTP and on standard input and output."""

import asyncio
import http.server
import sys
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolRequestParams

from heatmaps.mcp import sentences
from heatmaps.mcp.calls import AskAPI, Call, NoReply, Reply, told_headers
from heatmaps.mcp.over_http import RemoteAPI
from heatmaps.mcp.server import server_for
from tests import node
from tests.processes import ROOT, Service, free_port, served
from tests.test_mcp import NAMES

pytestmark = pytest.mark.slow

AGENTS = Path(__file__).parent / "agents"
FILTERS = {"date_from": "2026-11-16", "date_to": "2026-11-22", "url_exact": "https://shop.example.com/pricing"}
AREAS = [{"name": "top", "x": [0, 1], "y": [0, 600]}]
CALLS: dict[str, dict[str, Any]] = {
    "heatmaps-list": FILTERS | {"aggregation": "unique_visitors"},
    "heatmaps-events": FILTERS | {"points": [{"x": 0.25, "y": 240, "target_fixed": False}]},
    "heatmaps-pages": {"date_from": "2026-11-16", "date_to": "2026-11-22"},
    "heatmaps-explain": FILTERS | {"type": "rageclick"},
    "heatmaps-compare": FILTERS | {"against": {"url_exact": None}},
    "heatmaps-areas": FILTERS | {"areas": AREAS, "include": "types,elements", "by": "day"},
}
CALLS = {name: CALLS.get(name, {}) for name in NAMES}
# What docs/example has, as docs/api.md tells it.
POINTS = [[3, 0.25, 240], [1, 0.5, 960]]


@dataclass(frozen=True, kw_only=True)
class Site:
    port: int
    key: str
    key_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("agents")
    service = Service(directory=directory, environment={"RETENTION_DAYS": "0"})
    service.migrate()
    key = service.make_project(timezone="Europe/Berlin").key
    service.result("load_interactions", str(ROOT / "docs" / "example" / "interactions.jsonl"), "--project", "1")
    (directory / "key").write_text(f"{key}\n")
    with served(service) as port:
        yield Site(port=port, key=key, key_file=directory / "key")


def stdio(site: Site, *, key: str = "") -> StdioServerParameters:
    """With the key of the file, or with this one in the environment."""
    of_file, of_environment = ([], {"HEATMAPS_KEY": key}) if key else (["--key-file", str(site.key_file)], {})
    command = [str(ROOT / "manage.py"), "mcp", "--url", site.url, *of_file]
    return StdioServerParameters(
        command=sys.executable, args=command, env={"SECRET_KEY": "of a test", **of_environment}
    )


def results(site: Site, *, way: str) -> tuple[list[str], dict[str, Any]]:
    """The names of the tools, and what each says. The client holds each answer against the schema of its tool."""

    async def all_of_them() -> tuple[list[str], dict[str, Any]]:
        async with AsyncExitStack() as open_:
            transport: Any = stdio(site)
            if way != "stdio":
                headers = {"Authorization": f"Bearer {site.key}"}
                http_client = await open_.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=60))
                transport = streamable_http_client(f"{site.url}/mcp", http_client=http_client)
            mode: Any = "auto" if way == "stdio" else way
            client = await open_.enter_async_context(Client(transport, mode=mode, read_timeout_seconds=60))
            names = [tool.name for tool in (await client.list_tools()).tools]
            # All at once, as some clients do.
            called = await asyncio.gather(*(client.call_tool(name, given) for name, given in CALLS.items()))
            return names, {
                name: (result.is_error, result.structured_content) for name, result in zip(CALLS, called, strict=True)
            }

    return asyncio.run(all_of_them())


def check(names: list[str], found: dict[str, Any]) -> None:
    assert names == NAMES
    assert [name for name, (is_error, _) in found.items() if is_error] == []
    points = found["heatmaps-list"][1]
    assert [[one["count"], one["pointer_relative_x"], one["pointer_y"]] for one in points["results"][:2]] == POINTS
    assert points["coverage"]["cells_returned"] == len(points["results"])
    assert found["heatmaps-events"][1]["total_count"] == 5
    assert found["heatmaps-areas"][1]["results"][0]["name"] == "top"
    assert [one["is_current"] for one in found["projects-list"][1]["results"]] == [True]


# The later version of the protocol has no handshake; most clients speak the earlier one.
@pytest.mark.parametrize("way", ["auto", "legacy", "stdio"])
def test_the_python_sdk_calls_every_tool(site: Site, way: str) -> None:
    check(*results(site, way=way))


@pytest.mark.skipif(
    not node.is_there() and not node.is_required(), reason="The TypeScript SDK needs Node 20 or newer with npm."
)
def test_the_typescript_sdk_calls_every_tool(site: Site) -> None:
    node.install(AGENTS)
    done = node.run(
        AGENTS, "node", "ask.mjs", f"{site.url}/mcp", site.key, given=orjson.dumps(CALLS).decode(), timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = orjson.loads(done.stdout)
    check(said["tools"], {name: (one["isError"], one.get("structured")) for name, one in said["results"].items()})


def test_a_message_is_no_longer_than_any_request(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json", "Accept": "application/json"}
    hello = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    with httpx2.Client(base_url=site.url, headers=headers, timeout=60) as client:
        assert client.post("/mcp", content=hello + b" " * (2 * 1024**2 - len(hello))).status_code == 200
        for length in (2 * 1024**2 + 1, 5 * 1024**2):
            reply = client.post("/mcp", content=hello + b" " * (length - len(hello)))
            assert (reply.status_code, reply.json()["code"]) == (413, "request_too_large")


# --- Replies of other kinds ------------------------------------------------------------------------------------------


async def called_by(ask: AskAPI) -> Any:
    """The result of a call, where the API says what `ask` says."""
    found = server_for(ask).get_request_handler("tools/call")
    assert found is not None
    params = CallToolRequestParams(name="heatmaps-list", arguments={})
    result: Any = await found.handler(None, params)  # type: ignore[arg-type]
    return result.model_dump(by_alias=True, exclude_none=True)


def test_a_picture_is_a_picture() -> None:
    picture = Reply(
        status=200, media_type="image/png", content=b"\x89PNG", headers=told_headers({"Heatmaps-Matched": "1"})
    )

    async def ask(_: Call) -> Reply:
        return picture

    assert asyncio.run(called_by(ask))["content"] == [
        {"type": "image", "data": "iVBORw==", "mimeType": "image/png"},
        {"type": "text", "text": "Drawn: 1 interaction."},
    ]


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (
            b'{"results":[{}],"next":"https://heatmaps.example/?offset=1"}',
            "1 result. There are more: ask with offset=1.",
        ),
        (b'{"other":1}', "The answer is in the structured content."),
        (b'{"results":[]}', "0 results. heatmaps-explain says why, for the same filters."),
    ],
)
def test_the_text_says_how_much_there_is(document: bytes, text: str) -> None:
    assert sentences.of_document(orjson.loads(document), 0, may_be_explained=True) == text


# --- A service elsewhere -------------------------------------------------------------------------------------------


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Leads to another address, or says what no API says."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path.startswith("/moved") else 200)
        if self.path.startswith("/moved"):
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"Hello")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def elsewhere() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked(url: str) -> Any:
    return asyncio.run(RemoteAPI(url, "phx_any").ask(Call(path="/api/projects/")))


def test_a_service_that_does_not_answer_is_an_error_for_the_agent() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NoReply, match=f"^{url} does not answer: .*refused"):
        asked(url)


def test_a_key_goes_nowhere_else() -> None:
    with (
        elsewhere() as url,
        pytest.raises(NoReply, match=r"^http://\S+ leads elsewhere\. Start .* with --url of that\.$"),
    ):
        asked(f"{url}/moved")


def test_a_reply_of_something_else_is_told() -> None:
    async def call(url: str) -> Any:
        return await called_by(RemoteAPI(url, "phx_any").ask)

    with elsewhere() as url:
        (block,) = asyncio.run(call(url))["content"]
    assert block["text"] == "The reply, with status 200, is not one of this API."


def test_an_agent_on_this_machine_is_told_what_is_wrong(site: Site) -> None:
    async def said(key: str) -> tuple[bool, str]:
        async with Client(stdio(site, key=key), read_timeout_seconds=60) as client:
            result = await client.call_tool("projects-list")
            return result.is_error, str(result.content[0].model_dump()["text"])

    assert asyncio.run(said(site.key)) == (False, "1 result.")
    assert asyncio.run(said("phx_wrong")) == (
        True,
        "Personal API key found in request Authorization header is invalid.",
    )


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", b"\xff\xfe", b"one\ntwo"])
def test_a_file_without_a_key_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(
        CommandError, match=r"key has no personal API key\. Make one with `manage\.py create_api_key`\."
    ):
        call_command("mcp", key_file=tmp_path / "key", url="http://127.0.0.1:1")
    with pytest.raises(CommandError, match="No such file"):
        call_command("mcp", key_file=tmp_path / "none", url="http://127.0.0.1:1")


def test_a_variable_without_a_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEATMAPS_KEY", raising=False)
    with pytest.raises(CommandError, match=r"No key: name a file that has one with --key-file, or set HEATMAPS_KEY\."):
        call_command("mcp")
    monkeypatch.setenv("HEATMAPS_KEY", "two words")
    with pytest.raises(CommandError, match=r"HEATMAPS_KEY has no personal API key\."):
        call_command("mcp")


@pytest.mark.parametrize("url", ["heatmaps.example", "ftp://heatmaps.example", "http://", "http://x:y", "http://a b"])
def test_an_address_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(CommandError, match=r"type an address such as https://heatmaps\.example, not "):
        call_command("mcp", f"--url={url}", "--key-file", str(tmp_path / "key"))
