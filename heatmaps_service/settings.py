"""All settings. Each comes from an environment variable of its name; docs/settings.md lists them."""

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from heatmaps import __version__
from heatmaps_service import logs
from heatmaps_service.env import SettingsEnv

env = SettingsEnv()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"


# --- Engine and metadata -------------------------------------------------------------------------------------------

DEFAULT_CLICKHOUSE_URL = f"chdb://{VAR_DIR / 'clickhouse'}"
DEFAULT_DATABASE_URL = f"sqlite:///{VAR_DIR / 'metadata.sqlite3'}"


def _is_clickhouse_url(value: str) -> bool:
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        return False
    if url.scheme == "chdb":
        is_path = url.netloc == "" and url.path.startswith("/") and len(url.path) > 1
        return is_path or (url.netloc == "memory" and not url.path)
    return url.scheme in {"http", "https"} and bool(url.hostname)


CLICKHOUSE_URL = env.url(
    "CLICKHOUSE_URL",
    DEFAULT_CLICKHOUSE_URL,
    is_good=_is_clickhouse_url,
    examples="chdb:///absolute/path, chdb://memory or http(s)://user:password@host:8123/database",
)
CLICKHOUSE_CLUSTER = env.text("CLICKHOUSE_CLUSTER")
if CLICKHOUSE_CLUSTER and (
    CLICKHOUSE_URL.startswith("chdb:") or not re.fullmatch(r"[A-Za-z_][\w.-]*", CLICKHOUSE_CLUSTER)
):
    raise ImproperlyConfigured(
        "CLICKHOUSE_CLUSTER names a cluster of the ClickHouse server in CLICKHOUSE_URL; "
        "type its name as in system.clusters, or leave it empty."
    )
# Limits that travel with every query of the API.
CLICKHOUSE_MAX_SECONDS = env.whole_number("CLICKHOUSE_MAX_SECONDS", 60, minimum=1, maximum=86_400)
CLICKHOUSE_MAX_MEMORY_BYTES = env.whole_number("CLICKHOUSE_MAX_MEMORY_BYTES", 4 * 1024**3, minimum=1)
# A little more than the 1,000,000 points that one answer may skip and the 1,000,000 that it may have.
CLICKHOUSE_MAX_RESULT_ROWS = env.whole_number("CLICKHOUSE_MAX_RESULT_ROWS", 2_100_000, minimum=1)
CLICKHOUSE_MAX_THREADS = env.whole_number("CLICKHOUSE_MAX_THREADS", os.cpu_count() or 2, minimum=1)
# How many queries one process asks at once, and how long one more waits for its turn before it is told to come back.
CLICKHOUSE_MAX_QUERIES = env.whole_number("CLICKHOUSE_MAX_QUERIES", 16, minimum=1)
# Requests of the API that one process works on at once: more than there are places for queries, so that projects queue
# for those fairly.
MAX_REQUESTS = 4 * CLICKHOUSE_MAX_QUERIES
CLICKHOUSE_QUEUE_SECONDS = env.whole_number("CLICKHOUSE_QUEUE_SECONDS", 10)
# Pictures that one process draws at once, each on one CPU. Others wait as queries do.
IMAGE_MAX_DRAWINGS = env.whole_number("IMAGE_MAX_DRAWINGS", 1, minimum=1)
CLICKHOUSE_CONNECT_SECONDS = env.whole_number("CLICKHOUSE_CONNECT_SECONDS", 5, minimum=1)
RETENTION_DAYS = env.whole_number("RETENTION_DAYS", 90, maximum=100_000)

