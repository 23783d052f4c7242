"""``trail``: structural changes are told of, in the log and in a table.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.trail.kind`.
"""

from __future__ import annotations

from typing import Final

LOG_DDL: Final = "log-ddl"
RECORD_DDL: Final = "record-ddl"
