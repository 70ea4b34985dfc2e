"""Questions in the order in which they were asked, whatever each had to wait for."""

import asyncio
import itertools
import os
from dataclasses import replace
from pathlib import Path

from fake_server import FakeBackend

from tinycode_ls import git_head
from tinycode_ls.configuration import Configuration
from tinycode_ls.session import Ask, Session
from tinycode_ls.suggestion import Source
from tinycode_ls.text import Position, Span

URI = "file:///w/a.py"


async def test_a_question_that_waited_does_not_end_a_newer_one(tmp_path, monkeypatch) -> None:
    """The older one waits until the index has the other documents; the key typed meanwhile is being worked on then."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "slow")
    newer_runs = asyncio.Event()
    waiting = [newer_runs]

    async def follow(uri: str) -> None:
        if waiting:
            await waiting.pop().wait()

    monkeypatch.setattr(session.index, "turn_to", follow)
    older = asyncio.create_task(session.suggest(Ask(URI, Position(0, 4))))
    await asyncio.sleep(0)
    newer = asyncio.create_task(session.suggest(Ask(URI, Position(0, 4))))
    while not session.backend.log:
        await asyncio.sleep(0.001)
    newer_runs.set()
    assert (await older).suggestions == ()
    assert [suggestion.text for _, suggestion in (await newer).suggestions] == [" but sure"]
    session.stop()


async def test_the_status_for_a_person(tmp_path) -> None:
    class Backend(FakeBackend):
        def status(self):
            model = {"language": "go", "path": "/w/go.onnx", "origin": "workspace", "name": "x", "bytes": 1}
            return {"models": [model], "index": {"files": 3, "bytes": 1_260_000}, "problem": "/w/c.onnx: broken"}

    session = Session(Backend(print), Configuration(own_file=tmp_path / "none.toml"))
    assert session.status()["summary"].split("\n") == [
        "problem",
        "model for go: /w/go.onnx (workspace)",
        "index: 3 files, 1.3 MB",
        "/w/c.onnx: broken",
    ]
    session.stop()


async def test_a_question_whose_text_changed_while_it_waited_is_dropped(tmp_path, monkeypatch) -> None:
    """Its place is one of the older text."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "x = pri")
    ready = asyncio.Event()

    async def follow(uri: str) -> None:
        await ready.wait()

    monkeypatch.setattr(session.index, "turn_to", follow)
    asked = asyncio.create_task(session.suggest(Ask(URI, Position(0, 7))))
    await asyncio.sleep(0)
    session.documents.change(URI, 2, [(Span(Position(0, 0), Position(0, 0)), "pri = pri")])
    ready.set()
    assert (await asked).suggestions == () and not session.backend.log
    session.stop()


async def test_a_document_that_was_closed_and_opened_again_is_another(tmp_path) -> None:
    """With the same version, as VS Code does it. And who closed one asks no more in it."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "slow")
    asked = asyncio.create_task(session.suggest(Ask(URI, Position(0, 4))))
    while not session.backend.log:
        await asyncio.sleep(0.001)
    session.close(URI)
    session.documents.open(URI, 1, "python", "something else")
    assert (await asked).suggestions == ()
    before = len(session.backend.log)
    session.documents.change(URI, 2, [(Span(Position(0, 0), Position(0, 0)), "pri")])
    session.changed(URI)
    await asyncio.sleep(0.02)
    assert session.backend.log[before:] == []
    session.stop()


async def test_closed_documents_are_given_back(tmp_path) -> None:
    """But not one that was opened again at once, as for another language."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    uris = [f"file:///w/{name}.py" for name in "abc"]
    for uri in uris:
        session.documents.open(uri, 1, "python", "pri")
    await session.suggest(Ask(uris[0], Position(0, 3)))
    before = len(session.backend.log)
    for uri in uris:
        session.close(uri)
    session.documents.open(uris[1], 1, "go", "pri")
    await session.suggest(Ask(uris[1], Position(0, 3)))
    await session.suggest(Ask(uris[1], Position(0, 2)))
    assert sorted(line for line in session.backend.log[before:] if "close" in line) == [
        f"close {uris[0]}",
        f"close {uris[2]}",
    ]
    session.stop()


