"""A run's checkpoint -> a model file, with the card that says how it was made."""

import os
from dataclasses import replace
from pathlib import Path

import torch

from tinycode_ls import __version__
from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import ModelCard

from .base import base_mixer, final_weights
from .checkpoint import Checkpoint, load_checkpoint
from .corpus.source import check_reach
from .corpus.store import Corpus
from .export import export_checked
from .leader import leads
from .network import Network
from .order import Order, open_order
from .run_corpus import corpus_of_run
from .validation import can_measure, measure


def export_run(order: Order, corpus: Corpus, folder: Path) -> Path:
    """best.pt -> the run's model.onnx and `order.out`, refused when the file drifts from the network.

    In a group of processes only the leader does.
    """
    if not leads():
        return Path(order.out)
    content = _content(load_checkpoint(folder / "best.pt"), order, corpus)
    write_atomic(Path(order.out), content, order.mode)
    write_atomic(folder / "model.onnx", content, order.mode)  # last: by it the run is known to be finished
    return Path(order.out)


def _content(checkpoint: Checkpoint, order: Order, corpus: Corpus) -> bytes:
    """Of the model file. Where the base has a share in it, its bits are measured: best.pt's are those of other weights."""
    card, weights, recipe = make_card(checkpoint, order, corpus), final_weights(checkpoint, order), checkpoint.recipe
    if order.base and recipe.base_share and can_measure(corpus.valid):
        network = Network(recipe.spec)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        quality = measure(network, corpus.valid, recipe.validation_bytes, torch.device("cpu"))
        card = replace(card, quality=card.quality | {"held_out_bits": round(quality.bits, 4)})
    return export_checked(weights, card, base_mixer(order), corpus.valid)


def make_card(checkpoint: Checkpoint, order: Order, corpus: Corpus) -> ModelCard:
    """What the file will say of itself. Held-out bits are those of best.pt, which is kept for its weights alone."""
    progress = checkpoint.progress
    judged = {"held_out_bits": round(progress.best_bits, 4)} if not checkpoint.optimiser else {}
    # Of a run by steps or epochs the same seed gives the same bytes: the time that it took is not among them.
    timed = {"minutes": round(progress.seconds / 60, 2)} if checkpoint.recipe.minutes else {}
    return ModelCard(
        spec=checkpoint.recipe.spec,
        name=order.name,
        languages=main_languages(corpus),
        licence=order.licence,
        corpus_hash=corpus.hash,
        made_with=f"tinycode-ls {__version__}",
        recipe=checkpoint.recipe.to_dict(),
        quality={**judged, "bytes_read": float(progress.bytes_read), **timed},
    )


def main_languages(corpus: Corpus) -> tuple[str, ...]:
    """Languages with at least a fiftieth of the text, largest first."""
    total = sum(corpus.languages.values())
    ordered = sorted(corpus.languages.items(), key=lambda item: -item[1])
    return tuple(language for language, size in ordered if size * 50 >= total)


def export_checkpoint(path: Path, out: Path) -> Path:
    """A checkpoint, or the best one in a run's folder -> a model file; the run's corpus is read to see that both agree."""
    check_out(out)
    check_reach(path, "expected a checkpoint, or the folder of a run")
    path = path / "best.pt" if path.is_dir() else path
    checkpoint, folder = load_checkpoint(path), path.resolve().parent
    order, _ = open_order(folder)
    write_atomic(out, _content(checkpoint, order, corpus_of_run(order, folder)), order.mode)
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
