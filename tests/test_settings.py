"""Each setting: its default, where it may come from, and what is said when it cannot be understood."""

import os
import shutil
import socket
import stat
import sys
import threading
import time
from pathlib import Path
from runpy import run_path
from subprocess import CompletedProcess, run
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.processes import INHERITED, ROOT, Service


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source with a var/ of its own."""
    root = tmp_path / "copy"
    shutil.copytree(ROOT / "heatmaps_service", root / "heatmaps_service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", root)
    (root / "heatmaps").symlink_to(ROOT / "heatmaps")
    return root


def python(root: Path, code: str, **variables: str) -> CompletedProcess[str]:
    return run(  # noqa: S603 -- our own program
        [sys.executable, "-c", code],
        cwd=root,
        env=INHERITED | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def read(root: Path, names: str, **variables: str) -> dict[str, Any]:
    """What the settings of these names are when the file is read with these variables and no others."""
    with patch.dict(os.environ, INHERITED | variables, clear=True):
        settings = run_path(str(root / "heatmaps_service" / "settings.py"))
    return {name: settings[name] for name in names.split()}


def test_the_service_runs_with_nothing_configured(copy: Path) -> None:
    names = (
        "CLICKHOUSE_URL CLICKHOUSE_MAX_SECONDS CLICKHOUSE_MAX_MEMORY_BYTES DEBUG ALLOWED_HOSTS"
        " CORS_ALLOWED_ORIGINS CSRF_TRUSTED_ORIGINS SECURE_SSL_REDIRECT RATE_LIMIT_ENABLED RETENTION_DAYS"
    )
    assert read(copy, names) == {
        "CLICKHOUSE_URL": f"chdb://{copy}/var/clickhouse",
        "CLICKHOUSE_MAX_SECONDS": 60,
        "CLICKHOUSE_MAX_MEMORY_BYTES": 4 * 1024**3,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "CORS_ALLOWED_ORIGINS": [],
        "CSRF_TRUSTED_ORIGINS": [],
        "SECURE_SSL_REDIRECT": False,
        "RATE_LIMIT_ENABLED": True,
        "RETENTION_DAYS": 90,
    }
    read_back = read(copy, "DATABASES CACHE_URL")
    database = read_back["DATABASES"]["default"]
    # It stays open: a request would take a millisecond to open it anew.
    assert (database["NAME"], database["CONN_MAX_AGE"]) == (f"{copy}/var/metadata.sqlite3", None)
    assert read_back["CACHE_URL"] == ""


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(copy: Path) -> None:
    first, second = (read(copy, "SECRET_KEY")["SECRET_KEY"] for _ in range(2))
    file = copy / "var/secret_key"
    assert first == second == file.read_text()
    assert len(first) > 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in (copy / "var").iterdir()] == ["secret_key"]


def test_first_starts_at_once_agree_on_one_secret_key(copy: Path) -> None:
    code = "from heatmaps_service import settings; print(settings.SECRET_KEY)"
    found: list[str] = []
    starts = [threading.Thread(target=lambda: found.append(python(copy, code).stdout)) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert found == [(copy / "var/secret_key").read_text() + "\n"] * 4


@pytest.mark.parametrize(
    "variables", [{"CLICKHOUSE_URL": "chdb://memory"}, {"DATABASE_URL": "postgres://u:p@127.0.0.1:1/x"}]
)
def test_a_service_with_databases_elsewhere_needs_a_secret_key(copy: Path, variables: dict[str, str]) -> None:
    assert error(copy, **variables) == (
        "SECRET_KEY is missing; set it to a long random text, the same for every process: "
        'python -c "import secrets; print(secrets.token_urlsafe(64))"'
    )
    assert not (copy / "var/secret_key").exists()
    assert read(copy, "SECRET_KEY", SECRET_KEY="given", **variables) == {"SECRET_KEY": "given"}


def test_a_secret_key_is_made_while_the_defaults_are_spelled_out(copy: Path) -> None:
    variables = {
        "CLICKHOUSE_URL": f"chdb://{copy}/var/clickhouse",
        "DATABASE_URL": f"sqlite:///{copy}/var/metadata.sqlite3",
    }
    assert read(copy, "SECRET_KEY", **variables) == read(copy, "SECRET_KEY")


def test_every_setting_may_come_from_a_file(copy: Path) -> None:
    values = {
        "CLICKHOUSE_URL": "http://reader:top@ch.example.com/x",
        "SECRET_KEY": "of a file",
        "RETENTION_DAYS": "7",
        "DEBUG": "true",
        "ALLOWED_HOSTS": "a.example.com, b.example.com",
    }
    for name, value in values.items():
        (copy / name).write_text(f"{value}\n")
    files = {f"{name}_FILE": str(copy / name) for name in values}
    assert read(copy, " ".join(values), **files) == values | {
        "RETENTION_DAYS": 7,
        "DEBUG": True,
        "ALLOWED_HOSTS": ["a.example.com", "b.example.com"],
    }


@pytest.mark.parametrize("text", ["False", "false", "FALSE", "0", "no", "off", " false "])
def test_what_is_false(copy: Path, text: str) -> None:
    names = ("DEBUG", "SECURE_SSL_REDIRECT", "RATE_LIMIT_ENABLED")
    assert read(copy, " ".join(names), **dict.fromkeys(names, text)) == dict.fromkeys(names, False)


@pytest.mark.parametrize("text", ["True", "1", "yes"])
def test_what_is_true(copy: Path, text: str) -> None:
    assert read(copy, "DEBUG", DEBUG=text) == {"DEBUG": True}


def test_an_empty_variable_counts_as_absent(copy: Path) -> None:
    empty = dict.fromkeys(("CLICKHOUSE_URL", "DATABASE_URL", "SECRET_KEY", "RETENTION_DAYS", "DEBUG", "CACHE_URL"), "")
    assert read(copy, "RETENTION_DAYS DEBUG", **empty) == {"RETENTION_DAYS": 90, "DEBUG": False}


def test_lists_and_urls_are_understood(copy: Path) -> None:
    variables = {
        "CORS_ALLOWED_ORIGINS": "https://a.example.com, http://localhost:3000",
        "CSRF_TRUSTED_ORIGINS": "https://*.example.com",
        "CACHE_URL": "redis://cache:6379/1",
        "DATABASE_URL": "postgres://u:p%40ss@db:5433/meta",
        "SECRET_KEY": "of a test",
    }
    found = read(copy, "CORS_ALLOWED_ORIGINS CSRF_TRUSTED_ORIGINS CACHE_URL DATABASES", **variables)
    database = found["DATABASES"]["default"]
    assert found["CORS_ALLOWED_ORIGINS"] == ["https://a.example.com", "http://localhost:3000"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://*.example.com"]
    assert found["CACHE_URL"] == "redis://cache:6379/1"
    assert [database[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")] == [
        "db",
        5433,
        "meta",
        "u",
        "p@ss",
    ]


# --- What cannot be understood -------------------------------------------------------------------------------------


def error(root: Path, **variables: str) -> str:
    """The sentence of the refusal."""
    with pytest.raises(ImproperlyConfigured) as refused:
        read(root, "", **variables)
    return str(refused.value)


CLICKHOUSE = "type chdb:///absolute/path, chdb://memory or http(s)://user:password@host:8123/database."
DATABASE = "type sqlite:////absolute/path.sqlite3 or postgres://user:password@host:5432/database."
CACHE = "redis://host:6379/0, or nothing for a cache in the process."
SESSION = "type http(s)://host/path with {session_id} behind the host, and {distinct_id} if need be, or nothing."
HOSTS = "type hosts with no scheme and no port, such as heatmaps.example.com,localhost."
ORIGIN = "type origins with their scheme and no path, such as https://app.example.com."


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CLICKHOUSE_URL", "localhost:8123", f"CLICKHOUSE_URL is not understood; {CLICKHOUSE}"),
        ("CLICKHOUSE_URL", "chdb://relative/path", f"CLICKHOUSE_URL is not understood; {CLICKHOUSE}"),
        ("CLICKHOUSE_URL", "http://u:secretpw@host:port/x", f"CLICKHOUSE_URL is not understood; {CLICKHOUSE}"),
        ("CLICKHOUSE_URL", "tcp://u:secretpw@host:9000/x", f"CLICKHOUSE_URL is not understood; {CLICKHOUSE}"),
        ("DATABASE_URL", "mysql://u:secretpw@host/x", f"DATABASE_URL is not understood; {DATABASE}"),
        ("DATABASE_URL", "postgres://u:secretpw@host:port/x", f"DATABASE_URL is not understood; {DATABASE}"),
        ("DATABASE_URL", "postgres://u:secretpw@host", f"DATABASE_URL is not understood; {DATABASE}"),
        ("DATABASE_URL", "sqlite:///", f"DATABASE_URL is not understood; {DATABASE}"),
        ("DATABASE_URL", "sqlite:///:memory:", f"DATABASE_URL is not understood; {DATABASE}"),
        ("DEBUG", "maybe", "DEBUG is 'maybe'; type true or false."),
        ("SECURE_SSL_REDIRECT", "2", "SECURE_SSL_REDIRECT is '2'; type true or false."),
        ("RATE_LIMIT_ENABLED", "nein", "RATE_LIMIT_ENABLED is 'nein'; type true or false."),
        ("RETENTION_DAYS", "-1", "RETENTION_DAYS is '-1'; type a whole number from 0 to 100000."),
        ("RETENTION_DAYS", "90 days", "RETENTION_DAYS is '90 days'; type a whole number from 0 to 100000."),
        ("RETENTION_DAYS", "800000", "RETENTION_DAYS is '800000'; type a whole number from 0 to 100000."),
        ("CLICKHOUSE_MAX_SECONDS", "0", "CLICKHOUSE_MAX_SECONDS is '0'; type a whole number from 1 to 86400."),
        ("NUM_PROXIES", "9" * 5000, f"NUM_PROXIES is '{'9' * 5000}'; type a whole number, 0 or more."),
        ("CLICKHOUSE_URL", "chdb:relative", f"CLICKHOUSE_URL is not understood; {CLICKHOUSE}"),
        ("ALLOWED_HOSTS", "http://localhost", f"ALLOWED_HOSTS has 'http://localhost'; {HOSTS}"),
        ("ALLOWED_HOSTS", "localhost, a:80", f"ALLOWED_HOSTS has 'a:80'; {HOSTS}"),
        ("ALLOWED_HOSTS", ",", f"ALLOWED_HOSTS names no host; {HOSTS}"),
        ("CLICKHOUSE_MAX_MEMORY_BYTES", "4G", "CLICKHOUSE_MAX_MEMORY_BYTES is '4G'; type a whole number, 1 or more."),
        ("RATE_LIMIT_BURST", "fast", "RATE_LIMIT_BURST is 'fast'; type a rate such as 240/minute."),
        ("FORCE_SCRIPT_NAME", "heat", "FORCE_SCRIPT_NAME is 'heat'; type a path such as /heatmaps, or nothing."),
        ("CACHE_URL", "memcached://x", f"CACHE_URL is not understood; type {CACHE}"),
        ("CACHE_URL", "redis://", f"CACHE_URL is not understood; type {CACHE}"),
        ("CACHE_URL", "redis://host:x", f"CACHE_URL is not understood; type {CACHE}"),
        ("CACHE_URL", "redis://host:6379/abc", f"CACHE_URL is not understood; type {CACHE}"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com", f"CORS_ALLOWED_ORIGINS has 'app.example.com'; {ORIGIN}"),
        ("CORS_ALLOWED_ORIGINS", "http://a.de/", f"CORS_ALLOWED_ORIGINS has 'http://a.de/'; {ORIGIN}"),
        ("CSRF_TRUSTED_ORIGINS", "ftp://a.example.com", f"CSRF_TRUSTED_ORIGINS has 'ftp://a.example.com'; {ORIGIN}"),
        ("SESSION_URL", "https://replay.example/", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "https://{session_id}.example/", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "https://replay.example{session_id}", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "https://replay.example/{session_id}/{team}", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "https://[replay/{session_id}", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "https:///{session_id}", f"SESSION_URL is not understood; {SESSION}"),
        ("SESSION_URL", "javascript:alert(1)//{session_id}", f"SESSION_URL is not understood; {SESSION}"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_understood_is_named(copy: Path, name: str, value: str, sentence: str) -> None:
    assert error(copy, **{name: value}) == sentence


@pytest.mark.parametrize(
    "value",
    [
        "https://replay.example/{session_id}",
        "http://127.0.0.1:3000?of={distinct_id}&session={session_id}#replay",
        "https://eu.posthog.example/project/1/replay/{session_id}",
    ],
)
def test_a_link_for_sessions_is_understood(copy: Path, value: str) -> None:
    assert read(copy, "SESSION_URL", SESSION_URL=value) == {"SESSION_URL": value}


def test_a_file_that_cannot_be_read_is_named(copy: Path) -> None:
    assert error(copy, SECRET_KEY_FILE="/nowhere/secret").startswith("SECRET_KEY_FILE names a file that cannot be read")


def test_a_command_ends_with_the_sentence_and_nothing_else(copy: Path) -> None:
    done = Service(directory=copy, root=copy).run("check", DEBUG="maybe", CLICKHOUSE_URL="", DATABASE_URL="")
    sentence = "Error: DEBUG is 'maybe'; type true or false.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", sentence)


def test_the_wsgi_application_stops_with_the_same_sentence(copy: Path) -> None:
    done = python(copy, "import heatmaps_service.wsgi", DEBUG="maybe")
    assert (done.returncode, done.stderr) == (1, "Error: DEBUG is 'maybe'; type true or false.\n")


# --- Databases that cannot be used ---------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "file").touch()
    return Service(directory=tmp_path)


def failure(service: Service, *arguments: str, **variables: str) -> str:
    done = service.run(*arguments, **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip().replace(str(service.directory), "…")


def test_a_data_directory_that_cannot_be_made(service: Service) -> None:
    url = f"chdb://{service.directory}/file/clickhouse"
    assert failure(service, "migrate_clickhouse", CLICKHOUSE_URL=url) == (
        "CommandError: The data directory …/file/clickhouse cannot be used: Not a directory."
    )


def test_a_data_directory_is_made_with_its_parents(service: Service) -> None:
    service.result("migrate_clickhouse", CLICKHOUSE_URL=f"chdb://{service.directory}/a/b c/clickhouse")
    assert (service.directory / "a/b c/clickhouse").is_dir()


def test_a_metadata_directory_that_cannot_be_made(service: Service) -> None:
    url = f"sqlite:///{service.directory}/file/x/metadata.sqlite3"
    assert failure(service, "check", DATABASE_URL=url) == (
        "Error: DATABASE_URL names …/file/x/metadata.sqlite3, whose directory cannot be made (Not a directory); "
        "type sqlite:////absolute/path.sqlite3 in a directory that can be written."
    )


def test_a_clickhouse_server_that_does_not_answer(service: Service) -> None:
    sentence = "The ClickHouse server at 127.0.0.1:{} does not answer. Is it running, and is CLICKHOUSE_URL right?"
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (silent.getsockname()[1], 1):
            url = f"http://reader:secretpw@127.0.0.1:{port}/x"
            said = failure(service, "migrate_clickhouse", CLICKHOUSE_URL=url, CLICKHOUSE_CONNECT_SECONDS="1")
            assert said == f"CommandError: {sentence.format(port)}"
    assert time.monotonic() - began < 15


def test_a_metadata_server_that_does_not_answer(service: Service) -> None:
    said = failure(service, "list_api_keys", DATABASE_URL="postgres://u:secretpw@127.0.0.1:1/x")
    assert said.startswith("CommandError: The metadata database cannot be used (connection failed: ")
    assert said.endswith("Check DATABASE_URL, and run `manage.py migrate` once.")
    assert "secretpw" not in said
