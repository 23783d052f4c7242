"""The JSON that scripts rely on. Keys may be added, never renamed or taken away."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def plain(value: Any) -> Any:
    """Any value of the use cases in the types of JSON: dataclasses and named tuples by their fields."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value))
    if isinstance(value, Iterable) and not isinstance(value, (bytes, Path)):
        return [plain(item) for item in value]
    return str(value)
