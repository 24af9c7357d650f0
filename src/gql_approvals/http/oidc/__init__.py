"""Sign-in with OpenID Connect: is a token of the provider good, and what does it say?

Whose token it is, and what they may do, is not decided here: `service/sign_in.py` finds the person.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from gql_approvals.http.oidc.keys import TIMEOUT_S, KeysNotRead, ProviderKeys
from gql_approvals.http.oidc.token import TokenVerifier
from gql_approvals.settings import Settings

__all__ = ["try_provider", "verifier"]


@asynccontextmanager
async def verifier(settings: Settings) -> AsyncGenerator[TokenVerifier]:
    """What verifies the tokens of the provider that is set, and begins to read its keys.

    Authorities that `SSL_CERT_FILE` names are trusted; proxies of the environment are not used.
    """
    async with _client() as client:
        keys = ProviderKeys(client, settings.oidc_issuer)
        keys.begin()
        yield TokenVerifier(
            keys,
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            algorithms=settings.oidc_algorithms,
            groups_claim=settings.oidc_groups_claim,
        )
        await keys.close()


async def try_provider(settings: Settings) -> str | None:
    """Read the provider's keys once; gives what failed."""
    async with _client() as client:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await ProviderKeys(client, settings.oidc_issuer).ask()
        except TimeoutError:
            return f"no answer within {TIMEOUT_S:g} s"
        except (KeysNotRead, httpx.HTTPError, httpx.InvalidURL) as error:
            return str(error) or type(error).__name__
    return None


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        follow_redirects=False, trust_env=False, timeout=TIMEOUT_S, verify=httpx.create_ssl_context()
    )