_metadata = env.database("DATABASE_URL", DEFAULT_DATABASE_URL)
if _metadata["ENGINE"] == "django.db.backends.sqlite3":
    try:
        Path(_metadata["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL names {_metadata['NAME']}, whose directory cannot be made ({error.strerror}); "
            "type sqlite:////absolute/path.sqlite3 in a directory that can be written."
        ) from error
    # Readers never wait for the writer, and a writer waits for another one instead of failing.
    _metadata["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
    # Opening the file anew takes longer than what most requests ask of it.
    _metadata["CONN_MAX_AGE"] = None
DATABASES = {"default": _metadata}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- Security ------------------------------------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", default=False)


def _kept_secret_key() -> str:
    """The key of a service with nothing configured: made at the first start, then kept where its data is."""
    path = VAR_DIR / "secret_key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Linked into place whole, so that two first starts at once agree on one key.
            with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
                file.write(secrets.token_urlsafe(64))
                file.flush()
                with contextlib.suppress(FileExistsError):
                    path.hardlink_to(file.name)
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be written ({error.strerror}); set SECRET_KEY.") from error


SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    if DEFAULT_CLICKHOUSE_URL == CLICKHOUSE_URL and env.text("DATABASE_URL") in {"", DEFAULT_DATABASE_URL}:
        SECRET_KEY = _kept_secret_key()
    else:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing; set it to a long random text, the same for every process: "
            'python -c "import secrets; print(secrets.token_urlsafe(64))"'
        )

ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_SSL_REDIRECT else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
# Whether browsers ship with the name of a domain in their lists is for its owner to say, not for one service on it.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
X_FRAME_OPTIONS = "DENY"

CORS_ALLOWED_ORIGINS = env.origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = [
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-ID"),
    *("Heatmaps-Ignored", "Heatmaps-Has-More", "Heatmaps-Fold", "Heatmaps-Total-Count", "Heatmaps-Types"),
    *("Heatmaps-Matched", "Heatmaps-Matched-Against", "Heatmaps-Cells-Below", "Heatmaps-Coverage", "Heatmaps-Total"),
    *("Heatmaps-A", "Heatmaps-B", "Heatmaps-Tested", "Heatmaps-Too-Few", "Heatmaps-Fdr", "Heatmaps-Overlap"),
]

AUTH_USER_MODEL = "heatmaps.User"
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]


# --- The service ---------------------------------------------------------------------------------------------------

# Longer request targets are answered 414.
MAX_REQUEST_TARGET_CHARS = 60_000
# The target's length is the limit, so that a long list of parameters is not refused for their number.
DATA_UPLOAD_MAX_NUMBER_FIELDS = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2

# Of a body with interactions, which is a file on disk meanwhile.
IMPORT_MAX_BYTES = env.whole_number("IMPORT_MAX_BYTES", 256 * 1024**2, minimum=1)
# Of all pictures of one project together, in the metadata database.
PICTURES_MAX_BYTES = env.whole_number("PICTURES_MAX_BYTES", 100 * 1024**2)

# Whether the service may ask a page for its headers, so that the viewer can say why its frame stays empty.
FRAME_PREFLIGHT = env.boolean("FRAME_PREFLIGHT", default=False)

# The path under which a proxy shows the service; Django's own name for it.
FORCE_SCRIPT_NAME = env.text("FORCE_SCRIPT_NAME").rstrip("/") or None
if FORCE_SCRIPT_NAME and not re.fullmatch(r"(/[\w.~-]+)+", FORCE_SCRIPT_NAME):
    raise ImproperlyConfigured(
        f"FORCE_SCRIPT_NAME is {FORCE_SCRIPT_NAME!r}; type a path such as /heatmaps, or nothing."
    )

# Posts of browsers that one process lets wait for the insert that they share.
CAPTURE_MAX_WAITING = env.whole_number("CAPTURE_MAX_WAITING", 700, minimum=1)

# Where posthog-js is that pages load from here, as npm unpacks it; `fetch_sdk` puts it there.
DEFAULT_SDK_DIRECTORY = str(VAR_DIR / "sdk")
SDK_DIRECTORY = env.text("SDK_DIRECTORY", DEFAULT_SDK_DIRECTORY)

RATE_LIMIT_ENABLED = env.boolean("RATE_LIMIT_ENABLED", default=True)
RATE_LIMIT_BURST = env.rate("RATE_LIMIT_BURST", "240/minute")
RATE_LIMIT_SUSTAINED = env.rate("RATE_LIMIT_SUSTAINED", "1200/hour")
# Of everybody together who has the same share token.
RATE_LIMIT_SHARE = env.rate("RATE_LIMIT_SHARE", "240/minute")

# Pages of others that one user may have looked at.
RATE_LIMIT_PREFLIGHT = env.rate("RATE_LIMIT_PREFLIGHT", "30/minute")

# Wrong ones of an address. Keys cannot be guessed, so that limit only spares the service; passwords can.
RATE_LIMIT_BAD_KEYS = env.rate("RATE_LIMIT_BAD_KEYS", "600/minute")
RATE_LIMIT_BAD_PASSWORDS = env.rate("RATE_LIMIT_BAD_PASSWORDS", "10/minute")
# Each adds the address that it saw to X-Forwarded-For; without any, that header is anybody's.
NUM_PROXIES = env.whole_number("NUM_PROXIES", 0)


