"""`tinycode-train report`: one page that shows how runs went, complete in itself: no script, nothing fetched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tinycode_ls.atomic import write_atomic
from tinycode_ls.characters import printable
from tinycode_ls.engine.model import load_model
from tinycode_ls.errors import TinycodeError, TrainingError

from .breakdown import CLASS_NAMES, Breakdown, break_down
from .byte_quality import ByteQuality
from .flags import expect_within
from .history import History, read_history

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1250px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
h2{margin-top:2em;border-bottom:1px solid #ddd} table{border-collapse:collapse;margin:.5em 0}
td,th{padding:.15em .8em;text-align:right;border-bottom:1px solid #eee} td:first-child,th:first-child{text-align:left}
pre{background:#f6f6f6;padding:.7em;overflow:auto;font-size:13px} .given{color:#888} .note{color:#944}
.pictures{display:flex;flex-wrap:wrap;gap:1em} .pictures svg{max-width:100%;height:auto}
"""
INSTALL = "the report needs matplotlib; install it beside tinycode-train: pip install matplotlib"


@dataclass(frozen=True)
class Judged:
    """A run's model on its held-out text, or in `missing` why that could not be had."""

    breakdown: Breakdown | None = None
    missing: str = ""


def write_report(folders: Sequence[Path], out: Path, most_bytes: int, png: bool) -> tuple[list[Path], list[str]]:
    """Write the page, and the pictures beside it where asked; what was written, and what a person should know."""
    try:
        from .charts import to_png, to_svg
    except ImportError as error:
        raise TrainingError(INSTALL) from error
    expect_within("bytes", most_bytes, 0)
    histories = _told_apart([read_history(folder) for folder in folders])
    judged = [judge(history.folder, most_bytes) for history in histories]
    pictures = _pictures(histories, judged)
    page = make_page(histories, judged, {name: to_svg(figure, name) for name, figure in pictures.items()})
    mode = _mode(histories)
    write_atomic(out, page.encode("utf-8", "replace"), mode)
    written = [out]
    if png:
        for name, figure in pictures.items():
            written.append(out.with_name(f"{out.stem}-{name}.png"))
            write_atomic(written[-1], to_png(figure), mode)
    return written, [note for history in histories for note in _notes(history)]


def judge(folder: Path, most_bytes: int) -> Judged:
    """The run's exported model on the held-out part of the corpus it was trained on."""
    from .order import open_order
    from .run_corpus import corpus_of_run

    if most_bytes <= 0:
        return Judged(missing="--bytes is 0")
    if not (folder / "model.onnx").is_file():
        return Judged(missing="the run has not exported a model yet")
    try:
        model = load_model(folder / "model.onnx", mixed=False)
        order, _ = open_order(folder)
        corpus = corpus_of_run(order, folder)
    except TinycodeError as error:
        return Judged(missing=str(error))
    if corpus.hash != model.card.corpus_hash:
        return Judged(missing="the corpus has changed since the run")
    found = break_down(model, corpus, most_bytes)
    return Judged(found) if found.whole.count else Judged(missing="the corpus holds no held-out text")


def make_page(histories: Sequence[History], judged: Sequence[Judged], pictures: dict[str, str]) -> str:
    """The whole page. `pictures` are SVG elements by name; those of a run's breakdown end in its number."""
    names = ", ".join(history.name for history in histories)
    parts = [f"<h1>{escape(names)}</h1>"]
    parts += [f'<p class="note">{escape(note)}</p>' for history in histories for note in _notes(history)]
    parts += ["<h2>Runs</h2>", _summary(histories), _recipes(histories), "<h2>Curves</h2>"]
    general = [name for name in pictures if not name[-1].isdigit()]
    parts += [f'<div class="pictures">{"".join(pictures[name] for name in general)}</div>']
    for number, (history, result) in enumerate(zip(histories, judged, strict=True)):
        own = [pictures[name] for name in pictures if name.endswith(f"-{number + 1}")]
        parts += [f"<h2>{escape(history.name)}: held-out text, byte by byte</h2>", _judgement(result, own)]
    for history in histories:
        parts += [f"<h2>{escape(history.name)}: what it wrote</h2>", _samples(history)]
    head = f'<meta charset="utf-8"><title>{escape(names)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _pictures(histories: Sequence[History], judged: Sequence[Judged]) -> "dict[str, Figure]":
    from .charts import class_bars, confusion, curves

    pictures = curves(histories)
    for number, result in enumerate(judged, 1):
        if result.breakdown is not None:
            pictures[f"classes-{number}"] = class_bars(result.breakdown)
            pictures[f"confusion-{number}"] = confusion(result.breakdown)
    return pictures


