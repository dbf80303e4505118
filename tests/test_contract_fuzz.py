"""The service does what its OpenAPI document says, whatever is asked and whoever asks.

`make fuzz` runs this with more examples, and others each time: FUZZ_EXAMPLES and FUZZ_SEED.
"""

import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
)

from heatmaps.access import shared_cache, throttling
from heatmaps.models import Membership, PersonalAPIKey, Project, User
from heatmaps.questions import REGISTER
from heatmaps_service.wsgi import application
from tests.conftest import Api, Cohorts, Events, Interactions

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
IS_LONG = "FUZZ_EXAMPLES" in os.environ
SEED = int(os.environ.get("FUZZ_SEED", "0"))
# docs/compatibility.md says why, under "Where the contract fuzzing is told to look away".
LOOKING_AWAY = [positive_data_acceptance, negative_data_rejection]
# What a text made up at random would never be, so that more than the refusals is looked at: the examples of the forms,
# and these.
ALSO: dict[str, list[str]] = {
    "type": ["click", "rageclick", "scrolldepth"],
    "date_from": ["-7d", "2026-03-01", "-1mStart", "all"],
    "date_to": ["2026-03-31", "-1d", "dStart"],
    "url_exact": ["https://example.com", "https://example.com/é?q=1"],
    "url_pattern": ["https://example.com/*", "*", "^https://.*é"],
    "cohort_ids": ["[]", "[1]", "[1,2]", "null"],
    "events": [
        "[]",
        '[{"id":"pageview"}]',
        '[{"id":"pageview","properties":[{"key":"plan","value":["a","b"],"operator":"exact","type":"event"}]}]',
        '[{"id":"pageview","properties":[{"key":"n","value":1,"operator":"gt"}]},{"id":"purchase"}]',
        '[{"id":"pageview","properties":[{"key":"text","value":"Buy","operator":"icontains","type":"element"}]}]',
    ],
    "search": ["EXAMPLE", "é?q=1", "https://example.com/"],
    "points": [
        '[{"x":0.06,"y":16,"target_fixed":false}]',
        '[{"x":"0.06","y":"640"},{"x":0,"y":0,"target_fixed":true}]',
        '[{"x":-1e9,"y":1e9},{"x":0.5,"y":0.5}]',
    ],
}

# Their formats are all in the document.
PICTURES = tuple(f"/{entry.path}/" for entry in REGISTER if entry.pictures)

OFTEN = {
    name: [*map(str, examples), *ALSO.get(name, [])]
    for entry in REGISTER
    for name, examples in entry.form.all_examples().items()
    # Of a few choices each comes up by itself.
    if not isinstance(entry.form().fields[name], serializers.ChoiceField)
}

Test = Callable[..., None]


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, made once for all the tests."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def every_operation(*, below: str = "/", systematic: bool = False, **path_parameters: str) -> Callable[[Test], Test]:
    """Makes of a test one for each operation of the document below a path, with these values in the path, or any.

    A long run looks systematically at what is accepted and refused, a short one only at what is refused, and only
    where it is told to.
    """
    config = schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            "phases": {
                "coverage": {
                    "enabled": systematic or IS_LONG,
                    "generation": {"mode": "all" if IS_LONG else "negative"},
                }
            },
            "dictionaries": {name: {"values": values} for name, values in OFTEN.items()},
            "parameters": path_parameters
            | {f"query.{name}": {"dictionary": name, "probability": 0.7} for name in OFTEN},
        }
    )
    schema = schemathesis.openapi.from_dict(deepcopy(document()), config=config)
    schema.app = application
    on_one_set_of_rows = hypothesis.settings(suppress_health_check=list(hypothesis.HealthCheck))
    operations = schema.include(path_regex=f"^{below}")
    return lambda test: operations.parametrize()(on_one_set_of_rows(test))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What is sent along with every request, and the key whose budget is spent."""

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    spent: PersonalAPIKey | None = None


@pytest.fixture(autouse=True)
def something_to_tell(interactions: Interactions, events: Events, cohorts: Cohorts) -> None:
    """A few rows in project 1, and the cohorts of the document's examples."""
    interactions.add_all(
        [
            {},
            {"y": 40, "distinct_id": "another", "session_id": ""},
            {"x": 0, "y": 0, "pointer_target_fixed": True},
            {"type": "scrolldepth"},
            {"type": "rageclick", "current_url": "https://example.com/é?q=1"},
        ]
    )
    events.add(properties={"plan": "a", "n": 2})
    chain = 'a.big:attr__href="/x"attr_id="b"href="/x"nth-child="1"text="Buy";div'
    events.add("$autocapture", elements_chain=chain, properties={"$current_url": "https://example.com/"})
    cohorts.static(1, pk=1)
    cohorts.dynamic((1, 1, 1), pk=2)


