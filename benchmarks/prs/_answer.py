"""What a method gives back: effects, and how long they took."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Answer(NamedTuple):
    """Effects per standard deviation of dosage, on any scale."""

    effect: Float[np.ndarray, " variant"]
    seconds: float
    """For the fit alone, without reading or writing of files."""
