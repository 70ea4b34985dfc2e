"""Replay: the lines that the last commits of a repository added, typed again with each voice, commit after commit.

Everything runs in this process with the server's own completer, settings, choice of files and of models; the time that the
language server protocol adds (about a millisecond) is not in it. There is no time limit, so that the same seed gives the
same figures (but for the milliseconds) on every machine.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..completer import Completer
from ..configuration import Configuration
from ..deadline import Deadline
from ..engine.model import Model, load_model
from ..errors import ModelFileError
from ..languages import language_of
from ..model_choice import WORKSPACE_MODELS, Choice, ModelStore, Served, choices, user_models
from ..quiet import why_quiet
from ..settings import Settings
from ..suggestion import Request
from ..typist import retype
from .calibration import Shown
from .dial import DIAL, advise
from .figures import Retyped, figures
from .history import Added, Line, Situations, added_lines, draw
from .past import PastWorkspace
from .report import Report
from .repository import Repository
from .voices import INDEX, MIXTURE, completers

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Order:
    """What to replay: `lines` of those that the last `commits` added. `try_settings`: of `precision`, all of DIAL."""

    folder: Path
    commits: int = 50
    lines: int = 100
    seed: int = 1
    model: str = ""
    try_settings: bool = False


def replay(order: Order, progress: Progress) -> Report:
    """Raises HistoryError or ModelFileError. `progress(done, of, what)` is told."""
    with Repository(order.folder) as repository:
        notes: list[str] = []
        settings = _settings(order, repository.folder, notes)
        commits = repository.commits(order.commits)
        ticks = iter(range(1, len(commits) + 1))
        found = added_lines(repository, commits, lambda: progress(next(ticks), len(commits), "commits read"))
        chosen = draw(found, order.lines, order.seed)
        notes += _notes_on_history(repository, commits, order)
        session = _Session(repository, settings, order, notes)
        for number, added in enumerate(chosen):
            progress(number, len(chosen), "lines retyped")
            session.retype(added)
        progress(len(chosen), len(chosen), "lines retyped")
        return session.report(len(commits), len({(added.commit, added.change.path) for added in chosen}))


@dataclass
class _Session:
    """The completers, the workspace they share, and what they gave so far."""

    repository: Repository
    settings: Settings
    order: Order
    notes: list[str]
    runs: dict[str, list[Retyped]] = field(default_factory=dict)
    dial: dict[float, list[Retyped]] = field(default_factory=dict)
    silenced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._store: ModelStore[Model] = ModelStore(self._choices, load_model, self._on_bad_model)
        self._past = PastWorkspace(self.repository, self.settings.index_budget_mb)
        workspace = self._past if self.settings.index else None
        self._completers = completers(lambda request: self._model_for(request.path), workspace)
        self._situations = Situations(self.repository)

    def retype(self, added: Added) -> None:
        """One line, with every voice, in the repository as it was before the line's commit."""
        line = self._situations.of(added)
        if reason := why_quiet(self.settings, line.path, "", line.left, line.right):
            self.silenced.append(reason)
        model = self._model_for(line.path)
        if self.settings.index:
            self._past.go_to(f"{added.commit}^", line.path)
        for voice, completer in self._completers.items():
            if voice != INDEX or model.mixer is not None:
                self.runs.setdefault(voice, []).append(retype_line(line, completer, self.settings))
        if self.order.try_settings:
            self._try_settings(line)

    def _try_settings(self, line: Line) -> None:
        now, completer = self.settings.precision, self._completers[MIXTURE]
        for setting in sorted({*DIAL, now}):
            tried = replace(self.settings, precision=setting)
            done = self.runs[MIXTURE][-1] if setting == now else retype_line(line, completer, tried)
            self.dial.setdefault(setting, []).append(done)

    def report(self, commits: int, files: int) -> Report:
        """Everything added up."""
        order, settings = self.order, self.settings
        if self.silenced:
            many, first = len(self.silenced), self.silenced[0]
            self.notes.append(f"{many} lines are where the settings want no suggestions; the first: {first}")
        if len({line.commit for line in self.runs[MIXTURE]}) == 1:
            self.notes.append("all lines are of one commit, so how far chance may have moved them (+-) is not known")
        if INDEX not in self.runs:
            self.notes.append("the model has no mixer: the mixture is the network alone, and no index speaks")
        return Report(
            repository=str(self.repository.folder),
            commits=commits,
            files=files,
            lines=len(self.runs[MIXTURE]),
            seed=order.seed,
            precision=settings.precision,
            index_budget_mb=settings.index_budget_mb if settings.index else 0.0,
            models=self._models_in_use(),
            notes=tuple(self.notes),
            voices={voice: figures(lines, order.seed) for voice, lines in self.runs.items()},
            advice=advise(self.dial, settings.precision, order.seed) if self.dial else None,
        )

    def _models_in_use(self) -> dict[str, str]:
        return {
            served.language or "other files": f"{choice.path} ({choice.origin})"
            for served, (choice, _) in self._store.in_use().items()
        }

    def _model_for(self, path: str) -> Model:
        return self._store.get(Served(language_of(path)))

    def _on_bad_model(self, problem: str) -> None:
        """A model that was asked for must work; of the others, the next one serves."""
        if self.settings.model:
            raise ModelFileError(problem)
        self.notes.append(problem)

    def _choices(self, served: Served) -> list[Choice]:
        """As the server's, without the workspace's model: it was tuned on the very lines that are to be retyped."""
        return list(choices(served.language, self.settings.model, (), user_models()))


def retype_line(line: Line, completer: Completer, settings: Settings) -> Retyped:
    """One line with one completer."""
    shown: list[Shown] = []
    times: list[float] = []

    def ask(typed: str) -> str:
        left = line.left + typed
        if why_quiet(settings, line.path, "", left, line.right):
            return ""
        begin = time.perf_counter()
        found = completer.complete(Request(line.path, left, line.right, precision=settings.precision), Deadline())
        times.append((time.perf_counter() - begin) * 1e3)
        if not found:
            return ""
        text = found[0].text.split("\n", 1)[0]
        shown.append(Shown(found[0].probability, line.text.startswith(text, len(typed))))
        return text

    keys = retype(line.text, ask)
    return Retyped(line.commit, keys, tuple(shown), tuple(times))


def _settings(order: Order, folder: Path, notes: list[str]) -> Settings:
    configuration = Configuration({"model": order.model} if order.model else {})
    configuration.roots = (folder,)
    notes += configuration.resolve()
    if not configuration.settings.model:
        notes += [
            f"{model} is passed over: it may have read the lines it would complete; --model uses it all the same"
            for model in sorted((folder / WORKSPACE_MODELS).glob("*.onnx"))
        ]
    return configuration.settings


def _notes_on_history(repository: Repository, commits: list[str], order: Order) -> list[str]:
    notes = []
    merges = repository.merges_since(commits[-1])
    if merges:
        notes.append(f"{merges} merge commits are skipped: what they bring stands in the commits they merge")
    if len(commits) < order.commits:
        why = "a shallow clone (`git fetch --unshallow` brings more)" if repository.is_shallow else "all there are"
        notes.append(f"{len(commits)} commits with a parent, {why}")
    return notes
