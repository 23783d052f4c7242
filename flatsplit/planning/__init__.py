"""How far a walk is, and which statements follow from that. Pure."""
