"""The only place where an identifier becomes SQL.

Every function gives one statement as text, quoted by psycopg.sql. Types in routine and operator
signatures come quoted from the server itself (format_type() under a pinned search_path).
"""

from flatsplit.ddl.names import (
    alter_owner,
    alter_word,
    grant_word,
    ident,
    label,
    literal,
    name,
    plural,
    role,
)
from flatsplit.ddl.others import (
    alter_policy,
    copy_user_mapping,
    dollar_quote,
    drop_user_mapping,
    reassign_owned,
    terminate_sessions,
)
from flatsplit.ddl.rights import (
    grant,
    grant_column,
    grant_default,
    revoke,
    revoke_column,
    revoke_default,
)
from flatsplit.ddl.roles import (
    alter_role,
    create_role,
    drop_role,
    fill_verifier,
    grant_member,
    join_role,
    leave_role,
    login_with_password,
    reset_setting,
    revoke_member,
    role_options,
    same_setting,
    set_setting,
    split_list,
    verifier_variable,
)

__all__ = [
    "alter_owner",
    "alter_policy",
    "alter_role",
    "alter_word",
    "copy_user_mapping",
    "create_role",
    "dollar_quote",
    "drop_role",
    "drop_user_mapping",
    "fill_verifier",
    "grant",
    "grant_column",
    "grant_default",
    "grant_member",
    "grant_word",
    "ident",
    "join_role",
    "label",
    "leave_role",
    "literal",
    "login_with_password",
    "name",
    "plural",
    "reassign_owned",
    "reset_setting",
    "revoke",
    "revoke_column",
    "revoke_default",
    "revoke_member",
    "role",
    "role_options",
    "same_setting",
    "set_setting",
    "split_list",
    "terminate_sessions",
    "verifier_variable",
]
