"""What all commands share: the global options, the output, and how they open a session or a walk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flatsplit.cli.output import Output
from flatsplit.cli.retyped import DEFAULT_CONFIG, Retyped

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.connection import Session
    from flatsplit.cutover.walk import Walk

F = TypeVar("F", bound=Callable[..., Any])


class App:
    """The global options given so far."""

    def __init__(self) -> None:
        self.dsn: str | None = os.environ.get("FLATSPLIT_DSN") or None
        self.config_path = self._ambient_config = Path(os.environ.get("FLATSPLIT_CONFIG") or DEFAULT_CONFIG)
        self.json = False
        self.verbose = False

    @property
    def output(self) -> Output:
        """The only object that prints."""
        named = self.config_path != self._ambient_config
        return Output(json=self.json, retyped=Retyped(str(self.config_path), option=named))

    def config(self) -> Config:
        """flatsplit.toml as it is now."""
        from flatsplit.config import load

        config = load(self.config_path)
        if config.accept:
            from flatsplit.hazards import check_accepted

            check_accepted(config, str(self.config_path))
        return config

    @contextmanager
    def session(self, *, write: bool) -> Iterator[Session]:
        """The connection to the target database."""
        from flatsplit.connection import open_session

        with open_session(self.dsn, write=write, say=self.output.err.say) as session:
            yield session

    @contextmanager
    def walk(
        self, use_case: str, *, write: bool, alone: bool = False, name: str | None = "split", any_will_do: bool = False
    ) -> Iterator[Walk]:
        """The walk that flatsplit.toml is about, for a use case. ``alone`` keeps other operators out meanwhile.

        ``name``: which walk; None for the one under way.
        """
        config = self.config()
        with self.session(write=write) as session:
            from flatsplit.cutover.open_walk import opened
            from flatsplit.model import WalkName

            which = WalkName.parse(name) if name is not None else None
            with opened(session, config, use_case, alone=alone, walk=which, any_will_do=any_will_do) as walk:
                yield walk

    @contextmanager
    def journal(self, *, write: bool) -> Iterator[Walk]:
        """The same for commands that only need the journal: the catalog is not read."""
        config = self.config()
        from flatsplit.cutover.walk import Walk

        with self.session(write=write) as session:
            yield Walk.open(session, config)


def _store(attribute: str, convert: Callable[[Any], Any] = lambda value: value) -> Callable[..., None]:
    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:  # noqa: ARG001
        app = ctx.ensure_object(App)
        if value is not None and value is not False:
            setattr(app, attribute, convert(value))

    return callback


def with_global_options() -> Callable[[F], F]:
    """Adds --dsn, --config, --json and -v. An option after the command overrides the same one before it."""
    dsn = "Connection string; else FLATSPLIT_DSN, else libpq's PG* variables and service files."
    config = "Configuration file; else FLATSPLIT_CONFIG, else ./flatsplit.toml."
    options = (
        click.option("--dsn", metavar="DSN", expose_value=False, callback=_store("dsn"), help=dsn),
        click.option(
            "--config",
            metavar="FILE",
            type=click.Path(),
            expose_value=False,
            callback=_store("config_path", Path),
            help=config,
        ),
        click.option(
            "--json", is_flag=True, expose_value=False, callback=_store("json"), help="JSON on standard output."
        ),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            expose_value=False,
            callback=_store("verbose"),
            help="Show a traceback with errors.",
        ),
    )

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


class Command(click.Command):
    """A command whose help lists its own options before the global ones."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options, then the global ones."""
        own: list[tuple[str, str]] = []
        everywhere: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and record[1]:
                shared = isinstance(param, click.Option) and not param.expose_value
                (everywhere if shared else own).append(record)
        if own:
            with formatter.section("Options"):
                formatter.write_dl(own)
        with formatter.section("Global options"):
            formatter.write_dl(everywhere)


def make_command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Turns a function of the App (and its own options) into a command with the global options."""

    def decorate(function: Callable[..., Any]) -> Command:
        made = click.command(name, cls=Command, **attributes)(with_global_options()(click.pass_obj(function)))
        assert isinstance(made, Command)
        return made

    return decorate
