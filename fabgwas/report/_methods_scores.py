"""The methods paragraph of an evaluation of scores, and its references."""

from typing import TYPE_CHECKING

from fabgwas.report._format import count, listed
from fabgwas.report._methods import Reference

if TYPE_CHECKING:
    from fabgwas.report._scores import ScoreReport

_DELONG = Reference(
    "DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Comparing the areas under two or more "
    "correlated receiver operating characteristic curves. Biometrics 44(3), 837–845.",
    "https://doi.org/10.2307/2531595",
)
_NAGELKERKE = Reference(
    "Nagelkerke NJD (1991). A note on a general definition of the coefficient of "
    "determination. Biometrika 78(3), 691–692.",
    "https://doi.org/10.1093/biomet/78.3.691",
)
_LEE = Reference(
    "Lee SH, Goddard ME, Wray NR, Visscher PM (2012). A better coefficient of "
    "determination for genetic profile analysis. Genetic Epidemiology 36(3), 214–224.",
    "https://doi.org/10.1002/gepi.21614",
)


def score_methods(data: "ScoreReport") -> str:
    """The evaluation in sentences that can be pasted into a paper."""
    return " ".join([*_people(data), *_accuracy(data), *_calibration(data)])


def score_references(data: "ScoreReport") -> list[Reference]:
    """What the paragraph cites."""
    if not data.binary:
        return []
    liability = [_LEE] if data.settings.get("prevalence") else []
    return [_DELONG, _NAGELKERKE, *liability]


def _people(data: "ScoreReport") -> list[str]:
    cases = f", {count(int(data.y.sum()))} of them cases," if data.binary else ""
    scores = "One score was" if len(data.scores) == 1 else f"{len(data.scores)} scores were"
    names = data.settings.get("covariate_names") or ()
    if names:
        beside = f" beside the covariates {listed([str(name) for name in names])}"
    else:
        beside = " beside covariates" if data.settings.get("covariates") else ""
    return [
        f"{scores} evaluated in {count(data.y.size)} people{cases} with the phenotype "
        f"{data.phenotype}{beside}."
    ]


def _accuracy(data: "ScoreReport") -> list[str]:
    replicates = data.settings.get("replicates", 1000)
    drawn = f"{count(int(replicates))} bootstrap samples of people"
    sentences = [
        "The variance explained by a score was the difference of R² with and without it, "
        f"with percentile intervals from {drawn}"
        + (" within cases and controls." if data.binary else ".")
    ]
    prevalence = data.settings.get("prevalence")
    if data.binary:
        liability = (
            " and on the liability scale (Lee et al., 2012), for a prevalence of "
            f"{prevalence:g}"
            if prevalence
            else ""
        )
        sentences.append(
            f"For the disease it is also given by Nagelkerke (1991){liability}; areas "
            "under the ROC curve have intervals and paired differences by DeLong et al. "
            "(1988)."
        )
    return sentences


def _calibration(data: "ScoreReport") -> list[str]:
    bins = data.settings.get("quantiles", 10)
    folds = data.settings.get("folds", 5)
    effect = "Odds ratios" if data.binary else "Differences of means"
    version = data.versions.get("fabgwas", "")
    return [
        f"{effect} compare each of {bins} quantiles of a score with the middle of them.",
        f"Calibration was judged in {bins} bins of people by predictions from regressions "
        f"on the others of {folds} folds.",
        f"Analyses used fabgwas {version}".rstrip() + ".",
    ]
