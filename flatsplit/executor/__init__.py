"""Runs statements: in short transactions that never wait while holding, each with its record."""

from flatsplit.executor.run import Budget, Executor, Listener

__all__ = ["Budget", "Executor", "Listener"]
