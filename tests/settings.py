"""The site's settings for tests: a data folder of their own, nothing from the caller's environment.

With STSVIZ_TEST_DATABASE_URL all tests that need a database run on that server, in a database of their own.
"""

from __future__ import annotations

import os
import tempfile

for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "PACE", "DNS_PORT"):
    os.environ.pop(name, None)
os.environ.pop("STSVIZ_TOKEN", None)
_folder = tempfile.TemporaryDirectory(prefix="stsviz-tests-")
os.environ["STSVIZ_DATA"] = _folder.name
if _url := os.environ.get("STSVIZ_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = _url

from stsviz.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
if not _url:
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_folder.name, "test.sqlite3")}  # noqa: F405
