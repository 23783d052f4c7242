"""Several statements under way together, so that a slow line costs one round trip for all of them."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg

# Where the connection is lost meanwhile, the driver logs that it could not tidy up, and Python prints that beside our
# own two lines, unless somebody listens
logging.getLogger("psycopg").addHandler(logging.NullHandler())


def together(conn: psycopg.Connection[Any]) -> AbstractContextManager[object]:
    """Inside, statements are sent without waiting for answers, each on a cursor of its own; reading an answer waits
    for those before it. After an error the server runs none of the others.

    With libpq before 14, which has no pipeline mode, each waits for its answer.
    """
    return conn.pipeline() if psycopg.Pipeline.is_supported() else nullcontext()
