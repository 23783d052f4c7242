"""``trail``: structural changes are recorded, in the server's log and in a table.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.trail.kind`.
"""

from __future__ import annotations

from typing import Final

LOG_DDL: Final = "log-ddl"
RECORD_DDL: Final = "record-ddl"
