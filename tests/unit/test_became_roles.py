"""A special role whose sessions begin as another role: nothing is learned from what they run."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.config import parse
from flatsplit.evidence.became_roles import unseen
from flatsplit.model import SettingKey, State, Target
from flatsplit.walks.role.context import Context
from tests.support.config import LEAST

CONFIG = parse(LEAST + '[role.app_jobs]\nlike = "app_user"\n')
NOBODY: Any = None
TARGET = Target("7", "shop", 5, 180000, "postgres", True, "postgres")
HERE = TARGET.database


@pytest.mark.parametrize(
    ("key", "setting", "fix"),
    [
        (SettingKey("app_jobs", HERE), ("role", "team"), f'ALTER ROLE "app_jobs" IN DATABASE "{HERE}" RESET "role";'),
        (SettingKey("app_jobs", ""), ("Role", "team"), 'ALTER ROLE "app_jobs" RESET "role";'),
        (SettingKey("", HERE), ("role", "team"), f'ALTER DATABASE "{HERE}" RESET role;'),
        (SettingKey("app_jobs", HERE), ("role", "none"), ""),
        (SettingKey("app_jobs", HERE), ("role", "app_jobs"), ""),
        (SettingKey("other", HERE), ("role", "team"), ""),
    ],
)
def test_who_begins_as_somebody_else(key: SettingKey, setting: tuple[str, str], fix: str) -> None:
    state = State(TARGET, settings={key: (setting,)})
    found = unseen(NOBODY, "public", state, Context(CONFIG, state, "app_jobs"))
    assert (found is not None) == bool(fix)
    if found is not None:
        assert "sessions of app_jobs begin as team" in found.what
        assert found.fix.endswith(fix)
