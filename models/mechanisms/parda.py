"""PARDA's control law, as SIOC v1 uses it: how many I/Os a host may keep at a shared datastore.

w(t + 1) = (1 - g) w(t) + g (L / Lavg w(t) + beta), between a least and a largest window, in millionths of a slot. At
its fixed point Lavg = L + sum(beta) / T and w = beta (1 + T L / sum(beta)), with T the datastore's throughput.

Source: Gulati, Ahmad, Waldspurger, PARDA (FAST 2009). Only a story calls this, so it is not compiled.
"""

PPM = 1_000_000


def smoothed(before_ns: int, sample_ns: int, weight_ppm: int) -> int:
    """The mean latency with one more sample of that weight; the sample alone where there was none before (0)."""
    if not before_ns:
        return sample_ns
    return ((PPM - weight_ppm) * before_ns + weight_ppm * sample_ns) // PPM


def window(before: int, latency_ns: int, threshold_ns: int, claim: int, gain_ppm: int, least: int, most: int) -> int:
    """The next window; `before`, `claim` (beta), `least` and `most` in millionths of a slot. `latency_ns` > 0.

    Rounded down in each step; Python's integers, so no bound.
    """
    wanted = threshold_ns * before // latency_ns + claim
    return min(most, max(least, ((PPM - gain_ppm) * before + gain_ppm * wanted) // PPM))
