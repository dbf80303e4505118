"""The recipes of docs/recipes.md are run as they are printed, against the demo as it is served."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
import yaml
from PIL import Image, ImageChops

from heatmaps import engine
from heatmaps.demo import site
from heatmaps.engine import Query
from tests.conftest import Api, Interactions
from tests.processes import ROOT, Service, ask, served
from tests.test_docs import blocks, read, section

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "docs" / "example"
# As on the page.
KEY, ORIGIN = "phx_...", "http://127.0.0.1:8000"
HOME = f"{site.ORIGIN}/"
OF_HOME = {"date_from": "-30d", "limit": "0", "url_exact": HOME}
# A page as a visitor's browser may call it.
HOSTILE = '=HYPERLINK("https://evil.example","click")'


@dataclass(frozen=True, kw_only=True)
class Demo:
    port: int
    key: str

    def answer(self, path: str = "", **parameters: str) -> Any:
        target = f"/api/projects/1/heatmaps/{path}?{urlencode(parameters)}"
        status, body = ask(self.port, target, Authorization=f"Bearer {self.key}")
        assert status == 200, body
        return orjson.loads(body)

    def adapted(self, printed: str) -> str:
        """What is printed, with this demo's key and port."""
        return printed.replace(KEY, self.key).replace(ORIGIN, f"http://127.0.0.1:{self.port}")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("recipes")
    service = Service(directory=directory, environment={"RATE_LIMIT_ENABLED": "false"})
    service.migrate()
    hostile = directory / "hostile.jsonl"
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    row = {"timestamp": yesterday, "session_id": "s", "distinct_id": "d", "type": "click", "current_url": HOSTILE}
    hostile.write_bytes(orjson.dumps(row | {"x": 4, "y": 1, "viewport_width": 80, "viewport_height": 45}))
    # One process for both commands.
    code = (
        "from django.core.management import call_command\n"
        "call_command('demo', no_serve=True, rows=5000, json=True)\n"
        f"call_command('load_interactions', {str(hostile)!r}, project=1, json=True)"
    )
    printed = orjson.loads(service.result("shell", "-v0", "-c", code).splitlines()[0])
    assert printed["project_id"] == 1
    with served(service) as port:
        yield Demo(port=port, key=printed["api_key"])


def printed_blocks(heading: str, language: str) -> list[str]:
    return blocks(section("docs/recipes.md", heading), language)


