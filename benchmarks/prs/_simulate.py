"""A trait of simulated people, and what the study of the trait reports."""

import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

from benchmarks.harness import Context
from benchmarks.prs._people import make_pool

SETTINGS = tomllib.loads((Path(__file__).parent / "simulation.toml").read_text())


@dataclass(frozen=True, kw_only=True)
class Study:
    """One simulated study, with the truth behind it."""

    z: Float[np.ndarray, " variant"]
    """Square root of n times the correlation of dosage and trait in the training people."""
    n: int
    ld: list[Float[np.ndarray, "variant variant"]]
    """Of the training people, locus by locus."""
    ld_seconds: float
    """For reading the genotypes, and computing z and LD."""
    block: Int[np.ndarray, " variant"]
    embedding: Float[np.ndarray, "variant dim"]
    annotation: Float[np.ndarray, "variant annotation"]
    probability: Float[np.ndarray, " variant"]
    """True prior probability of being causal."""
    causal_share: float
    h2: float
    pool: Int8[np.ndarray, "variant person"]
    people: dict[str, Int[np.ndarray, " person"]]
    trait: Float[np.ndarray, " person"]
    """Of everybody."""
    sd: Float[np.ndarray, " variant"]
    """Of the dosage in the training people."""

    def scores(
        self, effect: Float[np.ndarray, "variant ..."], who: str
    ) -> Float[np.ndarray, "person ..."]:
        """Scores of people by standardised effects, locus by locus."""
        weight = (effect.T / self.sd).T
        return sum(
            self.pool[rows][:, self.people[who]].astype(np.float32).T @ weight[rows]
            for rows in _loci()
        )


def simulate(
    context: Context, seed: int, causal: float, h2: float, embedding: str
) -> Study:
    """Draw people, annotations, effects, a trait and an embedding."""
    pool = make_pool(SETTINGS, context.cache / "prs" / "pool.int8")
    rng = np.random.default_rng(seed)
    people = _draw_people(rng)
    size = len(pool)
    annotation = _annotations(rng, size)
    log_odds = annotation @ np.array(SETTINGS["annotation"]["effects"])
    vectors = _embedding(rng, log_odds, embedding)
    probability = calibrate(log_odds, causal)
    is_causal = rng.random(size) < probability
    effect = np.where(is_causal, rng.standard_normal(size), 0.0)
    began = time.perf_counter()
    marginal = _Marginal(pool, people["training"])
    standardised = time.perf_counter() - began
    genetic = sum((effect[r] / marginal.sd[r]) @ pool[r] for r in _loci())
    genetic = genetic / genetic[people["training"]].std()
    noise = rng.standard_normal(genetic.size)
    trait = np.sqrt(h2) * genetic + np.sqrt(1 - h2) * noise
    began = time.perf_counter()
    z = marginal.z(trait[people["training"]])
    return Study(
        z=z,
        n=people["training"].size,
        ld=marginal.ld,
        ld_seconds=standardised + time.perf_counter() - began,
        block=np.repeat(np.arange(_GENOME["loci"]), _GENOME["variants"]),
        embedding=vectors,
        annotation=annotation,
        probability=probability,
        causal_share=causal,
        h2=h2,
        pool=pool,
        people=people,
        trait=trait,
        sd=marginal.sd,
    )


_GENOME = SETTINGS["genome"]


def _loci() -> list[slice]:
    size = _GENOME["variants"]
    return [slice(k * size, (k + 1) * size) for k in range(_GENOME["loci"])]


class _Marginal:
    """Standardised training genotypes, and their LD."""

    def __init__(
        self,
        pool: Int8[np.ndarray, "variant person"],
        who: Int[np.ndarray, " person"],
    ) -> None:
        self._x, self.ld = [], []
        sds = []
        for rows in _loci():
            dosage = pool[rows][:, who].astype(np.float32)
            dosage -= dosage.mean(axis=1, keepdims=True)
            sd = np.maximum(dosage.std(axis=1), 1e-6)
            dosage /= sd[:, None]
            self._x.append(dosage)
            self.ld.append(dosage @ dosage.T / np.float32(who.size))
            np.fill_diagonal(self.ld[-1], 1)
            sds.append(sd)
        self.sd = np.concatenate(sds).astype(np.float64)

    def z(self, trait: Float[np.ndarray, " person"]) -> Float[np.ndarray, " variant"]:
        """Of the trait of the same people; the genotypes are forgotten after it."""
        y = ((trait - trait.mean()) / trait.std()).astype(np.float32)
        z = np.concatenate([x @ y for x in self._x]) / np.sqrt(y.size)
        self._x.clear()
        return z.astype(np.float64)


