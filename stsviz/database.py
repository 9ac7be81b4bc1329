"""The database, brought up to date: all of it or nothing, whenever the process is killed.

Django makes a migration's tables in one transaction and records the migration in another one (when an
index is made after the tables), so a process killed in between leaves tables that the next start would
make again, and fail. Here both are one transaction.
"""

from __future__ import annotations

import time

from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

TRIES = 5  # other processes of the site may start at the same moment


def bring_up_to_date() -> None:
    """Apply the migrations that are missing, also when other processes do the same."""
    for more_tries in reversed(range(TRIES)):
        try:
            _migrate()
            return
        except DatabaseError:
            if not more_tries:
                raise
            connection.close()
            time.sleep(1)


def _migrate() -> None:
    # SQLite alters tables with its constraints off, and takes that word before a transaction only.
    connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.enable_constraint_checking()
