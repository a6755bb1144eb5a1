"""Two-sided p-values on the -log10 scale, with the standard library alone."""

import math


def neg_log10_p(z: float) -> float:
    """-log10 of 2 Phi(-|z|), by the continued fraction of Mills' ratio in the tail."""
    z = abs(z)
    if z < 5:
        return -math.log10(math.erfc(z / math.sqrt(2)))
    fraction = z
    for term in range(200, 0, -1):
        fraction = z + term / fraction
    log_tail = -z * z / 2 - math.log(math.sqrt(2 * math.pi) * fraction)
    return -(log_tail + math.log(2)) / math.log(10)


def z_of(neg_log10: float) -> float:
    """The positive z with this p-value, by bisection."""
    low, high = 0.0, 10 + math.sqrt(2 * math.log(10) * neg_log10)
    for _ in range(200):
        middle = (low + high) / 2
        if neg_log10_p(middle) < neg_log10:
            low = middle
        else:
            high = middle
    return low


def neg_log10_of_student(t: float, df: float) -> float:
    """-log10 of the two-sided p-value of Student's t, for large |t| (DLMF 8.17.8)."""
    a, b, x = df / 2, 0.5, df / (df + t * t)
    term, total, order = 1.0, 1.0, 0
    while term > 1e-17 * total:
        term *= (a + b + order) / (a + 1 + order) * x
        total, order = total + term, order + 1
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    log_p = a * math.log(x) + b * math.log1p(-x) - math.log(a) - log_beta
    return -(log_p + math.log(total)) / math.log(10)


def decimal(neg_log10: float, digits: int = 6) -> str:
    """A p-value as text, also if it underflows as a double."""
    if neg_log10 < 300:
        return f"{10**-neg_log10:.{digits}g}"
    exponent = math.ceil(neg_log10)
    return f"{10 ** (exponent - neg_log10):.{digits - 1}f}e-{exponent}"
