"""Completions where text stands after the cursor on its line: closers that an editor made, and a line that lacks some tokens.

On lines that later releases of packages added, as in keystrokes.py. The benchmark asks at the end of a line only. Right: what
is missing begins with the suggestion, and no bracket or quote is then closed twice.
"""

import argparse
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from keystrokes import Indexed, drawn

from tinycode_ls.characters import in_word
from tinycode_ls.completer import Completer
from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.fitting import CLOSERS, OPENERS, QUOTES
from tinycode_ls.index.suffixes import SuffixIndex
from tinycode_ls.suggestion import Request
from trainer.mix import Ground
from trainer.practice import Exercise

MOST_MISSING = 4
"""Tokens taken out of a line."""
LEAST_TOKENS, LEAST_WORD = 3, 3


def main() -> None:
    """One line for each language and kind of place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path, help="folder of unpacked packages by language")
    parser.add_argument("--languages", nargs="*", default=["python", "javascript", "go", "rust", "c", "java"])
    parser.add_argument("--models", type=Path, default=Path(__file__).parents[2] / "tinycode_ls" / "assets")
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--asked", action="store_true", help="the user asked: right is all that is missing")
    parser.add_argument(
        "--show", action="store_true", help="print each suggestion: cursor |, suggestion in «», then what was missing"
    )
    order = parser.parse_args()
    total: Counter[tuple[str, str]] = Counter()
    for language in order.languages:
        ground = Ground(order.models / f"{language}.onnx", order.packages / language)
        model = load_model(ground.model)
        rng = random.Random(language)
        for exercise, index in drawn(ground, model, order.lines):
            for place in places(exercise.line.decode("utf-8", "replace"), rng):
                text = answer(model, exercise, index, place, order.asked)
                outcome = "silent" if not text else "right" if place.fits(text, order.asked) else "wrong"
                total.update({(place.kind, "asked"): 1, (place.kind, outcome): 1})
                total[place.kind, "characters"] += len(text) * (outcome == "right")
                if order.show and text:
                    print(
                        f"{place.kind:8s} {outcome:6s} {place.left[-50:]}|«{text}»{place.rest[:30]}   {place.missing!r}"
                    )
    for kind in dict.fromkeys(kind for kind, _ in total):
        shown = total[kind, "right"] + total[kind, "wrong"]
        print(
            f"{kind:8s} asked {total[kind, 'asked']:5d}  shown {shown:5d}  right {total[kind, 'right']:5d}  "
            f"{total[kind, 'right'] / max(1, shown):.3f} of shown, {total[kind, 'characters']} characters"
        )


def answer(model: Model, exercise: Exercise, index: SuffixIndex, place: "Place", asked: bool) -> str:
    """The first suggestion's first line, for the exercise's line as it is at that place."""
    completer = Completer(lambda _: model, Indexed(index))  # type: ignore[arg-type]
    left = exercise.left.decode("utf-8", "replace") + place.left
    right = place.rest + "\n" + exercise.right.decode("utf-8", "replace")
    found = completer.complete(Request(exercise.path, left, right, asked), Deadline())
    return found[0].text.split("\n", 1)[0] if found else ""


@dataclass(frozen=True)
class Place:
    """In a line: `left` and `rest` stand there, `missing` between them does not."""

    kind: str
    left: str
    missing: str
    rest: str

    def fits(self, text: str, asked: bool) -> bool:
        """Whether it is a beginning of what is missing (all of it, where it was asked for), and nothing is closed twice."""
        if asked:
            return text == self.missing or (self.kind == "closed" and self.missing.startswith(text + self.rest))
        open_still = closers(self.left + text)
        twice = set(self.rest) <= CLOSERS and open_still != self.rest and len(open_still) < len(self.rest)
        return self.missing.startswith(text) and not twice


def places(line: str, rng: random.Random) -> list[Place]:
    """Some of each kind: `closed` by an editor, tokens missing (before a `word` or anything `else`), nothing missing: between
    tokens (`whole`) and `inside` one."""
    tokens = [match.span() for match in re.finditer(r"\w+|[^\w\s]+", line)]
    found = []
    if open_at := [at for at in range(1, len(line)) if line[:at].strip() and closers(line[:at])]:
        at = rng.choice(open_at)
        found.append(Place("closed", line[:at], line[at:].rstrip(), closers(line[:at])))
    if len(tokens) >= LEAST_TOKENS:
        first = rng.randrange(len(tokens) - 1)
        last = min(len(tokens) - 1, first + rng.randint(1, MOST_MISSING))
        begin, end = tokens[first][0], tokens[last][0]
        begin = min(begin + rng.choice((0, 0, 1, 2)), end)
        if missing := line[begin:end]:
            found.append(Place("word" if in_word(line[end]) else "else", line[:begin], missing, line[end:]))
        begin, end = rng.choice(tokens)
        at = end if line[end:].strip() else begin
        found.append(Place("whole", line[:at], "", line[at:]))
        if end - begin >= LEAST_WORD:
            at = rng.randrange(begin + 1, end)
            found.append(Place("inside", line[:at], "", line[at:]))
    return found


def closers(text: str) -> str:
    """What an editor has closed behind the cursor: every bracket and quote of the line still open."""
    still_open: list[str] = []
    quote = ""
    for before, character in zip("\0" + text, text, strict=False):
        if quote:
            quote = "" if character == quote and before != "\\" else quote
        elif character in QUOTES and not in_word(before):
            quote = character
        elif character in OPENERS.values():
            still_open.append(character)
        elif still_open and OPENERS.get(character) == still_open[-1]:
            still_open.pop()
    closing = {opener: closer for closer, opener in OPENERS.items()}
    return quote + "".join(closing[opener] for opener in reversed(still_open))


if __name__ == "__main__":
    main()
