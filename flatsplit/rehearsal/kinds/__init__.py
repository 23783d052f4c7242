"""What each kind of statement needs: one rule for each kind of PostgreSQL's grammar, grouped in the modules beside.

A rule finds what the role lacks. Where app_migrator has it, the statement is the migration tool's work; where
app_migrator lacks it as well, the statement is denied. A kind without a rule is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit import blueprint
from flatsplit.rehearsal.grammar import Parsed
from flatsplit.rehearsal.kinds import (
    altering,
    changes,
    cluster,
    creating,
    foreign,
    grants,
    roles,
    settings,
    tables,
)
from flatsplit.rehearsal.kinds.answers import MEMBERSHIP, OWNERSHIP, SUPERUSER, Path
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.remedies import MIGRATORS
from flatsplit.rehearsal.statement_names import word
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge import Judge

__all__ = ["RULES", "Ask", "problems"]

Rule = Callable[[Ask], list[Problem]]

RULES: Mapping[str, Rule] = {
    # tables and what hangs on them
    "create_stmt": tables.table,
    "create_foreign_table_stmt": tables.foreign_table,
    "create_seq_stmt": tables.sequence,
    "view_stmt": tables.view,
    "create_table_as_stmt": tables.table_as,
    "composite_type_stmt": tables.composite_type,
    "index_stmt": tables.index,
    "create_trig_stmt": tables.trigger,
    "create_policy_stmt": tables.owners,
    "alter_policy_stmt": tables.owners,
    "rule_stmt": tables.owners,
    "create_stats_stmt": tables.statistics,
    # ALTER
    "alter_table_stmt": altering.relation,
    "alter_seq_stmt": altering.sequence,
    "alter_domain_stmt": altering.type_,
    "alter_enum_stmt": altering.type_,
    "alter_type_stmt": altering.type_,
    "alter_function_stmt": altering.routine,
    "alter_operator_stmt": altering.operator,
    "alter_stats_stmt": altering.statistics,
    "alter_collation_stmt": altering.collation,
    "alter_tsdictionary_stmt": altering.text_search,
    "alter_tsconfiguration_stmt": altering.text_search,
    # objects of every kind
    "drop_stmt": changes.drop,
    "comment_stmt": changes.comment,
    "sec_label_stmt": changes.label,
    "rename_stmt": changes.rename,
    "alter_owner_stmt": changes.owner,
    "alter_object_schema_stmt": changes.schema,
    "alter_object_depends_stmt": changes.depends,
    "alter_extension_stmt": changes.extension,
    "alter_extension_contents_stmt": changes.contents,
    "alter_op_family_stmt": changes.family,
    # routines, types, operators
    "create_function_stmt": creating.routine,
    "define_stmt": creating.define,
    "create_domain_stmt": creating.domain,
    "create_enum_stmt": creating.enumeration,
    "create_range_stmt": creating.range_,
    "create_conversion_stmt": creating.conversion,
    "create_cast_stmt": creating.cast,
    "create_transform_stmt": creating.transform,
    "create_schema_stmt": creating.schema,
    "create_op_class_stmt": creating.superusers,
    "create_op_family_stmt": creating.superusers,
    "create_plang_stmt": creating.superusers,
    "create_am_stmt": creating.superusers,
    "create_event_trig_stmt": creating.superusers,
    "create_table_space_stmt": creating.superusers,
    # roles and privileges
    "create_role_stmt": roles.create,
    "alter_role_stmt": roles.alter,
    "alter_role_set_stmt": settings.of_role,
    "drop_role_stmt": roles.drop,
    "grant_role_stmt": roles.membership,
    "grant_stmt": grants.grant,
    "alter_default_privileges_stmt": roles.defaults,
    "drop_owned_stmt": roles.drop_owned,
    "reassign_owned_stmt": roles.reassign,
    # the cluster
    "createdb_stmt": cluster.create_database,
    "dropdb_stmt": cluster.drop_database,
    "alter_database_stmt": cluster.alter_database,
    "alter_database_set_stmt": settings.of_database,
    "alter_database_refresh_coll_stmt": cluster.alter_database,
    "alter_system_stmt": settings.of_system,
    "drop_table_space_stmt": cluster.drop_tablespace,
    "alter_table_space_options_stmt": cluster.drop_tablespace,
    "alter_table_move_all_stmt": cluster.move_all,
    "alter_event_trig_stmt": cluster.event_trigger,
    "create_publication_stmt": cluster.create_publication,
    "alter_publication_stmt": cluster.alter_publication,
    "create_subscription_stmt": cluster.create_subscription,
    "alter_subscription_stmt": cluster.subscription,
    "drop_subscription_stmt": cluster.subscription,
    # extensions and foreign data
    "create_extension_stmt": foreign.extension,
    "create_fdw_stmt": foreign.wrapper,
    "alter_fdw_stmt": foreign.wrapper,
    "create_foreign_server_stmt": foreign.server,
    "alter_foreign_server_stmt": foreign.alter_server,
    "create_user_mapping_stmt": foreign.mapping,
    "alter_user_mapping_stmt": foreign.mapping,
    "drop_user_mapping_stmt": foreign.mapping,
    "import_foreign_schema_stmt": foreign.imports,
}
"""Rules by libpg_query's name of the kind."""


