"""Line figures of a model: whole lines asked for, and lines retyped, with the file's own text as the only index."""

import random
from difflib import SequenceMatcher

from tinycode_ls.completer import Completer
from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.model import Model
from tinycode_ls.suggestion import Request
from tinycode_ls.typist import Keys, retype

from .practice import Edit, Exercise
from .voice_quality import Files


def line_figures(model: Model, files: Files, count: int, seed: int = 1) -> dict[str, float]:
    """Exact matches and edit similarity (0..1) of `count` random lines, keystrokes saved, net, precision; nothing where there
    is no line to draw."""
    rng = random.Random(seed)
    drawn = [exercise for path, text in files for exercise in Edit.of(path, text, 20, rng).exercises(rng)]
    chosen = rng.sample(drawn, min(count, len(drawn)))
    if not chosen:
        return {}
    completer = Completer(lambda _: model)
    keys, exact, similar = Keys(), 0, 0.0
    for exercise in chosen:
        line = exercise.line.decode("utf-8", "replace")
        whole = _ask(completer, exercise, "", whole_lines=True)
        exact += whole.strip() == line.strip()
        similar += SequenceMatcher(None, whole.strip(), line.strip(), autojunk=False).ratio()
        keys += retype(line, lambda typed, exercise=exercise: _ask(completer, exercise, typed))  # type: ignore[misc]
    return {
        "line_exact_match": exact / len(chosen),
        "line_edit_similarity": similar / len(chosen),
        "keystrokes_saved": keys.saved,
        "keystrokes_saved_net": keys.net,
        "precision": keys.precision,
    }


def _ask(completer: Completer, exercise: Exercise, typed: str, whole_lines: bool = False) -> str:
    left, right = exercise.left.decode("utf-8", "replace"), exercise.right.decode("utf-8", "replace")
    found = completer.complete(Request(exercise.path, left + typed, "\n" + right, whole_lines), Deadline())
    return found[0].text if found else ""
