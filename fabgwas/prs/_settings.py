"""How to fit the mixture, and where to begin."""

from dataclasses import dataclass

_MANY = 300_000


@dataclass(frozen=True, kw_only=True)
class MixtureSettings:
    """How to fit, and where to begin."""

    shares: tuple[float, ...] = (0.1, 0.01)
    """For each slab, the share of the variants that would bear the whole heritability with
    effects of its variance; the variances are updated from there."""
    weights: tuple[float, ...] = (0.02, 0.005)
    """Weights of the slabs at the beginning."""
    warm_up: int = 10
    """Iterations of the variational EM before anything looks at it."""
    max_iterations: int = 60
    """Of the variational EM, where it is to have the last word."""
    tolerance: float = 3e-4
    """The variational EM ends when the bound rises by a smaller share of itself."""
    settling: int = 12
    """Rounds of ten sweeps of the sampler in which the slabs settle."""
    judging: int = 6
    """Rounds by which features are judged."""
    learning: int = 6
    """Rounds in which the prior is learned from features."""
    averaging: int = 12
    """Rounds over which effects are averaged; 0 leaves out the sampler, and learns all
    by variational EM."""
    regional: bool = True
    """Whether more may be expected of features that are alike in neighbours, as genes and
    enhancers are, than of others; held-out LD blocks say whether it is."""
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.weights):
            raise ValueError(
                f"shares and weights must be of one length, but have "
                f"{len(self.shares)} and {len(self.weights)}."
            )


def settings_for(n_variants: int, seed: int = 0) -> MixtureSettings:
    """Settings by default, with half of the sweeps for more than 300,000 variants."""
    if n_variants <= _MANY:
        return MixtureSettings(seed=seed)
    return MixtureSettings(settling=6, judging=3, learning=3, averaging=6, seed=seed)
