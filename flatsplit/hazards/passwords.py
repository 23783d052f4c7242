"""Hazards in passwords of roles in use: how they are stored, when they end, what else has them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl, words
from flatsplit.config import format_name
from flatsplit.hazards.legacy import SOON_DAYS
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.walks import split
from flatsplit.walks.rotate.preconditions import typed
from flatsplit.words import count

USUAL = 4096
"""Iterations of a SCRAM verifier: PostgreSQL's default, and the minimum of RFC 7677."""
_HOLDERS = 5
_WHOSE = "the new roles, their logins, special roles and persons"


@hazard(
    "md5-stored",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"pg_authid.rolpassword of {_WHOSE}: whether it begins with md5",
    why="Whoever sees an MD5 hash can log in with it, a rename of the role clears it, and lines of pg_hba.conf with "
    "scram-sha-256 refuse it. MD5 passwords are going away (deprecated in 18).",
    fix="flatsplit begin rotate sets a SCRAM verifier, which pg_hba.conf's methods md5 and scram-sha-256 both take.",
    manual="auth-password.html",
    questions=("passwords",),
    needs=("passwords",),
)
def md5_stored(seen: Seen) -> Iterator[Found]:
    """Roles in use whose password is stored as MD5."""
    found = tuple(name for name, legacy, md5, _ in seen.rows("passwords") if md5 and not legacy)
    if found:
        cures = "; ".join(dict.fromkeys(typed(seen.context.written, name) for name in found))
        yield Found(
            f"the password of {few(found)} is kept as MD5",
            found,
            fix=f"{cures} (it sets a SCRAM verifier, which pg_hba.conf's methods md5 and scram-sha-256 both take)",
        )


@hazard(
    "valid-until-near",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"pg_roles.rolvaliduntil of {_WHOSE}, of those that may log in",
    why="VALID UNTIL ends a password on a day and not when nobody needs it any more: sessions live on, the next login "
    "fails like one with a wrong password, and only the server's log says why. A rotation does not move it: the other "
    "twin gets the same end.",
    fix="VALID UNTIL 'infinity', and [rotation] max_age in flatsplit.toml to be reminded instead.",
    manual="sql-alterrole.html",
    questions=("expiry",),
)
def valid_until_near(seen: Seen) -> Iterator[Found]:
    """Roles in use whose password ends soon, or has."""
    for until, days, ends, role, legacy in seen.rows("expiry"):
        if legacy or not ends or days > SOON_DAYS or not seen.state.roles[role].password:
            continue
        cure = f"ALTER ROLE {format_name(role)} VALID UNTIL 'infinity';"
        over = days < 0
        yield Found(
            f"the password of {role} {'has been invalid since' if over else 'is valid until'} {until}",
            (role,),
            fix=f"{cure} [rotation] max_age in flatsplit.toml reminds of its age instead.",
            sql=(cure,),
        )


@hazard(
    "scram-cost",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"pg_authid.rolpassword of {_WHOSE}: the iterations of SCRAM",
    why="Each login computes them anew: 4,096 take about 20 ms, 100,000 a quarter of a second, 1,000,000 two seconds. "
    "A pool that opens connections pays that at the worst moment. Fewer than 4,096 are fewer than RFC 7677 allows.",
    fix="SET scram_iterations for whoever sets passwords, then flatsplit begin rotate.",
    manual="runtime-config-connection.html#GUC-SCRAM-ITERATIONS",
    questions=("passwords",),
    needs=("passwords",),
)
def scram_cost(seen: Seen) -> Iterator[Found]:
    """Verifiers that take a pooler long to check, and some with too few iterations."""
    rows = [(name, times) for name, legacy, _, times in seen.rows("passwords") if times and not legacy]
    for dear in (True, False):
        found = [(name, times) for name, times in rows if (times > USUAL if dear else times < USUAL)]
        if found:
            names = [name for name, _ in found]
            cures = "; ".join(dict.fromkeys(typed(seen.context.written, name) for name in names))
            operator = ddl.ident(seen.state.target.operator)
            yield Found(
                f"each login of {few(names)} is {'dear' if dear else 'too cheap'}: another number of iterations than "
                f"{USUAL:,}",
                tuple(f"{name}: {times:,} iterations" for name, times in found),
                fix=f"{cures}. Where scram_iterations is not {USUAL} for {operator} (16+): "
                f"ALTER ROLE {operator} SET scram_iterations = {USUAL}; first.",
                severity="warning" if dear else "note",
            )


@hazard(
    "scram-iterations",
    "note",
    split.ENABLE_LOGIN,
    looks_at="scram_iterations in the operator's session",
    why="libpq takes the number of iterations of a new verifier from the session that sets it. Each login computes "
    "them anew: 100,000 take a quarter of a second, and a pool that opens connections pays that at the worst moment.",
    fix="ALTER ROLE operator SET scram_iterations = 4096;",
    manual="runtime-config-connection.html#GUC-SCRAM-ITERATIONS",
    questions=("iterations",),
    since=16,
)
def scram_iterations(seen: Seen) -> Iterator[Found]:
    """What the iterations of new passwords mean."""
    ((times,),) = seen.rows("iterations")
    if times != USUAL and seen.context.config.auth == "password":
        cure = f"ALTER ROLE {ddl.ident(seen.state.target.operator)} SET scram_iterations = {USUAL};"
        yield Found(
            f"passwords that flatsplit sets get {times:,} iterations",
            (f"scram_iterations = {times}",),
            severity="warning" if times > USUAL else "note",
            fix=cure,
            sql=(cure,),
        )


@hazard(
    "password-holders",
    "note",
    None,
    looks_at="pg_stat_activity (walsenders, postgres_fdw), pg_user_mappings, subscriptions of all databases, cron.job: "
    f"those of {_WHOSE}",
    why="They log in with a password from a configuration of their own, or start as the role. No deployment of the "
    "application reaches them, and most fail only at their next connection, when nobody is looking.",
    fix="Nothing now. Before a rotation's close or change they have to come as the other login, or with the new "
    "password: gate no-blockers names them.",
    manual="sql-alterrole.html",
    holds=True,
)
def password_holders(seen: Seen) -> Iterator[Found]:
    """Replication, foreign servers, jobs and subscriptions that log in as the role."""
    found = [one for one in seen.held.holders if one.role != seen.legacy]
    if seen.held.unseen and not seen.state.roles.keys().isdisjoint(seen.context.written.named):
        looks = dict.fromkeys(one.look for one in seen.held.unseen)
        yield Found(
            f"{words.listed([one.what for one in seen.held.unseen])} could not be looked at",
            tuple(one.what for one in seen.held.unseen),
            fix=f"Look {'; '.join(looks)}",
        )
    if found:
        roles = sorted({one.role for one in found})
        cures = dict.fromkeys(
            one.cure(one.role, seen.held.jobs) for one in found if one.what not in ("job", "subscription")
        )
        later = f": {'; '.join([*cures][:_HOLDERS])}" if cures else ""
        yield Found(
            f"{count(len(found), 'other')} {'comes' if len(found) == 1 else 'come'} as {few(roles)}, by themselves",
            tuple(f"{one} as {one.role}" for one in found),
            fix="Nothing now. A rotation waits for them (gate no-blockers) and says what each needs then" + later + ".",
        )
