"""stsviz as a Django application: pages, sockets and management commands."""

from __future__ import annotations

from django.apps import AppConfig


class StsvizConfig(AppConfig):
    name = "stsviz"
