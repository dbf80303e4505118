"""What the register knows of a question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rest_framework import serializers

from heatmaps.access import scopes
from heatmaps.replies.answer import Answer
from heatmaps.replies.pictures import Picture
from heatmaps.requests.forms import Form

Q = TypeVar("Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Generic[Q]):
    """A question: where it is asked, what it may ask, how it is answered.

    `path` follows `/api/projects/{project_id}/` and `/api/environments/{environment_id}/`; `name` is the route's;
    `legacy_path` follows `/api/` and is about the caller's current project. Several replies are alternatives.
    """

    name: str
    path: str
    operation_id: str
    description: str
    form: type[Form[Q]]
    answer: Callable[[Q], Answer | Picture]
    replies: tuple[type[serializers.Serializer[None]], ...]
    reply_description: str
    # The name that several replies have together.
    reply_name: str = ""
    # Whether the caller may keep the reply for a while.
    may_be_kept: bool = True
    # Whether it has results, which go into any format; a document is JSON alone.
    has_results: bool = True
    # Whether its reply is the list of results itself, each as `replies` says.
    is_bare_list: bool = False
    # Where it is answered with a picture, the formats of that and their media types; `format` is then a parameter of
    # its form. Only its errors are JSON.
    pictures: Mapping[str, str] = field(default_factory=dict)
    # Numbers that its reply has in headers of their own, and what they are.
    headers: Mapping[str, str] = field(default_factory=dict)
    legacy_path: str | None = None
    # Whether a share token opens it, for the token's own pages. Its form then has to take its filters from FiltersForm.
    opens_to_shares: bool = False
    # The methods, and the scope that each asks of a key. A POST has in its body, as JSON, what a GET has in its query.
    methods: Mapping[str, str] = field(default_factory=lambda: {"GET": scopes.READ})
