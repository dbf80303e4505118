"""Nothing that a caller writes becomes SQL, and no query looks at more than one project."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from heatmaps import engine, population, questions
from heatmaps.engine import Query
from heatmaps.models import Project
from heatmaps.population.layout import Layout, page_number
from heatmaps.questions import REGISTER
from heatmaps.questions.entry import Entry
from tests.conftest import Api, Events, Interactions, body, document

QUESTIONS = Path(questions.__file__).parent
SQL_FILES = sorted(QUESTIONS.glob("*/*.sql"))

CORPUS = [
    "'",
    "''",
    '"',
    "`",
    "\\",
    "\\'",
    "%",
    "%s",
    "%(team_id)s",
    "{team_id:Int64}",
    "{url_exact:String}",
    "{value_0:String}",
    "${jndi:ldap://x}",
    "' OR '1'='1",
    "' OR 1=1 -- ",
    "\\' OR 1=1 -- ",
    "') OR team_id = 2 -- ",
    "' OR team_id = 2 OR '",
    '" OR team_id = 2 OR "',
    "1 OR 1=1",
    "1; SELECT 1",
    "'; DROP TABLE heatmaps; --",
    "x'; INSERT INTO heatmaps (team_id) VALUES (1); --",
    "' UNION ALL SELECT 1, 2, 3, 4 FROM heatmaps --",
    "' UNION SELECT * FROM system.tables --",
    "/* AND filters */",
    "*/ OR 1=1 /*",
    "# comment",
    "click\nOR 1=1",
    "click\t'",
    "\r\n\x0b\x1b[0m",
    "0x27",
    "char(39)",
    "unhex('27')",
    "sleep(3)",
    "file('/etc/passwd')",
    "url('http://127.0.0.1/')",
    "SETTINGS readonly = 0",
    "FORMAT JSON",
    "\u02bc\uff07\u2032",
    "\u2028\u202e😀",
    "\\N",
    "NULL",
    "[]",
    "['a']",
    "a" * 5000 + "'",
]
# Every parameter of every question; those that are required beside it are as the document's examples have them. The
# first question that has a parameter is asked with all texts. The others read it in the same way, and share them.
PARAMETERS = [(entry, name) for entry in REGISTER for name in entry.form.parameters()]
SHARED_BY = 3
# These filter nothing, as they should.
HARMLESS: dict[str, set[str]] = {"cohort_ids": {"[]"}, "events": {"[]"}, "filter_test_accounts": {"NULL"}}
HARMLESS |= {"include": {"[]"}, "properties": {"[]"}}
# Any text may be a name of attributes; it says what is told of an element, and not which.
HARMLESS |= {"data_attributes": set(CORPUS)}
POINT = {"x": 0.06, "y": 16}


def wrapped(text: str) -> list[dict[str, Any]]:
    """The text where JSON has room for one."""
    return [
        {"events": [{"id": text}]},
        {"events": [{"id": "a", "properties": [{"key": text, "value": "x", "operator": "exact", "type": "event"}]}]},
        {"events": [{"id": "a", "properties": [{"key": "k", "value": text, "operator": "exact", "type": "event"}]}]},
        {"events": [{"id": "a", "properties": [{"key": "k", "value": [text], "operator": "is_not", "type": "event"}]}]},
        {"events": [{"id": "a", "properties": [{"key": "k", "value": text, "operator": text, "type": text}]}]},
        {
            "events": [
                {"id": "a", "properties": [{"key": "text", "value": text, "operator": "exact", "type": "element"}]}
            ]
        },
        {"events": [{"id": "a", "properties": [{"key": "selector", "value": text, "type": "element"}]}]},
        {"cohort_ids": [text]},
    ]


def required(entry: Entry[Any]) -> dict[str, str]:
    """The parameters without which a question is refused."""
    fields = entry.form().fields
    examples = entry.form.all_examples()
    needed = [*(name for name in entry.form.parameters() if fields[name].required), *entry.form.one_of[:1]]
    return {name: str(examples[name][0]) for name in needed}


@pytest.fixture
def two_projects(interactions: Interactions, events: Events, other_project: Project) -> None:
    interactions.add_all([{"current_url": "https://e.com/mine"}, {"team_id": 2, "current_url": "https://e.com/SECRET"}])
    chain, here = {1: 'a:text="mine"', 2: 'a:text="SECRET"'}, {"$current_url": "https://e.com/mine"}
    events.add_all(
        [{"team_id": n, "event": "$autocapture", "elements_chain": chain[n], "properties": here} for n in chain]
    )


@pytest.mark.usefixtures("two_projects")
@pytest.mark.parametrize(("entry", "name"), PARAMETERS, ids=lambda one: getattr(one, "name", one))
def test_what_a_caller_writes_matches_nothing_or_is_refused(session: Api, entry: Entry[Any], name: str) -> None:
    of_name = [one for one, other in PARAMETERS if other == name].index(entry)
    for text in CORPUS[of_name % SHARED_BY :: SHARED_BY] if of_name else CORPUS:
        if text in HARMLESS.get(name, ()):
            continue
        response = session.get(f"/api/projects/1/{entry.path}/", required(entry) | {name: text})
        is_picture = response["Content-Type"] in entry.pictures.values()
        # How much is drawn is all that a picture tells of it.
        told = {"matched": int(response["Heatmaps-Matched"])} if is_picture else document(response)
        answer: dict[str, Any] = {"results": told} if isinstance(told, list) else told
        assert (response.status_code, answer.get("attr")) in {(200, None), (400, name)}, (text, answer)
        if is_picture or entry.name == "heatmaps-explain":
            # The explanation tells what there is instead.
            assert answer.get("matched", 0) == 0, (text, answer)
        else:
            # An area stays where nothing is found in it.
            found = [one for one in answer.get("results", []) if one.get("count") != 0]
            assert found == answer.get("types", []) == [], (text, answer)
        assert b"SECRET" not in body(response)
    assert session.answer()["fold"]["total_count"] == 1
    assert session.interactions(points=[POINT])["total_count"] == 1
    assert [page["url"] for page in session.pages()["results"]] == ["https://e.com/mine"]


@pytest.mark.usefixtures("two_projects")
def test_what_a_caller_writes_into_json_matches_nothing_or_is_refused(session: Api) -> None:
    for text in CORPUS:
        for parameters in wrapped(text):
            given = {name: orjson.dumps(value).decode() for name, value in parameters.items()}
            response = session.list(**given)
            assert response.status_code in {200, 400}, (given, body(response))
            assert document(response).get("results", []) == []
            assert b"SECRET" not in body(response)
    assert session.answer()["fold"]["total_count"] == 1


@pytest.mark.parametrize("text", CORPUS)
def test_the_text_itself_is_found_where_it_is_stored(session: Api, interactions: Interactions, text: str) -> None:
    stored = text.strip()
    interactions.add_all(
        [{"type": stored, "current_url": stored}, {"team_id": 2, "type": stored, "current_url": stored}]
    )
    for parameters in ({"type": text}, {"type": text, "url_exact": text}):
        assert session.answer(**parameters)["fold"]["total_count"] == 1
    found = session.interactions(points=[POINT], type=text)["results"]
    assert [(one["type"], one["current_url"]) for one in found] == [(stored, stored)]
    for parameters in ({"type": text}, {"search": text}):
        (page,) = session.pages(**parameters)["results"]
        assert (page["url"], page["total_count"]) == (stored.rstrip("/"), 1)


def test_the_engine_refuses_to_write_for_the_api(project: Project, interactions: Interactions) -> None:
    interactions.add()
    for sql in (
        "INSERT INTO heatmaps (team_id) VALUES (1)",
        "TRUNCATE TABLE heatmaps",
        "DROP TABLE heatmaps",
        "ALTER TABLE heatmaps DELETE WHERE 1",
        "CREATE TABLE mine (x Int8) ENGINE = Memory",
    ):
        with pytest.raises(engine.EngineError):
            engine.rows(Query(sql, {}))
    assert engine.rows(Query("SELECT count() FROM heatmaps", {})) == [(1,)]


@pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.stem)
def test_a_query_says_what_it_answers_and_looks_at_one_project_first(file: Path) -> None:
    sql = file.read_text()
    assert re.match(r"-- [A-Z][^\n]{20,}", sql)
    tables = re.findall(r"(?<!ARRAY )\b(?:FROM|JOIN)\s+(?!\()", sql)
    conditions = re.findall(r"\bWHERE\s+([^\n]+)", sql)
    assert len(conditions) == len(tables) > 0
    assert set(conditions) == {"team_id = {team_id:Int64}"}
    assert sql.count("/* AND filters */") == len(tables)


def rows(sql: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
    """In an order of our own: some questions have their rows in none."""
    return sorted(engine.rows(Query(sql, bound)), key=str)


@pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.stem)
def test_a_query_runs_as_it_stands(file: Path, interactions: Interactions, events: Events) -> None:
    # The column with the depth is for those who are asked about it.
    kind = {"type": "scrolldepth" if file.stem in {"scroll_depth", "bands"} else "click"}
    interactions.add_all([kind, kind | {"team_id": 2, "x": 9, "y": 9, "distinct_id": "another"}])
    sql = file.read_text()
    # Its events are found by their session.
    events.add("$autocapture", elements_chain="a", properties={"$current_url": "https://example.com"})
    bound: dict[str, Any] = {"team_id": 1, "limit": 10, "offset": 0, "last": 10}
    bound |= {"min_visitors": 1, "in_visitors": True, "with_hidden": False}
    bound |= {"all": 0, "type_bit": 0, "viewport_bit": 0, "bits": [0]}
    bound |= {"scheme": "https", "is_www": False, "host": "", "port": "", "path": "", "decoded": "", "slashes": [0]}
    bound |= {"crowded": [""], "key": "tag_name", "part": "a"}
    bound |= {"query": "", "fragment": "", "is_pattern": False}
    # What is written for our own table stands in comments, and is no part of it.
    assert set(re.findall(r"\{(\w+):", re.sub(r"/\*.*?\*/", "", sql))) <= bound.keys()
    of_one = rows(sql, bound)
    assert of_one
    interactions.clear()
    interactions.add(**kind)
    assert rows(sql, bound) == of_one
    ours = Layout(has_keys=True).spoken(sql)
    assert ("/* end */" in sql) is ("FROM heatmaps" in sql)
    assert "/* end */" not in ours
    if file.stem == "page_visitors":
        # A page is a number there.
        of_one = [(page_number(url), visitors) for url, visitors in of_one]
    assert rows(ours, bound) == of_one


def test_values_never_become_part_of_the_text_of_a_query() -> None:
    """Formatting beside SQL would be the way in; what is put together is our own text."""
    files = [*QUESTIONS.glob("*/*.py"), *Path(population.__file__).parent.glob("*.py")]
    assert len(files) > 20
    for file in files:
        assert not re.search(r"%\s*\(|\.format\(", file.read_text())
