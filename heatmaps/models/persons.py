"""Who a visitor is, as browsers told; ClickHouse follows."""

import uuid

from django.db import models
from django.utils.timezone import now

from heatmaps.models.projects import Project


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
