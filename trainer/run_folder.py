"""Where a run is kept unless --run says so, and what is left of a run that was stopped."""

from pathlib import Path

from tinycode_ls.atomic import write_atomic
from tinycode_ls.errors import TrainingError, reason_of
from tinycode_ls.model_choice import WORKSPACE_MODELS

from .leader import leads


def run_beside(out: Path) -> Path:
    """`my.run` for `my.onnx`."""
    return out.parent / f"{out.name.removesuffix('.onnx')}.run"


def tuning_folder(out: Path, name: str) -> Path:
    """Of a run that tunes the model `name`: among the repository's models, or beside a file elsewhere."""
    return out.parent / ("run" if name == "model" else f"run-{name}") if serves_by_itself(out) else run_beside(out)


def serves_by_itself(out: Path) -> bool:
    """Whether a model file is where the server looks for a repository's own."""
    return out.parent.name == WORKSPACE_MODELS.name


def stopped(command: str, folder: Path | None) -> str:
    """What is left of a run that Ctrl-C ended, in `folder`; of other commands nothing is."""
    if folder is None:
        return "stopped"
    finished_before = (folder / "model.onnx").exists()
    if finished_before or not (folder / "last.pt").is_file():
        return "stopped, before there was anything to save"
    return f"stopped, the run is saved; go on with: tinycode-train {command} --resume {folder}"


def refuse_unfinished(folder: Path, command: str) -> None:
    """Raises TrainingError where a run stopped half way: hours of work are not thrown away unasked."""
    if leads() and (folder / "last.pt").exists() and not (folder / "model.onnx").exists():
        raise TrainingError(
            f"{folder}: holds a run that was not finished; go on with `tinycode-train {command} --resume {folder}`, choose "
            "another folder with --run, or remove this one"
        )


def drop_old_run(folder: Path) -> None:
    """What another run left in the same folder."""
    for name in ("last.pt", "best.pt", "metrics.jsonl", "model.onnx"):
        (folder / name).unlink(missing_ok=True)


def make_private(folder: Path) -> None:
    """A run's folder holds the text that it read: hidden from git, for its owner alone. A folder of the user's stays as it is.
    Raises TrainingError where it cannot be made."""
    try:
        ours = not folder.exists() or (folder / "run.json").exists()
        folder.mkdir(parents=True, exist_ok=True)
        if ours:
            folder.chmod(0o700)
            protect(folder)
    except OSError as error:
        reason = reason_of(error)
        raise TrainingError(f"{folder}: cannot be used ({reason}); choose another with --run") from error


def protect(folder: Path) -> None:
    """What was made of private code is private: the folder is hidden from git."""
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_atomic(ignore, b"# Made of this repository by `tinycode-train tune`: keep it on this machine.\n*\n")
