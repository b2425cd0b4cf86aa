"""Where per-user tokens live between calls: the protocol, and a store in memory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

from attrs import field, frozen

from ..errors import ConfigurationError
from ..request import header_value, require_text

if TYPE_CHECKING:
    from attrs import Attribute


def _is_token(_: object, attribute: "Attribute[str]", value: str) -> None:
    header_value(value, attribute.name)


def _moment(value: datetime, argument: str) -> datetime:
    """The time in UTC. One without a zone is taken for UTC, as Smartcar's own Python SDK writes it."""
    if not isinstance(value, datetime):
        raise ConfigurationError(f"{argument}: give a datetime in UTC")
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{argument}: {value} is out of range") from None


def _expiration(value: datetime) -> datetime:
    return _moment(value, "expiration")


def _refresh_expiration(value: datetime) -> datetime:
    return _moment(value, "refresh_expiration")


def _refreshing_since(value: datetime | None) -> datetime | None:
    return None if value is None else _moment(value, "refreshing_since")


@frozen
class TokenPair:
    """One user's access token and the refresh token that renews it, with the times when each ends."""

    access_token: str = field(repr=False, validator=_is_token)
    refresh_token: str = field(repr=False, validator=_is_token)
    expiration: datetime = field(converter=_expiration)
    refresh_expiration: datetime = field(converter=_refresh_expiration)

    def expired(self, now: datetime) -> bool:
        """Whether the access token has ended, so that the refresh token must renew it."""
        return self.expiration <= _moment(now, "now")

    def refresh_expired(self, now: datetime) -> bool:
        """Whether the refresh token has ended too, so that the owner must go through Connect again."""
        return self.refresh_expiration <= _moment(now, "now")


@frozen
class StoredTokens:
    """A pair as it is stored. `refreshing_since` marks a refresh that was begun: it may have spent the pair."""

    pair: TokenPair
    refreshing_since: datetime | None = field(default=None, converter=_refreshing_since)


class TokenStore(Protocol):
    """Keeps tokens by key. Whatever `swap` reported as written must survive."""

    async def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        ...

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None means that nothing is stored."""
        ...

    def lease(self, key: str) -> AbstractAsyncContextManager[None]:
        """Hold this key alone, so that only one refreshes it at a time."""
        ...


class MemoryTokenStore:
    """A store that lasts as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[str, StoredTokens] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def load(self, key: str) -> StoredTokens | None:
        """What is stored under this key."""
        check_key(key)
        return self._entries.get(key)

    async def swap(self, key: str, old: StoredTokens | None, new: StoredTokens | None) -> bool:
        """Replace `old` by `new`, unless something else is stored by now; None means that nothing is stored."""
        check_key(key)
        check_tokens(new)
        if self._entries.get(key) != old:
            return False
        if new is None:
            self._entries.pop(key, None)
        else:
            self._entries[key] = new
        return True

    @asynccontextmanager
    async def lease(self, key: str) -> AsyncGenerator[None, None]:
        """Hold this key alone, so that only one refreshes it at a time."""
        check_key(key)
        async with self._locks.setdefault(key, asyncio.Lock()):
            yield


def check_key(key: str) -> None:
    """Refuse what no store could find again."""
    require_text(key, "key")


def check_tokens(new: StoredTokens | None) -> None:
    """Refuse what cannot be stored."""
    if new is not None and not (isinstance(new, StoredTokens) and isinstance(new.pair, TokenPair)):
        raise ConfigurationError("new: give StoredTokens(pair), or None to forget what is stored")
