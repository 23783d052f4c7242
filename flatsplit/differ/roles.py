"""Roles: created first, dropped last, attributes and settings in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import ddl
from flatsplit.model import Change, RoleFacts, SettingKey, State, Statement

_FLAGS = ("superuser", "createdb", "createrole", "inherit", "replication", "bypassrls")
_LIMITS = ("connection_limit", "valid_until")


def _attribute_changes(role: str, have: RoleFacts, want: RoleFacts, fields: Iterable[str]) -> tuple[Change, ...]:
    found = []
    for field in fields:
        now, then = getattr(have, field), getattr(want, field)
        if now != then:
            found.append(Change("-", "attribute", role, f"{field}={now}"))
            found.append(Change("+", "attribute", role, f"{field}={then}"))
    return tuple(found)


def _changed(have: State, want: State) -> list[str]:
    """Names of roles that are in both States and whose facts are not the same Python object. Of ten thousand roles few
    are.
    """
    facts = have.roles
    return sorted(role for role, then in want.roles.items() if (now := facts.get(role)) is not None and now is not then)


def created(have: State, want: State) -> Iterator[Statement]:
    """CREATE ROLE … NOLOGIN."""
    for role in sorted(want.roles.keys() - have.roles.keys()):
        facts = want.roles[role]
        comment = f" {ddl.comment_on_role(role, facts.comment)}" if facts.comment else ""
        yield Statement(
            description=f"create role {role}",
            sql=ddl.create_role(role, facts) + comment,
            undo=ddl.drop_role(role),
            lock="",
            changes=(
                Change("+", "role", role, ""),
                *_attribute_changes(role, RoleFacts(), facts, (*_FLAGS, *_LIMITS)),
                *_comment_changes(role, "", facts.comment),
            ),
        )


def _comment_changes(role: str, now: str, then: str) -> tuple[Change, ...]:
    gone = (Change("-", "comment", role, now),) if now else ()
    return (*gone, Change("+", "comment", role, then)) if then else gone


def commented(have: State, want: State) -> Iterator[Statement]:
    """COMMENT ON ROLE. The comment tells other databases which walk a role belongs to."""
    for role in _changed(have, want):
        now, then = have.roles[role].comment, want.roles[role].comment
        if now != then:
            yield Statement(
                description=f"role {role}: {then or 'no comment'}".replace("\n", "\\n"),
                sql=ddl.comment_on_role(role, then),
                undo=ddl.comment_on_role(role, now),
                lock="",
                changes=_comment_changes(role, now, then),
            )


def dropped(have: State, want: State) -> Iterator[Statement]:
    """DROP ROLE. It has no undo: what the role was before cannot be restored."""
    for role in sorted(have.roles.keys() - want.roles.keys()):
        yield Statement(
            description=f"drop role {role}",
            sql=ddl.drop_role(role),
            undo="",
            lock="",
            changes=(Change("-", "role", role, ""),),
        )


def _altered(have: State, want: State, fields: tuple[str, ...], *, to: bool | None) -> Iterator[Statement]:
    """ALTER ROLE for those of the ``fields`` that differ. With ``to``, only flags that get this value."""
    for role in _changed(have, want):
        now, then = have.roles[role], want.roles[role]
        some = [field for field in fields if to is None or getattr(then, field) is to]
        options = ddl.role_options(now, then, some)
        if options:
            yield Statement(
                description=f"role {role}: {options}",
                sql=ddl.alter_role(role, options),
                undo=ddl.alter_role(role, ddl.role_options(then, now, some)),
                lock="",
                changes=_attribute_changes(role, now, then, some),
            )


def widened(have: State, want: State) -> Iterator[Statement]:
    """Attributes that become true, and limits."""
    yield from _altered(have, want, _FLAGS, to=True)
    yield from _altered(have, want, _LIMITS, to=None)


def narrowed(have: State, want: State) -> Iterator[Statement]:
    """Attributes that become false."""
    yield from _altered(have, want, _FLAGS, to=False)


def shut(have: State, want: State) -> Iterator[Statement]:
    """ALTER ROLE … NOLOGIN, and PASSWORD NULL where the role had no password before."""
    for role in _changed(have, want):
        now, then = have.roles[role], want.roles[role]
        if now.login and not then.login:
            forget = now.password and not then.password
            yield Statement(
                description=f"role {role}: NOLOGIN",
                sql=ddl.alter_role(role, "NOLOGIN PASSWORD NULL" if forget else "NOLOGIN"),
                undo=ddl.login_with_password(role) if forget else ddl.alter_role(role, "LOGIN"),
                lock="",
                changes=_attribute_changes(role, now, then, ("login", "password")),
            )
        elif now.password and not (then.password or now.login or then.login):
            yield Statement(
                description=f"role {role}: no password",
                sql=ddl.alter_role(role, "PASSWORD NULL"),
                undo="",
                lock="",
                changes=_attribute_changes(role, now, then, ("password",)),
            )


def opened(have: State, want: State) -> Iterator[Statement]:
    """LOGIN, with a password verifier where a password is wanted."""
    new = [role for role, then in want.roles.items() if have.roles.get(role) is not then]
    for role in sorted(new):
        now, then = have.roles.get(role, RoleFacts()), want.roles[role]
        if not then.login or (now.login and (now.password or not then.password)):
            continue
        secret = then.password and not now.password
        yield Statement(
            description=f"role {role}: LOGIN" + (" with a password" if secret else ""),
            sql=ddl.login_with_password(role) if secret else ddl.alter_role(role, "LOGIN"),
            undo=ddl.alter_role(role, "NOLOGIN PASSWORD NULL" if secret else "NOLOGIN"),
            lock="",
            changes=_attribute_changes(role, now, then, ("login", "password")),
            secrets=(role,) if secret else (),
        )


def settings(have: State, want: State) -> Iterator[Statement]:
    """ALTER ROLE … IN DATABASE … SET and RESET."""
    for key in sorted(have.settings.keys() | want.settings.keys()):
        if key.role not in want.roles:
            continue
        now, then = dict(have.settings.get(key, ())), dict(want.settings.get(key, ()))
        # The server compares names of settings without case (find_option(), guc.c); the stored spelling is used
        kept = {name.lower(): name for some in (then, now) for name in some}
        now, then = ({kept[name.lower()]: value for name, value in some.items()} for some in (now, then))
        for name in sorted(now.keys() | then.keys()):
            if not ddl.same_setting(name, now.get(name), then.get(name)):
                yield _setting(key, name, now.get(name), then.get(name))


def _setting(key: SettingKey, name: str, now: str | None, then: str | None) -> Statement:
    def sql(value: str | None) -> str:
        if value is None:
            return ddl.reset_setting(key.role, key.database, name)
        return ddl.set_setting(key.role, key.database, name, value)

    found = [] if now is None else [Change("-", "setting", key.role, f"{name}={now}")]
    found += [] if then is None else [Change("+", "setting", key.role, f"{name}={then}")]
    verb = "reset" if then is None else f"= {then}"
    return Statement(
        description=f"role {key.role}: {name} {verb}".replace("\n", "\\n"),
        sql=sql(then),
        undo=sql(now),
        lock="",
        changes=tuple(found),
    )
