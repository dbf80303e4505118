"""Objects of a project that a path names."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound

Object = TypeVar("Object", bound=Model)
# Longer numbers are no ids of any database.
_MOST_DIGITS = 18


def object_named(objects: QuerySet[Object], text: str, what: str) -> Object:
    """The one with the id that the path has. Raises NotFound, which says what was looked for."""
    is_id = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    found = objects.filter(pk=int(text)).first() if is_id else None
    if found is None:
        raise NotFound(f"{what} not found.")
    return found
