"""Serve the site on loopback, and say each step: what `make run` calls."""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from core.sim import flags

MIGRATION_TRIES = 5
MOST_SAID = 16 * 2**20  # bytes of one message on a socket: a whole page of a thousand unfolded seats is 2 MB


class Command(BaseCommand):
    help = "Bring the database up to date, start the control plane, and serve the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: loopback only)"
        )
        parser.add_argument("--port", type=int, default=8000)
        group = parser.add_argument_group("components", "flags of the cluster lab, as in Kubernetes")
        for flag, field in flags.names().items():
            group.add_argument(f"--{flag}", dest=f"flag_{field}", metavar="VALUE")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        began = time.monotonic()
        try:
            asked = {
                field: flags.value(flag, options[f"flag_{field}"])
                for flag, field in flags.names().items()
                if options[f"flag_{field}"] is not None
            }
        except ValueError as error:
            raise CommandError(str(error)) from None
        self._say(f"data: {settings.DATA}")
        self._say("database: bringing it up to date")
        self._migrate()
        self._say("control plane: opening the clusters")
        from daphne.endpoints import build_endpoint_description_strings

        from stsviz.asgi import application
        from stsviz.runtime import runtime
        from stsviz.server import Server

        runtime.ask(asked, settings.PACE if settings.PACE_IS_GIVEN else None)
        runtime.start()
        runtime.opened.wait()
        names = ", ".join(runtime.names())

        def ready() -> None:
            if not server.listening_addresses:
                return
            self._say(
                f"clusters: {names}; pace {settings.PACE:g}; started in {time.monotonic() - began:.1f} s"
            )
            if settings.DNS_PORT:
                self._nameserver = asyncio.ensure_future(self._answer_dns(settings.DNS_PORT))
            self._say(f"open http://{host}:{port}/ (stop with Ctrl-C)")
            self._say(f"or: kubectl --server http://{host}:{port} get pods")

        server = Server(
            application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=ready,
            server_name="stsviz",
            verbosity=0,
            websocket_handshake_timeout=10,
            websocket_max_message_size=MOST_SAID,
            application_close_timeout=2,
        )
        server.run()
        runtime.stop()
        if not server.listening_addresses:
            raise CommandError(f"cannot listen on {host}:{port}: is it taken? Try make run PORT={port + 1}")

    async def _answer_dns(self, port: int) -> None:
        from stsviz.nameserver import start

        try:
            await start(port)
        except OSError as error:
            self._say(f"dns: not served on port {port}: {error.strerror}; try make run DNS_PORT={port + 1}")
        else:
            self._say(f"dns: dig @127.0.0.1 -p {port} nginx.default.svc.cluster.local")

    def _migrate(self) -> None:
        """Bring the tables up to date, also when other processes of the site start at the same moment."""
        for more_tries in reversed(range(MIGRATION_TRIES)):
            try:
                call_command("migrate", verbosity=0, interactive=False)
                return
            except DatabaseError:
                if not more_tries:
                    raise
                connection.close()
                time.sleep(1)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
