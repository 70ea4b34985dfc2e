"""The server's manners, over the wire, with a completer of a few lines: what LSP and the editors expect of it."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import pytest_lsp
from fake_server import FakeBackend
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient

from tinycode_ls import server
from tinycode_ls.configuration import Configuration
from tinycode_ls.protocol import InTurn
from tinycode_ls.server import create_server

FAKE = str(Path(__file__).parent / "fake_server.py")
URI = "file:///w/a.py"
CONFIG = ClientServerConfig(server_command=[sys.executable, FAKE, "/nowhere/settings.toml"])


def capabilities(encoding: str | None = "utf-16", *, pull: bool = False) -> lsp.ClientCapabilities:
    return lsp.ClientCapabilities(
        general=lsp.GeneralClientCapabilities(position_encodings=[encoding]) if encoding else None,
        window=lsp.WindowClientCapabilities(work_done_progress=True),
        workspace=lsp.WorkspaceClientCapabilities(
            configuration=pull,
            did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        ),
        text_document=lsp.TextDocumentClientCapabilities(
            inline_completion=lsp.InlineCompletionClientCapabilities(),
            completion=lsp.CompletionClientCapabilities(
                completion_item=lsp.ClientCompletionItemOptions(label_details_support=True)
            ),
        ),
    )


@pytest_lsp.fixture(config=CONFIG)
async def client(lsp_client: LanguageClient):
    """A client like VS Code, ready."""
    takes_registrations(lsp_client)
    await lsp_client.initialize_session(lsp.InitializeParams(capabilities=capabilities()))
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=CONFIG)
async def bare(lsp_client: LanguageClient):
    """A started server that each test initializes in its own way."""
    takes_registrations(lsp_client)
    yield
    await lsp_client.shutdown_session()


def takes_registrations(client):
    client.registered = []
    client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda params: client.registered.extend(params.registrations))


def opened(client, text, uri=URI, language="python"):
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, language, 1, text)))


def changed(client, version, text, span=None, uri=URI):
    change = (
        lsp.TextDocumentContentChangePartial(text=text, range=lsp.Range(lsp.Position(*span[0]), lsp.Position(*span[1])))
        if span
        else lsp.TextDocumentContentChangeWholeDocument(text=text)
    )
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(version, uri), [change])
    )


def inline_params(line, character, *, invoked=False, selected=None, uri=URI):
    kind = lsp.InlineCompletionTriggerKind.Invoked if invoked else lsp.InlineCompletionTriggerKind.Automatic
    return lsp.InlineCompletionParams(
        context=lsp.InlineCompletionContext(kind, selected),
        text_document=lsp.TextDocumentIdentifier(uri),
        position=lsp.Position(line, character),
    )


async def ghost(client, line, character, **more):
    return list((await client.text_document_inline_completion_async(inline_params(line, character, **more))).items)


async def rows(client, line, character, uri=URI):
    position = lsp.Position(line, character)
    return await client.text_document_completion_async(
        lsp.CompletionParams(text_document=lsp.TextDocumentIdentifier(uri), position=position)
    )


async def status(client):
    return await client.workspace_execute_command_async(lsp.ExecuteCommandParams("tinycode.status"))


async def status_with(client, entry, state="ready"):
    """The status, once the backend's log has an entry and the server is in a state."""
    for _ in range(200):
        found = await status(client)
        if entry in found["log"] and found["state"] == state:
            return found
        await asyncio.sleep(0)
    raise AssertionError(f"{found['state']}, {found['log']}; expected {state} and {entry!r}")


async def test_what_is_advertised(bare):
    result = await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities("utf-8")))
    assert result.capabilities.inline_completion_provider is not None
    assert result.capabilities.position_encoding == "utf-8"
    assert result.capabilities.text_document_sync.change == lsp.TextDocumentSyncKind.Incremental
    assert result.capabilities.completion_provider.resolve_provider
    assert result.capabilities.execute_command_provider.commands == ("tinycode.explain", "tinycode.status")


async def test_ghost_text_has_an_empty_range_at_the_cursor(client):
    opened(client, "x = 1\ndef gre)\n")
    (item,) = await ghost(client, 1, 7)
    assert item.insert_text == "et(name):\n    return name"
    assert item.range == lsp.Range(lsp.Position(1, 7), lsp.Position(1, 7))


async def test_invoked_gives_alternatives(client):
    opened(client, "gre")
    assert [item.insert_text for item in await ghost(client, 0, 3, invoked=True)] == [
        "et(name):\n    return name",
        "en",
    ]


