"""The command line. Starting it imports click and nothing else: commands load what they need when they run."""

from flatsplit.cli.runtime import main

__all__ = ["main"]
