"""What is part of a word (an identifier or a number), of text and of its bytes. Everybody who cuts text asks here."""

LINE_END = 10
DOCUMENT_END = 0
"""Ends a document where several stand one after another; no source holds it."""


def in_word(character: str) -> bool:
    """Whether it is part of an identifier or number."""
    return character.isalnum() or character == "_"


def printable(text: str) -> str:
    """What came from elsewhere, for a person: a terminal obeys some characters, and half of a pair cannot be written."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


IN_WORD = tuple(byte >= 128 or in_word(chr(byte)) for byte in range(256))
"""By byte; every byte of a character of several counts as one of a word."""
