"""What each command of `tinycode-train` does with its flags: one call, and what is printed of it.

The trainer's packages are imported when a command runs: `--help` needs none of them.
"""

import argparse
import json
import os
import sys
from collections.abc import Collection
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

from tinycode_ls.errors import CorpusError, TrainingError

from .flags import expect, refuse_beside_resume
from .leader import leads
from .recipe import TUNE_DEFAULTS, Recipe
from .run_folder import run_beside, serves_by_itself

WHOLE_FROM = 1000
"""Figures from here on are counts, printed without a fraction."""


def _recipe(options: argparse.Namespace, defaults: Recipe) -> Recipe:
    given = {field.name for field in fields(Recipe)} & vars(options).keys()
    return replace(defaults, **{name: getattr(options, name) for name in given})


def fit(options: argparse.Namespace) -> int:
    """Train, and print where the model is and how good."""
    from .fit import fit, resume
    from .lessons import TRAINED_SUFFIXES
    from .order import Order
    from .parallel import end_follower
    from .publish import export_run

    if options.why:
        return _why(options, TRAINED_SUFFIXES)
    if options.resume:
        refuse_beside_resume(vars(options))
        folder = options.folder = Path(options.resume)
        out = resume(folder, "fit", export_run, options.quiet)
    else:
        if not options.paths or not options.out:
            raise TrainingError("nothing to do; expected PATH... --out MODEL, or --resume RUN")
        paths, base = tuple(map(_absolute, options.paths)), _absolute(options.base) if options.base else ""
        recipe = _recipe(options, Recipe())
        expect(bool(base) or not recipe.base_share, "base_share", recipe.base_share, "0 without a --base")
        order = Order(paths, _absolute(options.out), options.name or "model", options.licence, base=base)
        folder = options.folder = options.folder or run_beside(Path(options.out))
        out = fit(order, recipe, folder, options.quiet)
    if not leads():
        end_follower()
    _print_card(out)
    return 0


def tune(options: argparse.Namespace) -> int:
    """Tune, and print the held-out quality before and after."""
    from .corpus.explain import tune_command
    from .lessons import TRAINED_SUFFIXES, lesson_in, lessons, suffixes_of
    from .tune import plan, resume_tune, tune

    if options.why:
        learned = lesson_in(lessons(map(Path, options.paths or ["."])), options.language).languages
        suffixes = TRAINED_SUFFIXES if options.base else suffixes_of(learned)
        return _why(options, suffixes, TRAINED_SUFFIXES - suffixes)
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise TrainingError("tune runs in one process; for several, use `fit --base MODEL` under torchrun")
    if options.resume:
        refuse_beside_resume(vars(options))
        folder = options.folder = Path(options.resume)
        result = resume_tune(folder, options.force, options.quiet)
    else:
        asked = plan(
            [Path(path).expanduser() for path in options.paths or ["."]],
            options.language,
            options.base,
            options.out,
            options.folder,
        )
        options.folder = asked.folder
        result = tune(asked.order, _recipe(options, TUNE_DEFAULTS), asked.folder, options.force, options.quiet)
    before, after = result.before, result.after
    print(
        f"held-out files, {after.count} bytes: {before.bits:.3f} -> {after.bits:.3f} bits a byte "
        f"({after.bits / before.bits - 1:+.1%}), {before.accuracy:.1%} -> {after.accuracy:.1%} of next bytes right"
    )
    for other in () if options.resume else asked.others:
        print(
            f"{', '.join(other.languages)}: {other.code / 1000:.0f} kB are left to the shipped {other.base.name}; "
            f"`{tune_command(options.paths, other.languages[0])}` tunes it, too"
        )
    if result.written:
        by_itself = serves_by_itself(result.out)
        use = "a running server picks it up by itself" if by_itself else "name it in the setting `model`"
        print(f"{result.out}: written; {use}")
        return 0
    print(f"{result.out}: not written, since the new model is no better than what serves now; --force writes it anyway")
    return 3


def evaluate(options: argparse.Namespace) -> int:
    """Print the figures of a model on unseen files."""
    from tinycode_ls.bar import Bar
    from tinycode_ls.engine.model import load_model

    from .evaluate import Measure, evaluate_model

    index = Path(options.index) if options.index else None
    measure = Measure(options.lines, index, options.bytes, options.seed, options.index_budget_mb)
    with closing(Bar()) as bar:
        figures = evaluate_model(
            load_model(Path(options.model)),
            [Path(path) for path in options.paths],
            measure,
            lambda done, of: bar(done, of, "bytes"),
        )
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {_figure(value)}")
    return 0


def sample(options: argparse.Namespace) -> int:
    """Print the prompt and what the model makes of it."""
    from tinycode_ls.engine.model import load_model
    from tinycode_ls.engine.search import SamplingOptions

    from .generate import generate

    how = SamplingOptions(options.temperature, options.top_k, options.top_p, options.seed)
    texts = generate(load_model(Path(options.model)), options.path, options.prompt, options.bytes, how)
    sys.stdout.write(options.prompt)
    for text in texts:
        sys.stdout.write(text)
        sys.stdout.flush()
    sys.stdout.write("\n")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a checkpoint's weights as a model file."""
    from .publish import export_checkpoint

    _print_card(export_checkpoint(Path(options.checkpoint), Path(options.out)))
    return 0


def mix(options: argparse.Namespace) -> int:
    """Fit one mixer for all of the models, and print what it gains each."""
    from .mix import Ground, Practice, mix, write_mixed
    from .publish import check_out

    grounds = []
    for text in options.grounds:
        model, equals, folder = text.rpartition("=")
        if not (model and equals and Path(folder).is_dir()):
            raise CorpusError(f"{text}: expected MODEL=FOLDER, with a folder of unpacked packages")
        grounds.append(Ground(Path(model), Path(folder)))
    out = Path(options.out) if options.out else None
    places = [out / ground.model.name if out else ground.model for ground in grounds]
    if len({place.resolve() for place in places}) < len(places):
        raise CorpusError("two models would be written to one file; rename one, or leave out --out")
    practice = Practice(packages=options.packages, tuned=options.tuned, seed=options.seed)
    for place in places:
        check_out(place)
    mixer, fits = mix(grounds, practice, lambda text: print(text, file=sys.stderr))
    for ground, fit, written in zip(grounds, fits, places, strict=True):
        write_mixed(ground.model, mixer, fit, written)
        print(
            f"{written}: held-out packages: network {fit.network_bits:.3f} bits a byte, mixed {fit.bits:.3f}, "
            f"{fit.accuracy:.1%} right"
        )
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the page and say where."""
    from .publish import check_out
    from .report import write_report

    folders = [Path(run) for run in options.runs]
    out = Path(options.out) if options.out else folders[0] / "report.html"
    check_out(out)
    written, notes = write_report(folders, out, options.bytes, options.png)
    for note in notes:
        print(f"tinycode-train: {note}", file=sys.stderr)
    for path in written:
        print(f"{path}: written")
    return 0


def _why(options: argparse.Namespace, suffixes: Collection[str], apart: Collection[str] = ()) -> int:
    from .corpus.explain import explain_file

    print(explain_file(Path(options.why), [Path(path) for path in options.paths or ["."]], suffixes, apart))
    return 0


def _print_card(path: Path) -> None:
    from tinycode_ls.engine.model import load_model

    model = load_model(path)
    quality = ", ".join(f"{name} {_figure(value)}" for name, value in model.card.quality.items())
    print(f"{path}: {model.size_bytes / 1e6:.1f} MB, {quality}")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= WHOLE_FROM else f"{value:.4g}"


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())