def _is_cache_url(value: str) -> bool:
    if not value:
        return True
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        return False
    return url.scheme in {"redis", "rediss"} and bool(url.hostname) and bool(re.fullmatch(r"(/[0-9]*)?", url.path))


CACHE_URL = env.url(
    "CACHE_URL",
    "",
    is_good=_is_cache_url,
    examples="redis://host:6379/0, or nothing for a cache in the process",
)


def _is_session_url(value: str) -> bool:
    if not value:
        return True
    try:
        host = urlsplit(value).hostname
    except ValueError:
        return False
    # Ids come from browsers: one in the host's place would say who is asked.
    places = re.findall(r"\{[^{}]*\}", value)
    is_whole = "{session_id}" in places and set(places) <= {"{session_id}", "{distinct_id}"}
    return is_whole and bool(re.fullmatch(r"https?://[^/?#{}]+[/?#][^\s\"<>\\]*", value)) and bool(host)


# Where a session can be looked at, for links in the viewer.
SESSION_URL = env.url(
    "SESSION_URL",
    "",
    is_good=_is_session_url,
    examples="http(s)://host/path with {session_id} behind the host, and {distinct_id} if need be, or nothing",
)

# Set by `manage.py demo`: the demo's pages and its sign-in links answer.
DEMO = env.boolean("DEMO", default=False)

INSTALLED_APPS = [
    "heatmaps",
    "heatmaps.viewer",
    "heatmaps.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "heatmaps.capture.middleware.begin_in_this_process",
    "heatmaps.front.middleware.observe",
    "heatmaps.front.middleware.refuse_long_targets",
    "heatmaps.front.middleware.few_at_once",
    "heatmaps.front.middleware.answer_probes",
    "heatmaps.front.compression.compress_replies",
    "django.middleware.security.SecurityMiddleware",
    "heatmaps.capture.middleware.straight_to_capture",
    "heatmaps.front.middleware.set_content_policy",
    "heatmaps.front.static_files.StaticFiles",
    "heatmaps.front.cors.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "heatmaps.front.middleware.name_the_user",
]

ROOT_URLCONF = "heatmaps_service.urls"
WSGI_APPLICATION = "heatmaps_service.wsgi.application"
# A trailing slash is optional everywhere and never redirected to.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
# Static files are served from where the packages keep them: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "heatmaps.front.static_files.HashedFolders"},
}

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "heatmaps.access.authentication.ShareAuthentication",
        "heatmaps.access.authentication.PersonalAPIKeyAuthentication",
        "heatmaps.access.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["heatmaps.access.permissions.ProjectAccess"],
    "DEFAULT_THROTTLE_CLASSES": [
        "heatmaps.access.throttling.BurstThrottle",
        "heatmaps.access.throttling.SustainedThrottle",
        "heatmaps.access.throttling.ShareThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"burst": RATE_LIMIT_BURST, "sustained": RATE_LIMIT_SUSTAINED},
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "heatmaps.api.parsers.OrjsonParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "heatmaps.api.openapi.HeatmapsSchema",
    "EXCEPTION_HANDLER": "heatmaps.api.errors.exception_handler",
    "UNICODE_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
EXCEPTIONS_HOG = {"ENABLE_IN_DEBUG": True}

SPECTACULAR_SETTINGS = {
    "TITLE": "Heatmaps",
    "VERSION": __version__,
    "DESCRIPTION": "Where visitors of a web page click, rage, rest and scroll to.",
    "LICENSE": {"name": "MIT"},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Without this the reader shows the document to a validator on the internet.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
    "TAGS": [{"name": "heatmaps", "description": "Points, scroll depth, and the interactions behind them."}],
    # Such a description would only say each choice twice.
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "heatmaps.api.openapi_hooks.add_examples",
        "heatmaps.api.openapi_hooks.name_enums",
        "heatmaps.api.openapi_hooks.drop_marks",
        "heatmaps.api.openapi_hooks.close_shapes",
        "heatmaps.api.openapi_hooks.share_components",
    ],
}


# --- What is seen from outside -------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", logs.FORMATS)
LOG_REQUESTS = env.boolean("LOG_REQUESTS", default=False)
LOGGING = logs.configuration(LOG_FORMAT)
# Short ones can be guessed.
METRICS_TOKEN = env.secret("METRICS_TOKEN", minimum=16)
