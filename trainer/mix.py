"""`tinycode-train mix`: packages -> practice projects -> a mixer fitted for one model file, stored in it.

The packages may be those the network was trained on, as long as it read them about once: it does not know them by heart
then. They are never the benchmark's.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.errors import CorpusError
from tinycode_ls.index.files import judge, language_of, list_files
from tinycode_ls.model.file import read_model_file

from .export import import_weights, model_bytes
from .mixer import Examples, Fit, collect, fit_mixer, join_examples
from .practice import make_project

LEAST_FILES = 8
PRACTISED_SIZE = range(1_500, 50_000)
MOST_READ = 4_000_000
HELD_OUT_EVERY = 6


@dataclass(frozen=True)
class Practice:
    """How much to practise: at most `packages` of them, `files` of each, `blocks` of lines taken out of each file."""

    packages: int = 60
    files: int = 5
    blocks: int = 16
    seed: int = 1


def mix(path: Path, folders: list[Path], out: Path, practice: Practice, say: Callable[[str], None]) -> Fit:
    """Fit a mixer for the model file `path` on the packages in `folders`; write the model with it to `out`."""
    model = load_model(path)
    fitted: list[Examples] = []
    held_out: list[Examples] = []
    for number, (name, files) in enumerate(packages(folders, model.card.languages, practice)):
        rng = random.Random(f"{practice.seed} {name}")
        fit_for_practice = sorted(file for file, text in files.items() if len(text) in PRACTISED_SIZE)
        practised = rng.sample(fit_for_practice, min(practice.files, len(fit_for_practice)))
        examples = collect(model, make_project(name, files, practised, practice.blocks, practice.seed))
        (held_out if number % HELD_OUT_EVERY == 0 else fitted).append(examples)
        say(f"{number + 1} packages, {name}: {len(examples.targets)} places")
    if not fitted:
        raise CorpusError(f"too few packages to practise on; expected at least 2 folders of {LEAST_FILES} source files")
    fit = fit_mixer(join_examples(fitted), join_examples(held_out))
    write_mixed(path, model, fit, out)
    return fit


def write_mixed(path: Path, model: Model, fit: Fit, out: Path) -> None:
    """The model of `path` with the fitted mixer and what it measured."""
    quality = {"mixed_bits": round(fit.bits, 4), "mixed_accuracy": round(fit.accuracy, 4)}
    card = replace(model.card, quality=model.card.quality | quality)
    weights = import_weights(read_model_file(path), card.spec)
    write_atomic(out, model_bytes(weights, card, mixer_to_bytes(fit.mixer)))


def packages(
    folders: list[Path], languages: tuple[str, ...], practice: Practice
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Name and source files of the packages below `folders`, in an order that the seed decides."""
    roots = sorted(root for folder in folders for root in folder.iterdir() if root.is_dir())
    random.Random(practice.seed).shuffle(roots)
    found = 0
    for root in roots:
        files = _read(root, languages, practice.seed)
        if len(files) >= LEAST_FILES:
            yield f"{root.parent.name}/{root.name}", files
            found += 1
        if found == practice.packages:
            return


def _read(root: Path, languages: tuple[str, ...], seed: int) -> dict[str, bytes]:
    """Source files of a package in the model's languages, up to MOST_READ bytes of them."""
    listed = [path for path in list_files(root) if language_of(path) in languages]
    random.Random(seed).shuffle(listed)
    files: dict[str, bytes] = {}
    size = 0
    for path in listed:
        verdict = judge(path, root)
        if verdict.kept and size < MOST_READ:
            files[path.relative_to(root).as_posix()] = verdict.text
            size += len(verdict.text)
    return files
