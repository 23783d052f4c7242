"""log-ddl: structural changes are logged, with who made them."""

from __future__ import annotations

from flatsplit.model import SettingKey, State
from flatsplit.walks import trail
from flatsplit.walks.kind import Step
from flatsplit.walks.trail.context import ENOUGH, SETTING, WANTED, Context, in_force, own, told_of


def apply(state: State, context: Context) -> State:
    """log_statement = ddl in this database for each login for which less would be logged.

    A setting of a group would not count: settings are not inherited (manual, ALTER ROLE). The new roles take over the
    old role's setting for this database; where one of them has a stricter one of its own, that is set here as well.
    """
    if not context.config.trail.log:
        return state
    settings = dict(state.settings)
    legacy = context.config.legacy_role
    carried = legacy in state.roles and _lacks(state, legacy)
    for role in told_of(state, context.config, {state.target.operator}):
        key = SettingKey(role, state.target.database)
        row = dict(settings.get(key, ()))
        if _lacks(state, role):
            row[SETTING] = WANTED
        elif carried and SETTING not in row and own(state, role) in ENOUGH:
            row[SETTING] = own(state, role)
        if row:
            settings[key] = tuple(sorted(row.items()))
    return state if settings == state.settings else state.but(settings=settings)


def _lacks(state: State, role: str) -> bool:
    return state.roles[role].login and in_force(state, role) not in ENOUGH


def taken_back(live: State, context: Context) -> State:
    """``live`` with the former settings where they are this step's, whoever has run it: one operator may have had
    another one logged.
    """
    settings = dict(live.settings)
    for role in told_of(live, context.config, ()):
        key = SettingKey(role, live.target.database)
        row, before = dict(settings.get(key, ())), dict(context.baseline.settings.get(key, ())).get(SETTING)
        if row.get(SETTING) not in (WANTED, own(live, role)) or row[SETTING] == before:
            continue
        del row[SETTING]
        row |= {} if before is None else {SETTING: before}
        settings[key] = tuple(sorted(row.items()))
    return live.but(settings={key: row for key, row in settings.items() if row})


STEP = Step(
    key=trail.LOG_DDL,
    title="Log structural changes",
    purpose="What app_migrator, dba, the application and the old role change in the structure leaves a line in the "
    "server's log, with role, address and statement. A session cannot switch it off. Statements inside DO blocks and "
    "functions are not logged, temporary tables are.",
    apply=apply,
    gates=("allowed",),
    watch=("How fast the log grows, where the application makes many temporary tables.",),
)