def select_into(judge: Judge, parsed: Parsed, path: Path) -> list[Problem]:
    """Problems of the table that SELECT INTO creates."""
    return _settled(judge, parsed, path, tables.into)


def problems(judge: Judge, parsed: Parsed, path: Path) -> list[Problem]:
    """Problems of a statement by the rule of its kind."""
    if judge.actor.rights.superuser:
        return []
    rule = RULES.get(parsed.kind)
    if rule is None:
        return [Problem("unknown", f"{word(parsed)}: there is no rule for statements of this kind")]
    return _settled(judge, parsed, path, rule)


def _settled(judge: Judge, parsed: Parsed, path: Path, rule: Rule) -> list[Problem]:
    """The problems that a rule found, with whose work the statement is."""
    if judge.actor.rights.superuser:
        return []
    found = rule(Ask(judge, parsed, path))
    if not any(map(_plain, found)):
        return found
    ask = Ask(judge, parsed, path)
    if ask.is_migrator:
        return [each._replace(remedy=_beyond(ask, each)) if _plain(each) else each for each in found]
    theirs = rule(Ask(_migrator(judge), parsed, path))
    refused = next((each for each in theirs if each.outcome in ("denied", "silent")), None)
    migrator = blueprint.owner(ask.actor.context.config)
    if refused is not None:
        reason = f"{refused.reason}; that is {migrator}, which would have to run it instead of {ask.role}"
        # EXPLAIN as the role says nothing about other roles
        planned = all(each.planned for each in found if _plain(each))
        return [refused._replace(reason=reason, remedy=_beyond(ask, refused), planned=planned)]
    unknown = next((each for each in theirs if each.outcome == "unknown"), None)
    if unknown is not None:
        return [unknown, *(each for each in found if not _plain(each))]
    remedy = f"{MIGRATORS}run it as {migrator}, not in the application"
    return [each._replace(outcome="migrator", remedy=remedy) if _plain(each) else each for each in found]


def _plain(problem: Problem) -> bool:
    """Whether a problem was found by a rule and has no verdict yet."""
    return problem.outcome == "denied" and not problem.remedy


def _beyond(ask: Ask, problem: Problem) -> str:
    """What to do where app_migrator may not either."""
    dba = blueprint.administrator(ask.actor.context.config) or "the dba"
    if problem.privilege == SUPERUSER:
        return (
            f"for a superuser: neither the application nor the migration tool can run it, and {dba} only if it is one"
        )
    if problem.privilege == OWNERSHIP:
        return f"for whoever owns {problem.object or 'it'}, or a superuser"
    context = ask.actor.context
    if problem.privilege == MEMBERSHIP and problem.object in context.owners:
        # Who lets it through undoes the split: the old role would own again, or app_migrator act as the old role
        migrator = blueprint.owner(context.config)
        return f"write {migrator} for {problem.object}, or leave it out: it speaks of the role that is being split"
    return f"run it as {dba} or as a superuser, or give the migration tool what it lacks ({problem.privilege})"


def _migrator(judge: Judge) -> Judge:
    """A judge for app_migrator. It is not the one for app_migrator's routines, which takes their callers
    into account.
    """
    migrator = blueprint.owner(judge.actor.context.config)
    return judge.beside(_WORKER, lambda: replace(judge.actor, role=migrator))


_WORKER = ""
"""The key of that judge; no role can have this name."""
