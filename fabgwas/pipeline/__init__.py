"""The whole analysis of one study, from files to files."""

from fabgwas.pipeline._check import (
    check_cohort,
    check_evaluate,
    check_evaluate_sumstats,
    check_ld,
    check_prs,
    check_score,
    check_sets,
    check_split,
)
from fabgwas.pipeline._cohort import CohortConfig, CohortResult, cohort
from fabgwas.pipeline._evaluate import EvaluateConfig, EvaluateResult, evaluate
from fabgwas.pipeline._evaluate_sumstats import (
    EvaluateSumstatsConfig,
    EvaluateSumstatsResult,
    evaluate_sumstats,
)
from fabgwas.pipeline._ld import LdConfig, describe_ld, make_ld
from fabgwas.pipeline._outputs import outputs_of, refuse_to_replace, would_write
from fabgwas.pipeline._prs import PrsResult, make_prs
from fabgwas.pipeline._prs_config import PrsConfig
from fabgwas.pipeline._read import check_request, read_study
from fabgwas.pipeline._run import RunResult, check, run
from fabgwas.pipeline._score import ScoreConfig, ScoreResult, score
from fabgwas.pipeline._sets import SetsConfig, SetsResult, make_set_tests
from fabgwas.pipeline._split import SplitConfig, SplitResult, split

__all__ = [
    "CohortConfig",
    "CohortResult",
    "EvaluateConfig",
    "EvaluateResult",
    "EvaluateSumstatsConfig",
    "EvaluateSumstatsResult",
    "LdConfig",
    "PrsConfig",
    "PrsResult",
    "RunResult",
    "ScoreConfig",
    "ScoreResult",
    "SetsConfig",
    "SetsResult",
    "SplitConfig",
    "SplitResult",
    "check",
    "check_cohort",
    "check_evaluate",
    "check_evaluate_sumstats",
    "check_ld",
    "check_prs",
    "check_request",
    "check_score",
    "check_sets",
    "check_split",
    "cohort",
    "describe_ld",
    "evaluate",
    "evaluate_sumstats",
    "make_ld",
    "make_prs",
    "make_set_tests",
    "outputs_of",
    "read_study",
    "refuse_to_replace",
    "run",
    "score",
    "split",
    "would_write",
]