def run(directory: Path, *command: str) -> str:
    """What a command prints, in a directory that is its home, too."""
    done = subprocess.run(  # noqa: S603 -- our own page
        command,
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sh(demo: Demo, directory: Path, script: str) -> str:
    """What a script prints, behind the variables that the page sets at its top."""
    variables = blocks(read("docs/recipes.md"), "sh")[0]
    return run(directory, "sh", "-ec", demo.adapted(variables + script))


def python(demo: Demo, directory: Path, program: str, shown: str) -> Any:
    """The value that an expression has after a program; DuckDB's extension is from a package, not from the network."""
    offline = 'from duckdb_extensions import import_extension; import_extension("httpfs"); duckdb.sql("LOAD httpfs")'
    program = program.replace('duckdb.sql("INSTALL httpfs; LOAD httpfs")', offline)
    ending = f"\nimport json\nprint()\nprint(json.dumps({shown}))\n"
    printed = run(directory, sys.executable, "-c", demo.adapted(program) + ending)
    return json.loads(printed.splitlines()[-1])


def by_names(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with their columns in the order of their names."""
    return [dict(sorted(row.items())) for row in rows]


# --- A shell, a spreadsheet ----------------------------------------------------------------------------------------

needs_jq = pytest.mark.skipif(
    shutil.which("jq") is None and "REQUIRE_SERVERS" not in os.environ, reason="These recipes need jq."
)


@needs_jq
def test_curl_and_jq(demo: Demo, tmp_path: Path) -> None:
    angry, folds = printed_blocks("## curl and jq", "sh")
    pages = demo.answer("pages/", date_from="-30d", type="rageclick", limit="5")["results"]
    assert pages
    assert sh(demo, tmp_path, angry) == "".join(
        f"{page['total_count']}\t{page['visitors']}\t{page['url']}\n" for page in pages
    )
    busiest = demo.answer("pages/", date_from="-30d", limit="3")["results"]
    expected = [
        [str(demo.answer(date_from="-30d", limit="1", url_exact=page["url"])["fold"]["pct_below_fold"]), page["url"]]
        for page in busiest
    ]
    told = [line.split("\t") for line in sh(demo, tmp_path, folds).splitlines()]
    assert [[str(float(share)), url] for share, url in told] == expected


def test_a_spreadsheet_imports_the_csv(demo: Demo, tmp_path: Path) -> None:
    sh(demo, tmp_path, printed_blocks("## A spreadsheet", "sh")[0])
    with (tmp_path / "pages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    results = demo.answer("pages/", date_from="-30d", limit="1000")["results"]
    assert [int(row["total_count"]) for row in rows] == [page["total_count"] for page in results]
    assert [orjson.loads(row["types"]) for row in rows] == [page["types"] for page in results]
    assert [row["url"].removeprefix("'") for row in rows] == [page["url"] for page in results]
    assert f"'{HOSTILE}" in [row["url"] for row in rows]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


# --- Data frames ---------------------------------------------------------------------------------------------------


# What tells the rows and the types of a frame.
FRAMES = {
    "## pandas": '[points.to_dict("records"), {name: str(kind) for name, kind in points.dtypes.items()}]',
    "## Polars": "[points.to_dicts(), {name: str(kind) for name, kind in points.schema.items()}]",
    "## DuckDB": "[points.pl().to_dicts(), {name: str(kind) for name, kind in zip(points.columns, points.types)}]",
}


@pytest.mark.parametrize("heading", FRAMES)
def test_a_data_frame_has_the_points_with_their_types(demo: Demo, tmp_path: Path, heading: str) -> None:
    frame, types = python(demo, tmp_path, printed_blocks(heading, "python")[0], FRAMES[heading])
    points = demo.answer(**OF_HOME)["results"]
    assert len(points) > 20
    assert by_names(frame) == by_names(points)
    assert types["count"].lower() in {"uint64", "ubigint"}
    assert types["pointer_target_fixed"].lower() in {"bool", "boolean"}


def test_duckdb_reads_a_file(demo: Demo, tmp_path: Path) -> None:
    sh(demo, tmp_path, printed_blocks("## DuckDB", "sh")[0])
    rows, beside = python(
        demo,
        tmp_path,
        printed_blocks("## DuckDB", "python")[1],
        """[duckdb.sql("SELECT sum(count)::BIGINT FROM 'points.parquet'").fetchall(),"""
        """ duckdb.sql("SELECT decode(key), decode(value) FROM parquet_kv_metadata('points.parquet')").fetchall()]""",
    )
    answer = demo.answer(date_from="-30d", limit="0")
    assert rows == [[sum(point["count"] for point in answer.pop("results"))]]
    assert {key: orjson.loads(value) for key, value in beside if key != "ARROW:schema"} == answer


def test_the_notebook_draws_a_map_over_the_screenshot(demo: Demo, tmp_path: Path) -> None:
    notebook = orjson.loads((EXAMPLE / "map.ipynb").read_bytes())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells[-1] == printed_blocks("## A notebook: a map over a screenshot", "python")[0].strip()
    shutil.copy(EXAMPLE / "home.png", tmp_path)
    # Jupyter shows the value of a cell's last line.
    *before, shown = "\n".join(cells).splitlines()
    program = "\n".join([*before, f"picture = {shown}", 'picture.save("map.png")'])
    python(demo, tmp_path, program, "None")
    with Image.open(EXAMPLE / "home.png") as page, Image.open(tmp_path / "map.png") as picture:
        (home,) = [one for one in site.PAGES if one.path == "/"]
        assert page.size == picture.size == (site.DESKTOP_WIDTH, home.heights[0])
        changed = ImageChops.difference(page.convert("RGB"), picture).convert("L").point(bool)
        width, height = page.size
    points = [
        (int(point["pointer_relative_x"] * width), point["pointer_y"])
        for point in demo.answer(**OF_HOME, viewport_width_min="1040")["results"]
        if not point["pointer_target_fixed"] and point["pointer_y"] < height
    ]
    assert points
    # All around each point something is drawn, and nothing further away than blurring goes.
    assert [(x, y) for x, y in points if not changed.crop((x - 29, y - 32, x + 29, y + 32)).getbbox()] == []
    for x, y in points:
        changed.paste(0, (x - 80, y - 80, x + 80, y + 80))
    assert changed.getbbox() is None


# --- Dashboards ----------------------------------------------------------------------------------------------------

# What the sources of the Infinity data source know.
INFINITY = "yesoreyeram-infinity-datasource"
HOW = {"refId", "datasource", "type", "parser", "source", "format"}
WHAT = {"url", "url_options", "root_selector", "columns"}
COLUMN_TYPES = {"string": str, "number": int | float, "boolean": bool, "timestamp": str}


def test_grafana_is_given_a_data_source_that_it_knows() -> None:
    (printed,) = printed_blocks("## Grafana", "yaml")
    (source,) = yaml.safe_load(printed)["datasources"]
    assert source.keys() == {"name", "uid", "type", "jsonData", "secureJsonData"}
    assert source["type"] == INFINITY
    assert source["jsonData"] == {"auth_method": "bearerToken", "allowedHosts": [ORIGIN]}
    assert source["secureJsonData"].keys() == {"bearerToken"}


def test_every_panel_of_grafana_gets_its_rows(demo: Demo) -> None:
    dashboard = orjson.loads((EXAMPLE / "grafana-dashboard.json").read_bytes())
    (printed,) = printed_blocks("## Grafana", "yaml")
    uid = yaml.safe_load(printed)["datasources"][0]["uid"]
    now = datetime.now(UTC)
    variables = {variable["name"]: variable["query"] for variable in dashboard["templating"]["list"]}
    variables["__to:date:iso"] = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    variables["__from:date:iso"] = (now - timedelta(days=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def filled(text: str) -> str:
        return re.sub(r"\$\{([^}]+)\}", lambda name: variables[name[1]], text)

    assert len(dashboard["panels"]) == 4
    for panel in dashboard["panels"]:
        (query,) = panel["targets"]
        assert query.keys() == HOW | WHAT
        assert query["datasource"] == panel["datasource"] == {"type": INFINITY, "uid": uid}
        assert (query["type"], query["parser"], query["source"]) == ("json", "backend", "url")
        assert query["url_options"]["method"] == "GET"
        path = filled(query["url"]).removeprefix(f"{ORIGIN}/api/projects/1/heatmaps/")
        parameters = {one["key"]: filled(one["value"]) for one in query["url_options"]["params"]}
        rows = [demo.answer(path, **parameters)]
        for name in query["root_selector"].split("."):
            rows = [one for row in rows for one in row[name]]
        assert rows, panel["title"]
        for column in query["columns"]:
            assert all(isinstance(row[column["selector"]], COLUMN_TYPES[column["type"]]) for row in rows), column


def test_metabase_counts_what_the_api_counts(api: Api, interactions: Interactions) -> None:
    interactions.add_all(
        [
            {"x": x, "y": y, "viewport_width": width, "current_url": url, "pointer_target_fixed": x == 9, "type": kind}
            for x, y in ((0, 0), (0, 3), (9, 3), (13, 700), (-2, 5))
            for width in (0, 64, 90)
            for url in ("https://example.com/", "https://example.com/a")
            for kind in ("click", "click", "mousemove")
        ]
    )
    window = {"from": "2026-03-30", "to": "2026-03-31"}
    _, sql = printed_blocks("## Metabase", "sql")
    for name, value in {"url": "https://example.com/", **window}.items():
        sql = sql.replace(f"{{{{{name}}}}}", f"'{value}'")
    times = {"time_from": f"{window['from']}T00:00", "time_to": f"{window['to']}T00:00"}
    points = api.points(**times, url_exact="https://example.com/", limit=0)
    assert len(points) > 4
    columns = ("pointer_y", "pointer_relative_x", "pointer_target_fixed", "count")
    assert [dict(zip(columns, row, strict=True)) for row in engine.rows(Query(sql, {}))] == points


def test_what_metabase_needs_can_be_parsed() -> None:
    statements, _ = printed_blocks("## Metabase", "sql")
    for statement in filter(None, map(str.strip, statements.split(";"))):
        assert engine.rows(Query("SELECT formatQuery({statement:String})", {"statement": statement}))
    (request,) = printed_blocks("## Metabase", "sh")
    details = orjson.loads(request.partition("-d '")[2].rpartition("'")[0])
    assert details["engine"] == "clickhouse"
    assert details["details"].keys() == {"host", "port", "ssl", "user", "password", "dbname"}
