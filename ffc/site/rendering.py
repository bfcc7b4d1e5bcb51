"""Pages to bytes: templates filled, everything escaped, files that every site has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from ffc.core.characters import visible
from ffc.manifest.records import Manifest
from ffc.site.atlas import KINDS, Atlas, chart, title
from ffc.site.drawing import whole_picture
from ffc.site.indexes import Indexes
from ffc.site.names import kind_page, listing_page, node_page
from ffc.site.pages import GRAPH_PAGE, LISTED, Page, all_pages
from ffc.site.search import index_script

_ROOM: Final = files("ffc.site")
# A name of so many characters stays in one piece.
_SHORT: Final = 16
_BREAKS: Final = re.compile(r"((?:_|\.)+)(?=\w)")
ASSETS: Final = ("icon.svg", "search.js", "site.js", "style.css", "theme.js")
INDEX: Final = "assets/index.js"


def site_files(manifest: Manifest, version: str) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a manifest's site: its path in the site's folder, its bytes.

    The same manifest and version of ffc give the same bytes.
    """
    atlas = chart(manifest)
    indexes = Indexes(atlas=atlas)
    picture = whole_picture(atlas)
    environment = _environment()
    environment.globals.update(_of_every_page(atlas, indexes))
    environment.globals.update(version=version, drawn=picture is not None)
    for page in all_pages(atlas, indexes, picture):
        yield page.path, _rendered(environment, page)
    yield INDEX, index_script(atlas, indexes).encode()
    for name in ASSETS:
        yield f"assets/{name}", _ROOM.joinpath("assets", name).read_bytes()


def _breakable(text: str) -> Markup:
    """Return a name that a narrow place may break where it is long, after underscores and dots."""
    if len(text) <= _SHORT:
        return escape(text)
    return Markup(_BREAKS.sub(r"\1<wbr>", str(escape(text))))


def _environment() -> Environment:
    """Return what fills templates: text is escaped, a name that is not there is an error."""
    environment = Environment(
        loader=FunctionLoader(lambda name: _ROOM.joinpath("templates", name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _rendered(environment: Environment, page: Page) -> bytes:
    template = environment.get_template(page.template)
    root = "../" * page.path.count("/")
    text = template.render(page=page, root=root, **page.values)
    return text.encode(errors="replace")


def _of_every_page(atlas: Atlas, indexes: Indexes) -> dict[str, Any]:
    manifest = atlas.manifest
    sides = []
    for kind, (_, many) in KINDS.items():
        nodes = atlas.of_kind(kind)
        if nodes:
            shown = nodes if len(manifest.nodes) <= LISTED else []
            links = [(node.id, node_page(node.id), visible(title(node))) for node in shown]
            sides.append((kind, many, kind_page(kind), len(nodes), links))
    lists = [
        ("columns", len(indexes.columns)),
        ("tags", len(indexes.tags)),
        ("owners", len(indexes.owners)),
    ]
    return {
        "project_name": visible(manifest.project.name),
        "sides": sides,
        "lists": [(name, listing_page(name, 1), count) for name, count in lists],
        "graph": GRAPH_PAGE,
    }
