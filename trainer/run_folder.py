"""Where a run is kept unless --run says so, and what is left of one that was stopped."""

from pathlib import Path

from tinycode_ls.model_choice import WORKSPACE_MODELS


def run_beside(out: Path) -> Path:
    """`my.run` for `my.onnx`."""
    return out.with_name(f"{out.name.removesuffix('.onnx')}.run")


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
    if not (folder / "last.pt").is_file():
        return "stopped, before there was anything to save"
    return f"stopped, the run is saved; go on with: tinycode-train {command} --resume {folder}"
