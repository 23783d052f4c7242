"""Where the statements come from that legacy ran."""
