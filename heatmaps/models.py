"""Metadata: who may read which project, and what a project is. Interactions are in ClickHouse."""

import uuid
import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.timezone import now

from heatmaps.metadata import keys
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


def default_scopes() -> list[str]:
    return ["heatmap:read"]


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
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"

    def clean(self) -> None:
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


class Person(models.Model):
    """Somebody behind one or more visitors. The source of truth; ClickHouse is told of every version, and is yet to be
    told where `is_pending`."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    # `id` in ClickHouse. Files that are loaded may name the same one for two projects.
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    is_identified = models.BooleanField(default=False)
    # JSON, as `heatmaps.persons.properties` has it. A text, for nothing here looks into it.
    registers = models.TextField(default="{}")
    created_at = models.DateTimeField(default=now)
    # Of one that became another, until ClickHouse knows.
    is_deleted = models.BooleanField(default=False)
    version = models.BigIntegerField()
    is_pending = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "uuid"], name="one_person")]
        indexes = [
            models.Index(fields=["version"], name="person_pending", condition=models.Q(is_pending=True)),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class PersonDistinctId(models.Model):
    """Which person a visitor is."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    distinct_id = models.CharField(max_length=400)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="distinct_ids")
    version = models.BigIntegerField()
    is_pending = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "distinct_id"], name="one_person_each")]
        indexes = [
            models.Index(fields=["version"], name="distinct_id_pending", condition=models.Q(is_pending=True)),
        ]

    def __str__(self) -> str:
        return self.distinct_id


class AppliedPersonEvent(models.Model):
    """An event whose person is kept, and of which ClickHouse does not know yet that all of it is stored."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    event = models.UUIDField()
    batch = models.BigIntegerField(db_index=True)
    applied_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "event"], name="one_application")]

    def __str__(self) -> str:
        return str(self.event)


class CookielessSalt(models.Model):
    """The key of a day's hashes of visitors whom their browser does not name; destroyed when its time has come."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    salt = models.CharField(max_length=64)
    destroyed_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "day"], name="one_salt_a_day")]

    def __str__(self) -> str:
        return f"{self.day} of project {self.project_id}"


class CaptureTally(models.Model):
    """What browsers sent lately of one project, or what of it was refused, for one reason; and the last example. Posts
    whose project nobody knows have none."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    total = models.PositiveBigIntegerField(default=0)
    minutes = models.JSONField(default=dict)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    host = models.CharField(max_length=200)
    origin = models.CharField(max_length=200)
    detail = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.reason} of project {self.project_id}"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Where there is one organization, it is its member: else the first user would see no project."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        if organization := Organization.only():
            user.join(organization)
        return user


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    email = models.EmailField("email address", unique=True)
    current_project = models.ForeignKey(
        Project,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="What `@current` stands for.",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[assignment,misc]

    def __str__(self) -> str:
        return self.email

    @transaction.atomic
    def join(self, organization: Organization) -> bool:
        """Whether that is new. Who has no current project gets the first one there."""
        _, is_new = Membership.objects.get_or_create(user=self, organization=organization)
        if self.current_project is None:
            self._set_current(organization.projects.first())
        return is_new

    @transaction.atomic
    def leave(self, organization: Organization) -> bool:
        """Whether the user was there. A current project there is then the first of those that are left."""
        count, _ = Membership.objects.filter(user=self, organization=organization).delete()
        if self.current_project and self.current_project.organization_id == organization.pk:
            self._set_current(Project.objects.filter(organization__membership__user=self).first())
        return count > 0

    def _set_current(self, project: Project | None) -> None:
        self.current_project = project
        self.save(update_fields=["current_project"])


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class PersonalAPIKey(models.Model):
    """A key that reads for its user. Only its digest is kept; the key itself is shown once, when it is made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="personal_api_keys")
    label = models.CharField(max_length=200)
    digest = models.CharField(max_length=80, unique=True, editable=False)
    mask = models.CharField(max_length=16, editable=False)
    scopes = models.JSONField(default=default_scopes, blank=True)
    scoped_teams = models.JSONField(null=True, blank=True, help_text="Project ids; empty: all of the user's.")
    scoped_organizations = models.JSONField(null=True, blank=True, help_text="Organization ids; empty: all of them.")
    created_at = models.DateTimeField(default=now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "personal API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.label} {self.mask}"

    def clean(self) -> None:
        _check_list(self.scopes, str, "scopes", 'scopes such as ["heatmap:read"]')
        _check_list(self.scoped_teams or [], int, "scoped_teams", "project ids such as [1, 2]")
        _check_list(self.scoped_organizations or [], str, "scoped_organizations", "organization ids, as texts")

    @classmethod
    def make(cls, user: User, label: str, **fields: Any) -> tuple["PersonalAPIKey", str]:
        """The saved row, and the key that nobody will see again."""
        key = keys.new_personal_api_key()
        return cls.objects.create(user=user, label=label, digest=keys.digest(key), mask=keys.mask(key), **fields), key


def _check_list(value: Any, kind: type, field: str, example: str) -> None:
    if not (isinstance(value, list) and all(type(item) is kind for item in value)):
        raise ValidationError({field: f"Type a JSON list of {example}."})
