"""Log lines on standard error: keys and values, each with the id of the request that it is about, and no secret."""

import re
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog

FORMATS = ["console", "json"]

# Keys and tokens of ours wherever they stand, and whatever else is given as one; the mask of a key, phx_...abcd, stays.
_SECRETS = re.compile(
    r"""(ph[xcs]_)[\w-]{8,}|((?:personal_api_key|api_key|token|password)["']?\s*[=:]\s*["']?|\bbearer\s+)[^\s&"',;]+""",
    re.IGNORECASE,
)


def without_secrets(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last of the steps that a line goes through: what should not be in it is taken out."""
    for key, value in event.items():
        event[key] = _without(value)
    return event


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRETS.sub(lambda found: f"{found[1] or found[2]}…", value)
    if isinstance(value, list | tuple):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {_without(name): _without(item) for name, item in value.items()}
    return value


def _as_json(event: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configuration(log_format: str) -> dict[str, Any]:
    """What LOGGING is to be. The lines of libraries take the same way as our own."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: list[Any] = {
        "console": [
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=0, pad_level=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        # The traceback is text before secrets are looked for, and has no values of variables.
        "json": [structlog.processors.format_exc_info, without_secrets, structlog.processors.JSONRenderer(_as_json)],
    }[log_format]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "filters": {
            "unforeseen": {"()": "django.utils.log.CallbackFilter", "callback": lambda record: bool(record.exc_info)}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        # Django would add a line for every 4xx, and a second one for what errors.py has told; the driver and its HTTP
        # client would say beforehand what they then raise.
        "loggers": {
            "heatmaps": {"level": "INFO"},
            # It would repeat what a stranger wrote into a header.
            "django.security": {"level": "CRITICAL"},
            "django.request": {"level": "ERROR", "filters": ["unforeseen"]},
            # It would repeat what an agent wrote.
            "mcp": {"level": "ERROR"},
            "urllib3": {"level": "ERROR"},
            "clickhouse_connect": {"level": "ERROR"},
        },
    }
