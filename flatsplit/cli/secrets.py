"""Where passwords come from: options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flatsplit.cli.app import App
from flatsplit.errors import UsageError

if TYPE_CHECKING:
    from flatsplit.cli.progress import Narration
    from flatsplit.cutover.interaction import Passwords
    from flatsplit.cutover.walk import Walk
    from flatsplit.model import WalkName

F = TypeVar("F", bound=Callable[..., Any])


def password_options(function: F) -> F:
    """Adds --password-file and --generate-passwords."""
    given = click.option(
        "--password-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help='TOML lines such as app_user = "…"; mode 0600.',
    )
    generated = click.option(
        "--generate-passwords",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Make passwords up and write them to this file, or use those in it.",
    )
    return given(generated(function))


def check_password_options(given: Path | None, generated: Path | None) -> None:
    """Raise UsageError where both are given."""
    if given is not None and generated is not None:
        raise UsageError("--password-file and --generate-passwords exclude each other", "give one of them")


def passwords_from(
    app: App,
    narration: Narration,
    given: Path | None,
    generated: Path | None,
    walk: Walk | None = None,
    name: WalkName | None = None,
) -> Passwords:
    """The source of passwords: a file, a new file, the store of a walk that hands them out, a person, or nowhere.

    ``name``: the walk, where it is about to begin. Raises UsageError for a file that cannot be used, also where no
    password turns out to be needed.
    """
    from flatsplit import passwords

    if given is not None or generated is not None:
        source = passwords.FromFile(given) if given is not None else passwords.Generated(generated or Path())
        source.require(())
        return source
    if walk is not None:
        from flatsplit.cutover.password_store import stored

        store = stored(walk, name or walk.record.walk, narration.note)
        if store is not None:
            return store
    if not app.output.interactive:
        return passwords.Nowhere()

    def ask(role: str) -> str:
        return str(narration.asking(lambda: app.output.ask_password(f"New password of {role}")))

    return passwords.Prompt(ask)
