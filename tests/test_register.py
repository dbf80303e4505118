"""Everything that holds for a question holds for all of them, and for one that is added to the register."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import clear_url_caches
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from heatmaps import engine, questions, urls
from heatmaps.engine import Query
from heatmaps.models import Membership, PersonalAPIKey, Project, User
from heatmaps.population.binding import Binder
from heatmaps.population.filters import Filters
from heatmaps.population.layout import current_layout
from heatmaps.population.predicates import matching
from heatmaps.population.sql import filtered
from heatmaps.questions import REGISTER
from heatmaps.questions.entry import Entry
from heatmaps.replies.answer import Answer
from heatmaps.requests.filters import FiltersForm
from tests.conftest import Api, Cohorts, Events, Interactions, Persons, body, document
from tests.test_injection import CORPUS, required

HEIGHTS = """
-- How many interactions happened on viewports of each height, the lowest first.
SELECT toInt64(viewport_height) * scale_factor AS viewport_height, count() AS count
FROM heatmaps
WHERE team_id = {team_id:Int64}
  /* AND filters */
GROUP BY viewport_height
ORDER BY viewport_height
"""


class HeightItem(serializers.Serializer[None]):
    viewport_height = serializers.IntegerField(help_text="CSS px.")
    count = serializers.IntegerField(help_text="Interactions.")


class HeightsResponse(serializers.Serializer[None]):
    results = HeightItem(many=True)


class HeightsForm(FiltersForm[Filters]):
    examples = {"shortest": [480]}

    shortest = serializers.IntegerField(required=False, help_text="Lowest height that is told, in CSS px.")

    def question(self) -> Filters:
        return self.filters()


def heights(filters: Filters) -> Answer:
    binder = Binder()
    binder.name("team_id", filters.team_id)
    layout = current_layout()
    sql = filtered(HEIGHTS, matching(filters, layout, binder), layout)
    return Answer(item=HeightItem, blocks=engine.blocks(Query(sql, binder.parameters)))


THROWAWAY = Entry(
    name="heatmaps-throwaway",
    path="heatmaps/throwaway",
    operation_id="heatmaps_throwaway_list",
    description="How tall viewports are. A personal API key needs the scope `heatmap:read`.",
    form=HeightsForm,
    answer=heights,
    replies=(HeightsResponse,),
    reply_description="Heights, the lowest first.",
)


@pytest.fixture
def throwaway(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A question more, which is gone afterwards. Nothing but the register is told of it."""
    with monkeypatch.context() as patch:
        patch.setattr(questions, "REGISTER", (*REGISTER, THROWAWAY))
        routed()
        yield
    routed()


def routed() -> None:
    importlib.reload(urls)
    importlib.reload(importlib.import_module("heatmaps_service.urls"))
    clear_url_caches()


ENTRIES = [*REGISTER, THROWAWAY]
every_question = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


@pytest.fixture
def rows(interactions: Interactions, events: Events, persons: Persons, other_project: Project) -> None:
    """What project 1 has."""
    interactions.add_all([{}, {"x": 9, "viewport_height": 60, "distinct_id": "another"}, {"type": "scrolldepth"}])
    events.add_all(
        [{"properties": {"plan": "a"}}, {"event": "$autocapture", "elements_chain": 'a:href="/x"text="More"'}]
    )
    persons.add("visitor", 1)


def ask(api: Api, entry: Entry[Any], **parameters: str) -> bytes:
    response = api.get(f"/api/projects/1/{entry.path}/", required(entry) | parameters)
    assert response.status_code == 200, body(response)
    return body(response)


@pytest.mark.usefixtures("throwaway", "rows")
def test_a_question_that_is_added_is_answered(api: Api) -> None:
    for places in ("projects", "environments"):
        answer = document(api.get(f"/api/{places}/1/heatmaps/throwaway"))
        assert answer == {
            "results": [{"viewport_height": 768, "count": 1}, {"viewport_height": 960, "count": 1}],
        }
    assert document(api.get("/api/projects/1/heatmaps/throwaway/", {"shortest": "x"}))["attr"] == "shortest"


