"""What an operator would say about each step before taking it: what it is for, and why it is safe now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Chapter(NamedTuple):
    """The words around one step."""

    title: str
    why: str


CHAPTERS: Mapping[str, Chapter] = {
    "create-roles": Chapter(
        "Four roles that cannot log in yet",
        "app_user for the application, app_migrator for the migration tool, app_readonly for those who only look,\n"
        "dba for people. Until they have LOGIN and a password, nothing can use them.",
    ),
    "grant-existing": Chapter(
        "What the application needs, and nothing else",
        "Rows for app_user, but no structure. GRANT takes no lock on a table: the application does not notice.\n"
        "It also holds for what is easily forgotten: partitions, sequences, large objects, settle(), which\n"
        "PUBLIC may not execute.",
    ),
    "default-privileges": Chapter(
        "The same for tables that do not exist yet",
        "Default privileges work only for what the role in FOR ROLE creates: so for app_migrator, and until the\n"
        "end for shop too. What shop promised the reporting team is promised by app_migrator from now on.",
    ),
    "transfer-ownership": Chapter(
        "app_migrator becomes the owner",
        "The one step that takes strong locks, each for a moment, none of them waited for while others are held.\n"
        "First shop becomes a member of app_migrator: over this bridge it goes on doing all it could do before.",
    ),
    "enable-login": Chapter(
        "Doors open",
        "Passwords go over as verifiers that the server cannot read back. shop's settings move along, and the\n"
        'schema that it found by its own name ("$user") is spelled out for app_user.',
    ),
    "switch-connections": Chapter(
        "People move, flatsplit watches",
        "This step runs no statement. It waits until the application and the migration tool have logged in with\n"
        "their new roles and nobody has been seen as shop for as long as drain says.",
    ),
    "verify": Chapter(
        "Can and cannot, tried on every object",
        "Not what should be so, but what the server says.",
    ),
    "lock-legacy": Chapter(
        "The scream test",
        "shop may no longer log in. Should something cry out, one command gives it back within a second.",
    ),
    "revoke-legacy": Chapter(
        "The bridge goes",
        "Whatever shop created late is handed over, then it loses its rights. It owns nothing and may nothing.",
    ),
}
