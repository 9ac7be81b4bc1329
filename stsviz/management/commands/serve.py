"""Serve the site, on loopback unless told otherwise, and say each step: what `make run` calls."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from twisted.internet.ssl import PrivateCertificate

from core.sim import flags
from stsviz import tls
from stsviz.access import SHORTEST_TOKEN, is_loopback, is_open, is_usable
from stsviz.database import bring_up_to_date

NO_TOKEN = """\
other machines could reach this site, so it asks for a token, and {what}.
Put one of at least {most} characters into the environment as STSVIZ_TOKEN, or into a file:
  (umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > {file})
Without one it listens on 127.0.0.1 and answers to the names of this machine only."""
MOST_SAID = 16 * 2**20  # bytes of one message on a socket: a whole page of a thousand unfolded seats is 2 MB


class Command(BaseCommand):
    help = "Bring the database up to date, start the control plane, and serve the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            "--host",
            dest="host",
            default="127.0.0.1",
            help="address to listen on (default: loopback only); any other wants a token, and gets HTTPS",
        )
        parser.add_argument("--port", type=int, default=8000)
        group = parser.add_argument_group("components", "flags of the cluster lab, as in Kubernetes")
        for flag in (*flags.names(), flags.FEATURE_GATES):
            group.add_argument(
                f"--{flag}", dest=flag, action="append", metavar="VALUE", help=flags.told(flag)
            )

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        began = time.monotonic()
        try:
            asked = flags.parse({f: options.get(f) or () for f in (*flags.names(), flags.FEATURE_GATES)})
        except ValueError as error:
            raise CommandError(str(error)) from None
        own = self._let_others_in(host) if is_open(host, settings.ALLOWED_HOSTS) else None
        self._say(f"data: {settings.DATA}")
        self._say("database: bringing it up to date")
        bring_up_to_date()
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
            self._invite(host, port, secure=own is not None)

        server = Server(
            application,
            own=own,
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

    def _let_others_in(self, host: str) -> PrivateCertificate | None:
        """Make sure of a token; return the certificate for HTTPS, None when a proxy sees to that."""
        if not is_usable(settings.TOKEN):
            what = "there is none" if not settings.TOKEN else "this one is too easy to guess, or no header's"
            raise CommandError(NO_TOKEN.format(what=what, file=settings.DATA / "token", most=SHORTEST_TOKEN))
        settings.TOKEN_WANTED = True
        if is_loopback(host):
            return None
        names = tls.own_names(host)
        settings.ALLOWED_HOSTS = list(dict.fromkeys((*settings.ALLOWED_HOSTS, *map(as_host, names))))
        settings.SECURE_PROXY_SSL_HEADER = None
        settings.SERVES_HTTPS = settings.CSRF_COOKIE_SECURE = True
        return tls.credentials(settings.DATA, settings.ALLOWED_HOSTS)

    def _invite(self, host: str, port: int, *, secure: bool) -> None:
        name = as_host(tls.own_names(host)[0])
        site = f"https://{name}:{port}" if secure else f"http://{name}:{port}"
        self._say(f"open {site}/ (stop with Ctrl-C)")
        if settings.TOKEN_WANTED:
            self._say("access: with the token only")
        if secure:
            here = f"STSVIZ_DATA={shlex.quote(str(settings.DATA))} {sys.executable} manage.py"
            self._say(f"or: (umask 077; {here} kubeconfig --server {site} > lab.yaml)")
            self._say("    kubectl --kubeconfig lab.yaml get pods")
        else:
            self._say(f"or: kubectl --server {site} get pods (another cluster: {site}/clusters/NAME)")

    async def _answer_dns(self, port: int) -> None:
        from stsviz.nameserver import start

        try:
            await start(port)
        except OSError as error:
            self._say(f"dns: not served on port {port}: {error.strerror}; try make run DNS_PORT={port + 1}")
        else:
            self._say(f"dns: dig @127.0.0.1 -p {port} nginx.default.svc.cluster.local")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def as_host(name: str) -> str:
    """Write *name* as the host of a URL."""
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