@pytest.fixture(autouse=True)
def open_connections() -> Iterator[None]:
    """A request would close the connection that the test's transaction is in. Django's own client sees to that, and
    this is another one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def callers(user: User, key: tuple[PersonalAPIKey, str], session: Api, other_project: Project) -> dict[str, Caller]:
    """Those who may ask for project 1, and those who may not."""
    foreigner = User.objects.create_user("eve@example.com", "correct horse battery", current_project=other_project)
    Membership.objects.create(user=foreigner, organization=other_project.organization)
    spent, spent_key = PersonalAPIKey.make(user, "spent")
    # Whoever may write may read.
    PersonalAPIKey.objects.filter(pk=key[0].pk).update(scopes=["heatmap:write"])
    return {
        "a key": Caller(headers=bearer(key[1])),
        "a session": Caller(cookies={name: morsel.value for name, morsel in session.client.cookies.items()}),
        "a foreign key": Caller(headers=bearer(PersonalAPIKey.make(foreigner, "foreign")[1])),
        "a spent key": Caller(headers=bearer(spent_key), spent=spent),
        "nobody": Caller(),
    }


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def ask(case: schemathesis.Case[Any], caller: Caller) -> None:
    if caller.spent:
        # What a request before this one spent is spent still.
        burst = throttling.BurstThrottle().rate_limit
        while burst.hit(str(caller.spent.pk)):
            pass
    else:
        # Everyone else has the whole budget for each request.
        shared_cache.forget()
    # A compressed reply would be compared as it is: nothing between the two decodes it.
    given: dict[str, Any] = {
        "headers": caller.headers | {"Accept-Encoding": "identity"},
        "cookies": caller.cookies or None,
    }
    excluded = [*LOOKING_AWAY, *([ignored_auth] if caller.cookies else [])]
    if (case.query or {}).get("format") not in [None, "", "json"] and not case.path.endswith(PICTURES):
        excluded += [content_type_conformance, response_schema_conformance]
    case.call_and_validate(excluded_checks=excluded, **given)


@every_operation(below="/api/projects/", systematic=True, project_id="1")
def test_every_reply_to_a_key_is_as_the_document_says(case: schemathesis.Case[Any], callers: dict[str, Caller]) -> None:
    ask(case, callers["a key"])


# The views are the same.
@every_operation(below="/api/environments/", environment_id="1")
def test_replies_about_environments_are_as_the_document_says(
    case: schemathesis.Case[Any], callers: dict[str, Caller]
) -> None:
    ask(case, callers["a key"])


@every_operation(below="/api/projects/", systematic=True, project_id="1")
@pytest.mark.parametrize("caller", ["a session", "a foreign key", "a spent key", "nobody"])
def test_every_reply_to_others_is_as_the_document_says(
    case: schemathesis.Case[Any], caller: str, callers: dict[str, Caller]
) -> None:
    ask(case, callers[caller])


@every_operation()
def test_replies_about_any_project_are_as_the_document_says(
    case: schemathesis.Case[Any], callers: dict[str, Caller]
) -> None:
    ask(case, callers["a key"])
