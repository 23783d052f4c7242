"""Hazards in what runs as its owner, since the owner changes: views, rules, SECURITY DEFINER routines. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.rehearsal.powers.remedies import remedy
from flatsplit.rehearsal.remedies import shown
from flatsplit.walks import split
from flatsplit.walks.split.transfer_ownership import sees_all_rows
from flatsplit.words import count


@hazard(
    "owner-powers",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="views, rules, SECURITY DEFINER routines and schemas of legacy's, judged as their next owner",
    why="They run with their owner's attributes and memberships, whoever uses them. app_migrator owns what legacy "
    "owned and is not what legacy is, so these would fail or give other rows from transfer-ownership on. Its gate "
    "owner-powers waits for them.",
    fix='Name them under [owner-powers] dba = ["schema.name"] in flatsplit.toml, or change what they do.',
    manual="rules-privileges.html",
    weighs=True,
)
def owner_powers(seen: Seen) -> Iterator[Found]:
    """What would do something else as app_migrator's."""
    lost, unread = seen.powers.lost, seen.powers.unread
    if lost:
        yield Found(
            f"{count(len(lost), 'object')} would not do what {'it does' if len(lost) == 1 else 'they do'} now",
            tuple(each.reason for each in lost),
            fix=f"{remedy(lost, seen.context)}.",
        )
    if unread:
        yield Found(
            f"{count(len(unread), 'routine')} of {seen.legacy}, more than an owner, cannot be read to the end",
            tuple(map(shown, unread)),
            severity="note",
            why="What they do is put together when they run, or is no SQL; whether it needs what only "
            f"{seen.legacy} has cannot be told.",
            fix="Read them; those that need it go to dba: [owner-powers] dba in flatsplit.toml.",
        )


@hazard(
    "bypassrls-carried",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_roles.rolbypassrls of legacy, [owner-powers] bypassrls, and pg_class.relrowsecurity",
    why="Legacy has BYPASSRLS, so the application saw all rows, also through views. app_migrator gets it before "
    "ownership moves, app_user with its login. Row security then holds for neither.",
    fix="Nothing, if that is meant; else take it from legacy first: ALTER ROLE … NOBYPASSRLS;",
    manual="ddl-rowsecurity.html",
    questions=("rls",),
)
def bypassrls_carried(seen: Seen) -> Iterator[Found]:
    """Which roles get BYPASSRLS, and why."""
    context, who = seen.context, blueprint.who(seen.context.config)
    legacy = context.baseline.roles.get(seen.legacy)
    if legacy is None:
        return
    gets = [who.owner] if sees_all_rows(context) else []
    gets += [who.application] if legacy.bypassrls and who.application not in context.adopted else []
    new = [role for role in gets if role not in seen.state.roles or not seen.state.roles[role].bypassrls]
    if not new:
        return
    why = f"{seen.legacy} has BYPASSRLS, so the application saw all rows, also through views. "
    if not legacy.bypassrls:
        why = "[owner-powers] bypassrls in flatsplit.toml says so: what runs as its owner goes on seeing all rows. "
    when = [f"{who.owner} gets it before ownership moves"] if who.owner in new else []
    when += [f"{who.application} with its login"] if who.application in new else []
    yield Found(
        f"{' and '.join(new)} {'get' if new[1:] else 'gets'} BYPASSRLS",
        tuple(new),
        severity="warning" if seen.rows("rls") else "note",
        why=f"{why}{', '.join(when)}. Row security then holds for {'neither' if new[1:] else 'it no more'}.",
        fix="Nothing, if that is meant; else "
        + (
            f"take it from {seen.legacy} first: ALTER ROLE {ddl.ident(seen.legacy)} NOBYPASSRLS;"
            if legacy.bypassrls
            else "take the key out of flatsplit.toml."
        ),
    )