async def test_silence_is_an_empty_list(client):
    opened(client, "nothing")
    assert await ghost(client, 0, 7) == []
    assert await ghost(client, 0, 7, uri="file:///never/opened.py") == []
    assert not (await rows(client, 0, 7)).items


@pytest.mark.parametrize("encoding, character", [("utf-8", 7), ("utf-16", 5), ("utf-32", 4), (None, 5)])
async def test_positions_in_the_encoding_of_the_client(bare, encoding, character):
    """A client without `general` means utf-16."""
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(encoding)))
    opened(bare, "😋gre # é")
    (item,) = await ghost(bare, 0, character)
    assert item.range.start == lsp.Position(0, character)
    row = (await rows(bare, 0, character)).items[0]
    assert row.text_edit.range.start == lsp.Position(0, character - 3)


async def test_the_document_s_own_line_ends(client):
    opened(client, "# one\r\ndef gre\r\n")
    (item,) = await ghost(client, 1, 7)
    assert item.insert_text == "et(name):\r\n    return name"


async def test_neovim_gets_bare_line_ends(bare):
    """It splits an accepted text at \\n into its lines; a \\r would stay in the file."""
    neovim = lsp.ClientInfo("Neovim", "0.12.4")
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), client_info=neovim))
    opened(bare, "# one\r\ndef gre\r\n")
    assert (await ghost(bare, 1, 7))[0].insert_text == "et(name):\n    return name"


async def test_changes_behind_a_form_feed_arrive_exactly(client):
    """pygls' own copy would now hold something else: it takes the form feed for a line end."""
    opened(client, "a\x0cb\nc\n")
    changed(client, 2, "gre", ((1, 0), (1, 1)))
    assert len(await ghost(client, 1, 3)) == 1


async def test_positions_past_the_end_are_clamped(client):
    opened(client, "gre\r\n\r\n")
    (item,) = await ghost(client, 0, 999)
    assert item.range.start == lsp.Position(0, 3)
    assert await ghost(client, 99, 99) == []


async def test_typing_the_suggestion_is_answered_from_memory(client):
    opened(client, "gre")
    await ghost(client, 0, 3)
    changed(client, 2, "et(", ((0, 3), (0, 3)))
    (item,) = await ghost(client, 0, 6)
    assert item.insert_text == "name):\n    return name"
    assert [line for line in (await status(client))["log"] if line.startswith("complete")] == [
        "complete /w/a.py 1 False"
    ]


async def test_alternatives_begin_with_what_is_on_the_screen(client):
    """Else the first step through them would jump over one."""
    opened(client, "gre")
    await ghost(client, 0, 3)
    changed(client, 2, "e", ((0, 3), (0, 3)))
    assert [item.insert_text for item in await ghost(client, 0, 4, invoked=True)] == ["t(name):\n    return name"]
    changed(client, 3, "x = pri")
    assert [item.insert_text for item in await ghost(client, 0, 7, invoked=True)] == ["nt(x)", "vate"]


async def test_typing_an_alternative_is_answered_from_memory_too(client):
    opened(client, "pri")
    await ghost(client, 0, 3, invoked=True)
    changed(client, 2, "va", ((0, 3), (0, 3)))
    assert [item.insert_text for item in await ghost(client, 0, 5)] == ["te"]


async def test_a_selected_row_of_ours_is_its_own_ghost_text(client):
    """Where nothing follows it. A row of somebody else's with nothing to follow stays without."""
    opened(client, "x = gre")
    rows = await client.text_document_completion_async(
        lsp.CompletionParams(lsp.TextDocumentIdentifier(URI), lsp.Position(0, 7))
    )
    place, text = lsp.Range(lsp.Position(0, 4), lsp.Position(0, 7)), rows.items[-1].text_edit.new_text
    (item,) = await ghost(client, 0, 7, selected=lsp.SelectedCompletionInfo(place, text))
    assert (item.insert_text, item.range) == (text, place)
    explained = await client.workspace_execute_command_async(lsp.ExecuteCommandParams("tinycode.explain"))
    assert explained["text"] and text.endswith(explained["text"])
    assert await ghost(client, 0, 7, selected=lsp.SelectedCompletionInfo(place, "gregarious")) == []


