"""Fifty accepts: six languages, eight places in a file; each types a word that the fake server knows how to go on."""

from dataclasses import dataclass

WORD, REST = "frobnicat", "e_the_quux(alpha, beta)"
BLOCK_WORD, BLOCK_REST = "gre", "et(name):\n    return name"


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
        """The file as it has to end."""
        rest = self.rest.replace("\n", "\r\n" if "\r\n" in self.before + self.after else "\n")
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
