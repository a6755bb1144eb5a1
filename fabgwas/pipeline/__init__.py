"""The whole analysis of one study, from files to files."""

from fabgwas.pipeline._ld import LdConfig, describe_ld, make_ld
from fabgwas.pipeline._read import read_study
from fabgwas.pipeline._run import RunResult, run
from fabgwas.pipeline._write import refuse_to_replace

__all__ = [
    "LdConfig",
    "RunResult",
    "describe_ld",
    "make_ld",
    "read_study",
    "refuse_to_replace",
    "run",
]
