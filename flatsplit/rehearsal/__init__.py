"""Every statement that legacy ran, tried as the role it will run as, before anything is switched and without executing
any of it.

A verdict rests on two legs. What the planner takes is given to EXPLAIN as the role, on a stage where the application's
code gains nothing (:mod:`~flatsplit.rehearsal.stage`). What EXPLAIN does not see is reasoned from PostgreSQL's
own grammar and the catalog (:mod:`~flatsplit.rehearsal.judge`): sequences behind defaults, triggers, bodies of
routines, utility statements, row security. Before the role exists the second leg stands alone, on the blueprint.
"""
