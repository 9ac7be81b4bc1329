"""Uploads that take a while: a thread applies them, the form asks how far it is and can stop it."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict

from django.db import connection

from core.apimachinery.errors import ApiError
from core.apply import Outcome
from core.cluster import Cluster

log = logging.getLogger(__name__)

MOST_AT_WORK = 4
KEPT = 16  # finished uploads whose outcome can still be asked for


class Job:
    """One upload and what became of each of its documents so far."""

    def __init__(self, cluster: Cluster, text: str) -> None:
        self.id = secrets.token_hex(8)
        self.cluster = cluster
        self.text = text
        self.total = max(1, sum(line.startswith("---") for line in text.splitlines()) + 1)
        self.outcomes: list[Outcome] = []
        self.error = ""
        self.stopped = False
        self._done = threading.Event()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def wait(self, seconds: float) -> bool:
        return self._done.wait(seconds)

    def stop(self) -> None:
        self.stopped = True

    def run(self) -> None:
        try:
            for outcome in self.cluster.apply(self.text, stop=lambda: self.stopped):
                self.outcomes.append(outcome)
            if not self.outcomes and not self.stopped:
                self.error = "no objects passed to apply"
        except ApiError as error:
            self.error = error.message
        except Exception:
            log.exception("an upload failed")
            self.error = "The site failed at this upload; its log says why. What is listed above was done."
        finally:
            connection.close()
            self.text = ""
            self._done.set()


_jobs: OrderedDict[str, Job] = OrderedDict()
_lock = threading.Lock()


def start(cluster: Cluster, text: str) -> Job | None:
    """Begin to apply *text*; None when too many uploads are at work."""
    with _lock:
        if sum(not job.done for job in _jobs.values()) >= MOST_AT_WORK:
            return None
        job = Job(cluster, text)
        _jobs[job.id] = job
        while len(_jobs) > KEPT and next(iter(_jobs.values())).done:
            _jobs.popitem(last=False)
    threading.Thread(target=job.run, name=f"upload-{job.id}", daemon=True).start()
    return job


def find(job_id: str) -> Job | None:
    return _jobs.get(job_id)
