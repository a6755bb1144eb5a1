"""Features and learners."""
