"""Default privileges: the statements that lead from the rows of one State to those of another."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl, privileges
from flatsplit.differ.acls import changes, steps
from flatsplit.model import OWNER, Acl, DefaultRef, State, Statement

_WORDS = {
    "r": "tables",
    "S": "sequences",
    "f": "routines",
    "T": "types",
    "n": "schemas",
    "L": "large objects",
}


def effective(state: State, ref: DefaultRef) -> Acl:
    """The row as it is stored. Without a row, the global defaults are the built-in ones, and those of a schema add
    nothing.
    """
    row = state.defaults.get(ref)
    if row is not None:
        return row
    return () if ref.schema else privileges.default_acl(privileges.OBJTYPE_KIND[ref.objtype], state.target.major)


def on_large_objects(subject: str) -> bool:
    """Whether this subject of a change, as :func:`changed` writes it, is all future large objects of a role."""
    return subject.startswith(_future("L"))


def _future(objtype: str) -> str:
    return f"future {_WORDS[objtype]} of "


def changed(have: State, want: State) -> Iterator[Statement]:
    """ALTER DEFAULT PRIVILEGES: for each row the grants first, then the revokes."""
    if have.defaults is want.defaults:
        return
    for ref in sorted(have.defaults.keys() | want.defaults.keys()):
        if ref.creator not in have.roles and ref.creator not in want.roles:
            continue
        now, then = effective(have, ref), effective(want, ref)
        for revoking in (False, True):
            for step in steps(now, then, revoking=revoking):
                grantee = ref.creator if step.grantee == OWNER else step.grantee
                do, undo = (
                    (ddl.revoke_default, ddl.grant_default) if revoking else (ddl.grant_default, ddl.revoke_default)
                )
                where = f" in {ref.schema}" if ref.schema else ""
                subject = f"{_future(ref.objtype)}{ref.creator}{where}"
                what = f"{'revoke' if revoking else 'grant'} {privileges.names(step.letters)}"
                yield Statement(
                    description=f"{what} on {subject} {'from' if revoking else 'to'} {grantee or 'PUBLIC'}",
                    sql=do(ref, step.letters, grantee, option=step.option),
                    undo=undo(ref, step.letters, grantee, option=step.undo_option),
                    lock="",
                    changes=changes((subject,), step, ref.creator, revoking=revoking, fact="default_privilege"),
                    acts=(ref.creator,),
                )
