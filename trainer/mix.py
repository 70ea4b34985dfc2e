"""`tinycode-train mix`: packages -> practice projects -> one mixer for some model files, stored in each of them.

How far to believe a count hardly depends on the language: a mixer that practised on six languages was better in each of
them than one of its own (trainer/LOG.md). Each model practises on packages of its languages.

The packages may be those the network was trained on, as long as it read them about once: it does not know them by heart
then. They are never the benchmark's.

A network that was tuned on a repository says itself much of what the counts say, and a mixer that never met one counts it
twice. So some of the networks are tuned, each on the older release of a package, before the lines of the newer one are
practised beside them.
"""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import load_model
from tinycode_ls.errors import CorpusError, TinycodeError
from tinycode_ls.index.files import judge, list_files
from tinycode_ls.index.names import language_of
from tinycode_ls.model.file import read_model_file

from .export import import_weights, model_bytes
from .flags import expect_within
from .mixer import Examples, Fit, collect, fit_mixer, join_examples, judge_mixer
from .order import Order
from .practice import Project, make_project, make_release
from .recipe import TUNE_DEFAULTS
from .tune import tune

LEAST_FILES = 8
PRACTISED_SIZE = range(1_500, 50_000)
MOST_READ = 4_000_000
HELD_OUT_EVERY = 6
TUNED_ON = range(250_000, 2_000_000)
"""Bytes of source of an older release that is worth tuning on."""
MORE_OF_TUNED = 3
"""Times the files and the lines of each: the three minutes that tuning takes are the price of a package."""


@dataclass(frozen=True)
class Practice:
    """How much to practise: at most `packages` of them for each model, `files` of each, `blocks` of lines taken out of each
    file, and, where there is an older release of the package, `lines` of those added since; `tuned` of those packages
    beside a network tuned on the older release, too."""

    packages: int = 60
    files: int = 8
    blocks: int = 10
    lines: int = 32
    tuned: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        expect_within("packages", self.packages, 2)
        expect_within("tuned", self.tuned, 0)


@dataclass(frozen=True)
class Ground:
    """A model file and where it practises: `packages` holds unpacked packages, each a small repository, and the folder
    PACKAGES-before beside it, where there is one, older releases of some of them, in folders of the same names."""

    model: Path
    packages: Path

    @property
    def before(self) -> Path:
        """Where older releases would be."""
        return self.packages.with_name(f"{self.packages.name}-before")


def mix(grounds: Sequence[Ground], practice: Practice, say: Callable[[str], None]) -> tuple[bytes, list[Fit]]:
    """Fit one mixer for all models of `grounds` -> its bytes, and what it measured for each of them.

    What is held out is made of packages with an older release, where there are any: made-up edits flatter. Raises CorpusError
    where a network is no better with the mixer than alone.
    """
    fitted: list[Examples] = []
    held_out: list[Examples] = []
    for ground in grounds:
        practised, kept_back = gather_examples(ground, practice, say)
        fitted.append(practised)
        held_out.append(kept_back)
    network = fit_mixer(join_examples(fitted))
    fits = [judge_mixer(network, examples) for examples in held_out]
    for ground, fit in zip(grounds, fits, strict=True):
        if fit.bits >= fit.network_bits:
            raise CorpusError(
                f"{ground.model}: mixed {fit.bits:.3f} bits a byte, the network alone {fit.network_bits:.3f}, so nothing is "
                "written; practise on more packages"
            )
    return mixer_to_bytes(network.to_mixer()), fits


def gather_examples(ground: Ground, practice: Practice, say: Callable[[str], None]) -> tuple[Examples, Examples]:
    """Places of packages to practise on, and of packages held out. Raises CorpusError where there are too few."""
    model = load_model(ground.model, mixed=False)
    fitted: list[Examples] = []
    held_out: list[Examples] = []
    tuned = 0
    for number, (root, kept_back, projects) in enumerate(practice_packages(ground, model.card.languages, practice), 1):
        examples = [collect(model, project) for project in projects]
        if tuned < practice.tuned and not kept_back:
            beside = beside_tuned(ground, root, model.card.languages, practice, say)
            tuned += beside is not None
            examples += [beside] if beside else []
        (held_out if kept_back else fitted).extend(examples)
        say(f"{number} packages, {root.name}: {sum(len(part.targets) for part in examples)} places")
    if not fitted:
        raise CorpusError(
            f"{ground.packages}: too few packages to practise on; "
            f"expected at least 2 folders of {LEAST_FILES} source files in {', '.join(model.card.languages)}"
        )
    return join_examples(fitted), join_examples(held_out)


