"""Genotypes of simulated people: independent loci from a coalescent with recombination."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int8

from benchmarks.harness import need_module
from fabgwas.files import write_atomically


def make_pool(settings: dict[str, Any], path: Path) -> Int8[np.ndarray, "variant person"]:
    """Simulate everybody once, or map the file of an earlier simulation into memory.

    Needs msprime; dosages are counts of the derived allele.
    """
    genome = settings["genome"]
    shape = (genome["loci"] * genome["variants"], genome["pool"])
    if not path.is_file():
        need_module("msprime")
        with write_atomically(path) as temporary:
            pool = np.memmap(temporary, np.int8, "w+", shape=shape)
            for locus in range(genome["loci"]):
                start = locus * genome["variants"]
                pool[start : start + genome["variants"]] = _locus(genome, locus)
            pool.flush()
    return np.memmap(path, np.int8, "r", shape=shape)


def _locus(genome: dict[str, Any], locus: int) -> Int8[np.ndarray, "variant person"]:
    """Common variants of one locus."""
    import msprime

    seed = 1000 * genome["seed"] + locus + 1
    trees = msprime.sim_ancestry(
        genome["pool"],
        demography=_demography(genome),
        recombination_rate=_recombination(genome, np.random.default_rng(seed)),
        random_seed=seed,
    )
    trees = msprime.sim_mutations(
        trees,
        rate=genome["mutation"],
        model=msprime.BinaryMutationModel(),
        random_seed=seed,
    )
    n = 2 * genome["pool"]
    least = genome["min_maf"] * n
    common = []
    for variant in trees.variants(copy=False):
        count = int(variant.genotypes.sum())
        if least <= count <= n - least:
            common.append(variant.genotypes[0::2] + variant.genotypes[1::2])
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(common), genome["variants"], replace=False))
    return np.stack([common[number] for number in chosen]).astype(np.int8)


def _recombination(genome: dict[str, Any], rng: np.random.Generator) -> Any:
    """A map with hot spots at random places."""
    import msprime

    rates = genome["recombination"]
    length, width = genome["length"], rates["width"]
    position, rate = [0.0], []
    for start in np.sort(rng.uniform(0, length, round(length / rates["spacing"]))):
        if position[-1] < start < length - width:
            position += [float(start), float(start) + width]
            rate += [rates["outside"], rates["hotspot"]]
    return msprime.RateMap(
        position=[*position, float(length)], rate=[*rate, rates["outside"]]
    )


def _demography(genome: dict[str, Any]) -> Any:
    import msprime

    demography = msprime.Demography()
    demography.add_population(name="all", initial_size=genome["sizes"][0])
    for time, size in zip(genome["times"][1:], genome["sizes"][1:], strict=True):
        demography.add_population_parameters_change(time=time, initial_size=size)
    return demography
