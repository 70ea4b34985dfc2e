"""Between LSP's types and ours. No decisions: each function builds one thing from another."""

from typing import Any

from lsprotocol import types as lsp

from .characters import in_word
from .documents import Cursor
from .session import Answer, Ask
from .suggestion import Explanation, Suggestion
from .text import Position, Span, units

SORT_LAST = "~~~"
"""Sorts after letters, digits and underscores: other servers' rows come first."""
LABEL_LENGTH = 60


def position(value: lsp.Position) -> Position:
    """LSP -> ours."""
    return Position(value.line, value.character)


def span(value: lsp.Range | None) -> Span | None:
    """LSP -> ours."""
    return None if value is None else Span(position(value.start), position(value.end))


def changes(params: lsp.DidChangeTextDocumentParams) -> list[tuple[Span | None, str]]:
    """(what is replaced, None for everything; by what), in order."""
    return [(span(getattr(change, "range", None)), change.text) for change in params.content_changes]


def inline_ask(params: lsp.InlineCompletionParams) -> Ask:
    """A question for ghost text."""
    selected = params.context.selected_completion_info
    return Ask(
        params.text_document.uri,
        position(params.position),
        invoked=params.context.trigger_kind == lsp.InlineCompletionTriggerKind.Invoked,
        selected=(Span(position(selected.range.start), position(selected.range.end)), selected.text)
        if selected
        else None,
    )


def list_ask(params: lsp.CompletionParams) -> Ask:
    """A question for rows of the menu."""
    return Ask(params.text_document.uri, position(params.position), listed=True)


def inline_list(answer: Answer) -> lsp.InlineCompletionList:
    """Ghost text: an empty range at the cursor and the text to insert there.

    VS Code does not show an item without a range, Neovim draws one with a longer range over the rest of the line. Never
    null: Neovim then keeps the old ghost text.
    """
    return lsp.InlineCompletionList([_inline_item(answer, suggestion) for _, suggestion in answer.suggestions])


def _inline_item(answer: Answer, suggestion: Suggestion) -> lsp.InlineCompletionItem:
    cursor = answer.cursor
    assert cursor is not None, "an answer with suggestions has a cursor"
    text = suggestion.text.replace("\n", cursor.line_end)
    if answer.ask.selected:
        replaced, row = answer.ask.selected
        return lsp.InlineCompletionItem(insert_text=row + text, range=_range(replaced.start, replaced.end))
    return lsp.InlineCompletionItem(insert_text=text, range=_range(cursor.position, cursor.position))


def completion_list(answer: Answer, encoding: str, labels_have_details: bool) -> lsp.CompletionList:
    """Rows of the menu. Incomplete: what fits changes with every key."""
    items = [
        _row(answer.cursor, number, suggestion, place, encoding, labels_have_details)
        for place, (number, suggestion) in enumerate(answer.suggestions)
        if answer.cursor
    ]
    return lsp.CompletionList(is_incomplete=True, items=items)


def _row(
    cursor: Cursor, number: int, suggestion: Suggestion, place: int, encoding: str, labels_have_details: bool
) -> lsp.CompletionItem:
    """The typed start of the word is part of the row, since editors filter rows by it."""
    word = word_before(cursor.left)
    text = word + suggestion.text
    start = Position(cursor.position.line, cursor.position.character - units(word, encoding))
    label = text.strip()
    source = f"tinycode {100 * suggestion.probability:.0f} %"
    return lsp.CompletionItem(
        label=label if len(label) <= LABEL_LENGTH else label[: LABEL_LENGTH - 1] + "…",
        label_details=lsp.CompletionItemLabelDetails(description=source) if labels_have_details else None,
        detail=None if labels_have_details else source,
        kind=lsp.CompletionItemKind.Variable if text.isidentifier() else lsp.CompletionItemKind.Text,
        sort_text=f"{SORT_LAST}{place}",
        filter_text=text,
        text_edit=lsp.TextEdit(range=_range(start, cursor.position), new_text=text),
        data={"tinycode": number},
    )


def word_before(left: str) -> str:
    """The identifier that ends at the cursor."""
    start = len(left)
    while start and in_word(left[start - 1]):
        start -= 1
    return left[start:]


def number_of(item: lsp.CompletionItem) -> int | None:
    """Under which number a row's suggestion can be explained."""
    data = item.data
    number = data.get("tinycode") if isinstance(data, dict) else getattr(data, "tinycode", None)
    return number if isinstance(number, int) else None


def explanation(value: Explanation | None) -> dict[str, Any] | None:
    """For the client of `tinycode.explain`; URIs to jump to, lines from 1."""
    if value is None:
        return None
    uris = iter(value.uris)
    sources = [
        {"share": source.share, "line": source.line, "path": source.path, "uri": next(uris)}
        if source.path
        else {"share": source.share}
        for source in value.sources
    ]
    suggestion = value.suggestion
    return {
        "summary": value.summary,
        "text": suggestion.text,
        "probability": suggestion.probability,
        "sources": sources,
    }


def _range(start: Position, end: Position) -> lsp.Range:
    return lsp.Range(lsp.Position(*start), lsp.Position(*end))