def _draw_people(rng: np.random.Generator) -> dict[str, Int[np.ndarray, " person"]]:
    sizes = SETTINGS["people"]
    order = rng.permutation(_GENOME["pool"])
    edges = np.cumsum([sizes[name] for name in ("training", "validation", "test")])
    parts = np.split(order, edges)[:3]
    return dict(zip(("training", "validation", "test"), parts, strict=True))


def _annotations(
    rng: np.random.Generator, size: int
) -> Float[np.ndarray, "variant annotation"]:
    """Regions, as runs of variants, and a continuous annotation."""
    told: dict[str, Any] = SETTINGS["annotation"]
    columns: list[np.ndarray] = []
    for share in told["shares"]:
        begins = rng.random(size) < share / told["run"]
        inside: Bool[np.ndarray, " variant"] = np.zeros(size, bool)
        for offset in range(told["run"]):
            inside[offset:] |= begins[: size - offset]
        columns.append(inside)
    return np.column_stack([*columns, rng.standard_normal(size)]).astype(np.float64)


def _in_runs(
    rng: np.random.Generator, x: Float[np.ndarray, "variant dim"]
) -> Float[np.ndarray, "variant dim"]:
    """As much alike in neighbours as the log odds are, of which regions are a part."""
    told = SETTINGS["annotation"]
    variance = np.square(told["effects"]) * [*(s * (1 - s) for s in told["shares"]), 1.0]
    regions = 1 - variance[-1] / variance.sum()
    # a stream of its own: people and effects are those of the other embeddings
    fresh = rng.spawn(1)[0].standard_normal((len(x) + told["run"] - 1, x.shape[1]), "f4")
    runs = sum(fresh[offset : offset + len(x)] for offset in range(told["run"]))
    runs /= np.sqrt(np.float32(told["run"]))
    return np.sqrt(np.float32(1 - regions)) * x + np.sqrt(np.float32(regions)) * runs


def calibrate(
    log_odds: Float[np.ndarray, " variant"], share: float
) -> Float[np.ndarray, " variant"]:
    """Probabilities with these log odds up to a constant, and this mean."""
    low, high = -40.0, 20.0
    for _ in range(80):
        middle = (low + high) / 2
        probability = 1 / (1 + np.exp(-(middle + log_odds)))
        low, high = (low, middle) if probability.mean() > share else (middle, high)
    return probability


def _embedding(
    rng: np.random.Generator, log_odds: Float[np.ndarray, " variant"], kind: str
) -> Float[np.ndarray, "variant dim"]:
    """Vectors that hold the log odds, mostly in components of small variance, or noise.

    The log odds run along the genome; in a regional embedding all else does as much.
    """
    told = SETTINGS["embedding"]
    dim, leading = told["dim"], told["leading"]
    direction = rng.standard_normal(dim)
    shares = (told["leading_share"], 1 - told["leading_share"])
    for part, share in zip((slice(leading), slice(leading, None)), shares, strict=True):
        length = np.linalg.norm(direction[part])
        direction[part] *= np.sqrt(told["captured"] * share) / length
    x = rng.standard_normal((log_odds.size, dim), np.float32)
    if kind == "regional":
        x = _in_runs(rng, x)
    if kind != "noise":
        # components stay uncorrelated, of variance 1, and predict the log odds linearly
        unit = direction / np.linalg.norm(direction)
        standard = (log_odds - log_odds.mean()) / log_odds.std()
        kept = np.sqrt(1 - direction @ direction) - 1
        x += np.outer(standard, direction).astype(np.float32)
        x += np.outer(x @ unit - standard * (direction @ unit), kept * unit).astype(
            np.float32
        )
    scale = np.arange(1, dim + 1) ** (-told["decay"] / 2)
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    return (x * scale.astype(np.float32)) @ rotation.astype(np.float32)
