"""Tokens of users: a code in, a pair out, and a new pair for each refresh token.

They live in real time, as application tokens do. Everything handed out is remembered, so that a test can tell how often
a pair was refreshed and which pairs never came back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from attrs import define, field, frozen

from ..tokens import fields_of, oauth_error
from ..wire import Answer, Request, json_answer


@frozen
class Grant:
    """Whose cars may be read, and what the owner agreed to."""

    user_id: str
    scope: frozenset[str]


@define(eq=False)
class TokenPair:
    """An access token and the refresh token that came with it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_until: float
    refresh_until: float
    spent_at: float | None = None
    """When the refresh token was first exchanged; its grace window runs from there."""
    used: bool = False
    """Whether either token was ever sent back."""


@define(eq=False)
class TokenChain:
    """The pairs that follow from one code, and how often a new one was requested."""

    grant: Grant
    pairs: list[TokenPair] = field(factory=list[TokenPair])
    refresh_requests: int = 0
    """Requests with a refresh token of this chain, whatever was answered."""
    refusals: int = 0
    """Those of them that were answered `invalid_grant`."""

    @property
    def newest(self) -> TokenPair:
        """The pair handed out last."""
        return self.pairs[-1]

    @property
    def unused(self) -> list[TokenPair]:
        """Pairs neither token of which was ever sent: lost, or not needed yet."""
        return [pair for pair in self.pairs if not pair.used]


@frozen
class _Code:
    grant: Grant
    redirect_uri: str | None
    until: float


@define
class UserTokens:
    """Codes and pairs that are valid, and the credentials of the application that may exchange them.

    A refresh token is spent by its first exchange. For the grace window after it the same token still buys a new pair.
    """

    client_id: str
    client_secret: str = field(repr=False)
    seed: int
    clock: Callable[[], float]
    access_lifetime: float = 7200
    refresh_lifetime: float = 60 * 86400
    code_lifetime: float = 600
    grace: float = 60
    """Seconds in which a spent refresh token still works."""
    chains: list[TokenChain] = field(factory=list[TokenChain], init=False, repr=False)
    _codes: dict[str, _Code] = field(factory=dict[str, _Code], init=False, repr=False)
    _by_access: dict[str, tuple[TokenChain, TokenPair]] = field(
        factory=dict[str, tuple[TokenChain, TokenPair]], init=False, repr=False
    )
    _by_refresh: dict[str, tuple[TokenChain, TokenPair]] = field(
        factory=dict[str, tuple[TokenChain, TokenPair]], init=False, repr=False
    )
    _random: Random = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Draw tokens from the seed."""
        self._random = Random(f"{self.seed}/user tokens")

    def issue(self, user_id: str, scope: Iterable[str]) -> TokenPair:
        """Hand out a pair without a code: the first of a new chain."""
        return self._begin(Grant(user_id, frozenset(scope)))

    def code(self, user_id: str, scope: Iterable[str], redirect_uri: str | None = None) -> str:
        """A code for one exchange, bound to a redirect URI, if one is given."""
        code = self._draw()
        self._codes[code] = _Code(Grant(user_id, frozenset(scope)), redirect_uri, self.clock() + self.code_lifetime)
        return code

    def chain_of(self, token: str) -> TokenChain:
        """The chain of an access or refresh token; KeyError where it is none of ours."""
        return (self._by_refresh.get(token) or self._by_access[token])[0]

    def grant_of(self, authorization: str) -> Grant | None:
        """What an Authorization header allows, None without a valid token."""
        scheme, _, token = authorization.partition(" ")
        chain, pair = self._by_access.get(token.strip(), (None, None))
        if chain is None or pair is None or scheme.lower() != "bearer":
            return None
        pair.used = True
        return chain.grant if self.clock() < pair.access_until else None

    def expire(self) -> None:
        """End every access token; refresh tokens stay valid."""
        for chain in self.chains:
            for pair in chain.pairs:
                pair.access_until = min(pair.access_until, self.clock())

    def revoke(self, user_id: str) -> None:
        """End every token of a user, as one does who withdraws consent."""
        for chain in self.chains:
            if chain.grant.user_id == user_id:
                for pair in chain.pairs:
                    pair.access_until = pair.refresh_until = min(pair.access_until, self.clock())

    def answer(self, request: Request) -> Answer:
        """`POST /oauth/token`: the application in a Basic header or in the form, and a code or a refresh token."""
        fields = fields_of(request)
        if fields is None:
            return oauth_error(400, "invalid_request", "The body is not a form.")
        if (fields.get("client_id"), fields.get("client_secret")) != (self.client_id, self.client_secret):
            return oauth_error(401, "invalid_client", "Unknown client, or wrong client secret.")
        match fields.get("grant_type"):
            case "authorization_code":
                return self._exchange(fields.get("code"), fields.get("redirect_uri"))
            case "refresh_token":
                return self._refresh(fields.get("refresh_token"))
            case None:
                return oauth_error(400, "invalid_request", "Missing grant_type.")
            case _:
                return oauth_error(400, "unsupported_grant_type", "Use authorization_code or refresh_token.")

    def _exchange(self, code: str | None, redirect_uri: str | None) -> Answer:
        if not code:
            return oauth_error(400, "invalid_request", "Missing code.")
        known = self._codes.pop(code, None)
        if known is None or self.clock() >= known.until:
            return oauth_error(400, "invalid_grant", "Invalid or expired authorization code.")
        if known.redirect_uri not in (None, redirect_uri):
            return oauth_error(400, "invalid_grant", "redirect_uri is not the one that the code was sent to.")
        return self._tell(self._begin(known.grant))

    def _refresh(self, token: str | None) -> Answer:
        if not token:
            return oauth_error(400, "invalid_request", "Missing refresh_token.")
        chain, pair = self._by_refresh.get(token, (None, None))
        if chain is None or pair is None:
            return oauth_error(400, "invalid_grant", "Invalid or expired refresh token.")
        chain.refresh_requests += 1
        pair.used = True
        now = self.clock()
        if now >= pair.refresh_until or (pair.spent_at is not None and now >= pair.spent_at + self.grace):
            chain.refusals += 1
            return oauth_error(400, "invalid_grant", "Invalid or expired refresh token.")
        pair.spent_at = now if pair.spent_at is None else pair.spent_at
        return self._tell(self._add(chain))

    def _begin(self, grant: Grant) -> TokenPair:
        chain = TokenChain(grant)
        self.chains.append(chain)
        return self._add(chain)

    def _add(self, chain: TokenChain) -> TokenPair:
        now = self.clock()
        pair = TokenPair(self._draw(), self._draw(), now + self.access_lifetime, now + self.refresh_lifetime)
        chain.pairs.append(pair)
        self._by_access[pair.access_token] = self._by_refresh[pair.refresh_token] = (chain, pair)
        return pair

    def _tell(self, pair: TokenPair) -> Answer:
        return json_answer(
            {
                "access_token": pair.access_token,
                "token_type": "Bearer",
                "expires_in": round(self.access_lifetime),
                "refresh_token": pair.refresh_token,
            }
        )

    def _draw(self) -> str:
        """A token as v2 has them: in the form of a UUID."""
        digits = f"{self._random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
