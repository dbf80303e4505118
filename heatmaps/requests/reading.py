"""Reading a request by a form."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.utils.datastructures import MultiValueDict
from django.utils.timezone import now

from heatmaps.metadata import connections
from heatmaps.models import Project, Share
from heatmaps.requests.forms import Form

Q = TypeVar("Q")


def read(
    form: type[Form[Q]],
    parameters: Mapping[str, Any],
    project: Project,
    *,
    address: str = "",
    share: Share | None = None,
) -> Q:
    """The question that parameters ask; raises ValidationError. Those of a query are texts, and of a repeated one they
    hold the last; those of a body are whatever JSON has. `address` is where it is asked, with its query;
    `share` the token that it is asked with, and raises PermissionDenied."""
    given = {
        name: value for name, value in parameters.items() if not _is_empty(value) or name in form.refused_when_empty
    }
    if isinstance(parameters, MultiValueDict):
        given |= {
            name: all_values for name in form.repeated if (all_values := list(filter(None, parameters.getlist(name))))
        }
    asked = form(data=given, context={"project": project, "now": now(), "address": address, "share": share})
    asked.is_valid(raise_exception=True)
    # From here on it is the engine that is asked.
    connections.release_connection()
    return asked.question()


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value)
