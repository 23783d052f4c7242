"""create-role: the special role exists with its settings, and nobody can use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flatsplit import ddl
from flatsplit.config import Special
from flatsplit.model import RoleFacts, SettingKey, State
from flatsplit.walks import marks
from flatsplit.walks import role as keys
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.role.context import Context

_PATH = "search_path"
_NOT_TAKEN = frozenset({"role", "session_authorization"})


def apply(state: State, context: Context) -> State:
    """NOLOGIN, with its connection limit and its settings for this database."""
    special, draft = context.special, Draft(state)
    if special is None:
        return state
    mark = marks.mark(state.target.database)
    draft.new_role(context.role, RoleFacts(connection_limit=special.connection_limit, comment=mark))
    draft.role(context.role, connection_limit=special.connection_limit)
    key = SettingKey(context.role, state.target.database)
    row = _over(_taken(context, context.baseline), dict(draft.settings.get(key, ())), _wanted(special))
    if row:
        draft.settings[key] = tuple(sorted(row.items()))
    return draft.state()


def settings(context: Context) -> dict[str, str]:
    """The settings that the role is given or takes over, by their names in lower case."""
    wanted = _wanted(context.special) if context.special is not None else {}
    return {name.lower(): value for name, value in _over(_taken(context, context.baseline), {}, wanted).items()}


def _wanted(special: Special) -> dict[str, str]:
    return {name: ddl.folded_list(name, value) for name, value in special.settings}


def _over(taken: Mapping[str, str], there: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The settings by name, ``wanted`` last. The server compares names without case (find_option(), guc.c), so a name
    is spelled as in ``there`` where it is there.
    """
    names = {name.lower(): name for some in (wanted, taken, there) for name in some}
    values = {name.lower(): value for some in (taken, there, wanted) for name, value in some.items()}
    return {names[one]: value for one, value in values.items()}


def changed(context: Context, live: State) -> Iterator[tuple[str, str | None]]:
    """Settings of the role that it began like which are others by now, or None where they are gone: what it took over
    stays as it was. Not those that flatsplit.toml says, nor those that the role has as well.
    """
    if context.special is None or context.source not in live.roles:
        return
    was, now = _taken(context, context.baseline), _taken(context, live)
    said = {name.lower() for name, _ in context.special.settings}
    for name in sorted({*was, *now}):
        own = live.setting_of(context.role, name.lower())
        has = own[1] if own is not None and own[0].role == context.role else None
        if was.get(name) != now.get(name) != has and name.lower() not in said:
            yield name, now.get(name)


def _taken(context: Context, state: State) -> dict[str, str]:
    """The settings of this State that it takes over: all of the role that it begins like, otherwise those by which
    names are looked up.

    Settings are not inherited (manual, "Role Membership"), and a name without a schema is looked for in search_path.
    """
    found: dict[str, str] = {}
    for database in ("", state.target.database):
        found.update(state.settings.get(SettingKey(context.source, database), ()))
    alike = context.special is not None and bool(context.special.like)
    return {name: value for name, value in found.items() if name not in _NOT_TAKEN and (alike or name == _PATH)}


STEP = Step(
    key=keys.CREATE_ROLE,
    title="Create the role",
    purpose="Creates the role without the right to log in, with its settings and its limit of connections. Nobody can "
    "use it yet and nothing else changes.",
    apply=apply,
    watch=("Nothing: the application cannot notice this step.",),
)
