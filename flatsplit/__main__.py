"""``python -m flatsplit``."""

from flatsplit.cli import main

main()
