"""Statements laid out for people and for psql: the runbook, the step scripts and their rollback scripts.

Nothing is decided here. What a script says is what the executor would run, in the same words. Nothing is imported here
either: `status` quotes names by the rules of one module, and must not wait for the templates.
"""
