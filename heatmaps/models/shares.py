"""Share tokens: who holds one reads the map of one page, and may read it on that page."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now

from heatmaps.metadata import keys
from heatmaps.models.projects import Project
from heatmaps.population import regexes
from heatmaps.population.origins import BadPage, origins_of_pattern, origins_of_url
from heatmaps.population.urls import regular_expression

DEFAULT_MIN_VISITORS = 5
MIN_SECONDS, MAX_SECONDS, DEFAULT_SECONDS = 3_600, 2_592_000, 604_800
MAX_URL_CHARS, MAX_LABEL_CHARS = 10_000, 200


class ShareKind(models.TextChoices):
    """By which parameter a token's pages are asked for."""

    PAGE = "url_page", "a page"
    EXACT = "url_exact", "a URL"
    PATTERN = "url_pattern", "a pattern of URLs"


class Share(models.Model):
    """A token that opens the map of its pages, and nothing else. Only its digest is kept; the token itself is shown
    once, when it is made."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="shares")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    label = models.CharField(max_length=MAX_LABEL_CHARS, blank=True)
    digest = models.CharField(max_length=80, unique=True, editable=False)
    mask = models.CharField(max_length=16, editable=False)
    kind = models.CharField(max_length=20, choices=ShareKind.choices)
    url = models.TextField(verbose_name="URL")
    # Of the pages that may read what the token opens.
    origins = models.JSONField(editable=False)
    min_visitors = models.PositiveIntegerField(default=DEFAULT_MIN_VISITORS)
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.label} {self.mask}".strip()

    @property
    def is_live(self) -> bool:
        return self.expires_at > now()

    @classmethod
    def make(cls, project: Project, kind: str, url: str, *, lasts: timedelta, **fields: Any) -> tuple["Share", str]:
        """The saved row, and the token that nobody will see again. The URL is one that `origins_of` takes."""
        token = keys.new_share_token()
        begins: datetime = now()
        share = cls.objects.create(
            project=project,
            kind=kind,
            url=url,
            origins=origins_of(kind, url),
            digest=keys.digest(token),
            mask=keys.mask(token),
            created_at=begins,
            expires_at=begins + lasts,
            **fields,
        )
        return share, token


def origins_of(kind: str, url: str) -> list[str]:
    """The origins of the pages that a token is to open; raises ValidationError."""
    if kind == ShareKind.PATTERN and (reason := regexes.fault(regular_expression(url))):
        raise ValidationError(f"url_pattern is not a valid regular expression: {reason}")
    try:
        return origins_of_pattern(url) if kind == ShareKind.PATTERN else origins_of_url(url)
    except BadPage as error:
        raise ValidationError(f"{kind} {error}") from error
