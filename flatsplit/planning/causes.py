"""Why a finished step no longer holds, in words that say what somebody did. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flatsplit import ddl
from flatsplit.model import PUBLIC, RELATIONS, Change, FactKey, ObjectRef, State, Statement
from flatsplit.walks.newer_server import first_known

_OF_ONE: tuple[FactKey, ...] = ("role", "attribute", "setting", "comment")
"""What belongs to a single role."""

WITHOUT_ROLE = "a tenant has no role yet"


def newcomers(statements: Iterable[Statement], live: State) -> frozenset[str]:
    """The roles that tenants are to get by these statements, and of which neither the role nor its row is there.

    A tenant that is new in the root is nothing that somebody has undone.
    """
    changes = (change for statement in statements for change in statement.changes)
    wanted = {change.subject for change in changes if change.fact == "tenant" and change.side == "+"}
    return frozenset(wanted - live.roles.keys() - live.tenants.keys())


_RIGHTS: tuple[FactKey, ...] = ("privilege", "column_privilege", "default_privilege")


@dataclass(frozen=True)
class Edited:
    """What of flatsplit.toml is about roles and has changed since the last step or repair ended."""

    roles: frozenset[str]
    """The roles that something else is said of."""
    before: frozenset[Change]
    """What finished steps want by what it said then; of rights, letter by letter: see :func:`single`."""


def single(changes: Iterable[Change]) -> Iterator[Change]:
    """The changes, with one for each letter of rights, so that those of two plans can be compared."""
    for change in changes:
        who, given, rest = change.detail.partition("=")
        if change.fact not in _RIGHTS or not given:
            yield change
            continue
        letters, slash, grantor = rest.rpartition("/")
        plain, star = letters.rstrip("*"), letters.endswith("*")
        yield from (change._replace(detail=f"{who}={one}{'*' * star}{slash}{grantor}") for one in plain)


@dataclass(frozen=True, slots=True)
class Causes:
    """What is needed to tell the cause of drift."""

    live: State
    appeared: Collection[ObjectRef]
    """Objects that are new since the last step ended."""
    resting: Collection[str] = ()
    """Roles that nobody is to use any more."""
    newcomers: Collection[str] = ()
    """Roles of tenants that never had one: see :func:`newcomers`."""
    was: int | None = None
    """The server's major when the last step ended; None where it is not known."""
    explained: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Reasons that a walk itself gives for tables, by their schema and name."""
    alike: Mapping[str, str] = field(default_factory=dict)
    """Roles that walks keep like another one, each with that one."""
    edited: Edited | None = None
    """What changed in flatsplit.toml; None where it says the same of all roles."""

    def of(self, statement: Statement) -> str:
        """Why a statement of a finished step is wanted again, on one line."""
        facts = {change.fact for change in statement.changes}
        if statement.changes and {change.subject for change in statement.changes} <= {*self.newcomers}:
            return WITHOUT_ROLE
        if dropped := self._dropped(statement):
            return f"role {dropped} was dropped"
        if self.was is not None and first_known(statement, self.was):
            return f"PostgreSQL {self.live.target.major} has privileges that {self.was} had not"
        reasons = {self.explained.get((ref.schema, ref.name), "") for ref in statement.objects}
        if len(reasons) == 1 and (reason := reasons.pop()):
            return self._or_edited(statement, reason)
        if statement.objects and facts & {"owner", "privilege", "column_privilege"}:
            return self._or_edited(statement, self._objects(statement, facts))
        if not statement.changes:
            return "it was undone"
        without = [role for role in statement.secrets if role in self.live.roles and not self.live.roles[role].password]
        if without:
            return f"{' and '.join(without)} {'has' if len(without) == 1 else 'have'} no password any more"
        return self._or_edited(statement, self._other(statement.changes))

    def undone(self, statement: Statement) -> tuple[Statement, ...]:
        """The statement without what it says of new objects, which nobody has undone: object by object where it is
        about both.

        A table from which a walk takes its own things is not new: somebody moved it to another schema or renamed it.
        """
        theirs = all((ref.schema, ref.name) in self.explained for ref in statement.objects)
        if not self._new(statement.objects) or (theirs and all(one.side == "-" for one in statement.changes)):
            return (statement,)
        parts = statement.split() if statement.split is not None else ()
        return tuple(part for part in parts if not self._new(part.objects))

    def _or_edited(self, statement: Statement, cause: str) -> str:
        """The cause; or the configuration, as far as what it said before would not want the same."""
        if self.edited is None:
            return cause
        wanted = [change in self.edited.before for change in single(statement.changes)]
        if all(wanted):
            return cause
        about = {part for one in statement.changes for part in (one.subject, one.detail.partition("=")[0])}
        about |= {one.detail.removeprefix("member of ").rpartition(" (")[0] for one in statement.changes}
        # Those of what the role itself is going to create are part of its section, too
        about |= {one.detail.rpartition("/")[2] for one in statement.changes if one.fact == "default_privilege"}
        roles = " and ".join(sorted(about & self.edited.roles))
        told = f"flatsplit.toml says something else{f' of {roles}' if roles else ''} since"
        return f"{told}, and {cause}" if any(wanted) else told

    def _dropped(self, statement: Statement) -> str:
        """The role that the statement is about where it is the only one and no longer exists; "" otherwise."""
        about = {change.subject for change in statement.changes if change.fact in _OF_ONE}
        about |= set(grantees(statement)) if not about else set()
        name = about.pop() if len(about) == 1 else ""
        return "" if name in (*self.live.roles, PUBLIC, "PUBLIC") else name

    def _objects(self, statement: Statement, facts: set[FactKey]) -> str:
        new = self._new(statement.objects)
        owners = sorted({self.live.objects[ref].owner for ref in new if ref in self.live.objects})
        who = " and ".join(owners)
        if new:
            some = "" if len(new) == len(statement.objects) else f" ({len(new)} of {len(statement.objects)})"
            some += "".join(f"; and {cause}" for cause in dict.fromkeys(map(self.of, self.undone(statement))))
            kind = "new schema" if all(ref.kind == "schema" for ref in new) else "created"
            if "owner" in facts:
                return f"{kind} by {who} since the last step, so it belongs to {who}{some}"
            return f"{kind} by {who} since the last step, where its default privileges did not apply{some}"
        if "owner" in facts:
            owners = sorted({self.live.objects[ref].owner for ref in statement.objects if ref in self.live.objects})
            return f"somebody gave it to {' and '.join(owners)}"
        if all(change.side == "-" for change in statement.changes):
            return f"somebody granted it to {' and '.join(grantees(statement))} since"
        return f"the privilege was taken away from {' and '.join(grantees(statement))}"

    def _new(self, refs: tuple[ObjectRef, ...]) -> list[ObjectRef]:
        if not self.appeared:
            return []
        names = {(ref.schema, ref.name) for ref in self.appeared if ref.kind in RELATIONS}
        return [ref for ref in refs if ref in self.appeared or (ref.kind in ("column", "policy") and ref[1:3] in names)]

    def _other(self, changes: Sequence[Change]) -> str:
        change = changes[-1]
        subject = change.subject
        if subject in self.resting and change.fact in ("attribute", "role"):
            return f"{subject} came back to life: it may log in or do more than the cutover left it"
        if change.fact == "attribute" and "valid_until=" in change.detail and self._expired(subject):
            return f"the password of {subject} has expired"
        if (model := self.alike.get(subject)) and (like := self._unlike(changes, model)):
            return like
        if change.fact == "member":
            return f"{subject} {'became a' if change.side == '-' else 'is no longer a'} {change.detail}"
        texts = {
            "role": f"role {subject} {'exists again' if change.side == '-' else 'was dropped'}",
            "attribute": f"somebody changed role {subject}",
            "setting": f"somebody changed a setting of {subject}",
            "comment": f"somebody changed the comment on role {subject}",
            "policy": "a row-level security policy is new or was changed",
            "user_mapping": "a user mapping is new or was dropped",
            "default_privilege": "default privileges were taken away or changed, or the schema is new in scope",
        }
        return texts.get(change.fact, "somebody changed it")

    def _expired(self, role: str) -> bool:
        return role in self.live.roles and self.live.roles[role].expired

    def _unlike(self, changes: Sequence[Change], model: str) -> str:
        """What a role lacks of the one that it is kept like; "" where that has nothing of the kind."""
        change = changes[-1]
        if change.fact == "member" and change.side == "+":
            group = change.detail.removeprefix("member of ").rpartition(" (")[0]
            if any(key.role == group and key.member == model for key in self.live.members):
                return f"{model} is a member of {group}, and {change.subject} is to be like it"
        if change.fact == "attribute" and model in self.live.roles and change.side == "+":
            name, _, value = change.detail.partition("=")
            if name not in ("login", "password") and str(getattr(self.live.roles[model], name)) == value:
                return f"{change.subject} is not like {model}, as it is to be"
        if change.fact == "setting":
            name, _, value = change.detail.partition("=")
            set_ = {item for key, row in self.live.settings.items() if key.role == model for item in row}
            if ((name, value) in set_) == (change.side == "+"):
                return f"{change.subject} does not begin with the settings of {model}, as it is to"
        return ""


def grantees(statement: Statement) -> list[str]:
    """The roles that the statement grants to or revokes from; empty for other statements."""
    granted = (change for change in statement.changes if change.fact in ("privilege", "column_privilege"))
    return sorted({change.detail.partition("=")[0] for change in granted})


def named(statement: Statement) -> tuple[str, ...]:
    """The first objects that a statement is about."""
    return tuple(ddl.label(ref) for ref in statement.objects[:5])
