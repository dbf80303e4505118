"""The parameter `filter_test_accounts`, and the cohorts that filters may name."""

from functools import cached_property
from typing import Any

from rest_framework import serializers

from heatmaps.models import Project
from heatmaps.population import property_parsing
from heatmaps.population.property_filters import BadFilter, CohortMembers, PropertyFilter
from heatmaps.requests.cohorts import cohort_members, with_cohorts
from heatmaps.requests.fields import Boolean
from heatmaps.requests.forms import Form, Q_co


def filter_test_accounts(help_text: str) -> Boolean:
    return Boolean(required=False, allow_null=True, default=None, help_text=help_text)


class AccountsForm(Form[Q_co]):
    examples = {"filter_test_accounts": [True]}

    filter_test_accounts = filter_test_accounts(
        "`true` keeps only sessions with an event that passes the project's test-account filters."
    )

    @cached_property
    def cohorts(self) -> dict[int, CohortMembers]:
        """Looked up once for all parameters."""
        return cohort_members(self.context["project"])

    def understood(self, raw: Any) -> tuple[PropertyFilter, ...]:
        """The property filters of a JSON list, with the cohorts that they name; raises BadFilter."""
        filters = property_parsing.parse_filters(raw)
        return with_cohorts(filters, self.cohorts if any(one.cohort_id for one in filters) else {})

    def validate_filter_test_accounts(self, value: bool | None) -> tuple[PropertyFilter, ...] | None:
        if not value:
            return None
        project: Project = self.context["project"]
        try:
            return self.understood(project.test_account_filters)
        except BadFilter as error:
            raise serializers.ValidationError(f"The project's test-account filters cannot be used: {error}") from error
