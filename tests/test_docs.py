"""The documents say what is so: every example runs, and nothing that has a page is missing from it."""

import io
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http.client import responses as reasons
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

import orjson
import pytest
import yaml
from django.core.management import call_command, get_commands, load_command_class
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, resolve
from PIL import Image

import heatmaps_service.settings as defaults
from heatmaps import urls
from heatmaps.api import errors
from heatmaps.front.envelope import UNAVAILABLE
from heatmaps.front.paths import PROBES
from heatmaps.mcp.tools import tools
from heatmaps.population import property_parsing
from heatmaps.population.dates import parse_day
from heatmaps.population.property_filters import Operator, PropertyType
from heatmaps.questions import REGISTER
from tests.conftest import NOW, body
from tests.loading import empty_tables
from tests.processes import Service, ask, at_terminal, served

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SERVER = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Each point in which we mean to be better than PostHog, and have built it: a line of docs/compatibility.md.
BETTER = {
    "Environment routes",
    "Case of `Bearer`",
    "Body that is not an object, or a key in it that is not a text",
    "`token` and `api_key` in the query",
    "Many invalid keys from one address",
    "Rate-limit headers",
    "Unknown parameters",
    "Ids of requests",
    "Too many queries at once",
    "Bad regular expression",
    "`cohort_ids` and `events` behind flags",
    "`null` for `cohort_ids` and `events`",
    "Alternatives in `url_pattern`",
    "Repetitions in `url_pattern`",
    "Negative zero",
    "Order of points with equal counts",
    "`has_more`",
    "Viewport width 0",
    "Bounds of viewport widths",
    "Median viewport height",
    "Negative scroll depth",
    "`Cache-Control`",
    "`Start` and `End` in dates",
    "`all` as a date",
    "Dates that cannot be read",
    "Window",
    "Window of `events` and test accounts",
    "`hide_zero_coordinates` for interactions",
    "Number of `points`",
    "Malformed `points`",
    "OpenAPI document",
    "`icontains`",
    "Property filters that are not understood",
    "Opt-in of a new project",
    "Places and sizes beyond 16 bits",
    "Points without a session",
    "Scroll depth of a page that was left",
    "Texts of elements",
    "Order of chains with equal counts",
    "`previous` of the second page of elements",
    "`data_attributes` beyond 50",
    "Values of elements",
    "Allow-list of captured pages",
    "Batch with an event that cannot be taken",
}


# --- Reading the pages ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """A command as it is printed, what is printed below it, and the block right behind, if there is one."""

    command: str
    printed: str
    language: str = ""
    block: str = ""

    def __str__(self) -> str:
        return self.command


def read(name: str) -> str:
    return (ROOT / name).read_text()


def section(name: str, heading: str) -> str:
    """What a page has under a heading, up to the next one of its level or above."""
    level = heading.split(maxsplit=1)[0]
    _, found, rest = read(name).partition(f"\n{heading}\n")
    assert found, f"{name} has no {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def blocks(text: str, language: str) -> list[str]:
    return [match[2] for match in FENCE.finditer(text) if match[1] == language]


