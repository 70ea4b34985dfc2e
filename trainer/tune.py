"""`tinycode-train tune`: transfer learning. Continue from a model file on your own repositories.

The base's int8 weights, multiplied out, are the start; its mixer, which has practised beside tuned networks, too (mix.py),
goes along unchanged. Quality is measured on held-out files before and after, with the engine that serves, and a better
model is never replaced by a worse one unasked.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.model import load_model, open_model
from tinycode_ls.errors import ModelFileError, TrainingError
from tinycode_ls.model.document import document_header
from tinycode_ls.model.file import read_model_file

from .checkpoint import load_checkpoint
from .corpus.store import Corpus
from .export import import_weights, model_bytes, to_arrays
from .fit import (
    Order,
    base_weights,
    check_out,
    claimed,
    drop_old_run,
    fitted_recipe,
    make_card,
    prepare_corpus,
    recipe_on,
    resume,
    run_to_end,
)
from .graph import Weights
from .loop import start_run
from .recipe import Recipe
from .voices import ByteQuality, byte_quality

MOST_MEASURED = 200_000
BASE_SHARE = 0.3
"""Share of the base in the final weights. A point between the two networks keeps what the base knows of code in general
(Wortsman et al. 2022, WiSE-FT): on folders of a package left out of its tuning 0.3 gave 1.400 bits, 0 gave 1.424."""


@dataclass(frozen=True)
class Tuned:
    """`before` and `after` on the same held-out files. `written` is False when the new model was worse than `rival`."""

    out: Path
    before: ByteQuality
    after: ByteQuality
    rival: ByteQuality | None
    written: bool


def tune(order: Order, recipe: Recipe, folder: Path, force: bool = False, quiet: bool = False) -> Tuned:
    """Tune `order.base` on the order's paths and write `order.out` when it is better than what is there."""
    model = load_model(Path(order.base))
    order = replace(order, command="tune")
    check_out(Path(order.out))
    make_private(folder)
    with claimed(folder):
        corpus = prepare_corpus([Path(path) for path in order.paths], folder, order.languages)
        recipe = fitted_recipe(recipe_on(recipe, model), corpus)
        recipe.save(folder / "recipe.json")
        order.save(folder)
        drop_old_run(folder)
        run_to_end(start_run(recipe, corpus.hash, base_weights(order, recipe)), corpus, folder, quiet)
        return finish(order, corpus, folder, force)


def resume_tune(folder: Path, force: bool = False, quiet: bool = False) -> Tuned:
    """Go on with the tuning run in `folder`."""
    order, corpus = resume(folder, "tune", quiet)
    return finish(order, corpus, folder, force)


def finish(order: Order, corpus: Corpus, folder: Path, force: bool) -> Tuned:
    """Export, measure, and replace what is there if it is worse (or if forced)."""
    base = load_model(Path(order.base))
    checkpoint = load_checkpoint(folder / "best.pt")
    if base.card.spec != checkpoint.recipe.spec:
        raise TrainingError(f"{order.base}: of another shape than when the run began; restore it, or start a new run")
    base_arrays = import_weights(read_model_file(Path(order.base)), base.card.spec)
    weights = blend(to_arrays(checkpoint.weights), base_arrays, BASE_SHARE)
    card, made = make_card(checkpoint, order, corpus), folder / "model.onnx"
    # What int8 loses counts in the comparison below, which is made with the file itself. To refuse drift here would refuse
    # short runs: they change the weights by less than int8 can say.
    tuned = open_model(model_bytes(weights, card, base.mixer_bytes), str(made))
    held_out = held_out_files(corpus)
    before, after = byte_quality(base, held_out), byte_quality(tuned, held_out)
    card = replace(card, quality=card.quality | {"held_out_bits": round(after.bits, 4)})
    write_atomic(made, model_bytes(weights, card, base.mixer_bytes), order.mode)
    rival = _quality_of(Path(order.out), held_out)
    worse = after.bits >= min(before.bits, rival.bits if rival else before.bits)
    if worse and not force:
        return Tuned(Path(order.out), before, after, rival, written=False)
    write_atomic(Path(order.out), made.read_bytes(), order.mode)
    return Tuned(Path(order.out), before, after, rival, written=True)


def blend(tuned: Weights, base: Weights, base_share: float) -> Weights:
    """Weight by weight: (1 - base_share) of `tuned` and base_share of `base`."""
    return {name: (1 - base_share) * array + base_share * base[name] for name, array in tuned.items()}


def held_out_files(corpus: Corpus) -> list[tuple[str, bytes]]:
    """Path and text of the documents of the corpus's held-out part, up to MOST_MEASURED bytes; some may be of one file."""
    kept: list[tuple[str, bytes]] = []
    size = 0
    for document in corpus.files:
        if document.split != "valid" or (kept and size >= MOST_MEASURED):
            continue
        whole = corpus.valid[document.offset : document.offset + document.length].tobytes()
        text = whole[len(document_header(document.path)) :]
        kept.append((document.path, text[:MOST_MEASURED]))
        size += len(text)
    return kept


def make_private(folder: Path) -> None:
    """A run's folder holds the text that it read: hidden from git, for its owner alone. A folder of the user's stays as it is.
    Raises TrainingError where it cannot be made."""
    try:
        ours = not folder.exists() or (folder / "run.json").exists()
        folder.mkdir(parents=True, exist_ok=True)
        if ours:
            folder.chmod(0o700)
            protect(folder)
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(f"{folder}: cannot be used ({reason}); choose another with --run") from error


def protect(folder: Path) -> None:
    """What was made of private code is private: the folder is hidden from git."""
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomic(ignore, b"# Made of this repository by `tinycode-train tune`: keep it on this machine.\n*\n")


def _quality_of(path: Path, files: list[tuple[str, bytes]]) -> ByteQuality | None:
    try:
        return byte_quality(load_model(path), files) if path.exists() else None
    except ModelFileError:
        return None  # what is there cannot serve; anything is better
