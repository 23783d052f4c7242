"""An embedded PostgreSQL with a flat sample database, to see the whole cutover happen."""