def practice_packages(
    ground: Ground, languages: tuple[str, ...], practice: Practice
) -> Iterator[tuple[Path, bool, list[Project]]]:
    """Each package of a ground, whether it is kept back from fitting, and what there is to practise in it."""
    practised = 0
    for root in _roots(ground, practice.seed):
        kept_back = practised % HELD_OUT_EVERY == 0
        projects = list(_projects(root, ground.before / root.name, languages, practice, kept_back))
        if projects:
            yield root, kept_back, projects
            practised += 1
        if practised == practice.packages:
            break


def beside_tuned(
    ground: Ground, root: Path, languages: tuple[str, ...], practice: Practice, say: Callable[[str], None]
) -> Examples | None:
    """Places of what the newer release of a package added, beside the network tuned on the older one; None where that
    cannot be tuned on, or is too little or too much."""
    before = ground.before / root.name
    old = _read(before, languages, practice.seed) if before.is_dir() else {}
    if sum(map(len, old.values())) not in TUNED_ON:
        return None
    files, lines = practice.files * MORE_OF_TUNED, practice.lines * MORE_OF_TUNED
    project = make_release(root.name, old, _read(root, languages, practice.seed), files, lines, practice.seed + 1)
    if project is None:
        return None
    with tempfile.TemporaryDirectory(prefix="tuned-") as folder:
        out = Path(folder) / "model.onnx"
        order = Order((str(before),), str(out), root.name, "", base=str(ground.model.absolute()))
        try:
            result = tune(order, TUNE_DEFAULTS, Path(folder) / "run", force=True, quiet=True)
        except TinycodeError as error:  # one package less is no reason to lose the others
            say(f"{root.name}: not tuned ({error})")
            return None
        examples = collect(load_model(out, mixed=False), project)
    size = len(examples.targets)
    say(f"{root.name}: tuned, {result.before.bits:.3f} -> {result.after.bits:.3f} bits; {size} places")
    return examples


def _roots(ground: Ground, seed: int) -> list[Path]:
    """The packages in an order that the seed decides, first those with an older release."""
    roots = _shuffled([root for root in ground.packages.iterdir() if root.is_dir()], seed)
    return sorted(roots, key=lambda root: not (ground.before / root.name).is_dir())


def _projects(
    root: Path, before: Path, languages: tuple[str, ...], practice: Practice, held_out: bool
) -> Iterator[Project]:
    """A package as it was edited since the release in `before`, if there is one, and with edits made up."""
    after, older = _read(root, languages, practice.seed), None
    if len(after) < LEAST_FILES:
        return
    if before.is_dir():
        old = _read(before, languages, practice.seed)
        older = make_release(root.name, old, after, practice.files, practice.lines, practice.seed)
    if older is not None:
        yield older
    if older is None or not held_out:
        fit_for_practice = sorted(file for file, text in after.items() if len(text) in PRACTISED_SIZE)
        rng = random.Random(f"{practice.seed} {root.name}")
        practised = rng.sample(fit_for_practice, min(practice.files, len(fit_for_practice)))
        if practised:
            yield make_project(root.name, after, practised, practice.blocks, practice.seed)


def write_mixed(path: Path, mixer: bytes, fit: Fit, out: Path) -> None:
    """The model of `path` with the mixer and what it measured, as private as it was."""
    model = load_model(path, mixed=False)
    quality = {"mixed_bits": round(fit.bits, 4), "mixed_accuracy": round(fit.accuracy, 4)}
    card = replace(model.card, quality=model.card.quality | quality)
    weights = import_weights(read_model_file(path), card.spec)
    write_atomic(out, model_bytes(weights, card, mixer), path.stat().st_mode & 0o777)


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
