"""Settings, all from the environment, safe without any: loopback, DEBUG off, a secret key of its own.

STSVIZ_DATA    folder of the database and the secret key (default: data/ beside manage.py)
DATABASE_URL   another database, e.g. postgres://user@host/name
REDIS_URL      a channel layer that several processes share
ALLOWED_HOSTS  names this site answers to, comma separated; others than those of loopback want a token
STSVIZ_TOKEN   the token to show when other machines can reach the site (default: file `token` in STSVIZ_DATA)
EMBED_ANCESTORS  pages that may frame /c/NAME/embed (default 'self'), as frame-ancestors of CSP has them
PACE           simulated seconds per second at the start; DNS_PORT: answer DNS on this port (0: not at all)
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import environ

from stsviz.access import is_open

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA = Path(env.str("STSVIZ_DATA", default="") or BASE_DIR / "data").expanduser().absolute()
DATA.mkdir(parents=True, exist_ok=True)


def _secret_key(path: Path) -> str:
    """Read the key of this site; the first process that comes makes it, for its own user's eyes only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # whole or not at all, and never over another process's key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or _secret_key(DATA / "secret_key")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])


def _token(path: Path) -> str:
    """Return the token that was given, "" for none."""
    given = os.environ.get("STSVIZ_TOKEN", "")
    return given.strip() or (path.read_text().strip() if path.is_file() else "")


TOKEN = _token(DATA / "token")
TOKEN_WANTED = is_open("127.0.0.1", ALLOWED_HOSTS)  # also when `serve` listens on more than loopback
# other names and loopback: there is a proxy in front, which says whether it was called over HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TOKEN_WANTED else None
SERVES_HTTPS = False  # `serve` says when

INSTALLED_APPS = ["daphne", "channels", "django.contrib.staticfiles", "core", "stsviz"]
MIDDLEWARE = [
    "stsviz.middleware.limit_body",
    "django.middleware.security.SecurityMiddleware",
    "stsviz.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "stsviz.middleware.ask_for_login",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "stsviz.urls"
ASGI_APPLICATION = "stsviz.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.csrf"]},
    }
]

# -- the store: one writer at a time, who takes the lock when the transaction begins ----------------------
_sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "stsviz.sqlite3"}
DATABASES = {"default": env.db_url("DATABASE_URL") if env.str("DATABASE_URL", default="") else _sqlite}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # The layer waits five seconds for a message, just as long as redis-py waits for any answer.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30}]},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}

# -- static files: served as they lie in static/, each asked for once: its address tells its bytes ---------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 0 if DEBUG else 365 * 24 * 3600
STORAGES = {"staticfiles": {"BACKEND": "stsviz.statics.Versioned"}}

# -- limits and locks -------------------------------------------------------------------------------------
MAX_BODY_BYTES = 4 * 1024 * 1024  # of a request: manifests and files are small
MAX_FORM_BYTES = 1024 * 1024  # of one that is URL-encoded: reading it takes a hundred times its size
STALLED_AFTER = 60.0  # seconds in which who reads a stream takes none of it, until it is cut off
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
EMBED_ANCESTORS = env.str("EMBED_ANCESTORS", default="'self'")  # of `embed` alone
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True  # the page carries the token in a header of its own
CSRF_FAILURE_VIEW = "stsviz.pages.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# -- the clusters -----------------------------------------------------------------------------------------
MAX_CLUSTERS = 40
MAX_RUNS = 100  # stored ones
PACE = env.float("PACE", default=1.0)
PACE_IS_GIVEN = "PACE" in env.ENVIRON
DNS_PORT = env.int("DNS_PORT", default=5353)  # 0: none

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.security.DisallowedHost": {"level": "CRITICAL"}},  # answered with 400; no traceback
}
