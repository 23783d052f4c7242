"""What an approved plan and the one that would run do not have in common, in words. Pure."""

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
    """Between an approved plan and the one that would run."""

    more: frozenset[Change]
    """Would be done, and was not approved."""
    less: frozenset[Change]
    """Was approved, and is not wanted any more."""

    def lines(self) -> list[str]:
        """In words, alike things together, what was not approved first."""
        said = [f"not approved: {line}" for line in _words(self.more)]
        return said + [f"approved, but not in the plan any more: {line}" for line in _words(self.less)]


def facts(plan: Plan) -> frozenset[Change]:
    """All that it would change."""
    return frozenset(change for statement in plan.actions for change in statement.changes)


def difference(approved: Collection[Change], wanted: Collection[Change]) -> Difference:
    """What is more and what is less than approved."""
    return Difference(frozenset(wanted) - frozenset(approved), frozenset(approved) - frozenset(wanted))


def only_new(changes: Iterable[Change], new: frozenset[str]) -> bool:
    """Whether all of these are rights on, or the ownership of, new objects."""
    return all(change.fact in ("owner", "privilege") and change.subject in new for change in changes)


def count(changes: Collection[Change]) -> str:
    """``1 change``, ``2 changes``."""
    return f"{len(changes):,} change{'' if len(changes) == 1 else 's'}"


def _words(changes: Iterable[Change]) -> list[str]:
    """One line for changes that say the same of several objects."""
    gained = {change.subject for change in changes if change.side == "+" and change.fact == "owner"}
    said: dict[tuple[str, str], list[str]] = {}
    for change in sorted(changes):
        if change.fact == "owner" and change.side == "-" and change.subject in gained:
            continue  # the other half of a change of owner
        said.setdefault(_phrase(change), []).append(change.subject)
    lines = []
    for (before, after), subjects in said.items():
        lines.append(f"{before}{listed(subjects, NAMED)}{after}")
    return lines


def _phrase(change: Change) -> tuple[str, str]:
    """The words before and after the subject."""
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
