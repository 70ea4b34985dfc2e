"""The completer: text in, ranked suggestions out, and where they came from."""

import weakref
from pathlib import Path

import pytest
import torch

from tinycode_ls.completer import COPY_PROBABILITY, Completer
from tinycode_ls.deadline import Deadline
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import Model, open_model
from tinycode_ls.index.workspace import Workspace
from tinycode_ls.model.card import ModelCard
from tinycode_ls.suggestion import Request
from trainer.export import model_bytes, to_arrays
from trainer.mixer import MixerNetwork
from trainer.network import Network


@pytest.fixture(scope="module")
def model(tiny_network: Network) -> Model:
    """An untrained network with a mixer that trusts every count."""
    torch.manual_seed(0)
    mixer = MixerNetwork()
    torch.nn.init.constant_(mixer.out.bias, 0.5)
    content = model_bytes(
        to_arrays(tiny_network.state_dict()), ModelCard(tiny_network.spec), mixer_to_bytes(mixer.to_mixer())
    )
    return open_model(content, "test")


def ask(completer: Completer, left: str, right: str = "", **more) -> list:
    """Whole lines unless told otherwise."""
    return completer.complete(Request("a.py", left, right, **{"whole_lines": True, **more}), Deadline())


ABOVE = "total_amount = compute_total(items)\nprint(total_amount)\n" * 3


def test_a_line_of_the_document_is_completed_and_explained(model: Model) -> None:
    """Copied from the last place, with its line number."""
    completer = Completer(lambda _: model)
    best = ask(completer, ABOVE + "total_amount = comp")[0]
    assert best.text == "ute_total(items)"
    sources = completer.explain(best)
    assert sources[0].path == "a.py" and sources[0].line == 5
    assert sum(source.share for source in sources) == pytest.approx(1)


def test_an_explanation_after_acceptance_is_not_the_accepted_line(model: Model) -> None:
    """Nor is a copy of what stands below the cursor the model's own."""
    completer = Completer(lambda _: model)
    best = ask(completer, ABOVE + "total_amount = comp", uri="file:///a.py")[0]
    ask(completer, ABOVE + "total_amount = compute_total(items)\nx", uri="file:///a.py")
    assert completer.explain(best)[0].line == 5
    best = ask(completer, "x = 1\ntotal_amount = comp", f"\n\nx = 2\n{ABOVE}", uri="file:///b.py")[0]
    assert (best.text, completer.explain(best)[0].line) == ("ute_total(items)", 9)


def test_the_line_below_is_not_said_again(model: Model) -> None:
    """On a new line above it, where nothing else is likelier; a short one may stand twice."""
    completer = Completer(lambda _: model)
    texts = [found.text for found in ask(completer, ABOVE, "\n" + ABOVE, count=3)]
    assert "total_amount = compute_total(items)" not in texts
    ends = "if a:\n    b()\nend\n"
    assert "end" in [found.text.strip() for found in ask(completer, ends * 4 + "if a:\n    b()\n", "\nend\n", count=3)]


def test_an_explanation_counts_lines_from_the_start_of_a_long_document(model: Model) -> None:
    """Of which only the end is looked at; and of the one that was asked about, not of another of the same name."""
    completer = Completer(lambda _: model)
    best = ask(completer, "# of no matter\n" * 6000 + ABOVE + "total_amount = comp", uri="file:///a/a.py")[0]
    ask(completer, "x = 1\n", uri="file:///b/a.py")
    found = completer.explain(best)[0]
    assert (best.text, found.path, found.line) == ("ute_total(items)", "file:///a/a.py", 6005)


def test_a_name_of_another_file_is_completed_and_gone_when_the_file_is(model: Model, tmp_path: Path) -> None:
    """The workspace counts from the moment it is indexed."""
    other = tmp_path / "other.py"
    other.write_text("class FrobnicationManager:\n    pass\n" * 3)
    workspace = Workspace([tmp_path])
    workspace.build()
    completer = Completer(lambda _: model, workspace)
    best = ask(completer, "x = 1\nclass Frobn")[0]
    assert best.text.startswith("icationManager")
    assert completer.explain(best)[0].path == str(other)
    other.unlink()
    workspace.refresh()
    assert not any(found.text.startswith("icationManager") for found in ask(completer, "x = 1\nclass Frobn"))


def test_the_same_question_twice_has_the_same_answer(model: Model) -> None:
    """Warm or cold."""
    left = ABOVE + "total_"
    warm = Completer(lambda _: model)
    ask(warm, ABOVE + "t")
    assert [s.text for s in ask(warm, left, count=3)] == [
        s.text for s in ask(Completer(lambda _: model), left, count=3)
    ]


