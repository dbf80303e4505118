"""Pictures of pages, which stand in for a page below its map."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Sum
from django.utils.timezone import now

from heatmaps.drawing.recoding import Recoded
from heatmaps.models.projects import Project

# Of a viewport, in CSS px.
MIN_WIDTH, MAX_WIDTH = 320, 3_840
# Of the page at that width: as tall as the viewer shows pages.
MAX_HEIGHT = 60_000
MAX_BYTES = 10 * 1024**2
# Of one project, however small they are.
MOST_PICTURES = 1_000


class PictureFormat(models.TextChoices):
    WEBP = "webp", "WebP"
    JPEG = "jpeg", "JPEG"

    @property
    def media_type(self) -> str:
        return f"image/{self.value}"


class NoRoom(Exception):
    """The project has as many pictures as it may have. Says so in a sentence."""


class PictureManager(models.Manager["Picture"]):
    def get_queryset(self) -> models.QuerySet["Picture"]:
        """Without the bytes: only who wants to see one picture needs them, and they are megabytes."""
        return super().get_queryset().defer("content")


class Picture(models.Model):
    """What a page looks like in a viewport of one width. There is one for each page and width."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pictures")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    page = models.TextField()
    # Texts of any length are too long for an index.
    page_hash = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(verbose_name="width, px")
    height = models.PositiveIntegerField(verbose_name="height, px")
    format = models.CharField(max_length=8, choices=PictureFormat.choices)
    size = models.PositiveIntegerField(verbose_name="bytes")
    sha256 = models.CharField(max_length=64, editable=False)
    content = models.BinaryField()

    objects = PictureManager()

    class Meta:
        ordering = ["-created_at", "-id"]
        # Also where rows are looked for to be deleted with their project.
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["project", "page_hash", "width"], name="one_picture_of_a_page_and_width")
        ]

    def __str__(self) -> str:
        return f"{self.page} at {self.width} px"

    @classmethod
    @transaction.atomic
    def keep(
        cls, project_id: int, page: str, *, width: int, height: int, drawn: Recoded, created_by_id: int | None
    ) -> "Picture | None":
        """The saved row, in the place of the one of the same page and width; None where the project is gone. Raises
        NoRoom."""
        # One at a time, so that two do not take the same room.
        if not Project.objects.select_for_update().filter(pk=project_id).exists():
            return None
        place: dict[str, Any] = {"project_id": project_id, "page_hash": digest_of(page), "width": width}
        others = cls.objects.filter(project_id=project_id).exclude(**place).aggregate(n=Count("pk"), bytes=Sum("size"))
        if (others["bytes"] or 0) + len(drawn.content) > settings.PICTURES_MAX_BYTES or others["n"] >= MOST_PICTURES:
            raise NoRoom(
                f"The project's pictures may have {settings.PICTURES_MAX_BYTES:,} bytes together, and there may be "
                f"{MOST_PICTURES:,} of them. Remove some."
            )
        values: dict[str, Any] = {
            "page": page,
            "height": height,
            "format": drawn.format,
            "size": len(drawn.content),
            "sha256": hashlib.sha256(drawn.content).hexdigest(),
            "content": drawn.content,
            "created_by_id": created_by_id,
            "created_at": now(),
        }
        picture, _ = cls.objects.update_or_create(**place, defaults=values)
        return picture


def digest_of(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
