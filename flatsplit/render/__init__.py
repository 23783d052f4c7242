"""Statements as people and psql read them: the runbook, the scripts of steps and of their rollbacks.

Nothing is decided here: a script has what the executor would run, in the same words. Nothing is imported here either,
so that `status`, which quotes names with one module of this package, does not load the templates.
"""
