"""Does `tune` lose anything by starting from the int8 file instead of the float checkpoint it was made of?

python tests/bench/tuning.py RUN/best.pt PATH... [--steps N]      PATHs that the network has not read
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from tinycode_ls.model.card import ModelCard
from trainer.checkpoint import load_checkpoint
from trainer.export import import_weights, model_bytes, to_arrays
from trainer.fit import fitted_recipe
from trainer.loop import start_run, train
from trainer.recipe import TUNE_DEFAULTS, Recipe
from trainer.reporter import RunReporter
from trainer.run_corpus import prepare_corpus
from trainer.validation import measure

EVERY_BYTE = 10**9


def tuned(recipe: Recipe, weights: dict[str, Tensor], data, valid, folder: Path) -> tuple[float, float]:
    """Bits a byte of the float network on held-out text, before and after."""
    run, device = start_run(recipe, "", weights), torch.device("cpu")
    before = measure(run.network, valid, EVERY_BYTE, device).bits
    reporter = RunReporter(folder, quiet=True)
    try:
        train(run, data, valid, folder, reporter)
    finally:
        reporter.close()
    return before, measure(run.network, valid, EVERY_BYTE, device).bits


def main() -> None:
    """Print a row for each start and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.checkpoint)
    exact = to_arrays(checkpoint.weights)
    stored = import_weights(model_bytes(exact, ModelCard(checkpoint.recipe.spec)), checkpoint.recipe.spec)
    print("| start | seed | bits before | after |\n|---|---|---|---|")
    with TemporaryDirectory() as folder:
        corpus = prepare_corpus(options.paths, Path(folder))
        shape = TUNE_DEFAULTS.to_dict() | checkpoint.recipe.spec.to_dict() | {"minutes": 0, "steps": options.steps}
        recipe = fitted_recipe(Recipe.from_dict(shape | {"threads": 1, "validate_every": 10**6}), corpus)
        for seed in range(1, options.seeds + 1):
            for name, arrays in (("float checkpoint", exact), ("int8 file", stored)):
                weights = {key: torch.from_numpy(array) for key, array in arrays.items()}
                seeded = Recipe.from_dict(recipe.to_dict() | {"seed": seed})
                before, after = tuned(seeded, weights, corpus.train, corpus.valid, Path(folder))
                print(f"| {name} | {seed} | {before:.4f} | {after:.4f} |", flush=True)


if __name__ == "__main__":
    main()
