"""How an approved plan and the one that would run differ, in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flatsplit import privileges
from flatsplit.model import Change, Plan
from flatsplit.words import listed

NAMED = 4
"""Objects named in one line of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the plan that would run changes and the approved one did not, and the other way round."""

    more: frozenset[Change]
    """Would be done, and was not approved."""
    less: frozenset[Change]
    """Was approved, and is not wanted any more."""

    def lines(self) -> list[str]:
        """The difference in words, what was not approved first; changes that say the same are one line."""
        said = [f"not approved: {line}" for line in _words(self.more)]
        return said + [f"approved, but not in the plan any more: {line}" for line in _words(self.less)]


def facts(plan: Plan) -> frozenset[Change]:
    """All facts that a plan would change."""
    return frozenset(change for statement in plan.actions for change in statement.changes)


def difference(approved: Collection[Change], wanted: Collection[Change]) -> Difference:
    """How the ``wanted`` facts differ from those that were ``approved``."""
    return Difference(frozenset(wanted) - frozenset(approved), frozenset(approved) - frozenset(wanted))


def only_new(changes: Iterable[Change], new: frozenset[str]) -> bool:
    """Whether every change is about a right on, or the ownership of, one of these ``new`` objects."""
    return all(change.fact in ("owner", "privilege") and change.subject in new for change in changes)


def count(changes: Collection[Change]) -> str:
    """``1 change``, ``2 changes``."""
    return f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"


def _words(changes: Iterable[Change]) -> list[str]:
    """One line for all changes that say the same of several objects."""
    gained = {change.subject for change in changes if change.side == "+" and change.fact == "owner"}
    said: dict[tuple[str, str], list[str]] = {}
    for change in sorted(changes):
        if change.fact == "owner" and change.side == "-" and change.subject in gained:
            continue  # the old owner, which goes with the new one
        said.setdefault(_phrase(change), []).append(change.subject)
    lines = []
    for (before, after), subjects in said.items():
        lines.append(f"{before}{listed(subjects, NAMED)}{after}")
    return lines


def _phrase(change: Change) -> tuple[str, str]:
    """The words of a change before its subject and after it."""
    gives = change.side == "+"
    if change.fact == "owner":
        return ("", f": owned by {change.detail} from then on" if gives else f": no longer owned by {change.detail}")
    if change.fact in ("privilege", "column_privilege", "default_privilege"):
        grantee, _, rest = change.detail.partition("=")
        letters = rest.partition("/")[0].replace("*", "")
        what = privileges.names(letters) if set(letters) <= privileges.NAMES.keys() else letters
        return f"{'grant' if gives else 'revoke'} {what} {'to' if gives else 'from'} {grantee or 'PUBLIC'} on ", ""
    if change.fact == "role":
        return ("create role " if gives else "drop role "), ""
    if change.fact == "member":
        return "", f" becomes {change.detail}" if gives else f" is no longer {change.detail}"
    word = "becomes" if gives else "was"
    return f"{change.fact.replace('_', ' ')} of ", f" {word} {change.detail}"
