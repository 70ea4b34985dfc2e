"""Which model file serves a language, loaded when first needed and again when it changes on disk.

The order: the setting (or `--model`), the models of the open folder (`.tinycode/`), your own, the shipped ones. Those of a
folder serve its files, in the languages that their cards name, which are read without loading the rest. Does not know what
a model can do: `load` is given.
"""

import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import platformdirs

from .errors import ModelFileError
from .model.card import CARD_KEY, card_from_json
from .model.contents import metadata
from .model.file import read_model_file

Model = TypeVar("Model")
Signature = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size."""
log = logging.getLogger(__name__)

WORKSPACE_MODELS, WORKSPACE_MODEL = Path(".tinycode"), "model.onnx"
SHIPPED_MODELS = Path(__file__).parent / "assets"
FALLBACKS = ("code.onnx", "python.onnx")
"""Files tried, in a folder of models, for a language without a model of its own."""
SCRIPTS = "cmake docker gradle groovy make meson nim objectivec perl protobuf r shell solidity sql"
DOCUMENTS = "ini json markdown tex text toml yaml"
WEB = "astro css html svelte vue"
RELATIVES = {
    "typescript": "javascript",
    "cpp": "c",
    **dict.fromkeys(("cuda", "glsl", "hlsl", "metal"), "cpp"),
    **dict.fromkeys(("cython", "starlark"), "python"),
    "apex": "java",
    **dict.fromkeys(SCRIPTS.split(), "scripts"),
    **dict.fromkeys(DOCUMENTS.split(), "documents"),
    **dict.fromkeys(WEB.split(), "web"),
    "crystal": "ruby",
    **dict.fromkeys(("kotlin", "swift"), "mobile"),
}
"""Languages that the model of another one, or of several, was trained on too, or is close to."""
MOST_LOADED = 3
"""Models in memory at once, 5 MB each: a repository in many languages is no reason to keep them all."""
LOOK_EVERY_S = 1.0
"""How often, at most, the file system is asked whether a model changed; only when a completion is asked for."""


def user_models() -> Path:
    """The folder of your own models, one `<language>.onnx` for each."""
    return Path(platformdirs.user_data_path("tinycode-ls", appauthor=False)) / "models"


class Served(NamedTuple):
    """What a model is chosen for: a language in an open folder; None for a file that is in none of them."""

    language: str
    folder: Path | None = None


@dataclass(frozen=True)
class Choice:
    """A model file that exists, or that was asked for by name; `origin` says who chose it."""

    path: Path
    origin: str


def choices(
    language: str, setting: str, roots: Iterable[Path], user_folder: Path | None, shipped_folder: Path = SHIPPED_MODELS
) -> Iterator[Choice]:
    """The files for a language, best first; the ones after the first serve when it cannot be loaded."""
    if setting:
        yield Choice(Path(os.path.expanduser(setting)), "setting")  # noqa: PTH111  # which raises for ~nobody
    own = [f"{name}.onnx" for name in (language, RELATIVES.get(language)) if name]
    names = tuple(dict.fromkeys((*own, *FALLBACKS)))
    for path in (root / WORKSPACE_MODELS / name for root in roots for name in (*names, WORKSPACE_MODEL)):
        if (signature := signature_of(path)) and language in (languages_of_model(path, signature) or (language,)):
            yield Choice(path, "workspace")
    for folder, origin in ((user_folder, "yours"), (shipped_folder, "shipped")):
        if folder is not None:
            yield from (Choice(folder / name, origin) for name in names if signature_of(folder / name))


@lru_cache(maxsize=64)
def languages_of_model(path: Path, signature: Signature | None) -> tuple[str, ...]:
    """Those that a workspace's model serves, by its card, in the version of that signature; empty for all. A file that cannot
    be read is for all: the fault is told when it is loaded."""
    try:
        return card_from_json(metadata(read_model_file(path)).get(CARD_KEY, ""), str(path)).languages
    except (ModelFileError, ValueError):
        return ()


@dataclass
class _Loaded(Generic[Model]):
    """A file as it was when it was loaded; `model` is None, or an older one, when that version is broken."""

    signature: Signature | None
    model: Model | None


class ModelStore(Generic[Model]):
    """Guards that a file is loaded once per version, and that a broken version is reported once and never replaces a
    good one. Used from one thread, but for `in_use`."""

    def __init__(
        self,
        choices_for: Callable[[Served], Iterable[Choice]],
        load: Callable[[Path], Model],
        report: Callable[[str], None],
    ) -> None:
        self._choices_for, self._load, self._report = choices_for, load, report
        self._files: dict[Path, _Loaded[Model]] = {}
        self._current: dict[Served, tuple[float, Choice, Model]] = {}

    def get(self, served: Served) -> Model:
        """The model for it; raises ModelFileError when there is none that works."""
        looked, _, model = self._current.get(served, (float("-inf"), None, None))
        now = time.monotonic()
        if model is not None and now - looked < LOOK_EVERY_S:
            return model
        for choice in self._choices_for(served):
            found = self._version_on_disk(choice)
            if found is not None:
                self._current.pop(served, None)
                self._current[served] = (now, choice, found)
                self._forget_unused()
                return found
        if model is not None:
            return model
        raise ModelFileError(
            f"no model for {served.language or 'this file'} in {user_models()} or {SHIPPED_MODELS}; "
            "run `tinycode-train tune`, or name a model file in the setting `model`"
        )

    def in_use(self) -> dict[Served, tuple[Choice, Model]]:
        """What is served -> the file that serves it and its model."""
        return {served: (choice, model) for served, (_, choice, model) in dict(self._current).items()}

    def _version_on_disk(self, choice: Choice) -> Model | None:
        """The model in the file now; the last good one when it is broken; None when there never was one."""
        signature = signature_of(choice.path)
        loaded = self._files.get(choice.path)
        if loaded is None or loaded.signature != signature:
            loaded = _Loaded(signature, loaded.model if loaded else None)
            self._files[choice.path] = loaded
            try:
                loaded.model = self._load(choice.path)
                log.info("loaded %s (%s)", choice.path, choice.origin)
            except ModelFileError as error:
                self._report(str(error))
        return loaded.model

    def _forget_unused(self) -> None:
        """All but the latest models, and those that other files took the place of."""
        latest = dict.fromkeys(choice.path for _, choice, _ in reversed(self._current.values()))
        used = set(itertools.islice(latest, MOST_LOADED))
        self._current = {served: held for served, held in self._current.items() if held[1].path in used}
        for path in [path for path, file in self._files.items() if file.model is not None and path not in used]:
            del self._files[path]


def signature_of(path: Path) -> Signature | None:
    """Of the file as it is now; None where there is none that can be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
