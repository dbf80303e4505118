"""Commands, as scripts run them."""

import re
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command


class Commands:
    """Runs commands as a script does, with --json."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.said = ""

    def run(self, *arguments: str) -> Any:
        """The JSON object on the one line of standard output."""
        self._capsys.readouterr()
        call_command(*arguments, "--json")
        printed = self._capsys.readouterr()
        self.said = printed.err
        assert re.fullmatch(r"\{.*\}\n", printed.out)
        return orjson.loads(printed.out)

    def refusal(self, *arguments: str) -> str:
        with pytest.raises(CommandError) as refused:
            self.run(*arguments)
        assert "\n" not in str(refused.value)
        return str(refused.value)

    def shown(self, *arguments: str) -> str:
        """What a person gets on standard output."""
        self._capsys.readouterr()
        call_command(*arguments)
        return self._capsys.readouterr().out
