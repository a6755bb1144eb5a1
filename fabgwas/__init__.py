"""fabgwas: embedding-assisted FAB tests of GWAS summary statistics, and scores."""

__version__ = "0.1.0"
