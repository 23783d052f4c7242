"""``flatsplit tenants``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import yes_option
from flatsplit.cli.progress import Counting
from flatsplit.cli.secrets import check_password_options, password_options, passwords_from
from flatsplit.cli.views import isolation as isolation_view
from flatsplit.cli.views import tenants as view
from flatsplit.errors import Exit, UsageError

_SAY = "flatsplit tenants --survey says which table is whose, --sync catches up with what is new"
_HOW = "flatsplit tenants --prove --all tries as all of them what tenants must not"


@make_command("tenants")
@click.option("--survey", is_flag=True, help="Tell how tables belong to tenants, by keys and foreign keys.")
@click.option("--rows", is_flag=True, help="Count rows too, with the rights of the tables' owner.")
@click.option("--prove", is_flag=True, help="Prove that tenants are kept apart: by the catalog, and by acts as them.")
@click.option("--all", "everyone", is_flag=True, help="With --prove: act as every tenant.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="With --prove: act as so many tenants; else as 50.")
@click.option("--seed", type=int, metavar="N", help="With --prove: draw the same sample again.")
@click.option("--paper", type=click.Path(path_type=Path), metavar="FILE", help="With --prove: write a .md or .html.")
@click.option("--sync", is_flag=True, help="Give new tenants their roles and new tables their policies.")
@click.option("--add", metavar="KEY", multiple=True, help="Give this tenant its role now; repeatable.")
@click.option("--drop", metavar="KEY", multiple=True, help="Drop this tenant's role; repeatable.")
@yes_option
@password_options
def command(
    app: App,
    survey: bool,
    rows: bool,
    prove: bool,
    everyone: bool,
    sample: int | None,
    seed: int | None,
    paper: Path | None,
    sync: bool,
    add: tuple[str, ...],
    drop: tuple[str, ...],
    yes: bool,
    password_file: Path | None,
    generate_passwords: Path | None,
) -> Exit:
    """A role per tenant: which table belongs to tenants and how, who has logged in, and whether tenants are kept apart.

    Where the kind of a table has to be declared first, or tenants are not kept apart, the exit code is 4. Migrations
    call --sync as their last line: a new table is closed to tenants until then.
    """
    if rows and not (survey or prove):
        raise UsageError("--rows counts for a survey or a proof", "flatsplit tenants --survey --rows")
    if sum(map(bool, (survey, prove, sync, add, drop))) != 1:
        raise UsageError("what about the tenants? one of --survey, --prove, --sync, --add and --drop", _SAY)
    if not prove and (everyone or sample is not None or seed is not None or paper is not None):
        raise UsageError("--all, --sample, --seed and --paper are for a proof", _HOW)
    check_password_options(password_file, generate_passwords)
    if survey:
        return _survey(app, rows=rows)
    if prove:
        return _prove(app, everyone=everyone, sample=sample, seed=seed, paper=paper, rows=rows)
    from flatsplit.cli.progress import Asking, Narration

    with app.walk("tenants", write=True, alone=True, name="tenants") as walk, Narration(app.output) as narration:
        asking = Asking(narration, yes=yes or not app.output.interactive)
        passwords = passwords_from(app, narration, password_file, generate_passwords)
        from flatsplit.cutover import tenants

        if sync:
            synced = tenants.sync(walk, reporter=narration, confirm=asking, passwords=passwords)
            return view.show_synced(app.output, synced, refused=asking.refused)
        act = tenants.add if add else tenants.drop
        result = act(walk, add or drop, reporter=narration, confirm=asking, passwords=passwords)
    return view.show_result(app.output, result, refused=asking.refused)


def _survey(app: App, *, rows: bool) -> Exit:
    config = app.config()
    from flatsplit.cutover import tenants

    with app.session(write=rows) as session:
        found = tenants.survey(session, config, rows=rows)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    sure = found.survey.complete and not found.unrooted and found.composite is None
    return Exit.OK if sure else Exit.DRIFT


def _prove(app: App, *, everyone: bool, sample: int | None, seed: int | None, paper: Path | None, rows: bool) -> Exit:
    if everyone and sample is not None:
        raise UsageError("--all and --sample say two things", "leave one of them out")
    if paper is not None and paper.suffix not in (".md", ".html"):
        raise UsageError(f"{paper} is neither Markdown nor HTML", "name it like proof.html or proof.md")
    config = app.config()
    from flatsplit.cutover import isolation
    from flatsplit.evidence.isolation import Choice

    choice = Choice(None if everyone else sample or Choice().sample, seed, rows)
    with app.session(write=True) as session, Counting(app.output) as counting:
        proof = isolation.prove(session, config, choice, counting)
    if paper is not None:
        from flatsplit.render.proof import write_proof

        write_proof(proof, paper)
    if app.output.json:
        app.output.data(isolation_view.shape(proof))
    else:
        isolation_view.show(app.output, proof, paper)
    return Exit.OK if proof.clean else Exit.DRIFT
