"""How fast each step is, beside what the machine could do at best."""
