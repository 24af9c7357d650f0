"""A provider's access token, checked: form, header, issuer, signature, then every claim that is relied on.

Of what an unproved token says, only the algorithm, the key's id and the issuer are looked at, to choose among
what is known. Headers that bring a key, or say where to fetch one, are refused.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeGuard, cast

from joserfc import jws
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from gql_approvals.http.oidc.keys import PublicKey
from gql_approvals.http.oidc.strict_json import json_object
from gql_approvals.service.sign_in import Claims, TokenRefused, Why
from gql_approvals.workflow.completeness import EMAIL, MAX_EMAIL, MAX_NAME
from gql_approvals.workflow.content import is_storable

MAX_TOKEN = 16 * 1024  # some 200 groups
MAX_SUBJECT = 255  # OpenID Connect Core 1.0, 2
SKEW_S = 60  # how far the provider's clock may be from ours
ACCESS_TOKEN_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})  # RFC 9068, and those before it
FOREIGN_KEYS = ("jku", "jwk", "x5u", "x5c")
ONLY_IN_ID_TOKENS = ("at_hash", "c_hash")
CLAIMED_ELSEWHERE = "_claim_names"  # what Microsoft Entra writes instead of more than 200 groups


class Keys(Protocol):
    """Where public keys come from."""

    async def find(self, kid: str) -> tuple[PublicKey, ...]:
        """The keys of this id."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A token's parts, proved by nothing yet."""

    token: str
    header: dict[str, Any]
    claims: dict[str, Any]


class TokenVerifier:
    """Call it with a token for the claims it proves."""

    def __init__(
        self, keys: Keys, *, issuer: str, audience: str, algorithms: Collection[str], groups_claim: str
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
        self._registry.max_header_length = MAX_TOKEN
        self._algorithms = frozenset(algorithms)
        self._groups_claim = groups_claim

    async def __call__(self, token: str, now: datetime) -> Claims:
        """Check everything.

        Raises:
            TokenRefused: when anything is wrong; with the first thing that is.
        """
        opened = open_token(token)
        self._check_header(opened.header)
        if opened.claims.get("iss", self._issuer) != self._issuer:
            raise TokenRefused(Why.ISSUER, f"`iss` is {shown(opened.claims['iss'])}")
        await self._check_signature(opened)
        self._check_claims(opened.claims, now)
        return self._read(opened.claims, now)

    def _check_header(self, header: dict[str, Any]) -> None:
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise TokenRefused(Why.ALGORITHM, f"`alg` is {shown(algorithm)}")
        bad = [name for name in ("crit", *FOREIGN_KEYS) if name in header]
        if bad:
            raise TokenRefused(Why.HEADER, f"the header has {shown(bad)}")
        kind = header.get("typ", "jwt")
        if not isinstance(kind, str) or kind.lower() not in ACCESS_TOKEN_TYPES:
            raise TokenRefused(Why.TYPE, f"`typ` is {shown(kind)}")

    async def _check_signature(self, opened: Opened) -> None:
        kid, algorithm = opened.header.get("kid"), opened.header["alg"]
        if not isinstance(kid, str):
            raise TokenRefused(Why.KEY, "the header names no key (`kid`)")
        keys = [key for key in await self._keys.find(kid) if key.alg in (None, algorithm)]
        if not keys:
            raise TokenRefused(Why.KEY, f"the provider has no key {shown(kid)} for {algorithm}")
        if not any(self._is_signed_with(key, opened.token) for key in keys):
            raise TokenRefused(Why.SIGNATURE, f"not signed with the provider's key {shown(kid)}")

    def _is_signed_with(self, key: PublicKey, token: str) -> bool:
        try:
            jws.deserialize_compact(token, key, registry=self._registry)
        except (JoseError, ValueError):
            return False
        return True

    def _check_claims(self, claims: dict[str, Any], now: datetime) -> None:
        rules = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=SKEW_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            rules.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused(Why.EXPIRED, f"`exp` is {shown(claims['exp'])}") from None
        except MissingClaimError as error:
            raise TokenRefused(Why.CLAIM, error.description) from None
        except InvalidClaimError as error:
            raise _of_claim(error.claim, claims) from None
        _check_kind(claims)

    def _read(self, claims: dict[str, Any], now: datetime) -> Claims:
        subject = claims["sub"]
        if not _fits(subject, MAX_SUBJECT):
            raise TokenRefused(Why.CLAIM, f"`sub` is {shown(subject)}")
        email = _email(claims)
        return Claims(
            issuer=self._issuer,
            subject=subject,
            issued_at=_issued(claims.get("iat"), now),
            groups=self._groups(claims),
            name=_name(claims, email or subject),
            email=email,
        )

    def _groups(self, claims: dict[str, Any]) -> frozenset[str]:
        elsewhere = claims.get(CLAIMED_ELSEWHERE)
        if isinstance(elsewhere, dict) and self._groups_claim in elsewhere:
            raise TokenRefused(
                Why.CLAIM, f"`{self._groups_claim}` is left out: the person has too many groups"
            )
        value = _claim(claims, self._groups_claim)
        listed = cast("list[object]", [value] if isinstance(value, str) else value)
        if value is None:
            return frozenset()
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):  # pyright: ignore[reportUnnecessaryIsInstance]  # it may be anything
            raise TokenRefused(Why.CLAIM, f"`{self._groups_claim}` is no list of names: {shown(value)}")
        return frozenset(cast("list[str]", listed))


