"""Gates as a rotation alone judges them."""
