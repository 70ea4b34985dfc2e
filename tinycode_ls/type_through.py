"""Typing what is suggested keeps the suggestion: the rest of it is answered from memory, without a flicker."""

from dataclasses import dataclass, replace

from .suggestion import Request, Suggestion


@dataclass(frozen=True)
class Shown:
    """A suggestion that may be on somebody's screen, and the request it answered."""

    request: Request
    suggestion: Suggestion

    def is_accepted_in(self, request: Request) -> bool:
        """Whether `request` is for the place behind the whole suggestion."""
        before, text = self.request.left, self.suggestion.text
        return _same_document(self.request, request) and request.left == before + text


def rest_of(shown: Shown, request: Request) -> Suggestion | None:
    """What is left of a shown suggestion after its beginning was typed; None when anything else happened.

    The probability stays that of the whole: what is left can only be likelier.
    """
    if not _same_document(shown.request, request) or shown.request.right != request.right:
        return None
    before, text = shown.request.left, shown.suggestion.text
    typed = len(request.left) - len(before)
    if not 0 <= typed < len(text) or not request.left.startswith(before):
        return None
    if not request.left.endswith(text[:typed]):
        return None
    return replace(shown.suggestion, text=text[typed:], context=shown.suggestion.context + text[:typed])


def _same_document(one: Request, other: Request) -> bool:
    """In the same language, too, which the path tells: an editor's change of language opens the document anew."""
    return (one.document, one.path) == (other.document, other.path)