async def test_a_selected_row_is_extended(client):
    opened(client, "x = pri")
    selected = lsp.SelectedCompletionInfo(lsp.Range(lsp.Position(0, 4), lsp.Position(0, 7)), "print")
    (item,) = await ghost(client, 0, 7, selected=selected)
    assert (item.insert_text, item.range) == ("print(x)", selected.range)


async def test_the_list_has_single_lines_low_in_the_order(client):
    opened(client, "x = gre")
    answer = await rows(client, 0, 7)
    assert answer.is_incomplete
    row, other = answer.items
    assert (row.label, row.filter_text, row.text_edit.new_text) == ("greet(name):",) * 3
    assert row.text_edit.range == lsp.Range(lsp.Position(0, 4), lsp.Position(0, 7))
    assert row.label_details.description == "tinycode 80 %" and not row.preselect
    assert "zzz_" < row.sort_text < other.sort_text
    assert (row.kind, other.kind) == (lsp.CompletionItemKind.Text, lsp.CompletionItemKind.Variable)


async def test_resolve_and_explain_say_where_it_comes_from(client):
    opened(client, "x = pri")
    row = (await rows(client, 0, 7)).items[0]
    assert (
        await client.completion_item_resolve_async(row)
    ).documentation == "80 %; 70 % from src/db.py:118, 30 % model"
    await ghost(client, 0, 7)
    found = await client.workspace_execute_command_async(lsp.ExecuteCommandParams("tinycode.explain"))
    assert (found["text"], found["sources"][0]["line"], found["sources"][1]) == ("nt(x)", 118, {"share": 0.3})
    assert found["sources"][0]["uri"].endswith("/src/db.py")


async def test_a_newer_request_is_answered_and_the_older_one_let_go(client):
    opened(client, "slow")
    older = client.text_document_inline_completion(inline_params(0, 4))
    changed(client, 2, "gre")
    begin = time.monotonic()
    assert len(await ghost(client, 0, 3)) == 1
    assert not (await asyncio.wrap_future(older)).items
    assert time.monotonic() - begin < 0.45, "not when the older one's 500 ms are over"


async def test_a_burst_with_cancels(client):
    """70 keys, each cancelling the one before, as VS Code does."""
    opened(client, "slow")
    futures = []
    for version in range(2, 72):
        changed(client, version, "slow" if version < 71 else "gre")
        futures.append(client.text_document_inline_completion(inline_params(0, 4)))
        if len(futures) > 1:
            cancel(client, futures[-2])
    assert len((await asyncio.wrap_future(futures[-1])).items) == 1


def cancel(client, future):
    (number,) = [key for key, value in client.protocol._request_futures.items() if value is future]
    client.cancel_request(lsp.CancelParams(id=number))


async def test_cancel_is_answered_at_once(client):
    opened(client, "slow")
    future = client.text_document_inline_completion(inline_params(0, 4))
    await status(client)
    begin = time.monotonic()
    cancel(client, future)
    with pytest.raises(JsonRpcException):
        await asyncio.wrap_future(future)
    assert time.monotonic() - begin < 0.4, "not when the work's 500 ms are over"


async def test_an_answer_comes_in_time_even_from_deaf_work(client):
    opened(client, "deaf")
    begin = time.monotonic()
    assert await ghost(client, 0, 4) == []
    assert time.monotonic() - begin < 2
    changed(client, 2, "slow")
    while not (later := await ghost(client, 0, 4)):  # until the deaf work has let the thread go
        assert time.monotonic() - begin < 30
    assert [item.insert_text for item in later] == [" but sure"]


async def test_a_stale_answer_is_dropped(client):
    opened(client, "slow")
    future = client.text_document_inline_completion(inline_params(0, 4))
    changed(client, 2, "slower")
    assert not (await asyncio.wrap_future(future)).items


async def test_a_crash_is_logged_and_the_server_lives_on(client):
    opened(client, "crash")
    assert await ghost(client, 0, 5) == []
    changed(client, 2, "gre")
    assert len(await ghost(client, 0, 3)) == 1
    assert client.messages == []


async def test_a_broken_model_is_told(client):
    opened(client, "broken")
    await ghost(client, 0, 6)
    await status(client)
    assert [message.message for message in client.messages] == ["tinycode: model.onnx: broken; train it again"]


@pytest.mark.parametrize("uri", ["file:///w/.env", "file:///w/id_rsa", "file:///w/keys/server.pem"])
async def test_quiet_in_secrets(client, uri):
    opened(client, "gre", uri=uri, language="plaintext")
    assert await ghost(client, 0, 3, uri=uri) == []
    assert not (await rows(client, 0, 3, uri=uri)).items


