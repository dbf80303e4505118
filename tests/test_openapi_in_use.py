"""Clients that others generate from the OpenAPI document work: their types are true, and they reach the service."""

import base64
import io
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

from tests import chromium, node
from tests.processes import ROOT, Service, served

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "clients"
DOCUMENT = ROOT / "docs" / "openapi.yaml"
FILES = ("application/x-ndjson", "text/csv", "application/vnd.apache.parquet")
REDOCS_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
# What is in docs/example; docs/api.md has the same answers.
EXPECTED = {
    "points": [[3, 0.25, 240], [1, 0.5, 960]],
    "buckets": [[1000, 1], [1100, 1], [2000, 1]],
    "behind": [
        ["bob", "2026-11-18T15:30:00Z"],
        ["dev", "2026-11-18T10:00:01Z"],
        ["dev", "2026-11-18T10:00:00Z"],
        ["ann", "2026-11-18T09:00:09Z"],
        ["ann", "2026-11-18T09:00:05.250000Z"],
    ],
    "total": 5,
    "error": {"type": "validation_error", "code": "min_value", "attr": "limit"},
}


@dataclass(frozen=True, kw_only=True)
class Site:
    url: str
    key: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    service = Service(directory=tmp_path_factory.mktemp("clients"), environment={"RETENTION_DAYS": "0"})
    service.migrate()
    key = service.make_project(timezone="Europe/Berlin").key
    service.result("load_interactions", str(ROOT / "docs" / "example" / "interactions.jsonl"), "--project", "1")
    with served(service) as port:
        yield Site(url=f"http://127.0.0.1:{port}", key=key)


def answer(done: "CompletedProcess[str]") -> object:
    """What a program says it was answered. The Parquet file that it downloaded has the points that it read as JSON."""
    assert done.returncode == 0, done.stdout + done.stderr
    answered: dict[str, object] = orjson.loads(done.stdout)
    table = pq.read_table(io.BytesIO(base64.b64decode(str(answered.pop("parquet")))))
    columns = (table[name].to_pylist() for name in ("count", "pointer_relative_x", "pointer_y"))
    assert [list(row) for row in zip(*columns, strict=True)] == answered["points"]
    return answered


# The line that the page of clients has written into a file: of itself the generator knows no pictures.
# What the generator has no types for is sent and taken as it is.
OVERRIDES = "content_type_overrides:\n" + "\n".join(
    f"  {kind}: application/octet-stream" for kind in ("image/png", "image/jpeg", "image/webp", *FILES)
)


