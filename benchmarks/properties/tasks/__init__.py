"""Labels to predict, each from its own data."""
