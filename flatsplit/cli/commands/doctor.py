"""``flatsplit doctor``."""

from __future__ import annotations

import difflib
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import doctor as view
from flatsplit.cli.views.findings import shape
from flatsplit.config.proposed import together
from flatsplit.config.reading import document
from flatsplit.errors import Exit, UsageError
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.hazards import Hazard

_LIMIT = timedelta(minutes=1)
"""How long one count may take."""
_ORDER = ("blocker", "warning", "note")


@make_command("doctor")
@click.option("--format", "form", type=click.Choice(["text", "md"]), default="text", show_default=True)
@click.option("--explain", "id_", metavar="ID", help="Tell the long story of one hazard; needs no server.")
@click.option(
    "--rows",
    is_flag=True,
    help="First count what legacy and app_user see under policies that depend on the role.",
)
def command(app: App, form: str, id_: str | None, rows: bool) -> Exit:
    """Look for hazards: blockers, warnings, notes. Changes nothing.

    A blocker has to be settled before the walk begins, or accepted under [hazards.accept] with a reason; with one, the
    exit code is 5.
    """
    if id_ is not None:
        return _explain(app, id_)
    config = app.config()
    from flatsplit.cutover.doctor import count_rows, doctor

    with app.session(write=rows) as session:
        counted = count_rows(session, config, _LIMIT) if rows else None
        found = doctor(session, config)
    findings = sorted(found, key=lambda one: (bool(one.accepted), _ORDER.index(one.severity)))
    open_ = [one for one in findings if not one.accepted]
    numbers: Counter[str] = Counter(found.severity for found in open_)
    accepted = len(findings) - len(open_)
    output = app.output
    proposed = together(document(app.config_path), [(one.id, line) for one in open_ for line in one.toml])
    said = ", ".join(count(numbers[severity], severity) for severity in _ORDER)
    said += f", {accepted} accepted" if accepted else ""
    if output.json:
        counts = {f"{severity}s": numbers[severity] for severity in _ORDER}
        data = {"findings": [shape(one) for one in findings], **counts, "toml": proposed}
        output.data(data if counted is None else {**data, "rows": [view.counted_shape(one) for one in counted]})
    elif form == "md":
        from flatsplit.render.hazards import render_findings

        about = {"cutover": config.name, "legacy role": config.legacy_role, "found": said}
        output.say(render_findings(findings, about, proposed).rstrip("\n"))
    else:
        if counted is not None:
            view.show_counted(output, counted)
        view.show(output, findings, proposed)
        output.say(said, "red" if numbers["blocker"] else "green")
        if not numbers["blocker"]:
            output.say("Nothing stands in the way: `flatsplit status` says what comes next.")
    return Exit.REFUSED if numbers["blocker"] else Exit.OK


def _explain(app: App, id_: str) -> Exit:
    from flatsplit.hazards import REGISTRY
    from flatsplit.hazards.stories import story

    hazard: Hazard | None = REGISTRY.get(id_)
    if hazard is None:
        near = difflib.get_close_matches(id_, REGISTRY, 1)
        raise UsageError(
            f"there is no hazard {id_!r}",
            f"did you mean {near[0]}?" if near else f"there are: {', '.join(REGISTRY)}",
        )
    told = story(id_)
    if app.output.json:
        app.output.data(view.story_shape(hazard, told))
    else:
        view.show_story(app.output, hazard, told)
    return Exit.OK
