"""The service's settings, on databases of the tests' own: never those of CLICKHOUSE_URL and DATABASE_URL.

TEST_CLICKHOUSE_URL names a ClickHouse server to test on; without it the embedded engine runs in a temporary directory.
TEST_DATABASE_URL names a PostgreSQL server; without it the metadata is in SQLite.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from tests import temporary

DIRECTORY = Path(tempfile.mkdtemp(prefix="heatmaps-tests-", dir=temporary.place()))
_OWNER = os.getpid()


def _remove_directory() -> None:
    # A forked child that exits must not take the parent's data with it.
    if os.getpid() == _OWNER:
        shutil.rmtree(DIRECTORY, ignore_errors=True)


atexit.register(_remove_directory)
# Whatever is temporary in this process, or in one that it starts, is in there and goes with it.
os.environ["TMPDIR"] = tempfile.tempdir = str(DIRECTORY)
# The first process of a run makes it, and those that it starts to share the work inherit the name.
os.environ.setdefault("HEATMAPS_TESTS_SHARED", str(DIRECTORY))

for name in [
    name for name in os.environ if name.startswith(("CLICKHOUSE_", "RATE_LIMIT_", "CORS_", "CACHE_", "RETENTION_"))
]:
    del os.environ[name]
TEST_CLICKHOUSE_URL = os.environ.get("TEST_CLICKHOUSE_URL", "")
os.environ["CLICKHOUSE_URL"] = (
    f"{TEST_CLICKHOUSE_URL.rstrip('/')}/heatmaps_test_{_OWNER}"
    if TEST_CLICKHOUSE_URL
    else f"chdb://{DIRECTORY / 'clickhouse'}"
)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{DIRECTORY / 'metadata.sqlite3'}"
os.environ["SECRET_KEY"] = secrets.token_urlsafe(64)

from heatmaps_service.settings import *  # noqa: E402, F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in earnest: what is in memory locks tables in other ways.
    DATABASES["default"]["TEST"] = {"NAME": str(DIRECTORY / "test.sqlite3")}  # noqa: F405

CORS_ALLOWED_ORIGINS = ["https://dashboard.example"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Files are looked for when they are asked for: each of thousands of clients would list them all.
WHITENOISE_AUTOREFRESH = True
