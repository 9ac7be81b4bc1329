"""The site's settings for a server that is quick to lose patience."""

from stsviz.settings import *  # noqa: F403

STALLED_AFTER = 0.3