@pytest.mark.parametrize(
    "uri, path", [("untitled:Untitled-1", "Untitled-1.py"), ("vscode-notebook-cell:/w/nb.ipynb#W0", "/w/nb.py")]
)
async def test_buffers_without_a_file(client, uri, path):
    opened(client, "gre", uri=uri)
    assert len(await ghost(client, 0, 3, uri=uri)) == 1
    await status_with(client, f"complete {path} 1 False")


async def test_settings_of_the_start_options_and_a_problem_is_told(bare):
    options = {"maxLines": 1, "precison": 0.7}
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), initialization_options=options))
    opened(bare, "gre")
    assert [item.insert_text for item in await ghost(bare, 0, 3)] == ["et(name):"]
    (message,) = bare.messages
    assert "initializationOptions: setting 'precison' is unknown; expected one of enabled" in message.message


async def test_of_many_problems_a_few_are_told(bare, tmp_path):
    """Each is a box in most editors."""
    (tmp_path / ".tinycode.toml").write_text("".join(f"k{number} = 1\n" for number in range(99)))
    folders = [lsp.WorkspaceFolder(tmp_path.as_uri(), "w")]
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), workspace_folders=folders))
    await status_with(bare, "warm up ")
    assert [message.message.partition(": ")[2].rpartition(": ")[2] for message in bare.messages][3:] == [
        "96 more settings are ignored; the log names them"
    ]


async def test_settings_pushed(client):
    opened(client, "gre")
    client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"tinycode": {"ghostText": False}}))
    assert await ghost(client, 0, 3) == []
    assert len((await rows(client, 0, 3)).items) == 2
    client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"tinycode": {"completionList": False}}))
    assert len(await ghost(client, 0, 3)) == 1
    assert not (await rows(client, 0, 3)).items


async def test_settings_pulled(bare):
    bare.set_configuration({"tinycode": {"enabled": False}})
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(pull=True)))
    await status_with(bare, "warm up ", state="off")


async def test_settings_pulled_for_each_of_several_folders(bare, tmp_path):
    first, second = (lsp.WorkspaceFolder((tmp_path / name).as_uri(), name) for name in ("a", "b"))
    bare.set_configuration({"tinycode": {"precision": 0.2}})
    bare.set_configuration({"tinycode": {"ghostText": False}}, scope_uri=second.uri)
    wish = lsp.InitializeParams(capabilities=capabilities(pull=True), workspace_folders=[first, second])
    await bare.initialize_session(wish)
    await status_with(bare, "warm up ", state="ready")
    cell = second.uri.replace("file://", "vscode-notebook-cell:") + "/x.ipynb#W0"
    for uri, shown in ((f"{first.uri}/x.py", 1), (f"{second.uri}/x.py", 0), (cell, 0)):
        document = lsp.TextDocumentItem(uri=uri, language_id="python", version=1, text="gre")
        bare.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        assert len(await ghost(bare, 0, 3, uri=uri)) == shown


async def test_the_status_tells_of_a_document_whether_it_is_switched_off(bare, tmp_path):
    """By the file of its folder, while another is on."""
    folders = [lsp.WorkspaceFolder((tmp_path / name).as_uri(), name) for name in ("a", "b")]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".tinycode.toml").write_text("enabled = false\n")
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), workspace_folders=folders))
    for folder, enabled in zip(folders, (False, True), strict=True):
        wish = lsp.ExecuteCommandParams("tinycode.status", [f"{folder.uri}/x.py"])
        assert (await bare.workspace_execute_command_async(wish))["enabled"] is enabled


async def test_settings_pulled_for_the_only_folder(bare, tmp_path):
    """Which VS Code tells apart from those of the window where a .code-workspace is open."""
    folder = lsp.WorkspaceFolder(tmp_path.as_uri(), "a")
    bare.set_configuration({"tinycode": {"precision": 0.2}})
    bare.set_configuration({"tinycode": {"enabled": False}}, scope_uri=folder.uri)
    wish = lsp.InitializeParams(capabilities=capabilities(pull=True), workspace_folders=[folder])
    await bare.initialize_session(wish)
    await status_with(bare, "build", state="off")
    opened(bare, "gre", uri=f"{folder.uri}/x.py")
    assert await ghost(bare, 0, 3, uri=f"{folder.uri}/x.py") == []