def table(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, without headings."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    headings = {place - 1 for place, row in enumerate(rows) if set(row) <= set("|- ")}
    return [row for place, row in enumerate(cells) if place not in headings and place - 1 not in headings]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def examples(text: str) -> Iterator[Example]:
    """The commands of all ```console blocks, in order."""
    fences = list(FENCE.finditer(text))
    for place, fence in enumerate(fences):
        if fence[1] != "console":
            continue
        following = fences[place + 1] if place + 1 < len(fences) else None
        is_behind = following is not None and not text[fence.end() : following.start()].strip()
        commands = re.split(r"^\$ ", fence[2], flags=re.MULTILINE)[1:]
        for number, command in enumerate(commands, 1):
            line, _, printed = re.sub(r"\\\n\s*", "", command).partition("\n")
            if following and is_behind and number == len(commands):
                yield Example(line, printed, following[1], following[2])
            else:
                yield Example(line, printed)


# --- Doing what they say -------------------------------------------------------------------------------------------


def curl(line: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """The status and the body that a printed curl command gets."""
    response = curl_response(line, variables)
    return response.status_code, body(response).decode()


def curl_response(line: str, variables: Mapping[str, str]) -> HttpResponseBase:
    words = iter(shlex.split(Template(line).substitute(variables))[1:])
    method, target, query, headers = "GET", "", list[str](), dict[str, str]()
    for word in words:
        if word in {"-X", "-H", "-d", "--data-urlencode", "-w", "-o"}:
            value = next(words)
        elif word in {"-sS", "-G"}:
            continue
        else:
            assert word.startswith("http"), f"{word} is no option that this test knows"
            target = word
            continue
        name, _, rest = value.partition("=")
        if word == "-X":
            method = value
        elif word == "-H":
            name, _, rest = value.partition(":")
            headers[name] = rest.strip()
        elif word == "-d":
            query.append(f"{name}={quote(rest, safe='/:*%-')}")
        elif word == "--data-urlencode":
            query.append(urlencode({name: rest}))
    assert target.startswith(SERVER)
    path = target.removeprefix(SERVER) + ("?" + "&".join(query) if query else "")
    return Client().generic(method, path, headers=headers)


def manage(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a printed `manage.py …` command prints."""
    _, _, command, *arguments = shlex.split(line)
    capsys.readouterr()
    call_command(command, *arguments)
    return capsys.readouterr().out


def run_commands(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Runs the commands of a page that are not requests, and returns the first key that was made."""
    key = ""
    for example in examples(text):
        if "manage.py " in example.command and not example.command.endswith("manage.py serve"):
            printed = manage(example.command, capsys)
            key = key or "".join(re.findall(r"phx_[\w-]{20,}", printed))
    return key


def shape(value: Any) -> Any:
    """The names and types of a JSON value; a list is as its first item."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@pytest.fixture
def emptied(django_db_reset_sequences: None) -> Iterator[None]:
    """Databases in which the first project is project 1, as on the pages."""
    yield from empty_tables()


# --- Examples ------------------------------------------------------------------------------------------------------


def test_the_requests_of_the_readme_answer_on_the_demo(
    emptied: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("heatmaps.management.commands.demo.now", lambda: NOW)
    call_command("demo", no_serve=True, json=True)
    demo = orjson.loads(capfd.readouterr().out)
    assert demo["project_id"] == 1
    asked = [example for example in examples(read("README.md")) if example.command.startswith("curl")]
    assert len(asked) >= 6
    for example in asked:
        status, text = curl(example.command, {"KEY": demo["api_key"]})
        assert status == 200, f"{example}: {text}"
        assert orjson.loads(text)["results"], example
        if example.language == "json":
            assert shape(orjson.loads(text)) == shape(orjson.loads(example.block)), example


def test_the_commands_of_the_readme_run_in_their_order_after_the_demo(tmp_path: Path) -> None:
    """As they are pasted into a terminal, on what `make demo` filled: the demo's project stays as it is."""
    service = Service(directory=tmp_path, environment={"RETENTION_DAYS": "0"})
    demo = orjson.loads(service.result("demo", "--no-serve", "--json", "--rows", "3000"))
    of_demo = " UNION ALL ".join(
        f"SELECT '{name}', count(), sum(cityHash64(*)) FROM {name} WHERE team_id = {demo['project_id']}"
        for name in ("heatmaps", "events", "person_distinct_id2", "person_static_cohort")
    )
    before = sorted(service.select(of_demo))
    pasted = [example.command for example in examples(section("README.md", "## Your own data"))]
    pasted.remove(".venv/bin/python manage.py serve")
    script = "set -e\n" + "\n".join(pasted).replace(".venv/bin/python", shlex.quote(sys.executable))
    status, shown = at_terminal(
        ["sh", "-c", script],
        [("Password: ", "correct horse battery"), ("Password again: ", "correct horse battery")],
        env=service.variables(),
        cwd=ROOT,
    )
    assert status == 0, shown
    assert sorted(service.select(of_demo)) == before
    (key,) = set(re.findall(r"phx_[\w-]{20,}", shown))
    (project,) = set(re.findall(r"^id: (\d+)", shown, re.MULTILINE))
    with served(service) as port:
        for number, opens in ((project, key), (demo["project_id"], demo["api_key"])):
            target = f"/api/projects/{number}/heatmaps/?date_from=all&limit=1"
            status, reply = ask(port, target, Authorization=f"Bearer {opens}")
            assert (status, len(orjson.loads(reply)["results"])) == (200, 1)


def test_the_demo_is_served_on_the_port_that_make_is_given() -> None:
    command = ["make", "--no-print-directory", "--dry-run", "--old-file=.venv/service", "demo"]
    for more, ending in (([], "manage.py demo"), (["PORT=8010"], "manage.py demo --port 8010")):
        planned = subprocess.run([*command, *more], check=True, cwd=ROOT, capture_output=True, text=True)  # noqa: S603
        assert planned.stdout.splitlines()[-1].rstrip().endswith(ending)


@pytest.mark.parametrize(("name", "least"), [("docs/api.md", 15), ("docs/trust.md", 6)])
def test_every_example_of_the_api_gets_the_reply_that_is_printed(
    emptied: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, least: int
) -> None:
    # The last day on which the clicks of the example are among those of the last seven days.
    monkeypatch.setattr("heatmaps.requests.reading.now", lambda: datetime(2026, 11, 25, 12, tzinfo=UTC))
    key = run_commands(read("docs/api.md"), capsys)
    variables = {"KEY": key, "URL": f"{SERVER}/api/projects/1/heatmaps"}
    asked = [example for example in examples(read(name)) if example.command.startswith("curl")]
    assert len(asked) >= least
    for example in asked:
        if " -o " in example.command:
            assert_picture(curl_response(example.command, variables), example)
            continue
        status, text = curl(example.command, variables)
        if example.language == "json":
            assert status == 200, f"{example}: {text}"
            assert orjson.loads(text) == orjson.loads(example.block), example
        elif example.language == "text":
            assert (status, text.replace("\r\n", "\n")) == (200, example.block), example
        else:
            assert f"{text}\n{status}\n" == example.printed, example


def assert_picture(response: HttpResponseBase, example: Example) -> None:
    """It is one, and what the command prints of its headers is what the page says."""
    assert response.status_code == 200, body(response)
    assert Image.open(io.BytesIO(body(response))).getbbox()
    told = {"%{content_type}": response["Content-Type"], "\\n": "\n"}
    told |= {f"%header{{{name}}}": value for name, value in response.items()}
    (shown,) = re.findall("-w '([^']*)'", example.command)
    for name, value in told.items():
        shown = shown.replace(name, value)
    assert shown == example.printed


def test_the_python_example_prints_what_is_printed_below_it(
    emptied: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = read("docs/api.md")
    key = run_commands(page, capsys)

    def urlopen(request: urllib.request.Request) -> Any:
        line = f"curl -H 'Authorization: {request.get_header('Authorization')}' '{request.full_url}'"
        status, text = curl(line, {})
        assert status == 200, text
        return closing(io.BytesIO(text.encode()))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    fences = list(FENCE.finditer(page))
    (place,) = [place for place, fence in enumerate(fences) if fence[1] == "python"]
    capsys.readouterr()
    exec(fences[place][2].replace("phx_...", key), {})  # noqa: S102 -- our own page
    assert capsys.readouterr().out == fences[place + 1][2]


def test_the_rows_shown_in_the_readme_are_those_of_the_example() -> None:
    rows = [line for line in blocks(read("README.md"), "json") if line.startswith('{"timestamp"')]
    assert rows
    assert all(row in read("docs/example/interactions.jsonl") for row in rows)


def test_the_dates_of_the_api_page_mean_what_it_says() -> None:
    rows = [row for row in table(section("docs/api.md", "## Dates")) if len(row) == 2]
    assert len(rows) >= 8
    for written, day in rows:
        assert parse_day(written.strip("`"), now=NOW, zone=ZoneInfo("UTC")) == date.fromisoformat(day), written


def test_the_format_in_sixty_lines_is_the_demos_own_script() -> None:
    script = read("heatmaps/demo/static/demo/capture.js")
    assert blocks(section("docs/capture.md", "## The format in sixty lines"), "js") == [script]
    assert len(script.splitlines()) <= 60


def test_the_filters_of_the_filters_page_are_understood() -> None:
    shown = [orjson.loads(text) for text in blocks(read("docs/filters.md"), "json")]
    assert len(shown) >= 5
    for raw in shown:
        property_parsing.parse_filter(raw)


# --- Nothing is missing --------------------------------------------------------------------------------------------


def settings_read() -> list[str]:
    return re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", read("heatmaps_service/settings.py"))


def setting_rows() -> dict[str, list[str]]:
    rows = [row for row in table(read("docs/settings.md")) if len(row) == 4]
    return {row[0].strip("`"): row for row in rows}


def test_every_setting_is_on_its_page_and_no_other() -> None:
    assert set(setting_rows()) == set(settings_read())


@pytest.mark.parametrize("name", sorted(setting_rows()))
def test_the_default_of_a_setting_is_as_its_page_says(name: str) -> None:
    value = getattr(defaults, name, None)
    written = setting_rows()[name][1].strip("`")
    if name in {"CLICKHOUSE_URL", "DATABASE_URL", "SECRET_KEY", "CLICKHOUSE_MAX_THREADS", "SDK_DIRECTORY"}:
        assert "var/" in written or written == "number of CPUs"
    elif isinstance(value, bool):
        assert written == str(value).lower()
    elif isinstance(value, list):
        assert written == (",".join(value) or "empty")
    elif value is None:
        assert written == "empty"
    else:
        assert written == (str(value) or "empty")


def test_the_examples_of_settings_are_understood_together() -> None:
    environment = {name: row[3].strip("`") for name, row in setting_rows().items()}
    done = subprocess.run(
        [sys.executable, "-c", "import heatmaps_service.settings"],
        env={**environment, "PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def own_commands() -> list[str]:
    return [name for name, app in get_commands().items() if app == "heatmaps"]


def test_every_command_is_on_its_page() -> None:
    listed = {name.split()[0]: name for row in table(read("docs/commands.md")) for name in names(row[0])}
    assert set(listed) == {*own_commands(), "migrate", "check"}


@pytest.mark.parametrize("name", own_commands())
def test_every_option_of_a_command_is_on_its_page_or_general(name: str) -> None:
    (row,) = [row for row in table(read("docs/commands.md")) if row[0].startswith(f"`{name} ")] or [[""]]
    parser = load_command_class("heatmaps", name).create_parser("manage.py", name)
    options = {
        option for action in parser._actions if action.help != "==SUPPRESS==" for option in action.option_strings
    }
    general = {"-h", "--help", "--json"}
    assert set(re.findall(r"--[a-z-]+", row[0])) == {option for option in options - general if option.startswith("--")}


def test_every_command_that_a_page_names_exists() -> None:
    named = {name for page in PAGES for name in re.findall(r"manage\.py ([a-z_]+)", page.read_text())}
    assert named <= set(get_commands())


def test_every_make_target_is_on_its_page_and_no_other() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    documented = {name for row in table(read("docs/development.md")) for name in names(row[0])}
    assert documented == {f"make {target}" for target in targets}


def test_every_parameter_is_on_the_api_page() -> None:
    documented = {name for row in table(section("docs/api.md", "## Every parameter")) for name in names(row[0])}
    assert documented == {"format", *(name for entry in REGISTER for name in entry.form.parameters())}


def test_every_route_is_on_the_api_page() -> None:
    cells = [row[0] for row in table(section("docs/api.md", "## Routes"))]
    routes = [re.sub("^(GET|POST|PATCH|DELETE) ?", "", name) for cell in cells for name in names(cell)]
    routes = [route for route in routes if route]
    assert set(PROBES) <= set(routes)
    matched = {resolve(re.sub(r"\{\w+\}", "1", route)).url_name for route in routes if route not in PROBES}
    assert matched == {route.name for route in urls.urlpatterns if isinstance(route, URLPattern) and route.name}


def test_every_tool_is_on_the_page_of_agents() -> None:
    documented = [names(row[0]) for row in table(section("docs/agents.md", "## The tools"))]
    assert documented == [[name] for name in tools()]


def documented_errors() -> set[tuple[int, str]]:
    rows = [row for row in table(section("docs/api.md", "## Errors")) if len(row) == 4]
    return {(int(row[0]), code) for row in rows for code in names(row[2])}


def test_every_refusal_of_the_engine_is_on_the_api_page() -> None:
    refusals = [UNAVAILABLE, *errors.REFUSALS.values()]
    assert {(refusal.status, refusal.code) for refusal in refusals} <= documented_errors()


def test_every_error_of_the_openapi_document_is_on_the_api_page(db: None) -> None:
    document = yaml.safe_load(body(Client().get("/api/schema/")))
    for path in document["paths"].values():
        for operation in path.values():
            declared = {int(status) for status in operation["responses"] if status >= "400"}
            assert declared <= {status for status, _ in documented_errors()}


def test_statuses_that_have_a_name_are_real_ones() -> None:
    assert {status for status, _ in documented_errors()} - set(reasons) == {512, 513}


def test_every_operator_and_type_is_on_the_filters_page() -> None:
    operators = {
        name for row in table(section("docs/filters.md", "## Operators")) for name in names(row[0]) if len(row) == 3
    }
    types = {name for row in table(section("docs/filters.md", "## Types")) for name in names(row[0])}
    assert operators == set(Operator)
    assert types == set(PropertyType)


def test_every_point_in_which_we_differ_has_its_line() -> None:
    rows = table(read("docs/compatibility.md"))
    assert {row[0] for row in rows} == BETTER
    assert all(len(row) == 4 and all(row) for row in rows)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_contents_of_a_page_are_its_headings(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    contents = re.search(r"^(?:- \[.+\]\(#.+\)\n)+", text, re.MULTILINE)
    listed = re.findall(r"^- \[(.+)\]\(#.+\)$", contents[0] if contents else "", re.MULTILINE)
    assert not listed or listed == re.findall(r"^## (.+)$", text, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text())):
        parts = urlsplit(target)
        if parts.scheme:
            continue
        linked = page.parent / parts.path if parts.path else page
        assert linked.exists(), target
        assert not parts.fragment or parts.fragment in anchors(linked), target


def test_every_picture_is_shown_says_what_is_seen_and_is_small() -> None:
    shown: dict[Path, str] = {}
    for page in PAGES:
        text = FENCE.sub("", page.read_text())
        found = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", text)
        found += [(alt, source) for source, alt in re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]*)"', text)]
        assert len(found) == len(re.findall(r"^!\[|<img ", text, re.MULTILINE))
        shown |= {(page.parent / source).resolve(): alt for alt, source in found}
    assert set(shown) == {ROOT / "docs/viewer.png", *(ROOT / "docs/pictures").iterdir()}
    for picture, alt in shown.items():
        assert len(alt) > 60, picture
        assert picture.stat().st_size < 300_000, picture


def test_every_room_that_the_pages_name_exists() -> None:
    for page in PAGES:
        for path in re.findall(r"`((?:heatmaps|heatmaps_service|docs|tests)/[\w./]*)`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


# --- Containers ----------------------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(read("docker-compose.yml"))
    return document


def test_compose_refuses_to_start_without_its_secrets() -> None:
    secrets = dict(re.findall(r"^([A-Z_]*(?:PASSWORD|SECRET_KEY))=(.*)$", read(".env.example"), re.MULTILINE))
    assert secrets == dict.fromkeys(["SECRET_KEY", "CLICKHOUSE_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD"], "")
    used = re.findall(r"(?<!\$)\$\{(\w+)(:?[-?]?)", read("docker-compose.yml"))
    assert {name for name, operator in used if operator == ":?"} == set(secrets)
    assert not [name for name, operator in used if name in secrets and operator != ":?"]


def test_compose_reads_what_the_example_of_its_settings_has() -> None:
    offered = set(re.findall(r"^([A-Z_]+)=", read(".env.example"), re.MULTILINE))
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", read("docker-compose.yml"))) == offered


def test_compose_gives_the_service_settings_that_there_are() -> None:
    for name in ("heatmaps", "migrate"):
        assert set(compose()["services"][name]["environment"]) <= set(settings_read())


def test_compose_publishes_the_service_alone_and_on_loopback() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:${HEATMAPS_PORT:-8000}:8000"]


def test_every_service_of_compose_is_checked_and_bounded() -> None:
    for service in compose()["services"].values():
        assert "healthcheck" in service
        assert "mem_limit" in service


def test_the_service_of_compose_can_do_little_beside_serving() -> None:
    for name in ("heatmaps", "migrate"):
        service = compose()["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in service
        assert not service.get("privileged")
        # All that may be written to, and it is gone with the container.
        assert service["tmpfs"] == ["/tmp:size=1g"]  # noqa: S108 -- of the container
        assert "volumes" not in service


def test_every_volume_of_compose_has_a_name() -> None:
    services = compose()["services"].values()
    mounted = {volume.partition(":")[0] for service in services for volume in service.get("volumes", [])}
    files = {name for name in mounted if name.startswith("./")}
    assert mounted - files == set(compose()["volumes"])
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_image_has_what_it_runs_and_runs_as_nobody_special() -> None:
    dockerfile = read("Dockerfile")
    copied = {name for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for name in line.split()}
    wanted = set(re.findall(r"^!(\S+)$", read(".dockerignore"), re.MULTILINE))
    assert copied == wanted
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER \d+$", dockerfile, re.MULTILINE)
    assert "--require-hashes" in dockerfile
    assert "/_health" in dockerfile


def test_every_fault_names_a_test_that_causes_it() -> None:
    faults = table(section("docs/operations.md", "## Faults"))
    assert len(faults) > 10
    tests = "".join(file.read_text() for file in (ROOT / "tests").glob("test_*.py"))
    assert [name for *_, cell in faults for name in names(cell) if f"def {name}(" not in tests] == []
    assert all(len(names(cell)) == 1 for *_, cell in faults)
    # None of those that are all about faults is missing.
    causing = re.findall(r"^def (test_\w+)\(", read("tests/test_faults.py"), re.MULTILINE)
    told = {names(cell)[0] for *_, cell in faults}
    assert set(causing) - told == {"test_no_fault_shows_what_is_only_for_the_log"}
