"""``python -m flatsplit``."""

import sys

from flatsplit.cli import main

sys.exit(main())
