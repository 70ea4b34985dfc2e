"""`tinycode-train tune`: transfer learning. Continue from a model file on your own repositories.

The base's int8 weights, multiplied out, are the start; its mixer, which has practised beside tuned networks, too (mix.py),
goes along unchanged. Quality is measured on held-out files before and after, with the engine that serves, and a better
model is never replaced by a worse one unasked.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.model import load_model, open_model
from tinycode_ls.errors import ModelFileError
from tinycode_ls.model.document import document_header
from tinycode_ls.model_choice import WORKSPACE_MODELS

from .base import base_weights, digest_of, final_weights
from .byte_quality import ByteQuality
from .checkpoint import load_checkpoint
from .claim import claimed
from .corpus.store import Corpus
from .export import model_bytes
from .fit import fitted_recipe, recipe_on, resume, run_to_end
from .lessons import Lesson, left_alone, lesson_in, lessons, model_name
from .loop import start_run
from .order import Order
from .publish import check_out, make_card
from .recipe import Recipe
from .run_corpus import prepare_corpus
from .run_folder import drop_old_run, make_private, protect, refuse_unfinished, serves_by_itself, tuning_folder
from .voice_quality import byte_quality

MOST_MEASURED = 200_000


@dataclass(frozen=True)
class Plan:
    """What to tune, in which run's folder; `others` would be worth a model of their own and have none."""

    order: Order
    folder: Path
    others: tuple[Lesson, ...]


@dataclass(frozen=True)
class Tuned:
    """`before` and `after` on the same held-out files. `written` is False when the new model was worse than `rival`."""

    out: Path
    before: ByteQuality
    after: ByteQuality
    rival: ByteQuality | None
    written: bool


def plan(
    paths: list[Path], language: str = "", base: str | None = None, out: str | None = None, folder: Path | None = None
) -> Plan:
    """What a person asked for, and where they named nothing, the usual: the model shipped for `language`, or for most of the
    code, tuned on the files of its languages, among the models of this folder. Raises TrainingError where that cannot be."""
    found = lessons(paths)
    lesson = lesson_in(found, language)
    models = Path(out).expanduser().parent if out else WORKSPACE_MODELS
    name = model_name(lesson, found, models)
    model = Path(out or models / f"{name}.onnx").expanduser()
    check_out(model)
    if serves_by_itself(model):
        protect(model.parent)
    absolute = [str(path.absolute()) for path in paths]
    order = Order(
        tuple(absolute),
        str(model.absolute()),
        f"tuned on {Path(absolute[0]).name}",
        "private",
        0o600,
        str(Path(base or lesson.base).expanduser().absolute()),
        () if base and not language else lesson.languages,
        "tune",
    )
    tuned = {path.stem for path in model.parent.glob("*.onnx")}
    left = () if base else left_alone(found, lesson)
    others = tuple(other for other in left if model_name(other, found, models) not in tuned)
    return Plan(order, folder or tuning_folder(model, name), others)


def tune(order: Order, recipe: Recipe, folder: Path, force: bool = False, quiet: bool = False) -> Tuned:
    """Tune `order.base` on the order's paths and write `order.out` when it is better than what is there."""
    model = load_model(Path(order.base))
    order = replace(order, command="tune", base_sha256=digest_of(order.base))
    check_out(Path(order.out))
    make_private(folder)
    with claimed(folder):
        refuse_unfinished(folder, "tune")
        corpus = prepare_corpus([Path(path) for path in order.paths], folder, order.languages)
        recipe = fitted_recipe(recipe_on(recipe, model), corpus)
        run = start_run(recipe, corpus.hash, base_weights(order, recipe))  # where it cannot, the old run stays
        recipe.save(folder / "recipe.json")
        order.save(folder)
        drop_old_run(folder)
        run_to_end(order, run, corpus, folder, quiet)
        return finish(order, corpus, folder, force)


def resume_tune(folder: Path, force: bool = False, quiet: bool = False) -> Tuned:
    """Go on with the tuning run in `folder`."""
    return resume(folder, "tune", partial(finish, force=force), quiet)


def finish(order: Order, corpus: Corpus, folder: Path, force: bool) -> Tuned:
    """Export, measure, and replace what is there if it is worse (or if forced)."""
    base = load_model(Path(order.base))
    checkpoint = load_checkpoint(folder / "best.pt")
    weights = final_weights(checkpoint, order)
    card, made = make_card(checkpoint, order, corpus), folder / "model.onnx"
    # What int8 loses counts in the comparison below, which is made with the file itself. To refuse drift here would refuse
    # short runs: they change the weights by less than int8 can say.
    tuned = open_model(model_bytes(weights, card, base.mixer_bytes), str(made))
    held_out = held_out_files(corpus)
    before, after = byte_quality(base, held_out), byte_quality(tuned, held_out)
    card = replace(card, quality=card.quality | {"held_out_bits": round(after.bits, 4)})
    content = model_bytes(weights, card, base.mixer_bytes)
    rival = _quality_of(Path(order.out), held_out)
    worse = after.bits >= min(before.bits, rival.bits if rival else before.bits)
    if force or not worse:
        write_atomic(Path(order.out), content, order.mode)
    write_atomic(made, content, order.mode)  # last: by it the run is known to be finished
    return Tuned(Path(order.out), before, after, rival, written=force or not worse)


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


def _quality_of(path: Path, files: list[tuple[str, bytes]]) -> ByteQuality | None:
    try:
        return byte_quality(load_model(path), files) if path.exists() else None
    except ModelFileError:
        return None  # what is there cannot serve; anything is better