def test_it_is_gone_afterwards(api: Api) -> None:
    assert api.get("/api/projects/1/heatmaps/throwaway/").status_code == 404


@pytest.mark.usefixtures("throwaway")
@every_question
def test_every_question_is_in_the_document_with_all_its_parameters(entry: Entry[Any]) -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    for prefix, place in (("", "projects/{project_id}"), ("environments_", "environments/{environment_id}")):
        operation = paths[f"/api/{place}/{entry.path}/"]["get"]
        assert operation["operationId"] == prefix + entry.operation_id
        assert "heatmap:read" in operation["description"]
        assert len(operation["parameters"]) == len(entry.form.parameters()) + 1 + entry.has_results
    fields = entry.form().fields
    assert all(fields[name].help_text for name in entry.form.parameters())
    assert entry.form.all_examples().keys() == set(entry.form.parameters())


@pytest.mark.usefixtures("throwaway", "rows")
@every_question
def test_no_row_of_another_project_changes_an_answer(
    entry: Entry[Any],
    api: Api,
    interactions: Interactions,
    events: Events,
    persons: Persons,
    cohorts: Cohorts,
) -> None:
    asked: list[dict[str, str]] = [
        {},
        {"type": "scrolldepth"},
        {"date_from": "all"},
        {"filter_test_accounts": "true"},
        {"events": '[{"id":"pageview"}]'},
        {"cohort_ids": f"[{cohorts.static(1)}]"},
        {"url_pattern": "https://*"},
        {"aggregation": "unique_visitors"},
        {"value": "x"},
    ]
    before = [ask(api, entry, **parameters) for parameters in asked]
    interactions.add_all([{"team_id": 2}, {"team_id": 2, "type": "scrolldepth"}, {"team_id": 2, "y": 7}] * 3)
    events.add_all([{"team_id": 2}, {"team_id": 2, "session_id": "another"}])
    events.add_all([{"team_id": 2, "event": "$autocapture", "elements_chain": 'a:href="/y"text="Less"'}] * 3)
    persons.add("another", 1, team_id=2)
    assert [ask(api, entry, **parameters) for parameters in asked] == before
    assert len(set(before)) > 1 or not entry.form.parameters()


@pytest.mark.usefixtures("throwaway", "rows")
def test_nothing_that_a_caller_writes_into_a_question_that_is_added_is_a_fault(session: Api) -> None:
    """Those that are in the register are asked by tests/test_injection.py."""
    for name in THROWAWAY.form.parameters():
        for text in CORPUS[::5]:
            response = session.get(f"/api/projects/1/{THROWAWAY.path}/", {name: text})
            assert response.status_code in {200, 400}, (name, text)


@pytest.mark.usefixtures("throwaway", "rows")
@every_question
def test_only_those_who_may_get_an_answer(
    entry: Entry[Any], user: User, anonymous: Api, other_project: Project
) -> None:
    eve = User.objects.create_user("eve@example.com", "correct horse battery", current_project=other_project)
    Membership.objects.create(user=eve, organization=other_project.organization)

    def asked_by(owner: User, **limits: Any) -> int:
        key = PersonalAPIKey.make(owner, "test", **limits)[1]
        statuses = {
            Api(key).get(f"/api/{places}/1/{entry.path}/", required(entry)).status_code
            for places in ("projects", "environments")
        }
        (status,) = statuses
        return status

    assert asked_by(user) == 200
    assert asked_by(eve) == 403
    assert asked_by(user, scopes=["other:read"]) == 403
    assert asked_by(user, scoped_teams=[2]) == 403
    assert asked_by(user, scoped_organizations=[str(other_project.organization_id)]) == 403
    assert anonymous.get(f"/api/projects/1/{entry.path}/", required(entry)).status_code == 401
