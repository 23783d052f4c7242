"""Real applications from PyPI, taken through a cutover: what `rehearse` said beside what then happened.

    python -m tests.live                      # all of them, a minute each way
    python -m tests.live --app procrastinate --seconds 10

Each application gets two virtual environments, an older and a newer release. The older one makes its schema and works
as the old role. Its statements are rehearsed, before there is a new role and after; then the cutover happens while it
works on as app_user. At last the newer release migrates the schema as app_migrator and works as app_user.

The server's log tells what was refused (SQLSTATE 42501), pg_stat_statements what succeeded. A statement that was called
allowed and is refused, or called denied and succeeds, makes the exit code 1.

With --worker a worker gets a role of its own instead: what it needs is learned while it works, what was learned is
enough for it, and each privilege of it is missed when it is taken away.

FLATSPLIT_PG_BIN chooses the server, otherwise it is the embedded one. pip needs a package index.
"""
