"""Where a walk is, and what follows from that. Pure."""
