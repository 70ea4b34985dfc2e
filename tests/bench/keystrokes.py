"""Keys saved on lines that later releases of packages added: what a change of mixer, search or choice is decided by.

Only packages that `tinycode-train mix` keeps back (every sixth, in the order of its seed), each with the workspace as the
older release was. A mixer that was made with other packages at hand may have been fitted on some of them. The benchmark's
repositories report, these decide.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinycode_ls.completer import Completer
from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.mixer import mixer_from_bytes
from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.suggestion import Request
from tinycode_ls.typist import Keys, retype
from trainer.mix import LEAST_FILES, Ground, Practice, practice_packages
from trainer.practice import Exercise

PACKAGES = 75
"""Of a language, one in six of them held out: as many as the mixer practises on."""
LEAST_LINE = 4
"""Characters; shorter lines are no work."""


@dataclass
class Indexed:
    """As much of a workspace as a completer needs: the index of an older release."""

    index: SuffixIndex

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """None: nobody asks here where a suggestion came from."""
        return iter(())


def main() -> None:
    """One line a language: KSR, net, shown, precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "packages", type=Path, help="folder of unpacked packages by language, as `corpus fetch` leaves it"
    )
    parser.add_argument("languages", nargs="*", default=["python", "javascript", "go", "rust", "c", "java"])
    parser.add_argument("--models", type=Path, default=Path(__file__).parents[2] / "tinycode_ls" / "assets")
    parser.add_argument("--mixer", type=Path, help="instead of the models' own")
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--precision", type=float, default=0.5)
    order = parser.parse_args()
    for language in order.languages:
        if not (order.packages / language).is_dir():
            parser.error(f"{order.packages / language}: no such folder; `tinycode-train corpus fetch --cache` makes it")
        ground = Ground(order.models / f"{language}.onnx", order.packages / language)
        model = load_model(ground.model)
        if order.mixer:
            model.mixer = mixer_from_bytes(order.mixer.read_bytes())
        lines = drawn(ground, model, order.lines)
        keys = sum((typed(exercise, model, index, order.precision) for exercise, index in lines), Keys())
        print(
            f"{language:11s} KSR {100 * keys.saved:.1f}  net {100 * keys.net:.1f}  right of shown {keys.precision:.3f}  "
            f"shown/100 {100 * keys.shown / keys.characters:.1f}  {keys.characters} characters",
            flush=True,
        )


def drawn(ground: Ground, model: Model, most: int) -> list[tuple[Exercise, SuffixIndex]]:
    """Up to `most` lines, of each package held out about as many, each with the index of the older release."""
    packages = practice_packages(ground, model.card.languages, Practice(PACKAGES))
    projects = [project for _, kept_back, (project, *_) in packages if kept_back]
    if not projects:
        raise SystemExit(f"{ground.packages}: no package with {LEAST_FILES} source files to practise on")
    share, found = -(-most // len(projects)), list[tuple[Exercise, SuffixIndex]]()
    for project in projects:
        lines = [one for _, _, exercises in project.files for one in exercises if len(one.line.strip()) >= LEAST_LINE]
        chosen = random.Random(project.name).sample(lines, min(share, len(lines)))
        found += [(one, project.workspace) for one in chosen]
    return found[:most]


def typed(exercise: Exercise, model: Model, index: SuffixIndex, precision: float) -> Keys:
    """One line, key by key."""
    completer = Completer(lambda _: model, Indexed(index))  # type: ignore[arg-type]
    line = exercise.line.decode("utf-8", "replace")
    left, right = exercise.left.decode("utf-8", "replace"), exercise.right.decode("utf-8", "replace")

    def ask(so_far: str) -> str:
        found = completer.complete(Request(exercise.path, left + so_far, "\n" + right, precision=precision), Deadline())
        return found[0].text if found else ""

    return retype(line, ask)


if __name__ == "__main__":
    main()
