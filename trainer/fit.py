"""`tinycode-train fit`: from paths to a model file. A run's folder holds all it needs to go on:

run.json       what was asked: paths, where the model goes      corpus/       the bytes
recipe.json    every number of the run                          last.pt, best.pt, metrics.jsonl, model.onnx
"""

import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from tinycode_ls import __version__
from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.card import ModelCard
from tinycode_ls.model.file import read_model_file

from .attention import with_attention, with_reach
from .batches import fitting_batch
from .checkpoint import Checkpoint, load_checkpoint
from .corpus.build import build_corpus
from .corpus.join import join_corpora
from .corpus.source import check_reach
from .corpus.store import Corpus, is_corpus, open_corpus
from .export import export_checked, import_weights, to_arrays
from .leader import leads
from .lessons import TRAINED_SUFFIXES, suffixes_of
from .loop import Run, resume_run, start_run, train
from .network import pick_device
from .parallel import Group, join_group, leave_group
from .progress import RunReporter
from .recipe import Recipe

VALID_SHARE = 0.06
"""Of the files of a repository, held out. A corpus built beforehand brings its own split."""

SMALL_CORPUS = 3_200_000
"""Bytes to train on below which steps are shorter."""
SHORT_SEQUENCE = 64
"""There, unless another is asked for: in little time many small steps win. On a megabyte of plays, after 5 MB,
64 x 128 came to 1.69 nats, 64 x 64 to 1.59, 32 x 64 to 1.57."""


@dataclass(frozen=True)
class Order:
    """What a run was asked to do. `licence` and `name` go into the model's card; `mode` is that of the model file.

    `base` is the model file that a tuning run starts from, empty for a run from scratch; `languages`: what is read of folders,
    empty for all; `command`: `fit` or `tune`.
    """

    paths: tuple[str, ...]
    out: str
    name: str = "model"
    licence: str = ""
    mode: int = 0o644
    base: str = ""
    languages: tuple[str, ...] = ()
    command: str = "fit"

    def save(self, folder: Path) -> None:
        """As run.json."""
        write_atomic(folder / "run.json", json.dumps(self.__dict__, indent=1).encode())


def open_order(folder: Path) -> tuple[Order, Recipe]:
    """What the run in `folder` was asked to do; raises TrainingError when it is none."""
    try:
        order = json.loads((folder / "run.json").read_text("utf-8"))
        recipe = json.loads((folder / "recipe.json").read_text("utf-8"))
        lists = {name: tuple(order.get(name, ())) for name in ("paths", "languages")}
        return Order(**{**order, **lists}), Recipe.from_dict(recipe)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{folder}: no run to resume ({error}); expected the folder of an earlier `tinycode-train fit` or `tune`"
        ) from error


def fit(order: Order, recipe: Recipe, folder: Path, quiet: bool = False) -> Path:
    """Train from scratch, or from `order.base`, whose shape then counts (attention may be added, or reach farther);
    export to `order.out`; returns it."""
    base = load_model(Path(order.base)) if order.base else None
    check_out(Path(order.out))
    device = pick_device(recipe.device)
    with claimed(folder):
        refuse_unfinished(folder)
        group = join_group(device)
        corpus = prepare_together(group, [Path(path) for path in order.paths], folder)
        recipe = fitted_recipe(recipe_on(recipe, base, recipe.attention) if base else recipe, corpus, group.ranks)
        if group.leads:
            recipe.save(folder / "recipe.json")
            order.save(folder)
            drop_old_run(folder)
        run_to_end(start_run(recipe, corpus.hash, base_weights(order, recipe)), corpus, folder, quiet)
        return export_run(order, corpus, folder)


def base_weights(order: Order, recipe: Recipe) -> dict[str, Tensor] | None:
    """The weights to start from, or None for random ones; what attention the base lacks is added."""
    if not order.base:
        return None
    path = Path(order.base)
    spec = load_model(path, mixed=False).card.spec
    weights = {name: torch.from_numpy(array) for name, array in import_weights(read_model_file(path), spec).items()}
    if recipe.attention and not spec.attention:
        torch.manual_seed(recipe.seed)
        return with_attention(weights, recipe.spec)
    if recipe.attention > spec.attention:
        return with_reach(weights, recipe.spec)
    return weights


def recipe_on(recipe: Recipe, base: Model, attention: int = 0) -> Recipe:
    """The recipe with the base's shape: training on cannot change it, only let it look back farther, on `attention` states."""
    shape = base.card.spec.to_dict()
    return Recipe.from_dict(recipe.to_dict() | shape | {"attention": max(base.card.spec.attention, attention)})


def resume(folder: Path, command: str, quiet: bool = False) -> tuple[Order, Corpus]:
    """Train on where the run of `command` in `folder` stopped, up to its best.pt."""
    order, recipe = open_order(folder)
    if order.command != command:
        again = f"tinycode-train {order.command} --resume {folder}"
        raise TrainingError(f"{folder}: a run of `{order.command}`; go on with: {again}")
    with claimed(folder):
        join_group(pick_device(recipe.device))
        corpus = corpus_of_run(order, folder)
        run_to_end(resume_run(load_checkpoint(folder / "last.pt"), corpus.hash), corpus, folder, quiet)
    return order, corpus


def run_to_end(run: Run, corpus: Corpus, folder: Path, quiet: bool) -> None:
    """The loop, with a reporter around it."""
    group = join_group(pick_device(run.recipe.device))
    group.wait()  # the leader has dropped what an older run left in the folder
    reporter = RunReporter(folder, quiet, group.leads)
    try:
        train(run, corpus.train, corpus.valid, folder, reporter)
        leave_group()
    finally:
        reporter.close()


