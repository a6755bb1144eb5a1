"""A reference panel: its frequencies and LD scores, and how statistics match it."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from fabgwas.files import cache_folder, sha256_of, write_atomically
from fabgwas.io._genotypes import Genotypes, PathLike, open_genotypes
from fabgwas.io._match import match_rows
from fabgwas.ld import (
    Correlate,
    LdScores,
    haplotype_correlations,
    ld_scores,
    ld_sums,
    standardise,
)
from fabgwas.progress import Progress
from fabgwas.show import as_html, as_text
from fabgwas.variants import Match, chromosome_codes

_CACHE_FOLDER = "fabgwas_cache"
# in the name of cached files: to be raised when the arithmetic changes
_CACHE_VERSION = 1
_WINDOW = 1_000_000
_OF_ARCHIVES = (zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Panel:
    """Genotypes of a reference population, in the order of their files."""

    genotypes: Genotypes
    build: str | None
    """GRCh37 or GRCh38, if known."""
    cache_dir: Path

    @property
    def variants(self) -> pa.Table:
        """Columns chrom, pos, rsid, effect_allele (the counted one), other_allele."""
        return self.genotypes.variants

    @property
    def n_variants(self) -> int:
        """Number of variants."""
        return self.genotypes.n_variants

    @property
    def n_samples(self) -> int:
        """Number of people."""
        return self.genotypes.n_samples

    @property
    def freq(self) -> Float[np.ndarray, " variant"]:
        """Frequency of the effect allele of each variant."""
        return self._scores(_WINDOW).freq

    @property
    def n_monomorphic(self) -> int:
        """Number of variants that do not vary, or lie on an unknown chromosome."""
        return int(np.isnan(self.ld_scores()).sum())

    def __repr__(self) -> str:
        return as_text("Panel", self._facts())

    def _repr_html_(self) -> str:
        return as_html("Panel", self._facts())

    def _facts(self) -> dict[str, str]:
        names = [path.name for path in self.genotypes.files]
        return {
            "files": names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""),
            "variants": f"{self.n_variants:,}",
            "people": f"{self.n_samples:,}",
            "build": self.build or "unknown",
        }

    @cached_property
    def chrom(self) -> Int[np.ndarray, " variant"]:
        """Chromosome code of each variant, 0 where it is unknown."""
        return chromosome_codes(self.variants["chrom"])

    @cached_property
    def pos(self) -> Int[np.ndarray, " variant"]:
        """Base pair of each variant."""
        return self.variants["pos"].to_numpy()

    def ld_scores(self, window: int = _WINDOW) -> Float[np.ndarray, " variant"]:
        """LD scores (see `fabgwas.ld.ld_scores`), computed once and then kept on disk.

        Nan for variants that do not vary in the panel.
        """
        return self._scores(window).score

    def ld_sums(
        self, features: Float[np.ndarray, "variant dim"], window: int = _WINDOW
    ) -> Float[np.ndarray, "variant dim"]:
        """Sums of features over LD neighbours, weighted by unbiased r²."""
        order = self._genome_order
        total = np.zeros(features.shape)
        sums = ld_sums(
            self._read, self.chrom[order], self.pos[order], features[order], window
        )
        total[order] = sums.total
        return total

    def match(self, table: pa.Table) -> Match:
        """Find the rows of a table of summary statistics: see `fabgwas.io.match_rows`.

        `left` is the row of the table, `right` the variant of the panel.
        """
        return match_rows(table, self.variants)

    def correlations(
        self, index: int, others: Int[np.ndarray, " other"]
    ) -> Float[np.ndarray, " other"]:
        """Correlation of dosages of one variant with others, signed by effect alleles.

        Nan where one of the two does not vary.
        """
        both = standardise(self.genotypes.take(np.concatenate([[index], others])))
        r = np.clip(both.x[1:] @ both.x[0], -1, 1)
        return np.where((both.sd[1:] > 0) & (both.sd[0] > 0), r, np.nan)

    def correlate(self, table: pa.Table) -> Correlate:
        """Haplotype correlations between rows of a table, for `fabgwas.ld.clump`.

        The signs are those of the effect alleles of the table; rows that are not in the
        panel correlate nan. The squares are PLINK's r² (see `haplotype_correlations`).
        """
        match = self.match(table)
        variant = np.full(table.num_rows, -1)
        variant[match.left] = match.right
        sign = np.zeros(table.num_rows)
        sign[match.left] = match.sign

        def correlate_rows(
            row: int, rows: Int[np.ndarray, " other"]
        ) -> Float[np.ndarray, " other"]:
            result = np.full(rows.size, np.nan)
            known = variant[rows] >= 0
            if variant[row] >= 0:
                here = rows[known]
                dosage = self.genotypes.take(variant[np.concatenate([[row], here])])
                r = haplotype_correlations(dosage[:, 0], dosage[:, 1:])
                result[known] = r * sign[row] * sign[here]
            return result

        return correlate_rows

    @cached_property
    def _genome_order(self) -> Int[np.ndarray, " placed"]:
        """The variants on known chromosomes, sorted by place."""
        order = np.lexsort((self.pos, self.chrom))
        return order[self.chrom[order] > 0]

    def _read(self, start: int, stop: int) -> Float[np.ndarray, "sample variant"]:
        return self.genotypes.take(self._genome_order[start:stop])

    def _scores(self, window: int) -> LdScores:
        if window not in self._known_scores:
            cached = self.cache_dir / f"ld_scores-{self._key(window)}.npz"
            found = _load(cached, self.n_variants)
            if found is None:
                found = self._compute_scores(window)
                _save(cached, found)
            self._known_scores[window] = found
        return self._known_scores[window]

    @cached_property
    def _known_scores(self) -> dict[int, LdScores]:
        return {}

    def _compute_scores(self, window: int) -> LdScores:
        order = self._genome_order
        scores = ld_scores(
            self._read,
            self.chrom[order],
            self.pos[order],
            window,
            Progress("LD scores"),
        )
        score, freq, crossing = np.full((3, self.n_variants), np.nan)
        score[order], freq[order] = scores.score, scores.freq
        crossing[order] = scores.crossing
        return LdScores(score, freq, crossing)

    def _key(self, window: int) -> str:
        """Digest of the files and of all that shapes the scores."""
        facts = [_CACHE_VERSION, window, self.n_samples, *self.checksums]
        return hashlib.sha256(" ".join(map(str, facts)).encode()).hexdigest()[:32]

    @cached_property
    def checksums(self) -> tuple[str, ...]:
        """SHA-256 of the .bed and of the .bim of each fileset."""
        return tuple(
            sha256_of(path.with_suffix(suffix))
            for path in self.genotypes.files
            for suffix in (".bed", ".bim")
        )


def open_panel(
    prefix: PathLike | Sequence[PathLike],
    build: str | None = None,
    cache_dir: PathLike | None = None,
) -> Panel:
    """Open PLINK 1 genotypes as a reference panel.

    Parameters
    ----------
    prefix
        One fileset or many, as in `fabgwas.io.open_genotypes`.
    build
        GRCh37 or GRCh38.
    cache_dir
        Where LD scores are kept; by default a folder ``fabgwas_cache`` beside the
        genotypes, or in the user's cache folder if that is not writable.
    """
    genotypes = open_genotypes(prefix)
    folder = _cache_beside(genotypes.files[0]) if cache_dir is None else Path(cache_dir)
    return Panel(genotypes, build, folder)


def _cache_beside(bed: Path) -> Path:
    beside = bed.parent / _CACHE_FOLDER
    if os.access(beside if beside.is_dir() else bed.parent, os.W_OK):
        return beside
    return cache_folder()


def _load(path: Path, n_variants: int) -> LdScores | None:
    """Scores from the cache; None if there are none, or the file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            scores = LdScores(*(stored[name] for name in LdScores._fields))
    # RuntimeError: a damaged archive may call itself encrypted
    except (OSError, ValueError, LookupError, EOFError, RuntimeError, *_OF_ARCHIVES):
        return None
    fits = all(values.shape == (n_variants,) for values in scores)
    return scores if fits else None


def _save(path: Path, scores: LdScores) -> None:
    with write_atomically(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **scores._asdict())
