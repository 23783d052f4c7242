"""For each hazard: which test applies its fix as printed, or why no test can."""

from __future__ import annotations

_TAKEN = "integration/test_findings_taken.py"

TAKEN = {
    "rls-zero-rows": _TAKEN,
    "policy-rights": _TAKEN,
    "view-routines": _TAKEN,
    "reader-operators": _TAKEN,
    "restricted-rights": _TAKEN,
    "outside-scope": _TAKEN,
    "legacy-predefined-roles": _TAKEN,
    "bridge-noinherit": _TAKEN,
    "memberships-out-of-reach": _TAKEN,
    "operator-monitor": _TAKEN,
    "policies-ask-who": _TAKEN,
    "legacy-by-name": _TAKEN,
    "event-trigger-refuses": _TAKEN,
    "event-trigger-hands-over": _TAKEN,
    "legacy-acts-as": _TAKEN,
    "valid-until": _TAKEN,
    "database-kept": _TAKEN,
    "temp-revoked": _TAKEN,
    "group-logins": "integration/test_groups.py",
    "operator-lacks": "integration/test_operator_rights.py",
    "superuser-reach": "integration/hazards/test_remedies.py",
    "migrations-out-of-reach": "integration/hazards/test_remedies.py",
    "event-trigger-shut": "integration/hazards/test_event_triggers.py",
    "login-event-trigger": "integration/hazards/test_remedies.py",
    "cron-commands": "integration/hazards/test_remedies.py",
    "initial-privileges": "integration/hazards/test_left_names.py",
    "bootstrap-retire": "integration/hazards/test_roles.py",
    **dict.fromkeys(
        ("cron-as-group", "group-owns-subscription", "large-objects-twins"),
        "integration/hazards/test_group_conversion.py",
    ),
    **dict.fromkeys(
        ("temp-tablespaces", "row-security-off", "role-setting-role"), "integration/hazards/test_carried_settings.py"
    ),
    "owner-rights": "integration/test_own_rights.py",
    "detach-pending": "integration/hazards/test_things.py",
    "preload-missing": "integration/hazards/test_preloading.py",
    "password-policy": "integration/hazards/test_password_policy.py",
    "columns-and-star": "integration/hazards/test_special_roles.py",
    "set-role-goes-on": "integration/hazards/test_set_role.py",
    **dict.fromkeys(("publications-of-members", "members-set-role"), "integration/hazards/test_members_count.py"),
    **dict.fromkeys(("valid-until-near", "scram-iterations"), "integration/hazards/test_passwords.py"),
    **dict.fromkeys(
        (
            *("tenant-publication-copy", "tenant-subscription", "tenant-key", "tenant-uncovered"),
            "tenant-other-databases",
        ),
        "integration/hazards/test_tenants.py",
    ),
}
"""The test that applies the fix, as SQL or in the configuration, and looks for the hazard again."""

_BY_HAND = {
    "a line of pg_hba.conf, which flatsplit neither reads as text nor writes; where it has to stand, doctor says": (
        *("hba-app-user", "hba-names-role", "hba-members", "hba-names-legacy", "hba-errors"),
    ),
    "what a routine, expression or view is to say instead, only its author knows": (
        *("current-user-defaults", "current-user-policies", "current-user-views", "current-user-routines"),
        *("definer-owner", "definer-search-path", "event-trigger-code", "event-triggers", "runtime-ddl"),
        *("trigger-ddl", "dblink", "policies-name-legacy", "rls-fewer-rows", "user-schema", "legacy-name-as-text"),
        *("rls-fails-open", "tenant-notify", "tenant-partition-by-key", "tenant-skew"),
        *("tenant-late-keys", "tenant-tree"),
    ),
    "it takes a password, or a name on another server, that flatsplit does not know": (
        *("user-mappings", "mappings-log-in-as-legacy", "md5-password", "replication-as-legacy", "subscriptions"),
        *("md5-stored", "scram-cost", "password-holders"),
    ),
    "it belongs to another database, server or service, or to its administrator": (
        *("cron-elsewhere", "legacy-elsewhere", "timescaledb", "citus", "managed-service", "service-administrators"),
        *("legacy-administrator", "legacy-signs-in-by-token", "rds-restricted-passwords", "legacy-entra", "standby"),
        *("dba-not-superuser", "operator-statements", "not-seen", "all-tables-publication", "schema-publications"),
        *("logical-decoding", "hot-standbys", "unknown-kinds", "server-untested", "workers-log-in-as-legacy"),
        *("role-setting-ignored", "roles-kept-elsewhere", "legacy-labels"),
    ),
    "whose it shall be, or who still needs it, is a decision that several answers fit": (
        *("rights-list-full", "cron-jobs", "legacy-members", "members-dump", "legacy-makers", "roles-circle"),
        *("roles-adopted", "adopted-elsewhere", "adopted-powerful", "adopted-excess", "role-name-case"),
        *("superuser-objects", "extensions-kept", "extension-relations", "third-role-objects"),
        *("large-objects", "tablespaces-owned", "matview-refresh", "grants-unmatched", "operator-way-back"),
        *("owner-powers", "public-writes", "public-reads", "public-create", "public-temp", "grant-options"),
        *("column-grants", "subscription-stays", "replication-slots", "definer-open", "role-settings"),
        *("migration-tables", "backup-role", "legacy-attributes", "legacy-memberships"),
        *("bypassrls-carried", "legacy-bootstrap", "become-inherits", "connection-limits", "password-encryption"),
        *("sees-own-sessions", "settings-no-limit", "untrusted-routines", "views-show-more"),
        *("tenant-in-the-way", "tenant-no-kind", "tenant-role-names", "tenant-ring-keys", "schema-per-tenant"),
    ),
    "it is about the right moment, or the size of something": (
        *(
            "lock-budget",
            "prepared-transactions",
            "prepared-open",
            "long-transactions",
            "max-locks",
            "connection-arithmetic",
        ),
        "short-timeouts",
        "tenant-pooler-members",
    ),
    "there is nothing to do": ("operator-self-grants", "extensions-owned", "owners-extensions"),
}

BY_HAND = {hazard: why for why, hazards in _BY_HAND.items() for hazard in hazards}
"""Why only a person can apply the fix."""
