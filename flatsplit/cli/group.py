"""``flatsplit`` itself: the list of commands, each loaded only when it is called."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from flatsplit import __version__
from flatsplit.cli.app import App, Command, with_global_options
from flatsplit.cli.command_names import COMMANDS
from flatsplit.cli.runtime import run, stop_on_signals
from flatsplit.errors import UsageError

EPILOG = """\b
Exit codes: 0 done or clean, 1 error, 2 usage, 3 waiting (call again later),
4 drift or failed expectation, 5 refused.
\b
Shell completion (bash_source, zsh_source or fish_source):
  eval "$(_FLATSPLIT_COMPLETE=bash_source flatsplit)"
"""


GARBAGE = 1_000_000
"""Objects between two looks for garbage: a process that lives for seconds and keeps what it makes has next to none."""
SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter from the other one. What prepares the next transaction must not keep the one
that waits for the server: the server answers within milliseconds, and Python's own 5 ms would double them.
"""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports a command only to run it."""

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ARG002
    ) -> int:
        """Like click's, but every error is two lines, and flatsplit's errors have exit codes of their own."""
        ours = args is None and standalone_mode  # the process is there for this call alone
        if ours:
            gc.set_threshold(GARBAGE)
            sys.setswitchinterval(SWITCH_SECONDS)
            stop_on_signals()
        code = run(super().main, App(), sys.argv[1:] if args is None else args)
        if ours:
            gc.freeze()  # otherwise the interpreter looks at all objects once more before it ends
        if standalone_mode:
            sys.exit(code)
        return code

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of a walk."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"flatsplit.cli.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click's, but a mistyped name gets the nearest one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, 1)
            fix = f"did you mean `flatsplit {near[0]}`?" if near else "`flatsplit --help` lists the commands"
            raise UsageError(f"no command {name!r}", fix)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options come first, since they are valid after the command too."""
        click.Command.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@with_global_options()
@click.version_option(__version__, message="flatsplit %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Take a PostgreSQL database from one role that does everything to four that each do one thing, and back.

    The options below are accepted before and after the command. Begin with `flatsplit init --legacy-role ROLE`;
    from then on `flatsplit status` says what to type next.
    """
    ctx.ensure_object(App)
