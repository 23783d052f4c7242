"""Foreign tables that a special role may read but cannot, because it has no user mapping for their server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.model import ObjectRef
from flatsplit.planning.situation import Situation
from flatsplit.rights.matrix import Rights
from flatsplit.server.asking import ask
from flatsplit.walks import role as keys
from flatsplit.words import listed

SHOWN = 3


def unmapped(session: Session, situation: Situation[Any]) -> Iterator[str]:
    """A line for each such server, for a walk that makes a special role. Over the bridge too: a mapping is not
    inherited.
    """
    live, role = situation.live, situation.name.subject
    if situation.name.kind != keys.NAME or not any(group.kind == "foreign_table" for group in live.groups):
        return
    kind = situation.kind
    counts = {kind.place(keys.OPEN), len(kind.keys)}
    states = [one for one in (situation.desired(count) for count in sorted(counts)) if role in one.roles]
    rights = [(state, Rights(state, role)) for state in states]
    servers: defaultdict[str, list[str]] = defaultdict(list)
    for schema, name, server in ask(session.driver, "mapped_tables"):
        ref = ObjectRef("foreign_table", schema, name)
        if ref not in live.objects or ObjectRef("user_mapping", "", server, role) in live.mappings:
            continue
        if any("r" in held.letters(state.objects[ref]) for state, held in rights):
            servers[server].append(ddl.label(ref))
    for server, tables in servers.items():
        options = "user 'its name there', password 'its password there'"
        cure = f"CREATE USER MAPPING FOR {ddl.ident(role)} SERVER {ddl.ident(server)} OPTIONS ({options});"
        yield (
            f"{role} may read {listed(tables, SHOWN)} of server {server}, and has no user mapping there: that fails, "
            f"until somebody runs, once {keys.CREATE_ROLE} is done: {cure}"
        )
