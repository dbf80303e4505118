"""Who signs in, and the keys that read for them."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.timezone import now

from heatmaps.metadata import keys
from heatmaps.models.projects import Organization, Project


def default_scopes() -> list[str]:
    return ["heatmap:read"]


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
