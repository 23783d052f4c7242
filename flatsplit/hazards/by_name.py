"""Hazards where the database refers to the old role by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import blueprint
from flatsplit.hazards import mentions, stored_trees
from flatsplit.hazards.mentions import RAISES, How, Use
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.walks import split
from flatsplit.words import count

_MANUAL = "functions-info.html#FUNCTIONS-INFO-ACCESS-TABLE"

_BECOMES: dict[How, str] = {
    "asks": "{what}: false for {user}",
    "holds": "{what}: false once {legacy} holds nothing",
    "casts": "{what}: as before",
    "becomes": "{what}: permission denied for {user}",
    "manages": "{what}: still about {legacy}",
    "compares": "compared with {what}: never {legacy} for {user}",
}


def _all(seen: Seen) -> Iterator[tuple[str, list[Use]]]:
    """Everything that names legacy, with how it does."""
    role = seen.legacy
    functions: dict[str, str] = dict(seen.rows("role_functions"))
    for what, name, tree, source, _, settings, raw in seen.rows("names"):
        uses = list(stored_trees.in_tree(tree, raw, functions)) if tree else []
        uses += mentions.in_text(source, role)
        if f"role={role}" in settings:
            uses.append(Use("becomes", "SET role"))
        yield f"{what} {name}" if what != "routine" else name, list(dict.fromkeys(uses))


def _elsewhere(seen: Seen) -> bool:
    """Whether a schema, a relation or the database has the same name, so that the name in a text means little."""
    role = seen.legacy
    return role == seen.state.target.database or any(
        ref.name == role and ref.kind != "type" for group in seen.state.groups for ref in group.refs
    )


def _told(seen: Seen, name: str, uses: Iterable[Use]) -> str:
    said = []
    for use in uses:
        user = blueprint.application(seen.context.config)
        text = _BECOMES[use.how].format(what=use.what, user=user, legacy=seen.legacy)
        said.append(f"{text}, and raises once it is dropped" if use.how in RAISES else text)
    return f"{name}: {'; '.join(dict.fromkeys(said))}"


def _found(seen: Seen, named: Iterable[tuple[str, list[Use]]], noun: str, plural: str = "") -> Iterator[Found]:
    """One finding for all uses; a blocker where dropping the role would break one of them."""
    drop = seen.context.config.retire == "drop"
    if seen.context.config.retire == "repurpose":  # the application keeps using the old role
        return
    lines, breaks = [], 0
    for name, uses in named:
        told = [use for use in uses if use.how != "text"]
        if told:
            lines.append(_told(seen, name, told))
            breaks += any(use.how in RAISES for use in told)
    if not lines:
        return
    what = count(len(lines), noun, plural)
    verb = "asks" if len(lines) == 1 else "ask"
    if drop and breaks:
        yield Found(
            f"{what} {verb} for {seen.legacy} by name, and {breaks:,} would fail once it is dropped",
            tuple(lines),
            toml=('[cutover] retire = "revoke"',),
        )
    else:
        yield Found(f"{what} {verb} for {seen.legacy} by name", tuple(lines), severity="warning")


@hazard(
    "legacy-by-name",
    "blocker",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_proc (bodies, defaults, settings), pg_rewrite, pg_policy, pg_attrdef, pg_constraint, pg_trigger, "
    "pg_index, pg_type and pg_publication_rel, for the old role's name where a role is meant; comments left out",
    why="The name stands in the code, so it does not move with the rights: a test for the old role becomes false for "
    'app_user, a command goes on about a role that nobody uses, and with retire = "drop" whatever looks the '
    "role up raises: role does not exist.",
    fix="Name the role that stands for it now (app_user for tests of rights, app_migrator for owners), or a setting "
    'of the application. Where only dropping it breaks something: retire = "revoke" in flatsplit.toml.',
    manual=_MANUAL,
    questions=("names", "role_functions"),
)
def legacy_by_name(seen: Seen) -> Iterator[Found]:
    """Code that refers to legacy by name."""
    vague = _elsewhere(seen)
    named = ((name, [use for use in uses if not (vague and use.vague)]) for name, uses in _all(seen))
    yield from _found(seen, named, "routine or stored expression", "routines and stored expressions")


@hazard(
    "legacy-name-as-text",
    "note",
    split.SWITCH_CONNECTIONS,
    looks_at="the same, for texts that are the old role's name and stand in no test or command",
    why="A text that is the old role's name may mean the role, as in a column that records who wrote a row. "
    "It stays as it is.",
    fix="Nothing, if it does not mean the role.",
    manual=_MANUAL,
    questions=("names", "role_functions"),
)
def legacy_name_as_text(seen: Seen) -> Iterator[Found]:
    """Texts that may mean legacy; none where something else here has the name."""
    if _elsewhere(seen):
        return
    found = tuple(name for name, uses in _all(seen) if uses and all(use.how == "text" for use in uses))
    if found:
        what = count(len(found), "routine or stored expression", "routines and stored expressions")
        yield Found(f"{what} with the text '{seen.legacy}'", found)


@hazard(
    "cron-commands",
    "blocker",
    split.SWITCH_CONNECTIONS,
    looks_at="cron.job.command of the jobs in this database, for the old role's name where a role is meant",
    why="The command names the old role: a test for it becomes false, SET ROLE is refused to any other role, and with "
    'retire = "drop" whatever looks the role up raises. The job fails silently: only cron.job_run_details says so.',
    fix="Give each its command with the role that stands for it now: SELECT cron.alter_job(number of the job, "
    "command := the new text).",
    manual=_MANUAL,
    questions=("cron_commands",),
    needs=("cron", "jobs"),
)
def cron_commands(seen: Seen) -> Iterator[Found]:
    """Jobs of pg_cron whose command names legacy. The rest of the command is not shown: it may hold a secret."""
    named = (
        (f"job {id_}", list(mentions.in_text(command, seen.legacy))) for id_, command in seen.rows("cron_commands")
    )
    yield from _found(seen, named, "job")
