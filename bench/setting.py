"""What every measurement starts from: Django over a database of its own in a temporary folder."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

START = 1_800_000_000.0


@contextmanager
def database() -> Iterator[None]:
    """A migrated SQLite database on disk, as the site uses it, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="stsviz-bench-") as folder:
        os.environ["STSVIZ_DATA"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stsviz.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def peak_megabytes() -> float:
    """Return the largest size this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
