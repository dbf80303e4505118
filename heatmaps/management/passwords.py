"""Passwords of people: asked twice at a terminal, or read from standard input; never an argument, which others see."""

import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from heatmaps.models import User


def add_password_option(parser: Any) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the first line of standard input instead of asking for it",
    )


def read_password(user: User, *, from_stdin: bool) -> str:
    """A password that is good enough for this user."""
    password = _first_line() if from_stdin else _asked()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password


def _first_line() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise CommandError("The password on standard input is not UTF-8.") from error


def _asked() -> str:
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for a password: give it on standard input, --password-stdin.")
    try:
        password, again = getpass("Password: "), getpass("Password again: ")
    except EOFError as error:
        raise CommandError("Stopped.") from error
    if password != again:
        raise CommandError("The two passwords are not the same.")
    return password
