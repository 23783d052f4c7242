"""Gates that the walk of a special role judges in its own way."""
