"""The server: what an editor says and asks, handed to the project that it is about."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from ffc.core.errors import InternalError
from ffc.lsp.completing import complete
from ffc.lsp.documents import Locations, completion_list, diagnostics_by_uri, symbols
from ffc.lsp.hovering import hover
from ffc.lsp.mentions import Mention, mention, place_of
from ffc.lsp.positions import Places, uri_of
from ffc.lsp.project import Project
from ffc.lsp.work import Soon, Worker
from ffc.project.files import find_project
from ffc.workspace.again import Asked

_TRIGGERS: Final = ["'", '"', ".", "@", ":", " ", "-", "("]
_WATCHED: Final = ("**/*.yml", "**/*.yaml", "**/*.sql")


class _Open:
    """A project with what the server does about it."""

    def __init__(self, project: Project, soon: Soon) -> None:
        self.project = project
        self.soon = soon
        self.told: dict[str, list[types.Diagnostic]] = {}


class Editing:
    """The projects that are edited, found by the files that are opened."""

    def __init__(self, server: LanguageServer, asked: Asked) -> None:
        self._server = server
        self._asked = asked
        self._worker = Worker()
        self._open: dict[Path, _Open] = {}

    def typed(self, uri: str, text: str | None) -> None:
        """Take what a file is now in the editor; None when it is closed."""
        found = self._of(uri)
        if found is None:
            return
        opened, shown = found
        if text is None:
            opened.project.buffers.pop(shown, None)
        else:
            opened.project.buffers[shown] = _lines(text)
        opened.soon.ask()

    def saved(self, uris: list[str]) -> None:
        """Take note that files on disk are others, or gone."""
        found = [self._of(uri) for uri in uris]
        for opened in {id(each[0]): each[0] for each in found if each}.values():
            opened.soon.ask()

    def at(self, uri: str, position: types.Position) -> tuple[Project, str, str, int] | None:
        """Return the project, the file, its text and the offset of a place in it."""
        found = self._of(uri)
        if found is None:
            return None
        text = self.text(uri)
        return found[0].project, found[1], text, Places(text).offset(position)

    def text(self, uri: str) -> str:
        """Return a file's text as the editor has it."""
        return _lines(self._server.workspace.get_text_document(uri).source)

    def project(self, uri: str) -> tuple[Project, str] | None:
        """Return the project that a file belongs to, and its name there."""
        found = self._of(uri)
        return (found[0].project, found[1]) if found else None

    def _of(self, uri: str) -> tuple[_Open, str] | None:
        path = to_fs_path(uri)
        if path is None:
            return None
        real = Path(os.path.realpath(path))
        root = find_project(real.parent)
        known = [each for each in self._open if real.is_relative_to(each)]
        if root is None and known:
            # Its ffc.yml is gone for the moment: that is what there is to be said.
            root = max(known, key=lambda each: len(each.parts))
        if root is None:
            return None
        if root not in self._open:
            project = Project(root, self._asked)
            soon = Soon(lambda: self._turn(root))
            self._open[root] = _Open(project, soon)
        return self._open[root], real.relative_to(root).as_posix()

    async def _turn(self, root: Path) -> None:
        """Compile a project and tell what is wrong; a bug of ours ends nothing."""
        opened = self._open[root]
        try:
            if not opened.project.known.entries:
                await self._worker.do(opened.project.understand)
            await self._worker.do(opened.project.compile)
            self._tell(opened)
            await self._worker.do(opened.project.rest)
        except Exception as problem:
            words = f"{InternalError.code}: a bug in ffc: {type(problem).__name__}: {problem}"
            self._server.window_log_message(
                types.LogMessageParams(type=types.MessageType.Error, message=words)
            )

    def _tell(self, opened: _Open) -> None:
        """Publish what changed about what is wrong: nothing of a file that is right again."""
        project = opened.project
        texts = {**project.known.files.texts, **project.buffers}
        found = diagnostics_by_uri(project.diagnostics, Locations(project.root, texts))
        for uri in {**opened.told, **found}:
            if found.get(uri, []) != opened.told.get(uri):
                self._server.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri=uri, diagnostics=found.get(uri, []))
                )
        for uri in {uri_of(project.root / shown) for shown in project.buffers} - found.keys():
            if uri not in opened.told:
                # Whoever opened a file waits for a word, though it is a good one.
                self._server.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri=uri, diagnostics=[])
                )
                found[uri] = []
        opened.told = found


def serve(asked: Asked, version: str, answers: BinaryIO) -> int:
    """Serve an editor on stdin until it says `exit` or is gone; return the exit code."""
    server = LanguageServer(
        "ffc", version, text_document_sync_kind=types.TextDocumentSyncKind.Incremental
    )
    editing = Editing(server, asked)
    _follow(server, editing)
    _answer(server, editing)
    said: list[str] = []
    for word in (types.SHUTDOWN, types.EXIT):
        server.feature(word)(partial(_note, said, word))
    server.start_io(stdout=answers)
    # The protocol has it so: who is told to exit and not to shut down before has failed.
    return 1 if said == [types.EXIT] else 0


def _note(said: list[str], word: str, params: object) -> None:
    said.append(word)


def _follow(server: LanguageServer, editing: Editing) -> None:
    """Take what the editor says of files."""

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        _watch(server)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        uri = params.text_document.uri
        editing.typed(uri, editing.text(uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        editing.typed(uri, editing.text(uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        editing.typed(params.text_document.uri, None)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        editing.saved([params.text_document.uri])

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def elsewhere(params: types.DidChangeWatchedFilesParams) -> None:
        editing.saved([change.uri for change in params.changes])


def _answer(server: LanguageServer, editing: Editing) -> None:
    """Answer what the editor asks."""

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> types.Location | None:
        found = _mentioned(editing, params)
        span = place_of(found[0].known, found[1]) if found else None
        if found is None or span is None:
            return None
        project = found[0]
        texts = {**project.known.files.texts, **project.buffers}
        return Locations(project.root, texts).location(span)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        found = _mentioned(editing, params)
        if found is None:
            return None
        project, what, file, places = found
        said = hover(project.known, file, what)
        return (
            types.Hover(
                contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=said),
                range=places.between(what.start, what.end),
            )
            if said
            else None
        )

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS)
    )
    def completion(params: types.CompletionParams) -> types.CompletionList | None:
        found = editing.at(params.text_document.uri, params.position)
        if found is None:
            return None
        project, file, text, offset = found
        return completion_list(complete(project.known, file, text, offset), Places(text))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outline(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        found = editing.project(params.text_document.uri)
        if found is None:
            return []
        project, file = found
        declared = project.index.of(file)
        texts = {**project.known.files.texts, **project.buffers}
        return symbols(declared.entries, declared.parts, Locations(project.root, texts))


def _mentioned(
    editing: Editing, params: types.DefinitionParams | types.HoverParams
) -> tuple[Project, Mention, str, Places] | None:
    found = editing.at(params.text_document.uri, params.position)
    if found is None:
        return None
    project, file, text, offset = found
    what = mention(project.known, file, text, offset)
    return (project, what, file, Places(text)) if what else None


def _watch(server: LanguageServer) -> None:
    """Ask the editor to tell of files that change on disk, if it can."""
    workspace = server.client_capabilities.workspace
    can = workspace.did_change_watched_files if workspace else None
    if can is None or not can.dynamic_registration:
        return
    watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
    registration = types.Registration(
        id="ffc-files",
        method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers),
    )
    server.client_register_capability(types.RegistrationParams(registrations=[registration]))


def _lines(text: str) -> str:
    """Return a text as ours are: its lines ended by `\\n`, without a mark at its beginning."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
