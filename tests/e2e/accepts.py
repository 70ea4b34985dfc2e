"""Fifty accepts: six languages, eight places in a file; each types a word that the repository, or the fake server, knows
how to go on."""

from dataclasses import dataclass
from pathlib import Path

WORD, REST = "frobnicat", "e_the_quux(alpha, beta)"
BLOCK_WORD, BLOCK_REST = "greet_all", "_the_people(name):\n    return name"


@dataclass(frozen=True)
class Accept:
    """`before` and `after` the cursor are in the file; `word` is typed, `rest` accepted; `rest` has `\\n` line ends."""

    name: str
    before: str
    after: str
    word: str = WORD
    rest: str = REST

    @property
    def content(self) -> bytes:
        """The file as it is opened."""
        return (self.before + self.after).encode()

    @property
    def wanted(self) -> bytes:
        """The file as it has to end when `rest` was accepted."""
        return self.with_text(self.rest)

    def with_text(self, shown: str) -> bytes:
        """The file as it has to end when `shown` was accepted."""
        rest = shown.replace("\n", "\r\n" if "\r\n" in self.before + self.after else "\n")
        return (self.before + self.word + rest + self.after).encode()

    @property
    def line(self) -> int:
        """Of the cursor, from 0."""
        return self.before.count("\n")

    @property
    def column(self) -> int:
        """Of the cursor, in characters, from 0."""
        return len(self.before) - self.before.rfind("\n") - 1


LANGUAGES = {  # extension: (start of a statement, its end, start of a comment)
    "py": ("value = ", "", "#"),
    "js": ("const value = ", ";", "//"),
    "go": ("value := ", "", "//"),
    "rs": ("let value = ", ";", "//"),
    "c": ("int value = ", ";", "//"),
    "java": ("int value = ", ";", "//"),
}


def cases() -> list[Accept]:
    """All fifty."""
    made = []
    for extension, (start, end, comment) in LANGUAGES.items():
        first = f"{comment} first\n"
        places = {
            "end": (first + start, "\n"),
            "middle": (f"{first}{start}[", f", 1]{end}\n"),
            "bracket": (f"{first}print(", f"){end}\nlast\n"),
            "quote": (f'{first}print("', f'"){end}\n'),
            "crlf": (f"{comment} first\r\n{start}", f"{end}\r\nlast\r\n"),
            "tabs": (f"{first}\t\t{start}", f"{end}\n\tlast\n"),
            "emoji": (f"{first}{start}'😋é中' + ", f" + '😋'{end}\n"),
            "formfeed": (f"{comment}\x0c first\u2028\n{start}", f"{end}\x0c\nlast\n"),
        }
        made += [Accept(f"{place}.{extension}", *around) for place, around in places.items()]
    made.append(Accept("block.py", "# first\ndef ", "\nlast = 1\n", BLOCK_WORD, BLOCK_REST))
    made.append(Accept("blockcrlf.py", "# first\r\ndef ", "\r\nlast = 1\r\n", BLOCK_WORD, BLOCK_REST))
    return made


def teach(folder: Path) -> None:
    """Files from which a real server knows the words."""
    for extension, (start, end, _) in LANGUAGES.items():
        line = f"{start}{WORD}{REST}{end}\n"
        (folder / f"known.{extension}").write_text(f"{line}print({WORD}{REST}){end}\n" * 3)
    (folder / "greet.py").write_text(f"def {BLOCK_WORD}{BLOCK_REST}\n\n\n" * 3)
