"""Whose projects there are, and their cohorts."""

import uuid
import zoneinfo
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now

from heatmaps.metadata import allowlist, keys
from heatmaps.population import property_filters, property_parsing


def validate_timezone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Type a name such as Europe/Berlin or UTC.")


def default_test_account_filters() -> list[dict[str, Any]]:
    """Keeps what was not sent from a developer's own machine."""
    return [
        {
            "key": "$host",
            "operator": "not_regex",
            "value": r"^(localhost|127\.0\.0\.1)($|:)",
            "type": "event",
        }
    ]


def validate_test_account_filters(value: Any) -> None:
    try:
        property_parsing.parse_filters(value)
    except property_filters.BadFilter as error:
        raise ValidationError(f"The test-account filters cannot be used: {error}") from error


def validate_url_allowlist(value: Any) -> None:
    try:
        allowlist.parse(value)
    except allowlist.BadAllowlist as error:
        raise ValidationError(str(error)) from error


class CaptureMode(models.TextChoices):
    """Which pages interactions are stored of."""

    ALL = "all", "all pages"
    URL_ALLOWLIST = "url_allowlist", "those of the allow-list"


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def only(cls) -> "Organization | None":
        """The one that there is, where there is one and no other."""
        found = list(cls.objects.all()[:2])
        return found[0] if len(found) == 1 else None


class Project(models.Model):
    """What upstream calls a team or an environment; its id is `team_id` in ClickHouse."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    token = models.CharField(max_length=64, unique=True, default=keys.new_project_token, editable=False)
    heatmaps_opt_in = models.BooleanField(default=True, help_text="Whether browsers may send interactions.")
    test_account_filters = models.JSONField(
        default=default_test_account_filters,
        blank=True,
        validators=[validate_test_account_filters],
        help_text="Which events are people's, not the team's own. All of them must hold.",
    )
    # The database has the defaults as well, for a process of the version before, which knows nothing of these columns.
    capture_mode = models.CharField(
        max_length=20,
        choices=CaptureMode.choices,
        default=CaptureMode.ALL,
        db_default=CaptureMode.ALL,
        help_text="Of which pages the interactions that browsers send are stored.",
    )
    url_allowlist = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        validators=[validate_url_allowlist],
        verbose_name="URL allow-list",
        help_text="JSON list of full URLs, in which * stands for any characters. An empty one stores nothing.",
    )
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"

    def clean(self) -> None:
        self._clean_test_account_filters()
        with suppress(allowlist.BadAllowlist):
            # The field's own validator says what is wrong.
            self.url_allowlist = allowlist.parse(self.url_allowlist)

    def _clean_test_account_filters(self) -> None:
        """Refuses filters that name a cohort this project does not have."""
        try:
            wanted = {
                one.cohort_id for one in property_parsing.parse_filters(self.test_account_filters) if one.cohort_id
            }
        except property_filters.BadFilter as error:
            # The field's own validator has said so, but Django asks none about what is empty.
            if self.test_account_filters:
                return
            raise ValidationError(
                {"test_account_filters": f"The test-account filters cannot be used: {error}"}
            ) from error
        known = set(
            Cohort.objects.filter(project_id=self.pk, deleted=False, pk__in=wanted).values_list("pk", flat=True)
        )
        if missing := sorted(wanted - known):
            raise ValidationError({"test_account_filters": f"Cohort(s) not found or deleted: {missing}"})

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


class Cohort(models.Model):
    """A set of people of one project. Who is in it is in ClickHouse: in cohort_visitors for a list of visitors, in
    person_static_cohort for one of persons, else in cohortpeople under this version."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cohorts")
    name = models.CharField(max_length=200)
    is_static = models.BooleanField(default=True, help_text="Whether it is a list, not a calculation.")
    lists_visitors = models.BooleanField(default=False, help_text="Whether the list names visitors, not persons.")
    version = models.PositiveBigIntegerField(null=True, blank=True, help_text="Of the calculation; empty: the newest.")
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"