async def test_a_row_of_another_server_is_not_ours(tmp_path) -> None:
    """However it ends; ours is the one that was offered at this place of this document."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    for uri in (URI, "file:///w/b.py"):
        session.documents.open(uri, 1, "python", "x = pri")
    assert len((await session.suggest(Ask(URI, Position(0, 7), listed=True))).suggestions) == 2
    place = Span(Position(0, 4), Position(0, 7))
    answers = [
        await session.suggest(Ask(uri, Position(0, 7), selected=(place, row)))
        for uri, row in (
            (URI, "nonprint(x)"),
            ("file:///w/b.py", "print(x)"),
            (URI, "print(x)"),
        )
    ]
    assert [len(answer.suggestions) for answer in answers] == [0, 0, 1]
    session.stop()


async def test_an_explanation_names_a_file_as_the_open_folder_does(tmp_path, monkeypatch) -> None:
    """The index knows whole paths; nobody wants to read them. Outside of any folder the whole path is all there is."""
    configuration = Configuration(own_file=tmp_path / "none.toml")
    configuration.roots = (tmp_path / "w",)
    session = Session(FakeBackend(print), configuration)
    session.configure()
    session.documents.open(URI, 1, "python", "x = pri")
    (number, _), *_ = (await session.suggest(Ask(URI, Position(0, 7)))).suggestions
    inside, outside = tmp_path / "w" / "src" / "db.py", tmp_path / "other.py"
    sources = (Source(0.5, str(inside), 3), Source(0.2), Source(0.3, str(outside), 9))
    monkeypatch.setattr(session.backend, "explain", lambda suggestion: sources, raising=False)
    found = await session.explain(number)
    assert found is not None and found.summary == f"80 %; 50 % from src/db.py:3, 20 % model, 30 % from {outside}:9"
    assert found.uris == (inside.as_uri(), outside.as_uri())
    session.stop()


async def test_an_explanation_names_the_document_as_it_is(tmp_path, monkeypatch) -> None:
    """A header that is open as C++ is read as foo.cc, which is no file; nor is an unsaved buffer."""
    configuration = Configuration(own_file=tmp_path / "none.toml")
    configuration.roots = (tmp_path,)
    session = Session(FakeBackend(print), configuration)
    session.configure()
    asked = []
    complete = session.backend.complete

    def noted(request, deadline):
        asked.append(request)
        return [replace(found, document=request.document) for found in complete(request, deadline)]

    session.backend.complete = noted
    monkeypatch.setattr(
        session.backend, "explain", lambda suggestion: (Source(1.0, suggestion.document, 3),), raising=False
    )
    header = (tmp_path / "include" / "foo.h").as_uri()
    for uri, read_as, name in ((header, "include/foo.cc", "include/foo.h"), ("untitled:One", "One.cc", "One")):
        session.documents.open(uri, 1, "cpp", "x = pri")
        await session.suggest(Ask(uri, Position(0, 7)))
        found = await session.explain()
        assert (asked[-1].path, found.sources[0].path, found.uris) == (read_as, name, (uri,))
    session.stop()


async def test_what_is_explained_without_a_number_is_the_ghost_text_shown_last(tmp_path) -> None:
    """The first of several, and no row of the menu that was asked for in between."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "x = pri")
    await session.suggest(Ask(URI, Position(0, 7), listed=True))
    assert await session.explain() is None
    (_, first), _ = (await session.suggest(Ask(URI, Position(0, 7), invoked=True))).suggestions
    await session.suggest(Ask(URI, Position(0, 7), listed=True))
    await session.suggest(Ask(URI, Position(0, 0)))
    found = await session.explain()
    assert found is not None and found.suggestion == first
    session.stop()


class TurnedBackend(FakeBackend):
    """What it gives to a second question has the order turned, as another index may have it."""

    def complete(self, request, deadline):
        asked = len(self.log)
        found = super().complete(request, deadline)
        return found[::-1] if asked else found


