"""What writing sets off: defaults, triggers, expressions evaluated for each new row, and foreign keys that cascade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.rehearsal import cascades, legacy_names
from flatsplit.rehearsal.grammar import Unparsable, inner, parse_one
from flatsplit.rehearsal.relation_parts import ColumnDefault, Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RelationUse, uses_of
from flatsplit.rehearsal.values import Problem, distinct, within

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging


def problems(judge: Judging, relation: Relation, use: RelationUse) -> list[Problem]:
    """Problems of everything that a statement sets off by writing to a relation."""
    found: list[Problem] = []
    for table in _tables(judge, relation):
        found += _defaults(judge, table, use)
        found += legacy_names.defaults(judge.actor, table, use)
        for letter in sorted(use.letters & {"a", "w", "d"}):
            found += written(judge, table.oid, letter)
            found += _ruled(judge, table, letter)
    return found


def _ruled(judge: Judging, relation: Relation, letter: str) -> list[Problem]:
    """Problems of the rules that writing to a relation sets off.

    Manual, "Rules and Privileges": the relations in a rule's actions are used as the owner of the rule's relation, who
    has the rights. What writing to them sets off, and the functions in the actions, are called by whoever wrote.
    """
    key = (relation.oid, f"rule {letter}")
    found = judge.writes.get(key)
    if found is None:
        found = judge.writes[key] = []  # for rules that set off each other, which the server refuses
        texts = [text for _, event, text in judge.world.rules.get(relation.oid, ()) if event == letter]
        where = f"a rule of {shown(relation.ref)}"
        found += distinct(problem for text in texts for problem in within(where, _actions(judge, text)))
    return found


def _actions(judge: Judging, text: str) -> list[Problem]:
    try:
        rule = parse_one(text).node
    except Unparsable:
        return []
    found: list[Problem] = []
    for _, action in map(inner, rule.actions):
        uses = uses_of(action)
        for use in uses.relations:
            for below in judge.actor.resolve(use.schema, use.name, ()).relations if use.target else ():
                found += problems(judge, below, use)
        for call in uses.routines:
            found += judge.routine(call, ())
    return found


def _tables(judge: Judging, relation: Relation) -> list[Relation]:
    """The relation; for a view also the tables that are written through it."""
    if relation.ref.kind != "view":
        return [relation]
    found = [relation]
    for ref in judge.actor.goal.uses.get(relation.ref, ()):
        below = judge.world.relations.get((ref.schema, ref.name))
        if below is not None and below is not relation:
            found += _tables(judge, below)
    return found


def _defaults(judge: Judging, relation: Relation, use: RelationUse) -> list[Problem]:
    """Problems of what the defaults use of columns that INSERT gives no value, or UPDATE gives DEFAULT."""
    found = []
    for default in judge.world.defaults.get(relation.oid, ()):
        if not use.takes_default(default.column, default.number):
            continue
        if default.sequence:
            found += _drawn(judge, relation, default)
        else:  # which EXPLAIN checks
            found += judge.called(default.oid, stored=True)
    return found


def _drawn(judge: Judging, relation: Relation, default: ColumnDefault) -> list[Problem]:
    """Problems of drawing from the sequence of a default, which EXPLAIN does not check."""
    sequence = judge.world.by_oid.get(default.oid)
    if sequence is None:
        return []
    found = judge.actor.schema(sequence.ref.schema)
    if not judge.actor.holds(sequence.ref, "Uw"):
        column_name = f"{shown(relation.ref)}.{default.column}"
        reason = f"the default of {column_name} draws from a sequence that {judge.actor.role} may not use"
        why = f"the default of {column_name} draws from it"
        found.append(judge.actor.lacks(sequence.ref, "U", reason, why=why))
    return [each._replace(planned=False) for each in found]


def written(judge: Judging, oid: int, letter: str) -> list[Problem]:
    """Problems of the triggers and routines that writing to a table sets off, including foreign keys that cascade."""
    key = (oid, letter)
    found = judge.writes.get(key)
    if found is not None:
        return found
    found = judge.writes[key] = []
    collected: list[Problem] = []
    for each in judge.world.family(oid):
        for trigger in judge.world.triggers.get(each, ()):
            if trigger.fires(letter):
                collected += judge.trigger(trigger)
        if letter in "aw":
            collected += _evaluated(judge, each)
        collected += legacy_names.written(judge.actor, each, letter)
        collected += cascades.problems(judge, each, letter)
    found += distinct(collected)
    return found


def _evaluated(judge: Judging, oid: int) -> list[Problem]:
    """Problems of routines in expressions that are evaluated for each new row, which EXPLAIN does not check."""
    met = [each for one in judge.world.evaluated.get((oid, "w"), ()) for each in judge.called(one, stored=True)]
    return [each._replace(planned=False) for each in met]
