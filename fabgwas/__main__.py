"""Run the command line as `python -m fabgwas`."""

from fabgwas.cli import main

main()