def open_token(token: str) -> Opened:
    """Take a token apart; nothing in it is proved.

    Raises:
        TokenRefused: when it is none.
    """
    if len(token) > MAX_TOKEN:
        raise TokenRefused(Why.SIZE, f"it has {len(token)} characters, more than {MAX_TOKEN}")
    parts = token.split(".")
    if len(parts) == 5:  # noqa: PLR2004  # RFC 7516, 3.1
        raise TokenRefused(Why.ENCRYPTED, "it is encrypted (JWE); have the provider sign tokens only")
    if len(parts) != 3 or not token.isascii():  # noqa: PLR2004  # RFC 7515, 3.1
        raise TokenRefused(Why.FORM, f"it has {len(parts)} parts, or letters beyond ASCII")
    try:
        header, claims = (json_object(urlsafe_b64decode(part.encode())) for part in parts[:2])
    except ValueError as error:
        raise TokenRefused(Why.FORM, f"{error}") from None
    return Opened(token, header, claims)


def shown(value: object) -> str:
    """A claim as the log may quote it."""
    return f"`{json.dumps(value)[:100]}`"


def _of_claim(claim: str, claims: dict[str, Any]) -> TokenRefused:
    """What the library found wrong with a claim."""
    value, is_number = claims.get(claim), isinstance(claims.get(claim), int | float)
    why = {"aud": Why.AUDIENCE}.get(claim, Why.CLAIM)
    if claim in {"nbf", "iat"} and is_number and not isinstance(value, bool):
        why = Why.NOT_YET
    return TokenRefused(why, f"`{claim}` is {shown(value)}")


def _check_kind(claims: dict[str, Any]) -> None:
    """An ID token says who signed in somewhere, which is no permission to call us; nor is a refresh token."""
    found = [name for name in ONLY_IN_ID_TOKENS if name in claims]
    if found or claims.get("typ", "Bearer") not in ("Bearer", "at+jwt"):  # Keycloak's kinds
        raise TokenRefused(Why.TYPE, f"no access token: {shown([*found, claims.get('typ')])}")
    if "cnf" in claims:
        raise TokenRefused(Why.BOUND, f"`cnf` is {shown(claims['cnf'])}")


def _claim(claims: dict[str, Any], name: str) -> object:
    """The claim of that name; or, where names are joined by dots, what is inside."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = cast("dict[str, Any]", value).get(part) if isinstance(value, dict) else None
    return value


def _issued(value: Any, now: datetime) -> datetime:  # noqa: ANN401  # a number, as has been checked
    """`iat`, but not in the future: a clock ahead of ours must not outdate the tokens that follow."""
    if value is None:
        return now
    return datetime.fromtimestamp(min(max(0, value), now.timestamp()), UTC)


def _email(claims: dict[str, Any]) -> str | None:
    """The address, if the provider says that it has seen the person read what is sent there."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not _fits(email, MAX_EMAIL):
        return None
    return email if EMAIL.fullmatch(email) else None


def _name(claims: dict[str, Any], otherwise: str) -> str:
    for value in (claims.get("name"), claims.get("preferred_username")):
        if isinstance(value, str) and is_storable(value) and value.strip():
            return value.strip()[:MAX_NAME]
    return otherwise.partition("@")[0][:MAX_NAME]


def _fits(value: object, length: int) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= length and is_storable(value) and value.isprintable()
