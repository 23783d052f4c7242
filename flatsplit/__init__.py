"""Take one PostgreSQL role that does everything apart into four that each do one thing."""

__version__ = "0.1.0"
