"""PostgreSQL's own regression SQL, rehearsed statement by statement and then really executed.

    FLATSPLIT_PG_BIN=… python -m tests.corpus [--each M/N] [--file NAME ...] [--sql FOLDER] [--results FOLDER]

Each file plays in a database that was split: the owner is app_migrator. Before a statement runs for good, it is
rehearsed as app_user and as app_migrator, on the catalog as it is at that moment, and then executed by a session of
each of them and undone. What the owner may not do, a superuser does, so that the file goes on. A statement counts if it
ran in the end: what failed for everybody has run nowhere. Wrong is what was called allowed and is refused with 42501
(or yields fewer rows), and what was called denied and works.

Interrupted, it prints what it has counted so far; with --results it goes on there the next time.

The files come from Debian's source package, which apt-get fetches from wherever this machine takes its packages.
"""
