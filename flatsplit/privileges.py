"""Privilege letters: their names, and what PostgreSQL gives when nothing was granted.

Source: manual, "Privileges" (table "ACL Privilege Abbreviations") and acldefault() in acl.c.
"""

from __future__ import annotations

from flatsplit.model import OWNER, PUBLIC, ROUTINES, TABLES, TYPES, Acl, AclItem, intern_acl, versions

NAMES: dict[str, str] = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
}

_ORDER = {letter: place for place, letter in enumerate(NAMES)}


def names(letters: str) -> str:
    """``"wr"`` → ``"SELECT, UPDATE"``, in the manual's order."""
    return ", ".join(NAMES[letter] for letter in sorted(letters, key=_ORDER.__getitem__))


_OWNER_LETTERS: dict[str, str] = {
    "sequence": "Urw",
    "database": "CTc",
    "schema": "CU",
    "language": "U",
    "large_object": "rw",
    "tablespace": "C",
    "foreign_data_wrapper": "U",
    "server": "U",
    "parameter": "As",
}


def owner_letters(kind: str, major: int) -> str:
    """All privileges on an object of this kind, which its owner has by default; "" for none."""
    if kind in TABLES or kind in ("view", "materialized_view"):
        return "Dadrtwx" + ("m" if major >= versions.MAINTAIN else "")
    if kind in ROUTINES:
        return "X"
    if kind in TYPES:
        return "U"
    return _OWNER_LETTERS.get(kind, "")


_PUBLIC_LETTERS = {"database": "Tc", "language": "U"}


def default_acl(kind: str, major: int) -> Acl:
    """acldefault() for an object of this kind, with OWNER for its owner."""
    public = "X" if kind in ROUTINES else "U" if kind in TYPES else _PUBLIC_LETTERS.get(kind, "")
    return intern_acl(
        [AclItem(OWNER, OWNER, "".join(sorted(owner_letters(kind, major)))), AclItem(PUBLIC, OWNER, public)]
    )


OBJTYPE_KIND: dict[str, str] = {
    "r": "table",
    "S": "sequence",
    "f": "function",
    "T": "type",
    "n": "schema",
    "L": "large_object",
}
"""Object types of pg_default_acl, each with a kind that has the same privileges."""


def letters(acl: Acl, grantee: str) -> str:
    """All privileges that ``grantee`` itself has in ``acl``, from any grantor."""
    found: set[str] = set()
    for item in acl:
        if item.grantee == grantee:
            found.update(item.privileges)
    return "".join(sorted(found))


def grantable(acl: Acl, grantee: str) -> str:
    """The privileges that ``grantee`` holds WITH GRANT OPTION."""
    found: set[str] = set()
    for item in acl:
        if item.grantee == grantee:
            found.update(item.grantable)
    return "".join(sorted(found))


def minus(have: str, less: str) -> str:
    """Letters of ``have`` that are not in ``less``."""
    return "".join(letter for letter in have if letter not in less)


def within(have: str, allowed: str) -> str:
    """Letters of ``have`` that are in ``allowed``."""
    return "".join(letter for letter in have if letter in allowed)


def plus(acl: Acl, grantee: str, wanted: str, with_grant: str = "") -> Acl:
    """``acl`` with what ``grantee`` lacks of ``wanted`` granted by the owner; the same tuple if nothing is lacking."""
    missing = minus(wanted, letters(acl, grantee))
    option = minus(with_grant, grantable(acl, grantee))
    if not missing and not option:
        return acl
    return intern_acl([*acl, AclItem(grantee, OWNER, missing + option, option)])


def without(acl: Acl, grantee: str, unwanted: str | None = None) -> Acl:
    """``acl`` without these letters (None: all) of ``grantee``, from any grantor."""
    if not any(item.grantee == grantee for item in acl):
        return acl
    return intern_acl(
        item
        if item.grantee != grantee
        else item._replace(
            privileges="" if unwanted is None else minus(item.privileges, unwanted),
            grantable="" if unwanted is None else minus(item.grantable, unwanted),
        )
        for item in acl
    )


def not_passed_on(acl: Acl, grantee: str) -> Acl:
    """``acl`` without the grant options of ``grantee``."""
    if not grantable(acl, grantee):
        return acl
    return intern_acl(item if item.grantee != grantee else item._replace(grantable="") for item in acl)


def settle(acl: Acl, owner: str) -> Acl:
    """What ``ALTER … OWNER TO owner`` makes of ``acl``: own entries merge into the owner's (aclnewowner())."""
    if not any(owner in (item.grantee, item.grantor) for item in acl):
        return acl
    return intern_acl(
        item._replace(
            grantee=OWNER if item.grantee == owner else item.grantee,
            grantor=OWNER if item.grantor == owner else item.grantor,
        )
        for item in acl
    )
