"""Sets up the configuration and the passwords for a walk over a group."""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.walks.group.context import ignores_role_setting
from tests.support.walk import Walk, toml, write_passwords


def ignored(walk: Walk) -> bool:
    """Whether the server lets no login begin as its group: 15.9, 16.5 and 17.1, where FLATSPLIT_PG_BIN names one."""
    return ignores_role_setting(walk.database.admin.info.server_version)


def declare(walk: Walk, purpose: str, logins: Sequence[str], **more: object) -> None:
    """Write [group.PURPOSE] into the configuration, and passwords for all its logins.

    Where the server ignores the setting, what acts prints is followed: the logins of app_user act as themselves.
    """
    if ignored(walk) and purpose != "app_migrator":
        more = {"as_group": False, **more}
    text = walk.config.read_text()
    lines = [f"[group.{purpose}]", f"logins = {toml(list(logins))}", *(f"{k} = {toml(v)}" for k, v in more.items())]
    walk.config.write_text(f"{text}\n" + "\n".join(lines) + "\n")
    walk.passwords |= {login: f"password of {number}" for number, login in enumerate(logins)}
    write_passwords(walk.password_file, walk.passwords)