async def test_who_asks_for_more_has_what_is_on_the_screen_first(tmp_path) -> None:
    """Also where it is found again, further down."""
    session = Session(TurnedBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "x = pri")
    ((_, shown),) = (await session.suggest(Ask(URI, Position(0, 7)))).suggestions[:1]
    more = [found.text for _, found in (await session.suggest(Ask(URI, Position(0, 7), invoked=True))).suggestions]
    assert shown.text == more[0] and sorted(more) == ["nt(x)", "vate"]
    session.stop()


async def test_the_answer_is_looked_for_before_the_editor_asks(tmp_path) -> None:
    """From the first question on: where each change ended, within a pair that the editor closed. Whoever asks then gets what
    was found; once, and not where something else is asked, or where suggestions are off."""
    configuration = Configuration(own_file=tmp_path / "none.toml")
    session = Session(FakeBackend(print), configuration)
    session.configure()
    session.documents.open(URI, 1, "python", "😋 = \nb")
    version, seen = itertools.count(2), []
    complete = session.backend.complete

    def noted(request, deadline):
        seen.append((request.left, request.right))
        return complete(request, deadline)

    session.backend.complete = noted

    async def typed(new: str, column: int) -> None:
        place = Position(0, column)
        session.documents.change(URI, next(version), [(Span(place, place), new)])
        session.changed(URI)
        await asyncio.sleep(0.05)

    async def asked(column: int) -> list[str]:
        return [suggestion.text for _, suggestion in (await session.suggest(Ask(URI, Position(0, column)))).suggestions]

    await typed("p", 5)
    assert seen == []
    assert await asked(6) == []
    await typed("r", 6)
    await typed("()", 7)
    await typed("pri", 8)
    wanted = [("😋 = p", "\nb"), ("😋 = pr", "\nb"), ("😋 = pr(", ")\nb"), ("😋 = pr(pri", ")\nb")]
    assert seen == wanted
    assert await asked(11) == ["nt(x)"] and seen == wanted
    await typed("n", 11)  # goes on with what is on the screen
    assert await asked(12) == ["t(x)"] and seen == wanted
    await typed("pri", 12)
    await session.suggest(Ask(URI, Position(0, 15), listed=True))  # a question for the menu takes nothing away
    assert seen[len(wanted) :] == [("😋 = pr(prinpri", ")\nb")] * 2
    assert await asked(15) == ["nt(x)"] and len(seen) == len(wanted) + 2
    assert await asked(7) == [] and seen[-1] == ("😋 = pr", "(prinpri)\nb")
    session.documents.change(URI, next(version), [(None, "all of it")])
    session.changed(URI)
    configuration.set_editor({"enabled": False})
    session.configure()
    await typed("z", 0)
    assert len(seen) == len(wanted) + 3
    session.stop()


async def test_a_large_document_is_left_alone(tmp_path, monkeypatch) -> None:
    """Its text is not put together at every key, nor given to the index, until it is small again."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configuration.set_editor({"maxDocumentMb": 0.00001})
    session.configure()
    given: list[dict] = []
    monkeypatch.setattr(session.backend, "refresh", lambda paths, documents: given.append(documents))
    put_together = session.documents.cursor
    touched: list[Position] = []
    monkeypatch.setattr(
        session.documents, "cursor", lambda uri, position: touched.append(position) or put_together(uri, position)
    )
    other = "file:///w/b.py"
    session.documents.open(URI, 1, "python", "x = 1\npri")
    session.documents.open(other, 1, "python", "")
    for version, text in ((2, "prints\n" * 2), (3, "x = 1\npri")):
        session.documents.change(URI, version, [(None, text)])
        session.changed(URI)
        await session.suggest(Ask(URI, Position(1, 3)))
        await session.warm_up(other)
        texts = {Path("/w/b.py"): None, **({Path("/w/a.py"): text} if version == 3 else {})}
        assert (len(touched), given[-1]) == (version - 2, texts)
    session.stop()


async def test_what_is_asked_together_with_the_change_is_looked_for_once(tmp_path) -> None:
    """What is looked for ahead would end the question that came meanwhile."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "x = slo")
    await session.suggest(Ask(URI, Position(0, 7)))
    before = len(session.backend.log)
    session.documents.change(URI, 2, [(Span(Position(0, 7), Position(0, 7)), "w")])
    session.changed(URI)
    answer = await session.suggest(Ask(URI, Position(0, 8)))
    assert [suggestion.text for _, suggestion in answer.suggestions] == [" but sure"]
    assert len(session.backend.log) == before + 1
    session.stop()


