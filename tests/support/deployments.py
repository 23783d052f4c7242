"""New versions of an application, deployed while walks are under way over the shop of `tests.support.tenants`."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.fixtures.databases import Database

OPEN_ORDERS = "create view open_orders as select * from orders where total is null"
TABLE = """
create table {name} (id bigserial primary key, account_id bigint not null references accounts, body text);
create index on {name} (account_id); create view {name}_view as select * from {name}
"""
NOT_THE_OWNERS = """
select r.relname::text, r.relowner::regrole::text, a.grantee::regrole::text, a.privilege_type
from pg_class r cross join aclexplode(coalesce(r.relacl, acldefault('r', r.relowner))) a
where relname ~ '^deployed_[0-9]+(_view)?$' and (
    relowner <> (select relowner from pg_class where oid = 'orders'::regclass) or grantee <> relowner)
"""


@dataclass
class Deployments:
    """What was deployed, always by whoever owned the application's tables at that time."""

    database: Database
    chance: random.Random
    tables: list[str] = field(default_factory=list)
    """The new tables that are still there, each with a view of its own."""
    columns: list[str] = field(default_factory=list)
    """New columns of the table orders."""
    number: int = 0

    def owner(self) -> str:
        """Who owns the application's tables, as SQL writes it."""
        row = self.database.admin.execute(
            "select relowner::regrole::text from pg_class where oid = 'orders'::regclass"
        ).fetchone()
        assert row
        owner: str = row[0]
        return owner

    def deploy(self) -> str:
        """One change, by lot: who made it, and which."""
        self.number += 1
        name, last = f"deployed_{self.number}", self.tables[-1] if self.tables else None
        what = self.chance.choice(("table", "table", "column", "view", "rename", "drop") if last else ("table", "view"))
        match what:
            case "table":
                text = TABLE.format(name=name)
                self.tables.append(name)
            case "column":
                text = f"alter table orders add column {name} int"
                self.columns.append(name)
            case "rename":
                text = f"alter table {last} rename to {name}"
                self.tables[-1] = name
            case "drop":
                text = f"drop table {self.tables.pop()} cascade"
            case _:
                text = f"drop view open_orders; {OPEN_ORDERS}"
        return self._as_owner(text)

    def undo(self) -> None:
        """Take away what is left of the new versions, after all walks went back: it is their owner's alone by then."""
        strange = self.database.admin.execute(NOT_THE_OWNERS.encode()).fetchall()
        assert not strange, strange
        for table in self.tables:
            self.database.execute(f"drop table {table} cascade")
        for column in self.columns:
            self._as_owner(f"drop view open_orders; alter table orders drop column {column}; {OPEN_ORDERS}")

    def _as_owner(self, text: str) -> str:
        owner = self.owner()
        self.database.execute(f"set role {owner}; {text}; reset role")
        return f"{owner}: {text}"
