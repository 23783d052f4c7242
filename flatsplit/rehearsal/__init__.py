"""Every statement that legacy ran, tried as the role it will run as, before anything is switched and without executing
it.

A verdict rests on two things. Statements that have a plan are given to EXPLAIN as the role, in a transaction in which
the application's code gains nothing (:mod:`~flatsplit.rehearsal.stage`). What EXPLAIN does not see is worked out from
PostgreSQL's own grammar and the catalog (:mod:`~flatsplit.rehearsal.judge`): sequences behind defaults, triggers,
bodies of routines, utility statements, row security. Before the role exists there is only the latter, with the rights
of the blueprint.
"""