async def test_a_folder_that_is_added_brings_its_own_editor_settings(bare, tmp_path):
    first, second = (lsp.WorkspaceFolder((tmp_path / name).as_uri(), name) for name in ("a", "b"))
    bare.set_configuration({"tinycode": {}})
    bare.set_configuration({"tinycode": {"ghostText": False}}, scope_uri=second.uri)
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(pull=True), workspace_folders=[first]))
    await status_with(bare, "build")
    event = lsp.WorkspaceFoldersChangeEvent(added=[second], removed=[])
    bare.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))
    for _ in range(200):
        if (await status(bare))["log"].count("build") == 2:
            break
    cell = second.uri.replace("file://", "vscode-notebook-cell:") + "/x.ipynb#W0"
    for uri, shown in ((f"{first.uri}/x.py", 1), (f"{second.uri}/x.py", 0), (cell, 0)):
        opened(bare, "gre", uri=uri)
        assert len(await ghost(bare, 0, 3, uri=uri)) == shown


async def test_nothing_is_kept_of_a_notification_that_was_dealt_with(tmp_path):
    ls = create_server(FakeBackend, Configuration(own_file=tmp_path / "none.toml"))
    ls.session.configure()
    saved = lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier("file:///elsewhere/x.py"))
    for _ in range(20):
        ls.protocol._handle_notification(lsp.TEXT_DOCUMENT_DID_SAVE, saved)
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0)
    assert not ls.protocol._request_futures
    ls.session.stop()


async def test_a_message_with_bytes_that_are_no_utf_8_is_read():
    """As long in UTF-8 as what was sent: what follows on the line stays where the client has it."""
    reader, body = InTurn(), b'{"text": "a\xff\xc3\xa9\xf0\x9f"}'
    reader.feed_data(body)
    assert (await reader.readexactly(len(body))).decode() == '{"text": "a?\u00e9??"}'


