"""The text before each step of the demo: what the step is for, and why it is safe to take now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flatsplit.walks import split


class Chapter(NamedTuple):
    """The text of one step."""

    title: str
    why: str
    shows: tuple[str, ...] = ()
    """Parts of statements: the statements of the step that contain one are shown."""


CHAPTERS: Mapping[str, Chapter] = {
    split.CREATE_ROLES: Chapter(
        "four roles that cannot log in yet",
        "app_user for the application, app_migrator for the migration tool, app_readonly for those who only look,\n"
        "dba for people. Until they have a password and LOGIN, nobody can use them.",
        ('ROLE "app_user"', 'ROLE "dba"'),
    ),
    split.GRANT_EXISTING: Chapter(
        "what the application needs, and nothing else",
        "Rows for app_user, but no structure. GRANT takes no lock that the application would wait for. Among what\n"
        "is easily forgotten: large objects, and settle(), which PUBLIC may not execute.",
        ('INSERT, UPDATE, DELETE ON TABLE "shop"', "UPDATE ON LARGE OBJECT", '"settle"'),
    ),
    split.DEFAULT_PRIVILEGES: Chapter(
        "the same for tables that do not exist yet",
        "Default privileges hold for what the role after FOR ROLE creates: so for app_migrator, and until the end\n"
        "for shop too. What shop promised the reporting team, app_migrator promises from now on.",
        (
            'ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES',
            'ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT ON TABLES TO "reporting"',
        ),
    ),
    split.TRANSFER_OWNERSHIP: Chapter(
        "app_migrator becomes the owner",
        "The one step that takes strong locks, each for a moment, and none of them is waited for while others are\n"
        "held. First shop becomes a member of app_migrator: over this bridge it goes on doing all it did before.",
        ('GRANT "app_migrator" TO "shop"', 'TABLE "shop"."payments"', 'TABLE "shop"."orders_2026_01"'),
    ),
    split.ENABLE_LOGIN: Chapter(
        "the new roles may log in",
        "Passwords are sent as SCRAM verifiers, never as text. The new roles get shop's settings; in search_path\n"
        'the schema that shop found as "$user" is written out. CREATE in public is revoked from PUBLIC and granted\n'
        "to those who relied on it.",
        ('"app_user" IN DATABASE "shop" SET "search_path"', 'SCHEMA "public" FROM PUBLIC', 'SCHEMA "public" TO'),
    ),
    split.SWITCH_CONNECTIONS: Chapter(
        "people move, flatsplit watches",
        "This step runs no statement. It waits until the application and the migration tool have logged in with\n"
        "their new roles and nobody has been seen as shop for as long as `drain` says.",
    ),
    split.VERIFY: Chapter(
        "can and cannot, object by object",
        "A sample of it is really tried as each role, and undone at once.",
    ),
    split.LOCK_LEGACY: Chapter(
        "the scream test",
        "shop may no longer log in. Should something fail that was overlooked, `flatsplit rollback` undoes it.",
        ('ALTER ROLE "shop" NOLOGIN', "pg_terminate_backend"),
    ),
    split.REVOKE_LEGACY: Chapter(
        "the bridge goes",
        "What shop may have created late is handed over to app_migrator; then shop loses all its rights.",
        ('REVOKE "app_migrator" FROM "shop"', 'REVOKE SELECT ON TABLES FROM "reporting"'),
    ),
}
