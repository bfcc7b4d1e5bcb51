"""Files that lie elsewhere: fetched through fsspec into a folder of their own, and hashed."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ffc.core.errors import DataError, FfcError, ProfileError, Transient, Unreachable

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CHUNK: Final = 1 << 20
# What an object store says of the bytes of an object: the same word, the same bytes. A web server's
# words are not to be trusted as much.
_TOLD: Final = ("ETag", "etag", "md5Hash", "checksum", "content_md5")
_WEB: Final = ("http", "https")
# The packages behind the protocols that people use most.
_PACKAGES: Final = {
    "http": "fsspec[http]",
    "https": "fsspec[http]",
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "az": "adlfs",
}


class Remote:
    """The files of URLs; those that were fetched lie in a folder until `close`."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._fetched: dict[str, tuple[Path, str]] = {}

    def inputs(self, url: str) -> dict[str, str]:
        """Return the files of a URL, which may be a glob, each with what tells its bytes.

        Raises DataError where there is none, Unreachable where it may not be read, Transient where
        nobody answers or that may pass, ProfileError where a package is missing.
        """
        with _told(url):
            system, path = _system(url)
            found = self._listed(system, path, url)
            if not found:
                raise DataError(f"no file matches `{url}`")
            return {name: self._token(system, name, inner) for name, inner in found.items()}

    def local(self, url: str) -> Path:
        """Return a file of `inputs` on this machine."""
        if url not in self._fetched:
            with _told(url):
                system, path = _system(url)
                self._fetch(system, url, path)
        return self._fetched[url][0]

    def close(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder, self._fetched = None, {}

    def _listed(self, system: AbstractFileSystem, path: str, url: str) -> dict[str, str]:
        protocol = urlsplit(url).scheme
        if protocol in _WEB or not any(sign in path for sign in "*?["):
            return {url: path}
        return {f"{protocol}://{inner}": inner for inner in sorted(system.glob(path))}

    def _token(self, system: AbstractFileSystem, url: str, path: str) -> str:
        if urlsplit(url).scheme not in _WEB:
            info = system.info(path)
            told = next((str(info[key]) for key in _TOLD if info.get(key)), "")
            if told:
                word = f"{url}\n{told}\n{info.get('size')}"
                return hashlib.sha256(word.encode()).hexdigest()
        self._fetch(system, url, path)
        return self._fetched[url][1]

    def _fetch(self, system: AbstractFileSystem, url: str, path: str) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ffc-"))
        suffix = PurePosixPath(urlsplit(url).path).suffix
        local = self._folder / f"{len(self._fetched)}{suffix}"
        size = system.info(path).get("size")
        digest, written = hashlib.sha256(), 0
        # Web servers need not know how to send a part of a file.
        options: dict[str, Any] = {"block_size": 0} if urlsplit(url).scheme in _WEB else {}
        with system.open(path, "rb", **options) as source, local.open("wb") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
                written += len(chunk)
        if size is not None and size != written:
            raise Transient(f"only {written:,} of {size:,} bytes of `{url}` came")
        self._fetched[url] = (local, digest.hexdigest())


def _system(url: str) -> tuple[AbstractFileSystem, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as problem:
        raise _missing(url) from problem
    try:
        system, path = url_to_fs(url)
    except ImportError as problem:
        raise _missing(url) from problem
    except ValueError as problem:
        raise DataError(f"`{url}` can't be read: {problem}") from problem
    return system, path


def _missing(url: str) -> ProfileError:
    protocol = urlsplit(url).scheme
    package = _PACKAGES.get(protocol)
    what = f"pip install '{package}'" if package else "install what fsspec needs for it"
    return ProfileError(f"`{url}` needs a package that is not installed", help=[what])


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Raise ffc's exceptions for those of file systems."""
    try:
        yield
    except FfcError:
        raise
    except FileNotFoundError as problem:
        # That is what fsspec says whatever the web server said.
        cause = problem.__cause__
        if getattr(cause, "status", 404) != 404:
            raise _of_web(url, cause or problem) from problem
        if type(cause).__module__.partition(".")[0] == "aiohttp" and not hasattr(cause, "status"):
            raise _unanswered(url) from problem
        message = f"there is no file at `{url}`"
        raise DataError(message, help=["check the address"]) from problem
    except PermissionError as problem:
        raise Unreachable(
            f"`{url}` may not be read",
            help=["the credentials are those of the environment, as fsspec reads them"],
        ) from problem
    except (OSError, TimeoutError) as problem:
        raise Transient(f"`{url}` can't be read: {problem}") from problem
    except Exception as problem:
        raise _of_web(url, problem) from problem


def _unanswered(url: str) -> Transient:
    return Transient(
        f"nobody answers at `{url}`",
        help=["check the address, and that it can be reached from here"],
    )


def _of_web(url: str, problem: BaseException) -> BaseException:
    """Return what to raise for an exception of the HTTP client; any other is raised as it is."""
    if type(problem).__module__.partition(".")[0] != "aiohttp":
        return problem
    status = getattr(problem, "status", 0)
    if status in (401, 403):
        return Unreachable(f"`{url}` may not be read: HTTP status {status}")
    if 400 <= status < 500:
        return DataError(f"`{url}` can't be read: HTTP status {status}")
    return Transient(f"`{url}` can't be read: {problem}")
