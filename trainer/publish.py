"""A run's checkpoint -> a model file, with the card that says how it was made."""

import os
from pathlib import Path

from tinycode_ls import __version__
from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.model import load_model
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.file import read_model_file

from .checkpoint import Checkpoint, load_checkpoint
from .corpus.source import check_reach
from .corpus.store import Corpus
from .export import export_checked, import_weights, to_arrays
from .graph import Weights
from .leader import leads
from .order import Order, open_order
from .run_corpus import corpus_of_run

BASE_SHARE = 0.3
"""Share of the base in the final weights. A point between the two networks keeps what the base knows of code in general
(Wortsman et al. 2022, WiSE-FT): on folders of a package left out of its tuning 0.3 gave 1.400 bits, 0 gave 1.424."""


def export_run(order: Order, corpus: Corpus, folder: Path) -> Path:
    """best.pt -> the run's model.onnx and `order.out`, refused when the file drifts from the network.

    In a group of processes only the leader does.
    """
    if not leads():
        return Path(order.out)
    checkpoint = load_checkpoint(folder / "best.pt")
    card = make_card(checkpoint, order, corpus)
    content = export_checked(final_weights(checkpoint, order), card, base_mixer(order), corpus.valid)
    write_atomic(folder / "model.onnx", content, order.mode)
    write_atomic(Path(order.out), content, order.mode)
    return Path(order.out)


def make_card(checkpoint: Checkpoint, order: Order, corpus: Corpus) -> ModelCard:
    """What the file will say of itself. Held-out bits are those of best.pt, which is kept for its weights alone."""
    progress = checkpoint.progress
    judged = {"held_out_bits": round(progress.best_bits, 4)} if not checkpoint.optimiser else {}
    return ModelCard(
        spec=checkpoint.recipe.spec,
        name=order.name,
        languages=main_languages(corpus),
        licence=order.licence,
        corpus_hash=corpus.hash,
        made_with=f"tinycode-ls {__version__}",
        recipe=checkpoint.recipe.to_dict(),
        quality={
            **judged,
            "bytes_read": float(progress.bytes_read),
            "minutes": round(progress.seconds / 60, 2),
        },
    )


def main_languages(corpus: Corpus) -> tuple[str, ...]:
    """Languages with at least a fiftieth of the text, largest first."""
    total = sum(corpus.languages.values())
    ordered = sorted(corpus.languages.items(), key=lambda item: -item[1])
    return tuple(language for language, size in ordered if size * 50 >= total)


def base_mixer(order: Order) -> bytes | None:
    """The mixer of the model that the run started from."""
    return load_model(Path(order.base)).mixer_bytes if order.base else None


def export_checkpoint(path: Path, out: Path) -> Path:
    """A checkpoint, or the best one in a run's folder -> a model file; the run's corpus is read to see that both agree."""
    check_out(out)
    check_reach(path, "expected a checkpoint, or the folder of a run")
    path = path / "best.pt" if path.is_dir() else path
    checkpoint, folder = load_checkpoint(path), path.resolve().parent
    order, _ = open_order(folder)
    corpus = corpus_of_run(order, folder)
    card = make_card(checkpoint, order, corpus)
    content = export_checked(final_weights(checkpoint, order), card, base_mixer(order), corpus.valid)
    write_atomic(out, content, order.mode)
    return out


def check_out(out: Path) -> None:
    """Raises TrainingError where no file could be written at the end."""
    if out.is_dir():
        raise TrainingError(f"{out}: a folder; expected the name of a file to write")
    parents = out.absolute().parents
    # on Windows, not even the drive may be there
    there = next((parent for parent in parents if parent.exists()), parents[-1])
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise TrainingError(f"{out}: cannot be written ({there} is not a writable folder); choose another place")


def final_weights(checkpoint: Checkpoint, order: Order) -> Weights:
    """Those of the model file: the network's; of a run that tunes, a point between them and the base's. Raises TrainingError
    where the base has another shape by now."""
    weights = to_arrays(checkpoint.weights)
    if order.command != "tune":
        return weights
    spec = load_model(Path(order.base), mixed=False).card.spec
    if spec != checkpoint.recipe.spec:
        raise TrainingError(f"{order.base}: of another shape than when the run began; restore it, or start a new run")
    return blend(weights, import_weights(read_model_file(Path(order.base)), spec), BASE_SHARE)


def blend(tuned: Weights, base: Weights, base_share: float) -> Weights:
    """Weight by weight: (1 - base_share) of `tuned` and base_share of `base`."""
    return {name: (1 - base_share) * array + base_share * base[name] for name, array in tuned.items()}
