"""The language server: each handler reads its parameters, calls the session, translates what comes back.

Holds no logic: `session.py` decides, `translate.py` builds LSP's types, `protocol.py` bends pygls.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from . import __version__, translate
from .backend import Backend, LocalBackend
from .configuration import Configuration
from .documents import file_of
from .logs import configure_logging
from .progress import with_progress
from .protocol import TinycodeServer
from .session import Session

log = logging.getLogger(__name__)

CLIENT_PATIENCE_S = 2.0
"""How long the server waits for a client that was asked something, before it goes on without."""
STATUS_PATIENCE_S = 1.0
"""How long a question for the status waits for the model of its document to be loaded."""
MOST_TOLD = 3
"""Problems with settings that are told at once, each a box in most editors: a file of somebody's folder may have thousands."""
WATCHED = ("**/*", "**/.git/HEAD")


def create_server(
    make_backend: Callable[[Callable[[str], None]], Backend] = LocalBackend, configuration: Configuration | None = None
) -> TinycodeServer:
    """A server that is not started yet. `make_backend` gets a function that tells the user one line."""

    def on_configured(session: Session) -> None:
        session.take_log_problem(configure_logging(session.settings.log_level, session.settings.log_file))

    backend = make_backend(lambda message: server.tell_from_thread(message))
    server = TinycodeServer(__version__, Session(backend, configuration or Configuration()), on_configured)
    for method, handler, options in HANDLERS:
        server.feature(method, options)(handler)
    for name, command in COMMANDS:
        server.command(name)(command)
    return server


def initialize(ls: TinycodeServer, params: lsp.InitializeParams) -> None:
    """Folders, position encoding, start options."""
    session = ls.session
    ls.loop = asyncio.get_running_loop()
    session.documents.encoding = str(getattr(ls.workspace.position_encoding, "value", ls.workspace.position_encoding))
    session.documents.client_holds_lines = bool(params.client_info and params.client_info.name == "Neovim")
    session.configuration.roots = open_folders(ls) or local([ls.workspace.root_uri or ""])
    session.configuration.set_start(params.initialization_options)
    session.configure()
    ls.on_configured(session)


async def initialized(ls: TinycodeServer, params: lsp.InitializedParams) -> None:
    """What may take a while, once the client is ready: engine, settings of the editor, index."""
    await asyncio.gather(ls.session.warm_up(""), register(ls), pull_settings(ls))
    ls.send_status()


async def shutdown(ls: TinycodeServer, params: None) -> None:
    """The client is leaving."""
    ls.stopped_properly = True
    ls.session.stop()


