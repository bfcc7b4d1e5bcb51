"""Sites for tests, and their pages read as a browser reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import msgspec

from ffc.manifest.records import (
    AnyNode,
    Column,
    ColumnLineage,
    DataTest,
    Entity,
    Feature,
    FeatureView,
    Manifest,
    Model,
    ModelFeature,
    Project,
    Source,
    Target,
    Transformation,
)
from ffc.site.rendering import site_files

# What HTML closes by itself.
VOID = ("meta", "link", "img", "input", "br", "hr", "wbr", "path", "rect")


@dataclass
class Page(HTMLParser):
    """A page: its elements in order, ids, links, texts; mistakes in how elements nest."""

    path: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    mistakes: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.mistakes.append(f"</{tag}> closes nothing, before line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def close(self) -> None:
        super().close()
        self.mistakes += [f"<{tag}> is not closed" for tag in self._open]

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def leads_to(self, href: str) -> tuple[str, str]:
        """Return the file of the site that a link means, and the anchor in it."""
        parts = urlsplit(href)
        assert not parts.scheme, href
        assert not parts.netloc, href
        if not parts.path:
            return self.path, parts.fragment
        found: list[str] = []
        for part in (PurePosixPath(self.path).parent / parts.path).parts:
            if part == "..":
                found.pop()
            else:
                found.append(part)
        return "/".join(found), parts.fragment


def files_of(manifest: Manifest) -> dict[str, bytes]:
    return dict(site_files(manifest, "0"))


def pages_of(files: Mapping[str, bytes]) -> dict[str, Page]:
    found = {}
    for path, data in files.items():
        if path.endswith(".html"):
            page = Page(path)
            page.feed(data.decode())
            page.close()
            found[path] = page
    return found


def project(*nodes: AnyNode, name: str = "strange") -> Manifest:
    """Return a manifest by hand: nothing in it went through the compiler."""
    return Manifest(
        project=Project(name=name, dialect="duckdb", boundary="exclusive", as_known=True),
        target=Target(name="dev", offline="duckdb", dialect="duckdb", online=("default",)),
        nodes=nodes,
    )


def chain(count: int, width: int = 1) -> Manifest:
    """Return a manifest of transformations that each read the `width` before them."""
    nodes = [
        Transformation(
            id=f"transformation.t{i}",
            name=f"t{i}",
            path="t.sql",
            line=1,
            raw="select 1 as a",
            sql="select 1 as a",
            columns=(Column(name="a", type="int64"),),
            depends_on=tuple(f"transformation.t{j}" for j in range(max(0, i - width), i)),
        )
        for i in range(count)
    ]
    return project(*nodes)


# Whatever somebody could put into a name, if a manifest came from elsewhere.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; --",
    "../../etc/passwd",
    "..",
    ".",
    "/",
    "a/b\\c",
    "con",
    "nul.html",
    "index",
    "Index",
    "INDEX",
    "orders",
    "Orders",
    "ORDERS",
    "ordërs",
    "orde\u0308rs",
    "注文",
    "🛒",
    "a b",
    "a%20b",
    "a+b",
    "a#b?c=d&amp;",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "tab\there",
    "line\nend",
    "\u202eevil",
    "\x00null",
    "</title></svg></style>",
    "javascript:alert(1)",
    "__proto__",
    "constructor",
    "x" * 300,
    f"{'long_' * 60}end",
)


def hostile_project() -> Manifest:
    """Return a manifest in which each strange text is a name, a column, a tag, an owner, SQL."""
    found: list[AnyNode] = []
    for number, text in enumerate(HOSTILE):
        columns = (
            Column(name=text, type="string", native=text, description=text, tags=(text,)),
            Column(name=f"c{number}", type="", native=text),
        )
        source = Source(
            id=f"source.{text}",
            name=text,
            path=text,
            line=1,
            file=text,
            timezone=text,
            description=text,
            owner=text,
            tags=(text,),
            columns=columns,
            tests=(DataTest(name=text, test=text, column=text, sql=text),),
        )
        read = f"source.{text}"
        lineage = {text: ColumnLineage(values=((read, text),), rows=((read, f"c{number}"),))}
        found.append(source)
        found.append(
            Transformation(
                id=f"transformation.{text}",
                name=text,
                variant=text,
                path=text,
                line=2,
                raw="{{ ref('" + text + "') }} /* " + text,
                sql=f'select \'{text}\' from "__ffc"."{read}" -- {text}',
                target_sql=text,
                depends_on=(read, "source.gone"),
                columns=columns,
                lineage=lineage,
            )
        )
        feature = Feature(name=text, column=text, type="string", default=text, description=text)
        view = FeatureView(
            id=f"feature_view.{text}",
            name=text,
            path=text,
            line=3,
            entity="gone",
            source=f"transformation.{text}",
            keys=(text,),
            online=text,
            features=(feature,),
            sql=text,
            depends_on=(f"transformation.{text}", "entity.gone"),
            columns=columns,
            lineage={text: ColumnLineage(values=((f"transformation.{text}", text),))},
        )
        found.append(view)
        asked = ModelFeature(view=view.id, feature=text, column=text)
        unknown = ModelFeature(view="", feature=text, column=text)
        model = Model(
            id=f"model.{text}",
            name=text,
            path=text,
            line=4,
            entities=(text,),
            features=(asked, unknown),
            depends_on=(view.id,),
        )
        found.append(model)
    found.append(Entity(id="entity.x", name="x", path="x", line=1))
    return msgspec.structs.replace(project(*found, name=HOSTILE[0]), target=_target())


def _target() -> Target:
    return Target(
        name=HOSTILE[1], offline="duckdb", dialect=HOSTILE[0], online=HOSTILE[:3], protected=True
    )
