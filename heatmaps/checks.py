"""Settings that contradict each other, told by `manage.py check`; with `--deploy`, what production should not have."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 -- Django's name

from heatmaps.capture import sdk

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1"}


@register(Tags.security)
def contradictions(app_configs: Any, **_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEBUG and settings.SECURE_SSL_REDIRECT:
        found.append(
            Error(
                "DEBUG shows the inside of the service to everyone, and SECURE_SSL_REDIRECT says that others reach it.",
                hint="Set DEBUG=false.",
                id="heatmaps.E001",
            )
        )
    if settings.SECURE_SSL_REDIRECT and (plain := _plain(settings.CSRF_TRUSTED_ORIGINS)):
        found.append(
            Error(
                f"CSRF_TRUSTED_ORIGINS has {plain}, which SECURE_SSL_REDIRECT never lets through.",
                hint="Write it with https://.",
                id="heatmaps.E002",
            )
        )
    if settings.METRICS_TOKEN and settings.METRICS_TOKEN == settings.SECRET_KEY:
        found.append(
            Error(
                "METRICS_TOKEN is the SECRET_KEY, which signs sessions.",
                hint="Make another one for Prometheus.",
                id="heatmaps.E003",
            )
        )
    if complaint := sdk.complaint():
        found.append(
            Warning(
                complaint,
                hint="Run `manage.py fetch_sdk`, or name a directory with posthog-js as npm unpacks it.",
                id="heatmaps.W007",
            )
        )
    return found


@register(Tags.security, deploy=True)
def unfit_for_production(app_configs: Any, **_: Any) -> Sequence[CheckMessage]:
    found: list[CheckMessage] = []
    if set(settings.ALLOWED_HOSTS) <= LOCAL_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(
            Warning(
                "ALLOWED_HOSTS has no name under which others reach the service, or every name there is.",
                hint="Set ALLOWED_HOSTS=heatmaps.example.com,127.0.0.1 with your own name.",
                id="heatmaps.W001",
            )
        )
    if settings.SECURE_SSL_REDIRECT and not settings.NUM_PROXIES:
        found.append(
            Warning(
                "A proxy ends HTTPS in front of the service, whose address then counts as that of every caller.",
                hint="Set NUM_PROXIES=1, and let the proxy set X-Forwarded-For.",
                id="heatmaps.W002",
            )
        )
    if urlsplit(settings.CLICKHOUSE_URL).scheme != "chdb" and not settings.CACHE_URL:
        found.append(
            Warning(
                "Several processes serve, and each counts for itself how often a key may ask.",
                hint="Set CACHE_URL=redis://host:6379/0.",
                id="heatmaps.W003",
            )
        )
    if not settings.RATE_LIMIT_ENABLED:
        found.append(
            Warning(
                "RATE_LIMIT_ENABLED is false: nobody who guesses passwords is slowed.",
                hint="Set it to true, and raise RATE_LIMIT_BURST and RATE_LIMIT_SUSTAINED instead.",
                id="heatmaps.W004",
            )
        )
    if plain := _plain(settings.CORS_ALLOWED_ORIGINS):
        found.append(
            Warning(
                f"CORS_ALLOWED_ORIGINS has {plain}: whoever is on the way of that page can read what it reads.",
                hint="Write it with https://.",
                id="heatmaps.W005",
            )
        )
    if settings.DEMO:
        found.append(
            Warning(
                "DEMO is true: whoever has a link that the demo printed reads the demo's project.",
                hint="Leave DEMO to `manage.py demo`.",
                id="heatmaps.W006",
            )
        )
    if plain := _plain([settings.SESSION_URL]):
        found.append(
            Warning(
                f"SESSION_URL is {plain}: whoever is on the way of that page learns of which session it is.",
                hint="Write it with https://.",
                id="heatmaps.W008",
            )
        )
    return found


def _plain(origins: Sequence[str]) -> str:
    """Those that are not encrypted on their way, but for pages on the machine of whoever looks."""
    urls = [origin for origin in origins if origin.startswith("http://")]
    return ", ".join(origin for origin in urls if urlsplit(origin).hostname not in LOCAL_HOSTS)
