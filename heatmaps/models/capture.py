"""What came in from browsers lately, and what was refused."""

from django.db import models

from heatmaps.models.projects import Project


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