def prepare_corpus(paths: list[Path], folder: Path, languages: Collection[str] = ()) -> Corpus:
    """A corpus that is built already, or one made in the run's folder: several joined, or text collected from `paths`, of some
    languages or of all."""
    built = [path for path in paths if is_corpus(path)]
    if built and len(built) < len(paths):
        other = next(path for path in paths if path not in built)
        raise TrainingError(
            f"{built[0]} is a built corpus and {other} is not; expected text only or built corpora only"
        )
    if built:
        return open_corpus(built[0]) if len(built) == 1 else join_corpora(built, folder / "corpus")
    suffixes = suffixes_of(languages) if languages else TRAINED_SUFFIXES
    return build_corpus(paths, folder / "corpus", valid_share=VALID_SHARE, suffixes=suffixes)


def corpus_of_run(order: Order, folder: Path) -> Corpus:
    """The corpus that `prepare_corpus` gave; raises CorpusError when it is not there, or not whole, any more."""
    only = Path(order.paths[0])
    return open_corpus(only if len(order.paths) == 1 and is_corpus(only) else folder / "corpus")


def prepare_together(group: Group, paths: list[Path], folder: Path) -> Corpus:
    """One process builds the corpus, the others open it; a machine that does not share the folder builds its own.

    Raises TrainingError when they do not all hold the same text.
    """
    corpus = prepare_corpus(paths, folder) if group.leads else None
    group.wait()
    if not group.local_rank and not is_corpus(folder / "corpus"):
        corpus = corpus or prepare_corpus(paths, folder)
    group.wait()
    corpus = corpus or open_corpus(paths[0] if len(paths) == 1 and is_corpus(paths[0]) else folder / "corpus")
    key = int(corpus.hash[:12], 16)  # exact as a float
    if group.any(group.agree(key) != key):
        raise TrainingError(
            f"the processes read different corpora (process {group.rank}: {corpus.hash[:8]}); "
            "give them the same folder, or the same built corpus on each machine"
        )
    return corpus


def fitted_recipe(recipe: Recipe, corpus: Corpus, ranks: int = 1) -> Recipe:
    """Short steps on a small corpus, unless others than the default are asked for; a lane for each process where
    there are shards to go round; a batch that the corpus can fill."""
    lanes = recipe.lanes or (ranks if len(corpus.train.parts) > 1 else 1)
    size = min(len(corpus.train), lanes * max(corpus.train.sizes))
    batch, sequence = recipe.batch, recipe.sequence
    if len(corpus.train) < SMALL_CORPUS and (batch, sequence) == (Recipe.batch, Recipe.sequence):
        sequence = SHORT_SEQUENCE
    batch, sequence = fitting_batch(size, batch, sequence, max(ranks, lanes))
    every = min(recipe.validate_every, max(20, len(corpus.train) // (batch * sequence)))
    return replace(recipe, batch=batch, sequence=sequence, validate_every=every, lanes=lanes)


def refuse_unfinished(folder: Path) -> None:
    """Raises TrainingError where a run stopped half way: hours of work are not thrown away unasked."""
    if leads() and (folder / "last.pt").exists() and not (folder / "model.onnx").exists():
        raise TrainingError(
            f"{folder}: holds a run that was not finished; go on with `tinycode-train fit --resume {folder}`, choose another "
            "folder with --run, or remove this one"
        )


def drop_old_run(folder: Path) -> None:
    """What another run left in the same folder."""
    for name in ("last.pt", "best.pt", "metrics.jsonl", "model.onnx"):
        (folder / name).unlink(missing_ok=True)


def export_run(order: Order, corpus: Corpus, folder: Path) -> Path:
    """best.pt -> the run's model.onnx and `order.out`, refused when the file drifts from the network.

    In a group of processes only the leader does.
    """
    if not leads():
        return Path(order.out)
    checkpoint = load_checkpoint(folder / "best.pt")
    card = make_card(checkpoint, order, corpus)
    content = export_checked(to_arrays(checkpoint.weights), card, base_mixer(order), corpus.valid)
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
    check_reach(path, "expected a checkpoint, or the folder of a run")
    path = path / "best.pt" if path.is_dir() else path
    folder = path.resolve().parent
    order, _ = open_order(folder)
    corpus = corpus_of_run(order, folder)
    checkpoint = load_checkpoint(path)
    card = make_card(checkpoint, order, corpus)
    write_atomic(out, export_checked(to_arrays(checkpoint.weights), card, base_mixer(order), corpus.valid), order.mode)
    return out


def check_out(out: Path) -> None:
    """Raises TrainingError where no file could be written at the end."""
    if out.is_dir():
        raise TrainingError(f"{out}: a folder; expected the name of a model file to write")
    there = next(parent for parent in out.absolute().parents if parent.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise TrainingError(f"{out}: cannot be written ({there} is not a writable folder); choose another place")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """A run's folder, for one process, or one group of them, at a time. Raises TrainingError where another has it."""
    if not leads():
        yield
        return
    lock = FileLock(folder / "lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            f"{folder}: another tinycode-train works in it; wait for it, or choose another folder with --run"
        ) from error
    except OSError as error:
        raise TrainingError(
            f"{folder}: cannot be used ({error.strerror or error}); choose another with --run"
        ) from error
    try:
        yield
    finally:
        lock.release()
