"""The command `tinycode-train`: its flags, and which function of commands.py each command is. Knows nothing of training."""

import argparse
from collections.abc import Collection
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from tinycode_ls import __version__
from tinycode_ls.command import run_command
from tinycode_ls.errors import TrainingError
from tinycode_ls.model.spec import ModelSpec

from . import commands
from .leader import leads
from .recipe import TUNE_DEFAULTS, Recipe
from .run_folder import stopped

NOT_THE_SERVERS = ("torch", "onnx", "tqdm", "filelock")
"""Packages that come with the extra [train] alone; the command itself comes with the server."""
INSTALL = (
    "install the trainer's packages, in the clone of tinycode-ls: pipx install --force '.[train]' (or with uv tool)"
)


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
    subparsers = top.add_subparsers(metavar="COMMAND", required=True, dest="command")
    _add_fit(subparsers)
    _add_tune(subparsers)
    _add_eval(subparsers)
    _add_sample(subparsers)
    _add_export(subparsers)
    _add_mix(subparsers)
    _add_report(subparsers)
    from .corpus.cli import add_parser

    add_parser(subparsers)
    return top


Commands = Any  # argparse's sub-parser collection has no public name


def _add_fit(subparsers: Commands) -> None:
    sub = subparsers.add_parser("fit", help="train a model from scratch")
    sub.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders, git repositories, manifests, or built corpora"
    )
    sub.add_argument("--out", metavar="MODEL", help="model file to write")
    sub.add_argument(
        "--base",
        metavar="MODEL",
        help="start from this model's weights; its shape counts, but for --attention, which may look farther (default: random)",
    )
    sub.add_argument("--name", default="", help="name in the model's card (default: model)")
    sub.add_argument("--licence", default="", help="licence in the model's card")
    _add_run_flags(sub, Recipe())
    sub.set_defaults(run=commands.fit)


def _add_tune(subparsers: Commands) -> None:
    sub = subparsers.add_parser("tune", help="continue from a model on your own repositories (default: this one)")
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
    sub.set_defaults(run=commands.tune)


def _add_eval(subparsers: Commands) -> None:
    sub = subparsers.add_parser(
        "eval", help="measure a model: bits per byte, accuracy, lines, keystrokes saved, latency"
    )
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("paths", nargs="+", metavar="PATH", help="files, folders or manifests the model has not seen")
    sub.add_argument(
        "--index", metavar="REPO", help="measure bytes with this repository as the index, too; PATHs are left out"
    )
    sub.add_argument(
        "--index-budget-mb", type=float, default=8.0, metavar="MB", help="most text of the index (default 8)"
    )
    sub.add_argument(
        "--bytes", type=int, default=0, metavar="N", help="measure N bytes, of random lines (0 = all) (default 0)"
    )
    sub.add_argument("--seed", type=int, default=1, help="same seed, same lines (default 1)")
    sub.add_argument("--lines", type=int, default=40, help="lines to retype (0 = only bytes and latency) (default 40)")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub.set_defaults(run=commands.evaluate)


def _add_sample(subparsers: Commands) -> None:
    sub = subparsers.add_parser("sample", help="generate text, byte by byte")
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--prompt", default="", help="text to go on from")
    sub.add_argument(
        "--path",
        default="sample.py",
        help="file name the model believes to write, for its language (default sample.py)",
    )
    sub.add_argument("--bytes", type=int, default=400, help="bytes to generate (default 400)")
    sub.add_argument("--temperature", type=float, default=0.7, help="0 = always the likeliest byte (default 0.7)")
    sub.add_argument("--top-k", type=int, default=0, help="draw from the k likeliest bytes (0 = off) (default 0)")
    sub.add_argument(
        "--top-p", type=float, default=1.0, help="draw from the likeliest bytes of this share (1 = off) (default 1)"
    )
    sub.add_argument("--seed", type=int, default=1, help="same seed, same text (default 1)")
    sub.set_defaults(run=commands.sample)


def _add_export(subparsers: Commands) -> None:
    sub = subparsers.add_parser("export", help="checkpoint -> quantised model file")
    sub.add_argument("checkpoint", metavar="CHECKPOINT", help="last.pt or best.pt in a run's folder")
    sub.add_argument("--out", metavar="MODEL", required=True, help="model file to write")
    sub.set_defaults(run=commands.export)


def _add_mix(subparsers: Commands) -> None:
    sub = subparsers.add_parser("mix", help="fit how models and the index of a repository are mixed, on packages")
    sub.add_argument(
        "grounds",
        nargs="+",
        metavar="MODEL=FOLDER",
        help="a model file, and a folder of unpacked packages, each a small repository; older releases of them in "
        "FOLDER-before, where it exists, show what was written since",
    )
    sub.add_argument("--out", metavar="DIR", help="folder for the model files (default: they are written in place)")
    sub.add_argument(
        "--packages", type=int, default=60, help="packages to practise on for each model, at most (default 60)"
    )
    sub.add_argument(
        "--tuned",
        type=int,
        default=0,
        metavar="N",
        help="practise beside networks tuned on N of the older releases for each model, too, three minutes each (default 0)",
    )
    sub.add_argument("--seed", type=int, default=1, help="same seed, same practice (default 1)")
    sub.set_defaults(run=commands.mix)


def _add_report(subparsers: Commands) -> None:
    sub = subparsers.add_parser("report", help="a page of pictures: how a run went, or how several compare")
    sub.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run of `fit` or `tune`")
    sub.add_argument("--out", metavar="FILE.html", help="page to write (default: report.html in the first RUN)")
    sub.add_argument("--png", action="store_true", help="also write each picture as PNG, beside the page")
    sub.add_argument(
        "--bytes",
        type=int,
        default=200_000,
        metavar="N",
        help="held-out bytes to judge the model on (0 = none) (default 200000)",
    )
    sub.set_defaults(run=commands.report)


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
        kind, shown = type(field.default), "NAME" if isinstance(field.default, str) else "N"
        group.add_argument(flag, type=kind, default=argparse.SUPPRESS, help=text, metavar=shown)


def _refuse_strangers() -> None:
    """Another distribution that owns a package named `trainer` would mix its files with ours."""
    from importlib.metadata import packages_distributions

    owners = set(packages_distributions().get("trainer", [])) - {"tinycode-ls"}
    if owners:
        raise TrainingError(
            f"the package name `trainer` is also owned by {', '.join(sorted(owners))}; install tinycode-ls in a venv of its own"
        )
