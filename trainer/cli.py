"""The command `tinycode-train`. Parses arguments, calls one function for each command, prints; no logic."""

import argparse
import json
import os
import sys
from collections.abc import Collection
from contextlib import closing
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

from tinycode_ls import __version__
from tinycode_ls.command import run_command
from tinycode_ls.errors import CorpusError, TrainingError
from tinycode_ls.model.spec import ModelSpec

from .flags import refuse_beside_resume
from .leader import leads
from .recipe import TUNE_DEFAULTS, Recipe
from .run_folder import run_beside, serves_by_itself, stopped

NOT_THE_SERVERS = ("torch", "onnx", "tqdm", "filelock")
"""Packages that come with the extra [train] alone; the command itself comes with the server."""
INSTALL = "install the trainer's packages, in the clone of tinycode-ls: pipx install --force '.[train]'"


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, 2 when something the user gave is wrong, 3 when a worse model was not written, 130 on Ctrl-C."""
    options = argparse.Namespace(command="", folder=None)

    def work() -> int:
        parser().parse_args(arguments, options)
        _refuse_strangers()
        try:
            return int(options.run(options))
        except ModuleNotFoundError as error:
            if error.name not in NOT_THE_SERVERS:
                raise
            raise TrainingError(f"{error.name} is not installed; {INSTALL}") from error

    def interrupted() -> str:
        return stopped(options.command, options.folder) if leads() else ""

    return run_command("tinycode-train", work, interrupted)


def parser() -> argparse.ArgumentParser:
    """Every command and flag."""
    top = argparse.ArgumentParser(
        prog="tinycode-train", description="Train code completion models on your own machine."
    )
    top.add_argument("--version", action="version", version=f"tinycode-train {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, dest="command")
    _add_fit(commands)
    _add_tune(commands)
    _add_eval(commands)
    _add_sample(commands)
    _add_export(commands)
    _add_mix(commands)
    _add_report(commands)
    from .corpus.cli import add_parser

    add_parser(commands)
    return top


Commands = Any  # argparse's sub-parser collection has no public name


def _add_fit(commands: Commands) -> None:
    sub = commands.add_parser("fit", help="train a model from scratch")
    sub.add_argument("paths", nargs="*", metavar="PATH", help="files, folders, git repositories, or built corpora")
    sub.add_argument("--out", metavar="MODEL", help="model file to write")
    sub.add_argument(
        "--base",
        metavar="MODEL",
        help="start from this model's weights; its shape counts, but for --attention, which may look farther (default: random)",
    )
    sub.add_argument("--name", default="", help="name in the model's card (default: model)")
    sub.add_argument("--licence", default="", help="licence in the model's card")
    _add_run_flags(sub, Recipe())
    sub.set_defaults(run=fit)


def _add_tune(commands: Commands) -> None:
    sub = commands.add_parser("tune", help="continue from a model on your own repositories (default: this one)")
    sub.add_argument("paths", nargs="*", metavar="PATH", help="files, folders, git repositories (default: .)")
    sub.add_argument("--base", metavar="MODEL", help="model to start from (default: the shipped one for the language)")
    sub.add_argument(
        "--language",
        default="",
        metavar="NAME",
        help="tune the model that is shipped for this language on the files of its languages (default: where most code is)",
    )
    sub.add_argument(
        "--out",
        metavar="MODEL",
        help="model file to write (default: .tinycode/model.onnx; of another --language, named as its shipped model)",
    )
    sub.add_argument("--force", action="store_true", help="write the model even when it is worse than the one there")
    _add_run_flags(sub, TUNE_DEFAULTS, without={field.name for field in fields(ModelSpec)})  # the shape is the base's
    sub.set_defaults(run=tune)


def _add_eval(commands: Commands) -> None:
    sub = commands.add_parser("eval", help="measure a model: bits per byte, accuracy, lines, keystrokes saved, latency")
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("paths", nargs="+", metavar="PATH", help="files or folders the model has not seen")
    sub.add_argument(
        "--index", metavar="REPO", help="measure bytes with this repository as the index, too; PATHs are left out"
    )
    sub.add_argument(
        "--index-budget-mb", type=float, default=8.0, metavar="MB", help="most text of the index (default 8)"
    )
    sub.add_argument("--bytes", type=int, default=0, metavar="N", help="measure N bytes, of random lines (0 = all)")
    sub.add_argument("--seed", type=int, default=1, help="same seed, same lines")
    sub.add_argument("--lines", type=int, default=40, help="lines to retype (0 = only bytes and latency)")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.set_defaults(run=evaluate)


def _add_sample(commands: Commands) -> None:
    sub = commands.add_parser("sample", help="generate text, byte by byte")
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--prompt", default="", help="text to go on from")
    sub.add_argument("--path", default="sample.py", help="file name the model believes to write (its language)")
    sub.add_argument("--bytes", type=int, default=400, help="bytes to generate")
    sub.add_argument("--temperature", type=float, default=0.7, help="0 = always the likeliest byte")
    sub.add_argument("--top-k", type=int, default=0, help="draw from the k likeliest bytes (0 = off)")
    sub.add_argument("--top-p", type=float, default=1.0, help="draw from the likeliest bytes of this share (1 = off)")
    sub.add_argument("--seed", type=int, default=1, help="same seed, same text")
    sub.set_defaults(run=sample)


def _add_export(commands: Commands) -> None:
    sub = commands.add_parser("export", help="checkpoint -> quantised model file")
    sub.add_argument("checkpoint", metavar="CHECKPOINT", help="last.pt or best.pt in a run's folder")
    sub.add_argument("--out", metavar="MODEL", required=True, help="model file to write")
    sub.set_defaults(run=export)


def _add_mix(commands: Commands) -> None:
    sub = commands.add_parser("mix", help="fit how models and the index of a repository are mixed, on packages")
    sub.add_argument(
        "grounds",
        nargs="+",
        metavar="MODEL=FOLDER",
        help="a model file, and a folder of unpacked packages, each a small repository; older releases of them in "
        "FOLDER-before, where it exists, show what was written since",
    )
    sub.add_argument("--out", metavar="DIR", help="folder for the model files (default: they are written in place)")
    sub.add_argument("--packages", type=int, default=60, help="packages to practise on for each model, at most")
    sub.add_argument(
        "--tuned",
        type=int,
        default=0,
        metavar="N",
        help="practise beside networks tuned on N of the older releases for each model, too, three minutes each (default 0)",
    )
    sub.add_argument("--seed", type=int, default=1, help="same seed, same practice")
    sub.set_defaults(run=mix)


def _add_report(commands: Commands) -> None:
    sub = commands.add_parser("report", help="a page of pictures: how a run went, or how several compare")
    sub.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run of `fit` or `tune`")
    sub.add_argument("--out", metavar="FILE.html", help="page to write (default: report.html in the first RUN)")
    sub.add_argument("--png", action="store_true", help="also write each picture as PNG, beside the page")
    sub.add_argument(
        "--bytes", type=int, default=200_000, metavar="N", help="held-out bytes to judge the model on (0 = none)"
    )
    sub.set_defaults(run=report)


def _add_run_flags(sub: argparse.ArgumentParser, defaults: Recipe, without: Collection[str] = ()) -> None:
    sub.add_argument(
        "--run", dest="folder", type=Path, metavar="DIR", help="folder of the run (default: beside the model)"
    )
    sub.add_argument("--resume", metavar="RUN", help="go on with the run in this folder, as it was begun")
    sub.add_argument("--why", metavar="FILE", help="say what would be done with this file, and stop")
    sub.add_argument("--quiet", action="store_true", help="no progress")
    groups: dict[str, Any] = {}
    for field in (field for field in fields(Recipe) if field.name not in without):
        group = field.metadata["group"]
        groups.setdefault(group, sub.add_argument_group(group))
        _add_recipe_flag(groups[group], field, getattr(defaults, field.name))


def _add_recipe_flag(group: Any, field: "Field[Any]", default: Any) -> None:
    flag = "--" + field.name.replace("_", "-")
    text = f"{field.metadata['help']} (default {default})".replace("%", "%%")
    if isinstance(field.default, bool):
        group.add_argument(flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=text)
    else:
        group.add_argument(flag, type=type(field.default), default=argparse.SUPPRESS, help=text, metavar="N")


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
        order = Order(paths, _absolute(options.out), options.name or "model", options.licence, base=base)
        folder = options.folder = options.folder or run_beside(Path(options.out))
        out = fit(order, _recipe(options, Recipe()), folder, options.quiet)
    if not leads():
        end_follower()
    _print_card(out)
    return 0


def tune(options: argparse.Namespace) -> int:
    """Tune, and print the held-out quality before and after."""
    from .lessons import TRAINED_SUFFIXES, lesson_in, lessons, suffixes_of
    from .tune import plan, resume_tune, tune

    if options.why:
        learned = lesson_in(lessons(map(Path, options.paths or ["."])), options.language).languages
        return _why(options, TRAINED_SUFFIXES if options.base else suffixes_of(learned))
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
            f"`tinycode-train tune --language {other.languages[0]}` tunes it, too"
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
            print(f"{name:28} {value:.4g}")
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


def _why(options: argparse.Namespace, suffixes: Collection[str]) -> int:
    from .corpus.explain import explain_file

    print(explain_file(Path(options.why), [Path(path) for path in options.paths or ["."]], suffixes))
    return 0


def _print_card(path: Path) -> None:
    from tinycode_ls.engine.model import load_model

    model = load_model(path)
    quality = ", ".join(f"{name} {value:g}" for name, value in model.card.quality.items())
    print(f"{path}: {model.size_bytes / 1e6:.1f} MB, {quality}")


def _absolute(path: str | Path) -> str:
    return str(Path(path).expanduser().absolute())


def _refuse_strangers() -> None:
    """Another distribution that owns a package named `trainer` would mix its files with ours."""
    from importlib.metadata import packages_distributions

    owners = set(packages_distributions().get("trainer", [])) - {"tinycode-ls"}
    if owners:
        raise TrainingError(
            f"the package name `trainer` is also owned by {', '.join(sorted(owners))}; install tinycode-ls in a venv of its own"
        )
