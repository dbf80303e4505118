"""Which tools there are, and which call of the API each makes. All but one are questions of the register."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from heatmaps import questions
from heatmaps.mcp import descriptions
from heatmaps.mcp.calls import Call
from heatmaps.questions.entry import Entry
from heatmaps.requests.fields import Words
from heatmaps.requests.filters import FiltersForm
from heatmaps.requests.forms import Form

PROJECT = "project_id"
# An agent reads every result that it gets.
MOST_RESULTS = 50
COVERAGE = "coverage"
_CURRENT = "@current"


class BadArgument(ValueError):
    """The text is for the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`path` follows `/api/`, and may have a place for the project."""

    name: str
    description: str
    path: str
    operation_id: str
    form: type[Form[Any]] | None = None
    is_posted: bool = False

    @property
    def is_of_a_project(self) -> bool:
        """Whether it makes a difference which project is named."""
        return f"{{{PROJECT}}}" in self.path

    @property
    def has_filters(self) -> bool:
        """Whether an explanation takes what it takes."""
        return self.form is not None and issubclass(self.form, FiltersForm)

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*(self.form.parameters() if self.form else ()), PROJECT)

    @property
    def defaults(self) -> dict[str, Any]:
        """Where a tool asks for less than the API does, or to be told more."""
        if self.form is None:
            return {}
        fields = self.form._declared_fields  # noqa: SLF001 -- the class knows its fields by no other name
        limit, include = fields.get("limit"), fields.get("include")
        return {
            **({"limit": MOST_RESULTS} if _number(limit) > MOST_RESULTS else {}),
            **({"include": COVERAGE} if isinstance(include, Words) and COVERAGE in include.words else {}),
        }

    def call(self, arguments: Mapping[str, Any]) -> Call:
        """The call that the arguments ask for; raises BadArgument. What the API can refuse, it refuses itself."""
        for name in arguments:
            if name not in self.arguments:
                known = ", ".join(self.arguments)
                raise BadArgument(f"{name[:50]} is no argument of {self.name}. Its arguments: {known}.")
        given = self.defaults | {name: value for name, value in arguments.items() if value is not None}
        path = self.path.format(**{PROJECT: _project(given.pop(PROJECT, _CURRENT))})
        if self.is_posted:
            return Call(path=f"/api/{path}/", body=json.dumps(given).encode())
        query = urlencode({name: _written(value) for name, value in given.items()}, errors="surrogatepass")
        return Call(path=f"/api/{path}/", query=query)


def _number(field: Any) -> int:
    """The default of a field, where it is a number."""
    default = getattr(field, "default", None)
    return default if isinstance(default, int) else 0


def _project(value: Any) -> str:
    text = str(value)
    # It becomes part of a path.
    if not re.fullmatch(rf"[0-9]+|{_CURRENT}", text, re.ASCII):
        raise BadArgument(f"{PROJECT} must be the id of a project, as projects-list has it.")
    return text


def _written(value: Any) -> str:
    """As it stands in a query: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _of_question(entry: Entry[Any]) -> Tool:
    return Tool(
        # As PostHog names it.
        name="heatmaps-list" if entry.name == "heatmaps" else entry.name,
        description=descriptions.DESCRIPTIONS[entry.name],
        path=f"projects/{{{PROJECT}}}/{entry.path}",
        operation_id=entry.operation_id,
        form=entry.form,
        # What no address can hold.
        is_posted="POST" in entry.methods,
    )


PROJECTS = Tool(name="projects-list", description=descriptions.PROJECTS, path="projects", operation_id="projects_list")


def tools() -> dict[str, Tool]:
    """All tools by name, in the order of the register."""
    of_questions = [_of_question(entry) for entry in questions.REGISTER if entry.name in descriptions.DESCRIPTIONS]
    return {tool.name: tool for tool in (*of_questions, PROJECTS)}
