"""The server and the namespaces of the client tests, for tests that speak plain HTTP."""

from __future__ import annotations

from tests.clients.conftest import namespace, server

__all__ = ["namespace", "server"]