async def did_open(ls: TinycodeServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """Our copy begins; the model of its language is loaded before it is needed."""
    document = params.text_document
    ls.session.documents.open(document.uri, document.version, document.language_id, document.text)
    await ls.session.warm_up(document.uri)
    ls.send_status()  # which may name another model now


def did_change(ls: TinycodeServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Our copy follows."""
    document = params.text_document
    if ls.session.documents.change(document.uri, document.version, translate.changes(params)):
        ls.session.changed(document.uri)
    else:
        log.info("%s was changed but is not open; ignored", document.uri)  # VS Code: closed without saving


def did_close(ls: TinycodeServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """Our copy ends."""
    ls.session.close(params.text_document.uri)


async def did_save(ls: TinycodeServer, params: lsp.DidSaveTextDocumentParams) -> None:
    """The index, or the settings, follow."""
    await files_changed(ls, [params.text_document.uri])


async def did_change_watched_files(ls: TinycodeServer, params: lsp.DidChangeWatchedFilesParams) -> None:
    """The index, or the settings, follow."""
    await files_changed(ls, [change.uri for change in params.changes])


async def did_change_workspace_folders(ls: TinycodeServer, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
    """Other folders: other settings, another index."""
    ls.session.configuration.roots = open_folders(ls)
    await pull_settings(ls)


async def did_change_configuration(ls: TinycodeServer, params: lsp.DidChangeConfigurationParams) -> None:
    """Pushed settings, or a hint to pull them."""
    if pulls_settings(ls):
        await pull_settings(ls)
    else:
        ls.session.configuration.set_editor(params.settings)
        await settle(ls)


async def inline_completion(ls: TinycodeServer, params: lsp.InlineCompletionParams) -> lsp.InlineCompletionList:
    """Ghost text."""
    answer = await ls.session.suggest(translate.inline_ask(params))
    ls.send_status()  # it may have come from a model that took the place of another on disk
    return translate.inline_list(answer)


async def completion(ls: TinycodeServer, params: lsp.CompletionParams) -> lsp.CompletionList:
    """Rows of the menu."""
    answer = await ls.session.suggest(translate.list_ask(params))
    return translate.completion_list(answer, ls.session.documents.encoding, labels_have_details(ls))


async def completion_resolve(ls: TinycodeServer, item: lsp.CompletionItem) -> lsp.CompletionItem:
    """A row that is looked at says where it comes from."""
    found = await ls.session.explain(translate.number_of(item)) if translate.number_of(item) else None
    item.documentation = found.summary if found else None
    return item


async def explain(ls: TinycodeServer, *arguments: Any) -> dict[str, Any] | None:
    """`tinycode.explain [NUMBER]`: where a suggestion, or the ghost text shown last, comes from; null when there is none."""
    number = arguments[0] if arguments and isinstance(arguments[0], int) else None
    return translate.explanation(await ls.session.explain(number))


async def status(ls: TinycodeServer, *arguments: Any) -> dict[str, Any]:
    """`tinycode.status [URI]`: what is loaded, from where, how big; whether anything is suggested in a document. A model
    that has just been made counts, without a question before."""
    uri = arguments[0] if arguments and isinstance(arguments[0], str) else ""
    if ls.session.documents.get(uri):
        await asyncio.wait([asyncio.ensure_future(ls.session.warm_up(uri))], timeout=STATUS_PATIENCE_S)
    return ls.session.status(uri)


async def settle(ls: TinycodeServer) -> None:
    """Bring new settings or folders into force."""
    session = ls.session
    session.configure()
    ls.on_configured(session)
    problems = session.take_problems()
    for problem in problems[:MOST_TOLD]:
        ls.tell(problem)
    if others := problems[MOST_TOLD:]:
        log.warning("%s", "\n".join(others))
        ls.tell(f"{len(others)} more settings are ignored; the log names them")
    if session.take_index_wish():
        await with_progress(ls, "tinycode: indexing", partial(session.index.build, ls.send_status))
    ls.send_status()


async def files_changed(ls: TinycodeServer, uris: list[str]) -> None:
    """Files were saved, made, moved or deleted."""
    paths = {path for uri in uris if (path := file_of(uri))}
    if any(map(ls.session.configuration.is_settings_file, paths)):
        await settle(ls)
    await ls.session.index.files_changed(paths)
    ls.send_status()


async def pull_settings(ls: TinycodeServer) -> None:
    """Ask the client for the section `tinycode`, where it can be asked; for each folder's, too, even of one folder."""
    if pulls_settings(ls):
        folders = ls.session.configuration.roots
        scopes = [None, *(folder.as_uri() for folder in folders)]
        items = [lsp.ConfigurationItem(scope_uri=uri, section="tinycode") for uri in scopes]
        values = await patiently(ls.workspace_configuration_async(lsp.ConfigurationParams(items)))
        if values:  # else what was in force stays: no answer says nothing
            ls.session.configuration.set_editor(values[0], dict(zip(folders, values[1:], strict=False)))
    await settle(ls)


async def register(ls: TinycodeServer) -> None:
    """Ask to be told of changed files and settings, where the client takes such wishes."""
    workspace = ls.client_capabilities.workspace
    watches = workspace and workspace.did_change_watched_files
    configuration = workspace and workspace.did_change_configuration
    wishes = []
    if watches and watches.dynamic_registration:
        watchers = [lsp.FileSystemWatcher(pattern) for pattern in WATCHED]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        wishes.append(lsp.Registration("tinycode-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if configuration and configuration.dynamic_registration:
        section = lsp.DidChangeConfigurationRegistrationOptions(section="tinycode")
        wishes.append(lsp.Registration("tinycode-settings", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if wishes:
        await patiently(ls.client_register_capability_async(lsp.RegistrationParams(wishes)))


async def patiently(answer: Awaitable[Any]) -> Any:
    """A client's answer; None when it refuses, or takes too long."""
    try:
        return await asyncio.wait_for(answer, CLIENT_PATIENCE_S)
    except Exception as error:  # clients fail in many ways; none of them is a reason to stop
        log.warning("the client did not answer: %r", error)
        return None


def open_folders(ls: TinycodeServer) -> tuple[Path, ...]:
    """The open folders that are in the local file system; of a client that knows only one root, none."""
    # not the keys, which are decoded: `C#` would end at its `#`
    return local(folder.uri for folder in ls.workspace.folders.values())


def local(uris: Iterable[str]) -> tuple[Path, ...]:
    """Those that are in the local file system."""
    return tuple(path for uri in uris if (path := file_of(uri)) and path.is_absolute())


def pulls_settings(ls: TinycodeServer) -> bool:
    """Whether the client can be asked for its settings."""
    workspace = ls.client_capabilities.workspace
    return bool(workspace and workspace.configuration)


def labels_have_details(ls: TinycodeServer) -> bool:
    """Whether the client shows a row's details beside its label."""
    document = ls.client_capabilities.text_document
    item = document and document.completion and document.completion.completion_item
    return bool(item and item.label_details_support)


HANDLERS: tuple[tuple[str, Callable[..., Any], Any], ...] = (
    (lsp.INITIALIZE, initialize, None),
    (lsp.INITIALIZED, initialized, None),
    (lsp.SHUTDOWN, shutdown, None),
    (lsp.TEXT_DOCUMENT_DID_OPEN, did_open, None),
    (lsp.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
    (lsp.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
    (lsp.TEXT_DOCUMENT_DID_SAVE, did_save, lsp.SaveOptions(include_text=False)),
    (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files, None),
    (lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, did_change_workspace_folders, None),
    (lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
    (lsp.TEXT_DOCUMENT_INLINE_COMPLETION, inline_completion, lsp.InlineCompletionOptions()),
    (lsp.TEXT_DOCUMENT_COMPLETION, completion, lsp.CompletionOptions(resolve_provider=True)),
    (lsp.COMPLETION_ITEM_RESOLVE, completion_resolve, None),
)
"""Inline completion is offered to the client only when it has an options object."""
COMMANDS: tuple[tuple[str, Callable[..., Any]], ...] = (("tinycode.explain", explain), ("tinycode.status", status))
