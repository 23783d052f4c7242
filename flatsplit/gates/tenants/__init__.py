"""Gates as the tenants' walk alone judges them."""