def test_a_line_that_followed_elsewhere_is_among_the_answers(model: Model) -> None:
    """Whatever the search had no time for; not where the cursor stands before the rest of a line."""
    deadline, left = Deadline(), ABOVE + "total_amount = comp"
    deadline.cancel()
    asked = [Request("a.py", left, right, whole_lines=True, count=3) for right in ("", "xyz\n")]
    found, before_rest = (Completer(lambda _: model).complete(request, deadline) for request in asked)
    assert ("ute_total(items)", COPY_PROBABILITY) in [(one.text, one.probability) for one in found]
    assert COPY_PROBABILITY not in [one.probability for one in before_rest]


def test_no_trailing_blanks_and_nothing_that_stands_there_already(model: Model) -> None:
    """The rest of the line is not offered again."""
    for found in ask(Completer(lambda _: model), ABOVE + "print(", "total_amount)\n", count=6):
        assert found.text == found.text.rstrip() and found.text.strip() != "total_amount)"


def test_what_stands_after_the_cursor_tells_what_is_missing(model: Model) -> None:
    """Not what is likeliest there, but what the rest of the line goes on from; and nothing where nothing is missing."""
    above = "".join(f"send(first, second, {word})\n" for word in ("one", "two", "six") * 3)
    completer = Completer(lambda _: model)
    assert ask(completer, above + "send(first", "")[0].text.startswith(", second, ")
    assert ask(completer, above + "send(first", ", one)\n")[0].text == ", second"
    typing = {"whole_lines": False}
    assert ask(completer, above + "send(fi", ", one)\n", **typing)[0].text == "rst, second"
    assert not ask(completer, above + "send(first", ", second, one)\n", **typing)
    assert not ask(completer, above + "send(f", "irst, second, one)\n", **typing)


def test_an_empty_buffer_without_a_name_is_answered(model: Model) -> None:
    """Nothing before, nothing after, no path."""
    completer = Completer(lambda _: model)
    assert isinstance(completer.complete(Request("", "", ""), Deadline()), list)


def test_odd_text_is_survived(model: Model) -> None:
    """A lone surrogate, emoji, form feeds, a long line."""
    for left in ("x = '\ud800", "# 😋\x0c\n", "x" * 100_000, "\n" * 5000):
        for found in ask(Completer(lambda _: model), left, "\ud800"):
            found.text.encode("utf-8")


def test_documents_do_not_hold_on_to_models_that_are_used_no_more(tiny_network: Network) -> None:
    """Three languages ago is forgotten."""
    content = model_bytes(to_arrays(tiny_network.state_dict()), ModelCard(tiny_network.spec), None)
    models = {name: open_model(content, name) for name in ("a.py", "b.go", "c.rs", "d.c")}
    used = {name: weakref.ref(model) for name, model in models.items()}
    completer = Completer(lambda request: models[request.path])
    for name in used:
        completer.complete(Request(name, "x = ", ""), Deadline())
        del models[name]
    assert [name for name, model in used.items() if model() is not None] == ["b.go", "c.rs", "d.c"]


def test_nothing_is_kept_of_a_closed_document(tiny_network: Network) -> None:
    """Nor of the question that was the last one."""
    held = open_model(model_bytes(to_arrays(tiny_network.state_dict()), ModelCard(tiny_network.spec), None), "test")
    used, completer = weakref.ref(held), Completer(lambda _: opened.pop())
    opened = [held]
    del held
    completer.complete(Request("a.py", "x = ", "", uri="file:///w/a.py"), Deadline())
    completer.close("file:///w/b.py")
    assert used() is not None
    completer.close("file:///w/a.py")
    assert used() is None


def test_a_blank_that_is_missing_before_the_rest_of_a_line_is_suggested(model: Model) -> None:
    """With what comes before it: what is accepted needs no mending."""
    above = "".join(f"send(first, second, {word})\n" for word in ("one", "two", "six") * 3)
    for more in ({}, {"whole_lines": False}):
        assert ask(Completer(lambda _: model), above + "send(fi", "second, one)\n", **more)[0].text == "rst, "


def test_asked_where_nothing_is_missing_nothing_is_said(model: Model) -> None:
    """That it is so is as good as certain, and any text would be wrong."""
    above = "".join(f"send(first, second, {word})\n" for word in ("one", "two", "six") * 3)
    assert ask(Completer(lambda _: model), above + "send(f", "irst, second, one)\n", count=3) == []
