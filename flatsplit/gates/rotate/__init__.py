"""Gates that a rotation judges in its own way."""
