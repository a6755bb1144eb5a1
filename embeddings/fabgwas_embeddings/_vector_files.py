"""Vectors that wait for their place in the store: one flat file of float32 a shard."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32


@dataclass(frozen=True)
class VectorFiles:
    """The files of a job, each with the vectors of the texts that a shard owns."""

    folder: Path
    dim: int

    def path(self, shard: int) -> Path:
        """Where the vectors of a shard are, if there are any."""
        return self.folder / f"vectors-{shard:06d}.f32"

    def write(
        self, shard: int, slot: int, vectors: Float32[np.ndarray, "text dim"]
    ) -> None:
        """Put vectors into their slots; they are on disk when this returns."""
        descriptor = os.open(self.path(shard), os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            left = memoryview(np.ascontiguousarray(vectors, "<f4").tobytes())
            place = slot * self.dim * 4
            while left:  # a disk that is nearly full takes a part, without an error
                written = os.pwrite(descriptor, left, place)
                left, place = left[written:], place + written
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, shard: int) -> Float32[np.ndarray, "slot dim"]:
        """All slots of a shard, not read before they are looked at."""
        return np.memmap(self.path(shard), "<f4", "r").reshape(-1, self.dim)
