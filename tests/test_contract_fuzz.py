"""The service does what its OpenAPI document says, whatever is asked and whoever asks.

`make fuzz` runs this with more examples, and others each time: FUZZ_EXAMPLES and FUZZ_SEED.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.cache import cache
from drf_spectacular.generators import SchemaGenerator
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from heatmaps.models import Membership, PersonalAPIKey, Project, User
from heatmaps_service.wsgi import application
from tests.conftest import Api, Interactions

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
# docs/compatibility.md says why, under "Where the contract fuzzing is told to look away".
LOOKING_AWAY = [positive_data_acceptance, negative_data_rejection]

Test = Callable[..., None]


def every_operation(*, below: str = "/", **path_parameters: str) -> Callable[[Test], Test]:
    """Makes of a test one for each operation of the document below a path, with these values in the path, or any."""
    config = schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            # Made up paths need no systematic look at the other parameters once more.
            "phases": {"coverage": {"enabled": bool(path_parameters)}},
            "parameters": path_parameters,
        }
    )
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    schema = schemathesis.openapi.from_dict(document, config=config)
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


@pytest.fixture
def callers(
    user: User, key: tuple[PersonalAPIKey, str], session: Api, other_project: Project, interactions: Interactions
) -> dict[str, Caller]:
    """Those who may ask for project 1, and those who may not; it has a few rows."""
    interactions.add_all(
        [
            {},
            {"y": 40, "distinct_id": "another", "session_id": ""},
            {"x": 0, "y": 0, "pointer_target_fixed": True},
            {"type": "scrolldepth"},
            {"type": "rageclick", "current_url": "https://example.com/é?q=1"},
        ]
    )
    foreigner = User.objects.create_user("eve@example.com", "correct horse battery", current_project=other_project)
    Membership.objects.create(user=foreigner, organization=other_project.organization)
    spent, spent_key = PersonalAPIKey.make(user, "spent")
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
    # Everyone else has the whole budget for each request.
    cache.clear()
    if caller.spent:
        cache.set(f"throttle:burst:{caller.spent.pk}", [time.time()] * 240)
    given: dict[str, Any] = {"headers": caller.headers or None, "cookies": caller.cookies or None}
    case.call_and_validate(excluded_checks=[*LOOKING_AWAY, *([ignored_auth] if caller.cookies else [])], **given)


@every_operation(project_id="1", environment_id="1")
def test_every_reply_to_a_key_is_as_the_document_says(case: schemathesis.Case[Any], callers: dict[str, Caller]) -> None:
    ask(case, callers["a key"])


# The routes of environments have the same views.
@every_operation(below="/api/projects/", project_id="1")
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
