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
from .practice import Project, make_project, make_release

LEAST_FILES = 8
PRACTISED_SIZE = range(1_500, 50_000)
MOST_READ = 4_000_000
HELD_OUT_EVERY = 6


@dataclass(frozen=True)
class Practice:
    """How much to practise: at most `packages` of them, `files` of each, `blocks` of lines taken out of each file, and, where
    there is an older release of the package, `lines` of those added since."""

    packages: int = 60
    files: int = 5
    blocks: int = 10
    lines: int = 16
    seed: int = 1


def mix(
    path: Path, folders: list[Path], before: Path | None, out: Path, practice: Practice, say: Callable[[str], None]
) -> Fit:
    """Fit a mixer for the model file `path` on the packages in `folders`; write the model with it to `out`.

    `before` holds older releases of some of them, in folders of the same names. What is held out is made of those, where
    there are any: made-up edits flatter.
    """
    model = load_model(path, mixed=False)
    fitted: list[Examples] = []
    held_out: list[Examples] = []
    roots = _shuffled([root for folder in folders for root in folder.iterdir() if root.is_dir()], practice.seed)
    if before is not None:  # first those with an older release
        roots.sort(key=lambda root: not (before / root.name).is_dir())
    practised = 0
    for root in roots:
        projects = list(
            _projects(root, before, model.card.languages, practice, held_out=practised % HELD_OUT_EVERY == 0)
        )
        if projects:
            examples = [collect(model, project) for project in projects]
            (held_out if practised % HELD_OUT_EVERY == 0 else fitted).extend(examples)
            practised += 1
            say(f"{practised} packages, {root.name}: {sum(len(part.targets) for part in examples)} places")
        if practised == practice.packages:
            break
    if not fitted:
        raise CorpusError(f"too few packages to practise on; expected at least 2 folders of {LEAST_FILES} source files")
    fit = fit_mixer(join_examples(fitted), join_examples(held_out))
    write_mixed(path, model, fit, out)
    return fit


def _projects(
    root: Path, before: Path | None, languages: tuple[str, ...], practice: Practice, held_out: bool
) -> Iterator[Project]:
    """A package as it was edited, and with edits made up."""
    after, older = _read(root, languages, practice.seed), None
    if len(after) < LEAST_FILES:
        return
    if before is not None and (before / root.name).is_dir():
        old = _read(before / root.name, languages, practice.seed)
        older = make_release(root.name, old, after, practice.files, practice.lines, practice.seed)
    if older is not None:
        yield older
    if older is None or not held_out:
        fit_for_practice = sorted(file for file, text in after.items() if len(text) in PRACTISED_SIZE)
        rng = random.Random(f"{practice.seed} {root.name}")
        practised = rng.sample(fit_for_practice, min(practice.files, len(fit_for_practice)))
        if practised:
            yield make_project(root.name, after, practised, practice.blocks, practice.seed)


def write_mixed(path: Path, model: Model, fit: Fit, out: Path) -> None:
    """The model of `path` with the fitted mixer and what it measured."""
    quality = {"mixed_bits": round(fit.bits, 4), "mixed_accuracy": round(fit.accuracy, 4)}
    card = replace(model.card, quality=model.card.quality | quality)
    weights = import_weights(read_model_file(path), card.spec)
    write_atomic(out, model_bytes(weights, card, mixer_to_bytes(fit.mixer)))


def _shuffled(roots: list[Path], seed: int) -> list[Path]:
    """In an order that the seed decides."""
    return random.Random(seed).sample(sorted(roots), len(roots))


def _read(root: Path, languages: tuple[str, ...], seed: int) -> dict[str, bytes]:
    """Source files of a package in the model's languages, up to MOST_READ bytes of them."""
    listed = [path for path in list_files(root) if language_of(path) in languages]
    # by its name, so that of two releases about the same files are taken
    listed.sort(key=lambda path: random.Random(f"{seed} {path.relative_to(root)}").random())
    files: dict[str, bytes] = {}
    size = 0
    for path in listed:
        verdict = judge(path, root)
        if verdict.kept and size < MOST_READ:
            files[path.relative_to(root).as_posix()] = verdict.text
            size += len(verdict.text)
    return files
