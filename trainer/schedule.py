"""Learning rate over a run: a linear rise, then half a cosine. A plain function of the share of the run that is done."""

import math


def learning_rate(done: float, peak: float, warmup: float, final: float) -> float:
    """Rate at share `done` (0..1) of the run; `warmup` and `final` are shares (of the run, of the peak)."""
    done = min(max(done, 0.0), 1.0)
    if done < warmup:
        return peak * (0.02 + 0.98 * done / warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * (done - warmup) / max(1 - warmup, 1e-9)))
    return peak * (final + (1 - final) * cosine)
