"""Gates that only the tenants' walk has, or that it judges in its own way."""
