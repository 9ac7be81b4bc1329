"""What the database holds: it is the cluster's etcd.

Every object is a row, every write one more revision and one row of history, and the typed edges of
the object graph are rows kept in the same transaction. Only apiserver/store.py reads or writes these.
"""

from __future__ import annotations

from django.db import models


class Cluster(models.Model):
    """A cluster: its clock, its counters, its settings, and who steps it."""

    name = models.CharField(max_length=63, unique=True)
    revision = models.BigIntegerField(default=0)
    compacted = models.BigIntegerField(default=0)  # history up to and with this revision is gone
    seed = models.BigIntegerField(default=0)
    draws = models.BigIntegerField(default=0)  # ids drawn so far: the random stream goes on after a restart
    started = models.FloatField()  # simulated epoch seconds
    now = models.FloatField()  # simulated epoch seconds
    pace = models.FloatField(default=1.0)  # simulated seconds a wall second; 0 is paused
    mode = models.CharField(max_length=10, default="real")  # "real" or "lesson"
    settings = models.JSONField(default=dict)  # flags that differ from core.sim.settings.Settings
    lease_holder = models.CharField(max_length=64, default="", blank=True)
    lease_until = models.FloatField(default=0.0)  # wall epoch seconds
    # of a fork: the cluster whose past it begins with (null once that is gone), its name, and where it parted
    origin = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="forks")
    origin_name = models.CharField(max_length=63, default="", blank=True)
    forked_at = models.BigIntegerField(default=0)
    sealed = models.BooleanField(default=False, db_default=False)  # a stored run: nobody drives it

    def __str__(self) -> str:
        return self.name


class Object(models.Model):
    """The newest revision of one object, as JSON text in wire shape."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=300)
    uid = models.CharField(max_length=36)
    revision = models.BigIntegerField()
    data = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "kind", "namespace", "name"], name="one_object_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class Reference(models.Model):
    """A typed edge: source --relation--> target, derived from the source object alone."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    source_kind = models.CharField(max_length=63)
    source_namespace = models.CharField(max_length=253, blank=True)
    source_name = models.CharField(max_length=300)
    relation = models.CharField(max_length=20)
    target_kind = models.CharField(max_length=63)
    target_namespace = models.CharField(max_length=253, blank=True)
    target_name = models.CharField(max_length=300)

    class Meta:
        indexes = [
            models.Index(
                fields=["cluster", "source_kind", "source_namespace", "source_name"], name="edge_by_source"
            ),
            models.Index(
                fields=["cluster", "target_kind", "target_namespace", "target_name"], name="edge_by_target"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_name} {self.relation} {self.target_kind} {self.target_name}"


class Change(models.Model):
    """One write: what became of which object, by whom, because of what, when."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    revision = models.BigIntegerField()
    type = models.CharField(max_length=8)  # ADDED, MODIFIED, DELETED
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=300)
    data = models.TextField()  # the object after the write; of a deletion, its last state
    actor = models.CharField(max_length=100)
    because = models.TextField(blank=True)
    at = models.FloatField()  # simulated epoch seconds

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cluster", "revision"], name="one_change_a_revision")]

    def __str__(self) -> str:
        return f"{self.revision} {self.type} {self.kind} {self.name}"