def _summary(histories: Sequence[History]) -> str:
    rows = []
    for history in histories:
        last = history.steps[-1]
        best = min(history.validations, key=lambda record: float(record["bits"]), default=None)
        rows.append([
            history.name, f"{last['step']:,}", f"{last['bytes_read'] / 1e6:.1f}", f"{last['seconds'] / 60:.1f}",
            f"{last['bytes_read'] / max(last['seconds'], 1e-9) / 1000:.1f}",
            f"{best['bits']:.3f}" if best else "-", f"{best['accuracy']:.1%}" if best else "-",
            f"{best['step']:,}" if best else "-",
        ])  # fmt: skip
    return _table(["run", "steps", "MB read", "minutes", "kB/s", "best held-out bits", "right", "at step"], rows)


def _recipes(histories: Sequence[History]) -> str:
    """The whole recipe of one run; of several, where they differ."""
    keys = dict.fromkeys(key for history in histories for key in history.recipe)
    rows = [[key, *(str(history.recipe.get(key, "-")) for history in histories)] for key in keys]
    if len(histories) > 1:
        rows = [row for row in rows if len(set(row[1:])) > 1]
    title = "Recipe" if len(histories) == 1 else "Where the recipes differ"
    table = _table(["", *(history.name for history in histories)], rows) if rows else "<p>Nowhere.</p>"
    return f"<details{' open' if len(histories) > 1 else ''}><summary>{title}</summary>{table}</details>"


def _judgement(result: Judged, pictures: list[str]) -> str:
    found = result.breakdown
    if found is None:
        return f'<p class="note">Not measured: {escape(result.missing)}.</p>'
    languages = sorted(found.languages.items(), key=lambda item: -item[1].count)
    classes = [(name, found.classes[name]) for name in CLASS_NAMES if name in found.classes]
    worst = [
        [_shown(real), _shown(guess), str(count), f"{count / found.confusion[real].sum():.1%}"]
        for real, guess, count in found.worst()
    ]
    header = ["bytes", "bits a byte", "right"]
    return (
        f"<p>The exported model on {found.whole.count:,} bytes: {found.whole.bits:.3f} bits a byte, "
        f"{found.whole.accuracy:.1%} right.</p>"
        + _table(["language", *header], map(_quality_row, languages))
        + _table(["kind of byte", *header], map(_quality_row, classes))
        + f'<div class="pictures">{"".join(pictures)}</div>'
        + _table(["stood there", "guessed", "times", "of the first"], worst)
    )


def _quality_row(item: tuple[str, ByteQuality]) -> list[str]:
    name, quality = item
    return [name, f"{quality.count:,}", f"{quality.bits:.3f}", f"{quality.accuracy:.1%}"]


def _samples(history: History, most: int = 12) -> str:
    """Evenly over the run, the first and the last among them."""
    if not history.samples:
        return "<p>This run kept no samples.</p>"
    count = len(history.samples)
    chosen = sorted({round(i * (count - 1) / max(1, most - 1)) for i in range(most)}) if count > most else range(count)
    return "".join(
        f'<h4>step {record["step"]:,}</h4><pre><span class="given">{escape(_visible(record["prompt"]))}</span>'
        f"{escape(_visible(record['text']))}</pre>"
        for record in (history.samples[i] for i in chosen)
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _shown(byte: int) -> str:
    return {10: "line end", 32: "space", 9: "tab", 0: "end of file"}.get(byte) or (
        chr(byte) if 32 < byte < 127 else f"0x{byte:02x}"
    )


def _visible(text: str) -> str:
    """HTML knows no control characters."""
    return "".join(char if char >= " " or char in "\n\t" else " " for char in text).lstrip()


def _notes(history: History) -> list[str]:
    if not history.damaged:
        return []
    return [
        f"{history.name}: {history.damaged} damaged line(s) of metrics.jsonl passed over; the run was interrupted there"
    ]


def _told_apart(histories: list[History]) -> list[History]:
    """Runs in folders of the same name get their parent's name before it."""
    names = [history.name for history in histories]
    return [
        replace(history, name=f"{printable(history.folder.resolve().parent.name)}/{history.name}")
        if names.count(history.name) > 1
        else history
        for history in histories
    ]


def _mode(histories: Sequence[History]) -> int:
    """A page on private code is as private as the model of its run."""
    from .order import open_order

    try:
        return min(open_order(history.folder)[0].mode for history in histories)
    except TinycodeError:
        return 0o600
