"""Environment variables, read so that one which cannot be understood stops the start with one sentence."""

import re
from collections.abc import Callable
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv

_TRUE = {"1", "t", "true", "y", "yes", "on"}
_FALSE = {"0", "f", "false", "n", "no", "off"}
# What all programs can hold that a number may come to.
_MOST = 2**63 - 1
# As a request names it, or with all below it, or all there are.
_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")


class SettingsEnv:
    """Reads NAME, or the file that NAME_FILE names. An empty variable counts as absent.

    Every method raises ImproperlyConfigured with a sentence that names the variable and says what to type.
    """

    def __init__(self) -> None:
        self._env = FileAwareEnv(strip_whitespace=True)

    def text(self, name: str, default: str = "") -> str:
        try:
            return str(self._env.str(name, default)).strip() or default
        except (EnvError, ValueError) as error:
            raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read: {error}") from error

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in _TRUE | _FALSE:
            raise ImproperlyConfigured(f"{name} is {value!r}; type true or false.")
        return value in _TRUE if value else default

    def whole_number(self, name: str, default: int, *, minimum: int = 0, maximum: int = _MOST) -> int:
        value = self.text(name, str(default))
        is_number = value.isascii() and value.isdigit() and len(value) <= len(str(maximum))
        if not (is_number and minimum <= int(value) <= maximum):
            wanted = f", {minimum} or more" if maximum == _MOST else f" from {minimum} to {maximum}"
            raise ImproperlyConfigured(f"{name} is {value!r}; type a whole number{wanted}.")
        return int(value)

    def choice(self, name: str, choices: list[str]) -> str:
        """One of the choices, the first unless it is given."""
        value = self.text(name, choices[0])
        if value not in choices:
            raise ImproperlyConfigured(f"{name} is {value!r}; type {' or '.join(choices)}.")
        return value

    def secret(self, name: str, *, minimum: int) -> str:
        """A text of so many printable ASCII characters without blanks, or nothing."""
        value = self.text(name)
        if value and not (len(value) >= minimum and value.isascii() and value.isprintable() and " " not in value):
            raise ImproperlyConfigured(
                f"{name} is not usable; type {minimum} or more letters, digits and signs, or nothing."
            )
        return value

    def items(self, name: str, default: str = "") -> list[str]:
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]

    def hosts(self, name: str, default: str) -> list[str]:
        hosts = self.items(name, default)
        wrong = next((host for host in hosts if not _HOST.fullmatch(host)), None)
        if wrong is not None or not hosts:
            has = f"has {wrong!r}" if hosts else "names no host"
            raise ImproperlyConfigured(
                f"{name} {has}; type hosts with no scheme and no port, such as heatmaps.example.com,localhost."
            )
        return hosts

    def origins(self, name: str) -> list[str]:
        origins = self.items(name)
        for origin in origins:
            scheme, separator, host = origin.partition("://")
            if not (scheme in {"http", "https"} and separator and host) or "/" in host:
                raise ImproperlyConfigured(
                    f"{name} has {origin!r}; type origins with their scheme and no path, such as https://app.example.com."
                )
        return origins

    def rate(self, name: str, default: str) -> str:
        value = self.text(name, default)
        number, separator, unit = value.partition("/")
        if not (number.isascii() and number.isdigit() and int(number) and separator):
            raise ImproperlyConfigured(f"{name} is {value!r}; type a rate such as {default}.")
        if unit not in {"second", "minute", "hour", "day"}:
            raise ImproperlyConfigured(f"{name} is {value!r}; its unit is second, minute, hour or day.")
        return value

    def url(self, name: str, default: str, *, is_good: Callable[[str], bool], examples: str) -> str:
        value = self.text(name, default)
        if not is_good(value):
            # The value may hold a password, so it is not repeated.
            raise ImproperlyConfigured(f"{name} is not understood; type {examples}.")
        return value

    def database(self, name: str, default: str) -> dict[str, Any]:
        examples = "sqlite:////absolute/path.sqlite3 or postgres://user:password@host:5432/database"
        value = self.url(name, default, is_good=_is_database_url, examples=examples)
        return dict(dj_database_url.parse(value, conn_max_age=600, conn_health_checks=True))


def _is_database_url(value: str) -> bool:
    if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
        return False
    try:
        # In memory, every connection would have a database of its own.
        return dj_database_url.parse(value)["NAME"] not in {"", ":memory:"}
    except (ValueError, KeyError):
        return False
