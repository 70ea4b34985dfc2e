"""The result of a replay, for a person and as JSON. Knows no git and no completer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .dial import Advice
from .figures import Figures
from .voices import MIXTURE

FORMAT = 1
"""Of the JSON; a reader can refuse what it does not know."""


@dataclass(frozen=True)
class Report:
    """`voices`: figures of network, index and mixture; `models`: the file that served each language."""

    repository: str
    commits: int
    files: int
    lines: int
    seed: int
    precision: float
    index_budget_mb: float
    models: Mapping[str, str]
    notes: Sequence[str]
    voices: Mapping[str, Figures]
    advice: Advice | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        data = {"format": FORMAT} | asdict(self)
        data["advice"] = self.advice.to_dict() if self.advice else None
        return data

    def to_text(self) -> str:
        """What was replayed, a table of voices, the reliability of the mixture, advice."""
        models = ", ".join(sorted(set(self.models.values())))
        head = [
            f"{self.repository}: {self.lines} lines, {self.files} files, last {self.commits} commits (seed {self.seed})",
            f"model {models}; precision {self.precision:g}; index of {self.index_budget_mb:g} MB at most",
            *(f"note: {note}" for note in self.notes),
        ]
        parts = [head, _voices(self.voices), _reliability(self.voices[MIXTURE])]
        if self.advice:
            parts.append(_advice(self.advice))
        return "\n\n".join("\n".join(part) for part in parts)


def _voices(voices: Mapping[str, Figures]) -> list[str]:
    lines = [
        "            keys saved        net  right of shown  shown/100  ms p50   p90   p99   calibration error (by chance alone)"
    ]
    for name, found in voices.items():
        times = found.latency_ms
        lines.append(
            f"{name:10} {_percent(found.saved):>9} {_percent(found.net):>9} +-{100 * found.net_spread:4.1f}"
            f" {found.precision:10.2f} {found.shown_per_100:10.1f} {times['p50']:7.1f} {times['p90']:5.1f} {times['p99']:5.1f}"
            f" {found.calibration_error:14.3f} ({found.error_by_chance:.3f})"
        )
    return lines


def _reliability(found: Figures) -> list[str]:
    rows = [f"  {one.said:6.2f} {one.right:7.2f} {one.count:7}" for one in found.reliability]
    return ["how sure the mixture was, and how often it was right:", "    said   right   shown", *rows]


def _advice(advice: Advice) -> list[str]:
    rows = [
        f"  {row.setting:9.2g} {_percent(row.saved):>9} {_percent(row.net):>9} {row.precision:10.2f} {row.shown_per_100:10.1f}"
        for row in advice.settings
    ]
    return ["  precision     saved       net  right of shown  shown/100", *rows, advice_in_words(advice)]


def advice_in_words(advice: Advice) -> str:
    """What to set, and where; nothing is written."""
    lead = f"{100 * advice.lead:.1f} +- {100 * advice.lead_spread:.1f} points of net savings"
    if advice.best == advice.now or advice.lead <= 0:
        return f"precision {advice.now:g}, which is in force, saves most: leave it."
    if not advice.is_clear:
        return f"precision {advice.best:g} leads {advice.now:g} by {lead}: no clear difference; leave it, or try more --lines."
    return (
        f"precision {advice.best:g} leads {advice.now:g} by {lead}. To use it, write `precision = {advice.best:g}` into "
        ".tinycode.toml of the repository or your own settings file, or set tinycode.precision in the editor."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
