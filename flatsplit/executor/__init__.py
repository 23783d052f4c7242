"""Runs statements: in short transactions that do not wait for locks while they hold any, each with its
journal record.
"""

from flatsplit.executor.run import Budget, Executor, Listener

__all__ = ["Budget", "Executor", "Listener"]
