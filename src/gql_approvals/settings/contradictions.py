"""What is wrong between settings that are right by themselves."""

from gql_approvals.settings.definition import Settings


def contradictions(settings: Settings) -> list[str]:
    """What is wrong between settings that are right by themselves: `NAME: what and how to fix it`."""
    found: list[str] = []
    sends_mail = settings.mail.startswith("smtp")
    if settings.production and settings.demo:
        found.append(
            "GQL_APPROVALS_DEMO: the demo's tokens are public; it cannot be combined with PRODUCTION"
        )
    if settings.production and sends_mail and not settings.review_url:
        found.append(
            "GQL_APPROVALS_REVIEW_URL: mails need a link to your review page; set it, with `{campaign}`"
        )
    if settings.delivery_url and not settings.delivery_secret:
        found.append("GQL_APPROVALS_DELIVERY_SECRET: the hand-over is signed; set a `whsec_…` secret")
    return [*found, *_contradictions_of_sign_in(settings)]


def _contradictions_of_sign_in(settings: Settings) -> list[str]:
    issuer, audience = settings.oidc_issuer, settings.oidc_audience
    found: list[str] = []
    if issuer and not audience:
        found.append(
            "GQL_APPROVALS_OIDC_AUDIENCE: tokens for other services would be accepted; "
            "set what the provider writes into `aud` of tokens for this API"
        )
    for name, value in (("AUDIENCE", audience), ("ROLES", settings.oidc_roles)):
        if value and not issuer:
            found.append(f"GQL_APPROVALS_OIDC_ISSUER: OIDC_{name} says nothing without it; set both")
    if settings.production and issuer.startswith("http:"):
        found.append("GQL_APPROVALS_OIDC_ISSUER: must be https in production")
    return found