# --- Python --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which the package heatmaps_client was generated."""
    directory = tmp_path_factory.mktemp("python")
    # Formatting what is thrown away is not worth its time.
    (directory / "config.yaml").write_text(f"post_hooks: []\n{OVERRIDES}\n")
    generator = Path(sys.executable).parent / "openapi-python-client"
    done = node.run(
        directory,
        *(str(generator), "generate", "--path", str(DOCUMENT), "--config", "config.yaml"),
        *("--meta", "none", "--output-path", "heatmaps_client", "--fail-on-warning"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_a_generated_python_client_reads_the_service(site: Site, python_client: Path) -> None:
    assert f"cat > config.yaml <<'END'\n{OVERRIDES}\nEND\n" in (ROOT / "docs" / "clients.md").read_text()
    program = PROGRAMS / "ask.py"
    done = node.run(
        python_client, "env", f"PYTHONPATH={python_client}", sys.executable, str(program), site.url, site.key
    )
    assert answer(done) == EXPECTED


def test_every_operation_is_a_module_of_the_python_client(python_client: Path) -> None:
    document = yaml.safe_load(DOCUMENT.read_text())
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    wanted = {f"{one['tags'][0]}/{one['operationId']}.py" for one in operations}
    api = python_client / "heatmaps_client" / "api"
    assert {str(module.relative_to(api)) for module in api.glob("*/[!_]*.py")} == wanted


# --- TypeScript ----------------------------------------------------------------------------------------------------

needs_node = pytest.mark.skipif(
    not node.is_there() and not node.is_required(), reason="A TypeScript client needs Node 20 or newer with npm."
)
# What is replaced in a program, and a mistake that the types have to find.
IN_BOTH = {
    '"unique_visitors"': '"unique_visitor"',
    '"parquet"': '"xlsx"',
    "point.pointer_relative_x": "point.relative_x",
    "const height: number | null": "const height: number",
}
MISTAKES = {
    "ask.ts": {
        **IN_BOTH,
        'if (!("fold" in reply)) throw': 'if ("code" in reply) throw',
        'if (!("code" in reply)) throw': 'if ("fold" in reply) throw',
        "if (error) throw": "if (!error) throw",
    },
    "ask-oazapfts.ts": {
        **IN_BOTH,
        'if (!("fold" in reply)) throw': 'if ("fold" in reply) throw',
        "(error: HeatmapError) => error": "(error: HeatmapReply) => error",
    },
}
WRONG = [(program, wrong) for program, mistakes in MISTAKES.items() for wrong in mistakes.values()]


@dataclass(frozen=True, kw_only=True)
class TypeScript:
    """Where the program is with the types that were generated for it, and what the compiler says about each file."""

    directory: Path
    complaints: dict[str, list[str]]


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> TypeScript:
    node.install(PROGRAMS)
    directory = tmp_path_factory.mktemp("typescript")
    (directory / "node_modules").symlink_to(PROGRAMS / "node_modules")
    shutil.copy(PROGRAMS / "package.json", directory)
    files = {name: (PROGRAMS / name).read_text() for name in MISTAKES}
    for program, mistakes in MISTAKES.items():
        for right, wrong in mistakes.items():
            assert right in files[program]
            files[wrong_name(program, wrong)] = files[program].replace(right, wrong)
    for name, text in files.items():
        (directory / name).write_text(text)
    config = orjson.loads((PROGRAMS / "tsconfig.json").read_bytes()) | {"files": list(files)}
    (directory / "tsconfig.json").write_bytes(orjson.dumps(config))
    for generator, *written in (("openapi-typescript", "--output", "schema.d.ts"), ("oazapfts", "oazapfts.ts")):
        generated = node.run(directory, f"node_modules/.bin/{generator}", str(DOCUMENT), *written)
        assert generated.returncode == 0, generated.stdout + generated.stderr
    told = node.run(directory, "node_modules/.bin/tsc", timeout=180).stdout.splitlines()
    return TypeScript(
        directory=directory,
        complaints={file: [line for line in told if line.startswith(f"{file}(")] for file in files},
    )


def wrong_name(program: str, wrong: str) -> str:
    """The file of a program with a mistake."""
    return f"wrong{WRONG.index((program, wrong))}.ts"


@needs_node
@pytest.mark.parametrize("program", MISTAKES)
def test_a_generated_typescript_client_reads_the_service(site: Site, typescript: TypeScript, program: str) -> None:
    assert typescript.complaints[program] == []
    compiled = program.replace(".ts", ".js")
    assert answer(node.run(typescript.directory, "node", compiled, site.url, site.key)) == EXPECTED


@needs_node
@pytest.mark.parametrize(("program", "wrong"), WRONG)
def test_the_generated_types_tell_a_mistake(typescript: TypeScript, program: str, wrong: str) -> None:
    assert typescript.complaints[wrong_name(program, wrong)]


# --- The page ------------------------------------------------------------------------------------------------------


def test_what_the_page_shows_is_of_the_programs_that_are_run() -> None:
    page = (ROOT / "docs" / "clients.md").read_text()
    shown = re.findall(r"^```(python|ts)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    programs = {
        "python": (PROGRAMS / "ask.py").read_text(),
        "ts": "".join((PROGRAMS / name).read_text() for name in MISTAKES),
    }
    assert {language for language, _ in shown} == set(programs)
    assert [block for language, block in shown if block not in programs[language]] == []


# --- In a browser --------------------------------------------------------------------------------------------------


READERS = {"/api/schema/swagger-ui/": ".opblock", "/api/schema/redoc/": "h1"}


@pytest.mark.skipif(
    chromium.PATH is None and not node.is_required(), reason="The readers of the document are looked at with Chromium."
)
@pytest.mark.parametrize("path", READERS)
def test_the_readers_of_the_document_load_with_no_network(site: Site, path: str) -> None:
    document = yaml.safe_load(DOCUMENT.read_text())
    requests: list[str] = []
    # What the page's own policy stops never leaves the browser.
    stopped: list[str] = []
    complaints: list[str] = []
    with chromium.launched() as browser:
        page = browser.new_page()
        page.on("response", lambda reply: requests.append(reply.url))
        page.on("response", lambda reply: None if reply.ok else complaints.append(f"{reply.url}: {reply.status}"))
        page.on(
            "requestfailed",
            lambda request: (stopped if request.failure == "csp" else complaints).append(request.url),
        )
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site.url + path)
        page.locator(READERS[path]).first.wait_for()
        page.wait_for_load_state("networkidle")
        text = page.locator("body").inner_text()
    # Redoc's script would show a logo from elsewhere, and its page's policy stops it before it is asked for.
    assert stopped == ([] if path.endswith("swagger-ui/") else [REDOCS_LOGO])
    assert [said for said in complaints if REDOCS_LOGO not in said] == []
    asked = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert {url.partition("/api/")[0].partition("/static/")[0] for url in asked} == {site.url}
    assert f"{site.url}/api/schema" in asked
    assert all(tag["description"] in text for tag in document["tags"])
    # Redoc unfolds an operation only when it is looked at.
    assert path.endswith("redoc/") or all(route in text for route in document["paths"])
