"""Options and checks that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flatsplit.cli.app import App
from flatsplit.errors import UsageError
from flatsplit.model import UNWAIVABLE, WAIVABLE
from flatsplit.walks.split import STEP_KEYS

if TYPE_CHECKING:
    from flatsplit.walks.kind import Kind

F = TypeVar("F", bound=Callable[..., Any])


class StepName(click.Choice[str]):
    """The key of a step."""

    name = "step"

    def __init__(self) -> None:
        super().__init__(STEP_KEYS)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """STEP, since the list of all steps would fill the screen."""
        return "STEP"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """A step, also of another kind of walk; the use case checks whether it is one of this walk's."""
        if value not in STEP_KEYS and any(value in kind.keys for kind in _other_kinds()):
            return str(value)
        return super().convert(value, param, ctx)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002
        """All steps, in order."""
        return unknown("step", str(value), STEP_KEYS)


class GateName(click.Choice[str]):
    """The key of a gate that may be waived."""

    name = "gate"

    def __init__(self) -> None:
        super().__init__(WAIVABLE)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """GATE, since the list of all gates would fill the screen."""
        return "GATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """A gate, also one that only another kind of walk has."""
        known = value in (*WAIVABLE, *UNWAIVABLE)
        if not known and any(value in step.gates for kind in _other_kinds() for step in kind.steps):
            return str(value)
        return super().convert(value, param, ctx)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002
        """All gates, or why this one is not among them."""
        if value in UNWAIVABLE:
            return f"the gate {value} cannot be waived, only passed"
        return unknown("gate", str(value), WAIVABLE)


def _other_kinds() -> tuple[Kind[Any], ...]:
    from flatsplit.walks.kinds import begun_by_people  # the steps of all kinds

    return begun_by_people()


class Span(click.ParamType[timedelta]):
    """A duration as in flatsplit.toml."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """``2s``, ``500ms``, ``1m``."""
        from flatsplit.config import parse_duration

        if isinstance(value, timedelta):
            return value
        try:
            found = parse_duration(str(value))
        except ValueError:
            found = timedelta()
        if found <= timedelta():
            self.fail(f"{value!r} is not a duration; write it like 2s, 500ms or 1m", param, ctx)
        return found


def unknown(what: str, value: str, known: Sequence[str]) -> str:
    """The error that there is no such thing, with those that there are."""
    return f"no {what} {value!r}; there are {', '.join(known)}"


def need_answer(app: App, *, yes: bool, command: str) -> None:
    """Refuse to begin something that asks first where nobody can answer."""
    look = "plan" if command == "next" else "status"
    if not yes and not app.output.interactive:
        raise UsageError(
            f"`flatsplit {command}` asks before it changes anything, and there is no terminal to ask on",
            "give --yes" if command in ("init", "begin") else f"read `flatsplit {look}`, then give --yes",
        )


walk_option = click.option(
    "--walk",
    "name",
    metavar="KIND:SUBJECT",
    help="Which walk, as flatsplit status names them; needed while several are under way.",
)

tenant_option = click.option(
    "--tenant", "tenant", metavar="KEY", multiple=True, help="Only this tenant, whatever the others do; repeatable."
)


def of_tenants(name: str | None, *, refused: bool) -> str:
    """The walk that ``--tenant`` is about; UsageError with another walk, or with options that are for steps."""
    if name not in (None, "tenants"):
        raise UsageError(f"walk {name} knows no tenants", "leave --walk out, or say --walk tenants")
    if refused:
        raise UsageError("--tenant is for some tenants, the other options are for steps", "give one or the other")
    return "tenants"


yes_option = click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")


GATES_LOGS = "A server log, or a folder of them, for gates that ask what was refused; else the server's own, by SQL."


def gates_options(function: F) -> F:
    """Adds --waive, --reason and --log, for commands that take steps."""
    waive = click.option(
        "--waive", type=GateName(), multiple=True, help="Go on although this gate is closed; repeatable."
    )
    reason = click.option("--reason", default="", help="Why gates are waived; kept in the journal.")
    return waive(reason(logs_option(GATES_LOGS)(function)))


def check_waived(waive: tuple[str, ...], reason: str) -> None:
    """Raise UsageError where gates are waived without a reason."""
    if waive and not reason.strip():
        raise UsageError("--waive needs a reason, which goes on record", 'add --reason "…"')


def logs_option(text: str) -> Callable[[F], F]:
    """``--log FILE``, repeatable; ``text`` is its help."""
    return click.option(
        "--log", "logs", metavar="FILE", multiple=True, type=click.Path(path_type=Path, exists=True), help=text
    )
