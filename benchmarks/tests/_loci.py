"""One definition of a locus for all methods, and what it makes of their answers."""

import numpy as np

from benchmarks.tests._study import Study


def judge(study: Study, rejected: np.ndarray, seed: int) -> dict[str, float]:
    """Loci found, gained and lost against the two references, and errors among them.

    A locus is a fixed interval with a rejected variant. It is empty if none of the rejected
    variants in it has |E z| of 1 or more.
    """
    found = set(study.locus[rejected].tolist())
    filled = set(study.locus[rejected & (np.abs(study.effect) >= 1)].tolist())
    scores = {
        "loci": len(found),
        "variants": int(np.count_nonzero(rejected)),
        "empty loci": len(found - filled),
    }
    for name, reference in study.references().items():
        theirs = set(study.locus[reference].tolist())
        scores[f"gained on {name}"] = len(found - theirs)
        scores[f"lost to {name}"] = len(theirs - found)
    return {name: float(value) for name, value in scores.items()}
