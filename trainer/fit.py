"""`tinycode-train fit`: from paths to a model file. A run's folder holds all it needs to go on:

run.json       what was asked: paths, where the model goes      corpus/       the bytes
recipe.json    every number of the run                          last.pt, best.pt, metrics.jsonl, model.onnx
"""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.errors import TrainingError

from .base import base_weights, check_base, digest_of
from .batches import fitting_batch
from .checkpoint import load_checkpoint
from .claim import claimed
from .corpus.store import Corpus
from .loop import Run, resume_run, start_run, train
from .network import pick_device
from .order import Order, open_order
from .parallel import join_group, leave_group
from .publish import check_out, export_run
from .recipe import Recipe
from .reporter import RunReporter
from .run_corpus import corpus_of_run, prepare_together
from .run_folder import drop_old_run, refuse_unfinished

T = TypeVar("T")

MOST_NAMED = 4
"""Languages that a run names when it begins."""

SMALL_CORPUS = 3_200_000
"""Bytes to train on below which steps are shorter."""
SHORT_SEQUENCE = 64
"""There, unless another is asked for: in little time many small steps win. On a megabyte of plays, after 5 MB,
64 x 128 came to 1.69 nats, 64 x 64 to 1.59, 32 x 64 to 1.57."""


def fit(order: Order, recipe: Recipe, folder: Path, quiet: bool = False) -> Path:
    """Train from scratch, or from `order.base`, whose shape then counts (attention may be added, or reach farther);
    export to `order.out`; returns it."""
    base = load_model(Path(order.base)) if order.base else None
    order = replace(order, base_sha256=digest_of(order.base))
    check_out(Path(order.out))
    device = pick_device(recipe.device)
    with claimed(folder):
        refuse_unfinished(folder, "fit")
        group = join_group(device)
        corpus = prepare_together(group, [Path(path) for path in order.paths], folder)
        recipe = fitted_recipe(recipe_on(recipe, base, recipe.attention) if base else recipe, corpus, group.ranks)
        run = start_run(recipe, corpus.hash, base_weights(order, recipe))  # where it cannot, the old run stays
        if group.leads:
            recipe.save(folder / "recipe.json")
            order.save(folder)
            drop_old_run(folder)
        run_to_end(order, run, corpus, folder, quiet)
        return export_run(order, corpus, folder)


def recipe_on(recipe: Recipe, base: Model, attention: int = 0) -> Recipe:
    """The recipe with the base's shape: training on cannot change it, only let it look back farther, on `attention` states."""
    shape = base.card.spec.to_dict()
    return Recipe.from_dict(recipe.to_dict() | shape | {"attention": max(base.card.spec.attention, attention)})


def resume(folder: Path, command: str, finish: Callable[[Order, Corpus, Path], T], quiet: bool = False) -> T:
    """Train on where the run of `command` in `folder` stopped; -> what `finish` makes of it, before anybody else may use the
    folder."""
    order, recipe = open_order(folder)
    if order.command != command:
        again = f"tinycode-train {order.command} --resume {folder}"
        raise TrainingError(f"{folder}: a run of `{order.command}`; go on with: {again}")
    check_base(order, recipe)
    with claimed(folder):
        join_group(pick_device(recipe.device))
        corpus = corpus_of_run(order, folder)
        run_to_end(order, resume_run(load_checkpoint(folder / "last.pt"), corpus.hash), corpus, folder, quiet)
        return finish(order, corpus, folder)


def run_to_end(order: Order, run: Run, corpus: Corpus, folder: Path, quiet: bool) -> None:
    """The loop, with a reporter around it that first says what learns from what."""
    group = join_group(pick_device(run.recipe.device))
    group.wait()  # the leader has dropped what an older run left in the folder
    reporter = RunReporter(folder, quiet, group.leads)
    try:
        reporter.say(_opening(order, corpus))
        train(run, corpus.train, corpus.valid, folder, reporter)
        leave_group()
    finally:
        reporter.close()


def _opening(order: Order, corpus: Corpus) -> str:
    names = sorted(corpus.languages, key=lambda name: -corpus.languages[name])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{f'{Path(order.base).name} reads on' if order.base else 'a new network reads'} "
        f"{len(corpus.train) / 1000:,.1f} kB ({', '.join(names[:MOST_NAMED])}{more}); "
        f"held out to measure it: {len(corpus.valid) / 1000:,.1f} kB"
    )


def fitted_recipe(recipe: Recipe, corpus: Corpus, ranks: int = 1) -> Recipe:
    """Short steps on a small corpus, unless others than the default are asked for; a lane for each process where
    there are shards to go round; a batch that the corpus can fill."""
    lanes = recipe.lanes or (ranks if len(corpus.train.parts) > 1 else 1)
    size = min(len(corpus.train), lanes * max(corpus.train.sizes))
    batch, sequence = recipe.batch, recipe.sequence
    if len(corpus.train) < SMALL_CORPUS and (batch, sequence) == (Recipe.batch, Recipe.sequence):
        sequence = SHORT_SEQUENCE
    batch, sequence = fitting_batch(size, batch, sequence, math.lcm(ranks, lanes))
    every = min(recipe.validate_every, max(20, len(corpus.train) // (batch * sequence)))
    return replace(recipe, batch=batch, sequence=sequence, validate_every=every, lanes=lanes)
