"""Tables of the suite prs: simulated studies and the bars, a genome, and real data."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.harness import Metric, Result, Table, scoreboard
from benchmarks.harness.metrics import with_interval
from benchmarks.harness.tables import compare
from benchmarks.prs._real_tables import real_tables
from benchmarks.prs.own import SEE_THE_EMBEDDING

_PROGRAMS = ("VIPRS", "PLINK C+T", "PRS-CS", "ct")
_MEAN_FIELD = "variational mixture"
_DRAWS = 2000
# AUC that the oracle must gain over the plain mixture before its share is asked for
_LEAST_GAIN = 0.01

_STUDY = """
Simulated trait of 5,000 simulated people, 50,000 variants in 100 independent loci;
scores of 5,000 others, AUC of being above the median. Mean over seeds and 95 % t
interval. *Embedding* sees 256 numbers of which the leading 20 hold 2 % of what they
tell, *annotations* the three true columns, *oracle prior* the true probability of each
variant to be causal. *Order unknown* does not look at how features run along the genome.
*Limit of learning* has the true prior as far as the study can tell it: the posterior of
the direction of the embedding, given the information that the study has at the truth,
where nothing is known of it before. Of a *regional* embedding all components run along the
genome as much as what matters. Seconds are those of shared machines that did other things
too; they compare only within a table.
"""
_BARS = """
Differences of AUC, paired by seed, with 95 % t intervals; the share is the sum over
seeds of what the embedding gains over the plain mixture, by that of the oracle, seeds
resampled. The best program is that of the highest AUC among those with the most seeds.
The loops over variants of PRS-CS are compiled here, which changes no bit of its weights;
nine of its studies were timed as it comes, at 13 to 14 minutes.

A study of 5,000 people knows about 50 causal variants for certain, out of some 500, and
256 coefficients cannot be learned from so few: where the order of variants is not used, or
where all of the embedding runs along the genome alike, the learner ends near the limit of
learning, an approximation that knows the number of effects and their variance. What is
above it comes from the genome: annotations that matter come in runs of five variants here,
the other components of the informative embedding do not, and that can be seen before any
trait is. How far it holds for texts of real variants is a question for real data (below).
With the three true columns most of the gain is had.
"""
_GENOME_METRICS = ["fit seconds", "fit over reading LD once a round", "rounds",
                   "features seconds", "ld seconds", "LD gigabytes",
                   "correlation with the truth"]  # fmt: skip
_GENOME = """
1.1 million variants in 1,700 blocks of synthetic LD, 256 numbers each; on shared machines.
"""


def tables(results: Sequence[Result]) -> list[Table]:
    """The bars, then one table for each task."""
    simulated = [each for each in results if each.task.startswith("causal")]
    names = list(dict.fromkeys(each.task for each in simulated))
    simulated += [
        replace(each, task=other)
        for each in simulated
        if each.method not in SEE_THE_EMBEDDING
        for kind in ("noise", "regional")
        if (other := each.task.replace("informative", kind)) in names
    ]
    made = [_bars(simulated, names)] if names else []
    made += [
        scoreboard(
            simulated, name, ["AUC", "R2", "fit seconds"], baseline="mixture",
            text=_STUDY if name == names[0] else "",
        )
        for name in names
    ]  # fmt: skip
    if any(each.task == "whole genome" for each in results):
        made.append(scoreboard(results, "whole genome", _GENOME_METRICS, text=_GENOME))
    return made + real_tables(results)


def share_of_gain(
    learned: Sequence[float], oracle: Sequence[float], plain: Sequence[float]
) -> Metric:
    """Sum of what was gained over sum of what could be; the interval resamples seeds."""
    top = np.array(learned) - np.array(plain)
    bottom = np.array(oracle) - np.array(plain)
    value = float(top.sum() / bottom.sum())
    if top.size < 2:
        return Metric(value)
    rng = np.random.default_rng(top.size)
    drawn = rng.multinomial(top.size, np.full(top.size, 1 / top.size), _DRAWS)
    return with_interval(value, (drawn @ top) / (drawn @ bottom))


def _bars(results: Sequence[Result], names: Sequence[str]) -> Table:
    rows = []
    for name in names:
        mine: dict[str, list[Result]] = {}
        for each in results:
            if each.task == name and each.metrics:
                mine.setdefault(each.method, []).append(each)
        if not {"embedding", "mixture"} <= mine.keys():
            continue
        embedding = mine["embedding"]
        plain = compare(embedding, mine["mixture"], "AUC")
        rival, apart = _best_program(mine)
        rows.append([
            name, str(len(embedding)), str(plain), rival,
            "" if apart is None else str(apart),
            _share(mine, "embedding"), _share(mine, "embedding, order unknown"),
            _share(mine, "limit of learning"),
            _share(mine, "annotations"), _share(mine, "embedding", _MEAN_FIELD),
        ])  # fmt: skip
    header = ["task", "seeds", "embedding less mixture", "best program",
              "embedding less it", "share of the oracle's gain",
              "order unknown", "limit of learning",
              "annotations", "over mean-field mixture"]  # fmt: skip
    return Table(
        title="What embeddings add to scores", header=header, rows=rows, text=_BARS
    )


def _best_program(mine: dict[str, list[Result]]) -> tuple[str, Metric | None]:
    """Of the rivals with most seeds, that of the largest mean AUC, and its distance."""
    found = {
        name: compare(mine["embedding"], mine[name], "AUC")
        for name in _PROGRAMS
        if name in mine
    }
    known = {name: apart for name, apart in found.items() if apart is not None}
    if not known:
        return "", None
    most = max(len(mine[name]) for name in known)
    full = [name for name in known if len(mine[name]) == most]
    best = min(full, key=lambda name: known[name].value)
    return f"{best} ({len(mine[best])} seeds)", known[best]


def _share(mine: dict[str, list[Result]], method: str, plain: str = "mixture") -> str:
    wanted = (method, "oracle prior", plain)
    if not all(name in mine for name in wanted):
        return ""
    by_seed = [
        {each.seed: each.metrics["AUC"].value for each in mine[name]} for name in wanted
    ]
    seeds = sorted(set.intersection(*map(set, by_seed)))
    if not seeds:
        return ""
    values = [[found[seed] for seed in seeds] for found in by_seed]
    gain = np.mean(values[1]) - np.mean(values[2])
    if gain < _LEAST_GAIN:
        return f"not asked: the oracle gains {gain:.4f}"
    return str(share_of_gain(*values))
