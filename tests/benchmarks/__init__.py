"""Measurements, not tests: each prints what flatsplit takes beside what psql takes for the same, in one run.

    python -m tests.benchmarks.steps --tables 10000
    python -m tests.benchmarks.locks
    python -m tests.benchmarks.tenants --tables 10000

FLATSPLIT_PG_BIN chooses the server, otherwise it is the embedded one.
"""