def test_where_a_thread_reads_the_engine_is_loaded_before():
    """As on Windows; here since one socket is both ways. And it reads what the loop would."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, FAKE, "/nowhere/settings.toml"]
    asked = {"method": "workspace/executeCommand", "params": {"command": "tinycode.status"}}
    document = {"uri": URI, "languageId": "python", "version": 1, "text": "#é\ngre"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs) as process, ours, theirs, ours.makefile("rb") as read:
        for message in (
            {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
            {"method": "textDocument/didOpen", "params": {"textDocument": document}},
            {"id": 2, "method": "textDocument/inlineCompletion", "params": inline_dict(1, 3)},
            {"id": 3, **asked},
            {"id": 4, "method": "shutdown"},
            {"method": "exit"},
        ):
            body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode("latin-1")
            ours.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            while "id" in message and (answer := read_message(read)).get("id") != message["id"]:
                pass
            if message.get("id") == 2:
                assert len(answer["result"]["items"]) == 1
            if message.get("id") == 3:
                assert answer["result"]["log"][:2] == ["load", "warm up /w/a.py"]
    assert process.returncode == 0


def inline_dict(line, character):
    position, context = {"line": line, "character": character}, {"triggerKind": 2}
    return {"textDocument": {"uri": URI}, "position": position, "context": context}


def read_message(read):
    size = 0
    while header := read.readline().strip():
        size = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else size
    return json.loads(read.read(size))


async def test_settings_stay_when_the_client_does_not_tell_them(tmp_path, monkeypatch):
    configuration = Configuration(own_file=tmp_path / "none.toml")
    ls = create_server(FakeBackend, configuration)
    configuration.set_editor({"enabled": False})

    async def refuse(params):
        raise ValueError("refused")

    monkeypatch.setattr(server, "pulls_settings", lambda ls: True)
    monkeypatch.setattr(ls, "workspace_configuration_async", refuse)
    monkeypatch.setattr(ls, "send_status", lambda: None)
    await server.pull_settings(ls)
    assert not configuration.settings.enabled


async def test_the_workspace_s_settings_file_counts_and_is_read_again(bare, tmp_path):
    (tmp_path / ".tinycode.toml").write_text("max_lines = 1\nlog_file = 'x'\n")
    root = tmp_path.as_uri()
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), root_uri=root))
    opened(bare, "gre", uri=f"{root}/src/a.py")
    assert (await ghost(bare, 0, 3, uri=f"{root}/src/a.py"))[0].insert_text == "et(name):"
    assert "not taken from a workspace" in bare.messages[0].message
    (tmp_path / ".tinycode.toml").write_text("disabled_files = ['src/**']\n")
    bare.text_document_did_save(
        lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier((tmp_path / ".tinycode.toml").as_uri()))
    )
    assert await ghost(bare, 0, 3, uri=f"{root}/src/a.py") == []


async def test_the_index_is_built_with_progress_and_follows_files(bare, tmp_path):
    root = tmp_path.as_uri()
    folder = lsp.WorkspaceFolder(root, "w")
    await bare.initialize_session(
        lsp.InitializeParams(capabilities=capabilities(), root_uri=root, workspace_folders=[folder])
    )
    await status_with(bare, "build")
    for _ in range(100):
        kinds = [value.kind for values in bare.progress_reports.values() for value in values]
        if kinds[-1:] == ["end"]:
            break
        await status(bare)
    assert kinds == ["begin", "report", "report", "end"]
    assert bare.log_messages == [] and bare.messages == []
    bare.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(f"{root}/a.py")))
    await status_with(bare, "refresh ['a.py']")
    gone = lsp.FileEvent(f"{root}/b.py", lsp.FileChangeType.Deleted)
    bare.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([gone]))
    await status_with(bare, "refresh ['b.py']")


async def test_other_folders_are_another_index(bare, tmp_path):
    root = tmp_path.as_uri()
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities()))
    assert "build" not in (await status(bare))["log"]
    event = lsp.WorkspaceFoldersChangeEvent(added=[lsp.WorkspaceFolder(root, "w")], removed=[])
    bare.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))
    await status_with(bare, "build")


@pytest.mark.parametrize("name", ["C#", "a%20b", "50%", "what?"])
async def test_a_folder_may_have_any_name(bare, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / ".tinycode.toml").write_text("enabled = false\n")
    folder = lsp.WorkspaceFolder((tmp_path / name).as_uri(), name)
    await bare.initialize_session(lsp.InitializeParams(capabilities=capabilities(), workspace_folders=[folder]))
    await status_with(bare, "build", state="off")


async def test_the_last_folder_that_goes_takes_its_settings_along(bare, tmp_path):
    (tmp_path / ".tinycode.toml").write_text("enabled = false\n")
    folder = lsp.WorkspaceFolder(tmp_path.as_uri(), "w")
    await bare.initialize_session(
        lsp.InitializeParams(capabilities=capabilities(), root_uri=folder.uri, workspace_folders=[folder])
    )
    await status_with(bare, "build", state="off")
    event = lsp.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
    bare.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(event))
    found = await status(bare)
    assert (found["state"], found["summary"]) == ("ready", "ready\nindex: 0 files, 0.0 MB")


async def test_changes_to_what_was_never_opened_are_no_matter(client):
    changed(client, 2, "x", uri="file:///never.py")
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier("file:///never.py")))
    opened(client, "gre")
    assert len(await ghost(client, 0, 3)) == 1
    assert client.messages == []


async def test_lone_surrogates_do_not_hurt(client):
    opened(client, "x = '\ud83d'\ngre")
    assert len(await ghost(client, 1, 3)) == 1


async def test_a_status_says_indexing_while_the_folders_are_read(bare, tmp_path):
    states = []
    bare.feature("$/tinycode/status")(lambda status: states.append(status.state))
    client, root = capabilities(), tmp_path.as_uri()
    client.experimental = {"tinycodeStatus": True}
    await bare.initialize_session(
        lsp.InitializeParams(capabilities=client, root_uri=root, workspace_folders=[lsp.WorkspaceFolder(root, "w")])
    )
    await status_with(bare, "build")
    assert states[0] == "indexing"


async def test_a_status_is_told_when_it_is_another_one(monkeypatch, tmp_path):
    """A model that took another one's place is known when the next suggestion was made."""
    ls = create_server(FakeBackend, Configuration(own_file=tmp_path / "none.toml"))
    ls.protocol.client_capabilities = lsp.ClientCapabilities(experimental={"tinycodeStatus": True})
    told, models = [], ["shipped"]
    monkeypatch.setattr(ls.session, "status", lambda uri="": {"models": list(models)})
    monkeypatch.setattr(ls.protocol, "notify", lambda method, status: told.append(status["models"]))
    for name in ("shipped", "shipped", "workspace", "workspace"):
        models[:] = [name]
        await server.inline_completion(ls, inline_params(0, 0))
    assert told == [["shipped"], ["workspace"]]
