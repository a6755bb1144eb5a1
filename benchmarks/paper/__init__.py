"""What arXiv:2509.20702 reports, as far as it can be repeated here."""
