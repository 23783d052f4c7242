"""What a removed line of [grants] gave to one of the four roles is told, with what makes it as if it had never stood
there. No server.
"""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit import blueprint, privileges
from flatsplit.config import PURPOSES, Grant, format_name
from flatsplit.differ import diff
from flatsplit.model import TABLES, ObjectRef, RoleFacts
from flatsplit.rights.overstepped import overstepped
from flatsplit.rights.surplus import without_lines
from flatsplit.walks.draft import Draft
from flatsplit.walks.split import grants
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT
from tests.support.ledger import Ledger, facts
from tests.support.states import THIRD, World, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "20")))
BEFORE_THE_END = len(SPLIT.steps) - 1


@st.composite
def listed(draw: st.DrawFn) -> tuple[World, Context, tuple[Grant, ...], tuple[Grant, ...]]:
    """A database, its context with lines of [grants], and these lines in two parts: those that stay and those that
    are removed.
    """
    world = draw(worlds())
    tables = sorted(ref for ref in world.state.objects if ref.kind in TABLES and ref.schema in world.config.schemas)
    names = [format_name(ref.schema, ref.name) for ref in tables]
    purposes = [purpose for purpose in PURPOSES if getattr(world.config.roles, purpose)]
    lines: set[Grant] = set()
    for purpose in purposes:
        for privilege in draw(st.lists(st.sampled_from(("select", "insert", "truncate", "trigger")), unique=True)):
            # What app_migrator was granted is an owner's own with the table, which may grant itself what it lacks
            owns = purpose == "app_migrator" or not names
            chosen = [] if owns else draw(st.lists(st.sampled_from(names), unique=True))
            lines.update(Grant(purpose, privilege, (name,)) for name in chosen)
        groups = draw(st.lists(st.sampled_from(THIRD), unique=True, max_size=1))
        lines.update(Grant(purpose, "member", (format_name(group),)) for group in groups)
    before = world.context()
    gone = tuple(line for line in sorted(lines) if draw(st.booleans()))
    stay = tuple(line for line in sorted(lines) if line not in gone)
    config = replace(before.config, grants=(*before.config.grants, *stay, *gone))
    return world, replace(before, config=config), stay, gone


@EXAMPLES
@given(listed())
def test_a_removed_line_is_told_as_what_it_gave(
    found: tuple[World, Context, tuple[Grant, ...], tuple[Grant, ...]],
) -> None:
    world, context, stay, gone = found
    now = replace(context, config=replace(context.config, grants=(*world.context().config.grants, *stay)))
    for count in range(BEFORE_THE_END + 1):
        live = SPLIT.through(world.state, context, count)
        wanted = SPLIT.through(live, now, count)
        told = diff(wanted, SPLIT.through(without_lines(live, now, gone), now, count))
        assert Ledger(live).run(told) == facts(SPLIT.through(world.state, now, count)), SPLIT.keys[count - 1]
        assert without_lines(live, now, ()) == live


@EXAMPLES
@given(listed())
def test_a_login_may_have_what_lines_give_its_group(
    found: tuple[World, Context, tuple[Grant, ...], tuple[Grant, ...]],
) -> None:
    _, context, *_ = found
    login, group = "a login of it", blueprint.application(context.config)
    live = SPLIT.through(found[0].state, context, BEFORE_THE_END)
    live = live.but(roles={**live.roles, login: RoleFacts(login=True)})
    mine: dict[ObjectRef, str] = {}
    for name, letter, refs in grants.extras(live, context):
        mine |= {ref: mine.get(ref, "") + letter for ref in refs if name == group}
    draft = Draft(live)
    draft.rewrite(
        lambda ref, facts: facts._replace(acl=privileges.plus(facts.acl, login, mine.get(ref, ""))),
        apart=frozenset(mine),
    )
    purpose = next(one.purpose for one in blueprint.roles(context.config) if one.name == group)
    said = overstepped(draft.state(), context, BEFORE_THE_END, [blueprint.Role(login, purpose)])
    assert not [each.sql for each in said if login in each.sql]
