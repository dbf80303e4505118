"""Reading a request by a form."""

from collections.abc import Mapping
from typing import TypeVar

from django.utils.timezone import now

from heatmaps.metadata import connections
from heatmaps.models import Project
from heatmaps.requests.forms import Form

Q = TypeVar("Q")


def read(form: type[Form[Q]], parameters: Mapping[str, str], project: Project) -> Q:
    """The question that query parameters ask; raises ValidationError. Of a repeated one they hold the last."""
    given = {name: value for name, value in parameters.items() if value or name in form.refused_when_empty}
    asked = form(data=given, context={"project": project, "now": now()})
    asked.is_valid(raise_exception=True)
    # From here on it is the engine that is asked.
    connections.release_connection()
    return asked.question()
