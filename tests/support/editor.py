"""An editor: `ffc lsp` in a process of its own, spoken to in the real protocol over its pipes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

PATIENCE = 60.0


class Editor:
    """Files that are open in an editor, and what the server says of them."""

    def __init__(self, client: LanguageClient, root: Path) -> None:
        self.client = client
        self.root = root
        self.found: dict[str, list[types.Diagnostic]] = {}
        self.publications = 0
        self.logged: list[str] = []
        self.registered: list[types.Registration] = []
        self._versions: dict[str, int] = {}
        self._news = asyncio.Event()

    def take(self, params: types.PublishDiagnosticsParams) -> None:
        self.found[params.uri] = list(params.diagnostics)
        self.publications += 1
        self._news.set()

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None) -> None:
        given = (self.root / path).read_text() if text is None else text
        item = types.TextDocumentItem(self.uri(path), Path(path).suffix[1:], 1, given)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, path: str, text: str) -> None:
        """Put a text in the place of all of a file, without saving it."""
        self._versions[path] = self._versions.get(path, 1) + 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], self.uri(path))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def insert(self, path: str, line: int, character: int, text: str) -> None:
        """Type at a place, as an editor sends it."""
        self._versions[path] = self._versions.get(path, 1) + 1
        document = types.VersionedTextDocumentIdentifier(self._versions[path], self.uri(path))
        here = types.Position(line, character)
        change = types.TextDocumentContentChangePartial(types.Range(here, here), text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def close(self, path: str) -> None:
        document = types.TextDocumentIdentifier(self.uri(path))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def changed_on_disk(self, *paths: str) -> None:
        changes = [types.FileEvent(self.uri(p), types.FileChangeType.Changed) for p in paths]
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what the server said."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def codes(self, path: str, *codes: str) -> list[types.Diagnostic]:
        """Wait until these are the codes that are found in a file."""
        uri = self.uri(path)
        await self.until(lambda: uri in self.found and self.codes_now(path) == list(codes))
        return self.found[uri]

    def codes_now(self, path: str) -> list[str]:
        return [str(d.code) for d in self.found.get(self.uri(path), [])]

    async def hover(self, path: str, line: int, character: int) -> str:
        document = types.TextDocumentIdentifier(self.uri(path))
        found = await self.client.text_document_hover_async(
            types.HoverParams(document, types.Position(line, character))
        )
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def definition(self, path: str, line: int, character: int) -> tuple[str, int, int] | None:
        document = types.TextDocumentIdentifier(self.uri(path))
        found = await self.client.text_document_definition_async(
            types.DefinitionParams(document, types.Position(line, character))
        )
        if found is None:
            return None
        assert isinstance(found, types.Location)
        name = found.uri.removeprefix(self.root.as_uri() + "/")
        return name, found.range.start.line, found.range.start.character

    async def complete(self, path: str, line: int, character: int) -> list[types.CompletionItem]:
        document = types.TextDocumentIdentifier(self.uri(path))
        found = await self.client.text_document_completion_async(
            types.CompletionParams(document, types.Position(line, character))
        )
        assert isinstance(found, types.CompletionList)
        return list(found.items)

    async def symbols(self, path: str) -> list[types.DocumentSymbol]:
        document = types.TextDocumentIdentifier(self.uri(path))
        found = await self.client.text_document_document_symbol_async(
            types.DocumentSymbolParams(document)
        )
        return [each for each in found or [] if isinstance(each, types.DocumentSymbol)]

    async def ended(self) -> int:
        """Wait for the server's end; return its exit code."""
        process = self.client._server
        assert process is not None
        return await asyncio.wait_for(process.wait(), PATIENCE)


@asynccontextmanager
async def editing(root: Path, *arguments: str, watches: bool = False) -> AsyncIterator[Editor]:
    """Start a server for a project, and say hello; say good-bye unless it is gone."""
    client = LanguageClient("a test", "1")
    editor = Editor(client, root.resolve())

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        editor.take(params)

    @client.feature(types.WINDOW_LOG_MESSAGE)
    def logged(params: types.LogMessageParams) -> None:
        editor.logged.append(params.message)

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def registered(params: types.RegistrationParams) -> None:
        editor.registered += params.registrations
        editor._news.set()

    await client.start_io(sys.executable, "-m", "ffc", "lsp", *arguments, env={**os.environ})
    can = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=watches)
    workspace = types.WorkspaceClientCapabilities(did_change_watched_files=can)
    capabilities = types.ClientCapabilities(workspace=workspace)
    params = types.InitializeParams(capabilities=capabilities, root_uri=root.as_uri())
    try:
        await asyncio.wait_for(client.initialize_async(params), PATIENCE)
        client.initialized(types.InitializedParams())
        yield editor
        process = client._server
        if process is not None and process.returncode is None:
            await asyncio.wait_for(client.shutdown_async(None), PATIENCE)
            client.exit(None)
            assert await editor.ended() == 0
    finally:
        process = client._server
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
        await client.stop()


def edit(
    root: Path, work: Callable[[Editor], Awaitable[None]], *arguments: str, watches: bool = False
) -> None:
    """Do something in an editor."""

    async def run() -> None:
        async with editing(root, *arguments, watches=watches) as editor:
            await work(editor)
            # Nothing of what was done was a surprise to the server.
            assert editor.logged == []

    asyncio.run(run())


def applied(text: str, item: types.CompletionItem) -> str:
    """Return a text after a suggestion was taken."""
    assert isinstance(item.text_edit, types.TextEdit)
    lines = text.split("\n")
    start, end = item.text_edit.range.start, item.text_edit.range.end
    assert start.line == end.line
    units = lines[start.line].encode("utf-16-le")
    before, after = units[: 2 * start.character], units[2 * end.character :]
    lines[start.line] = (
        before.decode("utf-16-le") + item.text_edit.new_text + after.decode("utf-16-le")
    )
    return "\n".join(lines)
