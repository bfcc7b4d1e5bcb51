"""Open stores of one target, let go of together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ffc.adapter import OfflineStore, OnlineStore, Options, StateStore
from ffc.connect.plugins import offline_adapter, online_adapter, state_adapter
from ffc.connect.profiles import ChosenTarget, Store
from ffc.core.errors import ProfileError


class Session:
    """The stores of a target, each opened when it is first asked for.

    With `read_only` nothing is written to the warehouse, and no file is made; `writes_state` lets
    the state store alone be written all the same.
    """

    def __init__(
        self,
        target: ChosenTarget,
        environment: Mapping[str, str] | None = None,
        *,
        read_only: bool = False,
        writes_state: bool = False,
    ) -> None:
        self.target = target
        self._read_only = read_only
        self._writes_state = writes_state
        self._environment = os.environ if environment is None else environment
        self._stack = ExitStack()
        self._offline: OfflineStore | None = None
        self._state: StateStore | None = None
        self._online: dict[str, OnlineStore] = {}
        self._stack.callback(self._close_online)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of every store."""
        self._stack.close()

    @property
    def schema(self) -> str:
        """The schema that people query; builds live in `<schema>__ffc`."""
        return str(self._resolved(self.target.schema, "schema"))

    @property
    def offline(self) -> OfflineStore:
        """The warehouse."""
        if self._offline is None:
            kind = self.target.offline.type
            self._offline = offline_adapter(kind)(self.options("offline"))
            self._stack.callback(self._offline.close)
        return self._offline

    def close_offline(self) -> None:
        """Let go of the warehouse, for others; it is opened again when it is asked for again."""
        if self._offline is not None:
            self._offline.close()
            self._offline = None

    @property
    def state(self) -> StateStore:
        """The state store."""
        if self._state is None:
            kind = self.target.state.type
            self._state = state_adapter(kind)(self.options("state"))
            self._stack.callback(self._state.close)
        return self._state

    def online(self, name: str) -> OnlineStore:
        """Return an online store by its name in the profile."""
        if name not in self._online:
            self._online[name] = self._opened(name)
        return self._online[name]

    def reopened(self, name: str, answers: Callable[[OnlineStore], bool]) -> OnlineStore:
        """Return an online store opened anew, or the one that is open, if that is no better."""
        old, new = self.online(name), self._opened(name)
        if not answers(new):
            new.close()
            return old
        self._online[name] = new
        old.close()
        return new

    def _opened(self, name: str) -> OnlineStore:
        store = self._named(name)
        return online_adapter(store.type)(self._options(store, f"online: {name}"))

    def _named(self, name: str) -> Store:
        store = self.target.online.get(name)
        if store is None:
            raise ProfileError(f"the target `{self.target.name}` has no online store `{name}`")
        return store

    def _close_online(self) -> None:
        for store in self._online.values():
            store.close()

    def options(self, role: str, name: str = "") -> Options:
        """Return what a store is opened with: that of a role, an online store by its name.

        Raises ProfileError.
        """
        if role == "online":
            return self._options(self._named(name), f"online: {name}")
        stores = {"offline": self.target.offline, "state": self.target.state}
        return self._options(stores[role], role)

    def _options(self, store: Store, role: str) -> Options:
        where = f"`{role}` of the target `{self.target.name}`"
        values = {
            key: self._resolved(value, f"{role}: {key}") for key, value in store.settings.items()
        }
        read_only = self._read_only and not (role == "state" and self._writes_state)
        return Options(where=where, folder=self.target.folder, values=values, read_only=read_only)

    def _resolved(self, value: object, what: str) -> object:
        """Replace `{{ env_var('NAME', 'default') }}`; raises ProfileError for an unset one."""
        if not isinstance(value, str) or "{{" not in value:
            return value

        def env_var(name: str, default: str | None = None) -> str:
            found = self._environment.get(name, default)
            if found is None:
                message = f"`{what}` needs the environment variable {name}, which is not set"
                raise ProfileError(message, help=[f"export {name}=... and try again"])
            return found

        environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
        try:
            return environment.from_string(value, globals={"env_var": env_var}).render()
        except jinja2.TemplateError as problem:
            raise ProfileError(f"profiles.yml: `{what}` can't be read: {problem}") from problem
