"""Where the statements that legacy ran are read from."""
