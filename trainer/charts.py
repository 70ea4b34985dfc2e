"""The pictures of a report, drawn with matplotlib: histories and breakdowns in, figures out. Knows nothing of the page."""

import io
import math
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .breakdown import CLASS_NAMES, Breakdown
from .history import Column, History

SMOOTHING_POINTS = 15
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
"""`none`: text stays text, so that it can be searched and the page stays small."""


def curves(histories: Sequence[History]) -> dict[str, Figure]:
    """By name; the batches trained on are the thin lines (smoothed), held-out text the dotted ones."""
    with matplotlib.rc_context(STYLE):
        bits = _curve(histories, "bits", "bits a byte", held_out=True)
        nats = bits.axes[0].secondary_yaxis("right", functions=(_nats, _bits))
        nats.set_ylabel("loss, nats")
        return {
            "bits": bits,
            "accuracy": _curve(histories, "accuracy", "share of next bytes right", held_out=True),
            "learning-rate": _curve(histories, "rate", "learning rate"),
            "gradient-norm": _curve(histories, "gradient_norm", "gradient norm before clipping", logarithmic=True),
        }


def class_bars(breakdown: Breakdown) -> Figure:
    """Where the bits go: the share of all lost bits, beside the share of all bytes."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.4), layout="constrained")
        axes: Axes = figure.add_subplot()
        names = [name for name in CLASS_NAMES if name in breakdown.classes]
        at = np.arange(len(names))
        qualities, whole = [breakdown.classes[name] for name in names], breakdown.whole
        axes.barh(
            at - 0.2, [100 * quality.lost / max(whole.lost, 1e-9) for quality in qualities], 0.4, label="of bits lost"
        )
        axes.barh(at + 0.2, [100 * quality.count / whole.count for quality in qualities], 0.4, label="of bytes")
        axes.set_yticks(at, names)
        axes.invert_yaxis()
        axes.set_xlabel("per cent")
        axes.legend(frameon=False)
        return figure


def confusion(breakdown: Breakdown) -> Figure:
    """Which class was guessed where another stood, in per cent of the row."""
    with matplotlib.rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(6, 4.6), layout="constrained")
        axes: Axes = figure.add_subplot()
        shares = 100 * breakdown.by_class()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for row, column in np.argwhere(shares >= 0.5):
            colour = "white" if shares[row, column] > 55 else "black"
            axes.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(CLASS_NAMES)), CLASS_NAMES, rotation=45, ha="right")
        axes.set_yticks(range(len(CLASS_NAMES)), CLASS_NAMES)
        axes.set_xlabel("guessed")
        axes.set_ylabel("stood there")
        return figure


def to_svg(figure: Figure, name: str) -> str:
    """The element alone, to stand in a page; `name` keeps the ids of several pictures apart."""
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        file = io.StringIO()
        no_names: Any = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(file, format="svg", metadata=no_names)
    text = file.getvalue()
    return text[text.index("<svg") :]


def to_png(figure: Figure) -> bytes:
    """At 150 dots an inch."""
    file = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=150)
    return file.getvalue()


def smoothed(values: Column, points: int = SMOOTHING_POINTS) -> Column:
    """The mean of `points` neighbours, of fewer at both ends."""
    width = min(points, len(values))
    ones = np.ones(width)
    return np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")


def _nats(bits: Any) -> Any:
    return bits * math.log(2)


def _bits(nats: Any) -> Any:
    return nats / math.log(2)


def _curve(
    histories: Sequence[History], key: str, label: str, held_out: bool = False, logarithmic: bool = False
) -> Figure:
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes: Axes = figure.add_subplot()
    for number, history in enumerate(histories):
        # a name may hold dollars, between which matplotlib would read a formula
        colour, name = f"C{number % 10}", history.name.replace("$", r"\$")
        read, values = history.column("bytes_read") / 1e6, history.column(key)
        axes.plot(
            read, smoothed(values) if held_out else values, color=colour, linewidth=0.9, label=f"{name}, training"
        )
        if held_out and history.validations:
            at = history.bytes_at_validations() / 1e6
            axes.plot(at, history.held_out(key), ":o", color=colour, markersize=3, label=f"{name}, held out")
    if logarithmic and all((history.column(key) > 0).any() for history in histories):
        axes.set_yscale("log")
    axes.set_xlabel("megabytes read")
    axes.set_ylabel(label)
    axes.legend(frameon=False, fontsize=8)
    return figure
