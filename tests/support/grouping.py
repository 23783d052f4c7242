"""Sets up the configuration and the passwords for a walk over a group."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.walk import Walk, toml, write_passwords


def declare(walk: Walk, purpose: str, logins: Sequence[str], **more: object) -> None:
    """Write [group.PURPOSE] into the configuration, and passwords for all its logins."""
    text = walk.config.read_text()
    lines = [f"[group.{purpose}]", f"logins = {toml(list(logins))}", *(f"{k} = {toml(v)}" for k, v in more.items())]
    walk.config.write_text(f"{text}\n" + "\n".join(lines) + "\n")
    walk.passwords |= {login: f"password of {number}" for number, login in enumerate(logins)}
    write_passwords(walk.password_file, walk.passwords)