async def test_a_row_that_replaces_what_stands_after_the_cursor(tmp_path) -> None:
    """The rest of the word goes, so nothing is suggested before it."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    session.documents.open(URI, 1, "python", "x = pri_old + 1")
    asked = []
    session.backend.complete = lambda request, deadline: asked.append((request.left, request.right)) or []
    place = Span(Position(0, 4), Position(0, 11))
    await session.suggest(Ask(URI, Position(0, 7), selected=(place, "print")))
    assert asked == [("x = print", " + 1")]
    session.stop()


async def test_ghost_text_of_another_language_is_forgotten(tmp_path) -> None:
    """An editor that takes a document for another language closes it and opens it anew, with the same text."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    asks = []
    for language in ("python", "javascript"):
        session.documents.open("untitled:1", 1, language, "x = pri")
        await session.suggest(Ask("untitled:1", Position(0, 7)))
        asks.append(session.backend.log[-1])
        session.close("untitled:1")
    assert [ask.split()[1].rpartition(".")[2] for ask in asks] == ["py", "js"]
    session.stop()


async def test_a_branch_switch_before_new_settings_is_not_lost(tmp_path, monkeypatch) -> None:
    """Whoever looks at git first tells the index."""
    monkeypatch.setattr(git_head, "LOOK_EVERY_S", 0)
    head = tmp_path / "w" / ".git" / "HEAD"
    head.parent.mkdir(parents=True)
    head.write_text("ref: refs/heads/one\n")
    configuration = Configuration(own_file=tmp_path / "none.toml")
    configuration.roots = (tmp_path / "w",)
    backend = FakeBackend(print)
    session = Session(backend, configuration)
    session.configure()
    monkeypatch.setattr(backend, "configure", lambda settings, roots: False)
    os.utime(head, (1, 1))
    session.configure()
    for _ in range(2000):
        if "refresh None" in backend.log:
            break
        await asyncio.sleep(0.001)
    assert "refresh None" in backend.log
    session.stop()


async def test_documents_that_are_opened_together_are_followed_once(tmp_path, monkeypatch) -> None:
    """A rename opens hundreds: to look at all of them for each is work by the square of their number."""
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configure()
    followed = []

    async def follow(uri: str) -> None:
        followed.append(uri)

    monkeypatch.setattr(session.index, "turn_to", follow)
    uris = [f"file:///w/{number}.py" for number in range(9)]
    for uri in uris:
        session.documents.open(uri, 1, "python", "")
    session.documents.open(uris[3], 2, "python", "")
    await asyncio.gather(*map(session.warm_up, uris))
    assert followed == [uris[3]]
    session.stop()


async def test_the_status_says_why_nothing_is_suggested_in_a_document(tmp_path):
    session = Session(FakeBackend(print), Configuration(own_file=tmp_path / "none.toml"))
    session.configuration.set_editor({"disabledLanguages": ["go"], "maxDocumentMb": 1e-6})
    session.configure()
    for name, language, text in (
        ("a.go", "go", ""),
        (".env", "", ""),
        ("b.py", "python", "xx"),
        ("c.py", "python", ""),
    ):
        session.documents.open(f"file:///w/{name}", 1, language, text)
    assert session.status("file:///w/a.go")["disabledLanguages"] == ["go"]
    second = [
        session.status(f"file:///w/{name}")["summary"].split("\n")[1] for name in ("a.go", ".env", "b.py", "c.py")
    ]
    assert second == [
        "nothing is suggested in a.go: language go is in `disabled_languages`",
        "nothing is suggested in .env: a file that may hold secrets",
        "nothing is suggested in b.py: it is larger than `max_document_mb`",
        "index: 0 files, 0.0 MB",
    ]
    session.stop()
