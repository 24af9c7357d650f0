"""The explorer in the browser: GraphiQL, served from this machine under a strict content security policy.

Only the page and its files are here; what is asked through it goes to the GraphQL view like any client's
request. No script or style is inline: configuration travels in a data block, which browsers never run.
"""

import hashlib
import html
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from string import Template

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from gql_approvals.http.graphiql_review import REVIEW_TABS, REVIEWED
from gql_approvals.http.graphiql_tabs import SUGGESTIONS, TABS, Tab

STATIC = Path(__file__).parent / "static"
# Fetched from npm by hatch_build.py when the package is built; the order is the order of loading.
VENDOR_SCRIPTS = (
    "vendor/react.production.min.js",
    "vendor/react-dom.production.min.js",
    "vendor/graphiql.min.js",
    "vendor/explorer.umd.js",
)
VENDOR_STYLES = ("vendor/graphiql.min.css", "vendor/explorer.css")
OWN_SCRIPTS = tuple(f"graphiql/{name}.js" for name in ("identity", "asking", "filling", "review", "boot"))
SCRIPTS = (*VENDOR_SCRIPTS, *OWN_SCRIPTS)
STYLES = (*VENDOR_STYLES, "graphiql/boot.css")
FILES = (*SCRIPTS, *STYLES)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: under it some browsers send `Origin: null` with a POST of the page itself.
    "Referrer-Policy": "same-origin",
    # The page holds the demo tokens and names the assets' version.
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody the explorer can act as; `roles` is text for people, as in "maker"."""

    name: str
    roles: str
    token: str


@dataclass(frozen=True, slots=True)
class GraphiqlConfig:
    """What the page is told; `people` stays empty outside the demo, and a token is typed instead.

    `links`: (text, path) of pages beside this one. `introspection`: whether the page may ask for the schema.
    """

    graphql_path: str = "/graphql"
    people: tuple[DemoPerson, ...] = ()
    tabs: tuple[Tab, ...] = TABS
    links: tuple[tuple[str, str], ...] = ()
    introspection: bool = True


def missing_files() -> list[str]:
    """Names of the explorer's files that the package's build could not fetch; empty when all is well."""
    return [name for name in (*VENDOR_SCRIPTS, *VENDOR_STYLES) if not (STATIC / name).is_file()]


def graphiql_page(config: GraphiqlConfig) -> HTMLResponse:
    """Build the page, or, where files are missing, one that says how to get them (status 503)."""
    missing = missing_files()
    if missing:
        items = "".join(f"<li><code>{html.escape(name)}</code></li>" for name in missing)
        text = MISSING_PAGE.substitute(
            version=asset_version(), graphql_path=html.escape(config.graphql_path), missing=items
        )
        return HTMLResponse(text, status_code=503, headers=HEADERS)
    base = f"/graphiql/{asset_version()}"
    return HTMLResponse(
        PAGE.substitute(
            styles="\n".join(f'<link rel="stylesheet" href="{base}/{name}">' for name in STYLES),
            scripts="\n".join(f'<script defer src="{base}/{name}"></script>' for name in SCRIPTS),
            all_tabs=html.escape(config.graphql_path),
            links="\n".join(_link(text, path) for text, path in config.links),
            config=data_block(config),
        ),
        headers=HEADERS,
    )


def _link(text: str, path: str) -> str:
    return f'<a href="{html.escape(path)}" target="_blank" rel="noopener">{html.escape(text)}</a>'


def graphiql_routes() -> list[Route]:
    """Build the route of the page's files, whose address changes whenever their content does.

    Compression is here only: the GraphQL view streams, and a compressor would hold its events back.
    """
    return [
        Route(
            f"/graphiql/{asset_version()}/{{name:path}}",
            answer_file,
            middleware=[Middleware(GZipMiddleware, minimum_size=500)],
        )
    ]


async def answer_file(request: Request) -> Response:
    """Answer with one of the page's files, for browsers to keep for good; anything else is not found."""
    name = request.path_params["name"]
    if name not in FILES or not (STATIC / name).is_file():
        raise HTTPException(404)
    return FileResponse(
        STATIC / name,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )


@cache
def asset_version() -> str:
    """Hash of all files of the page, as they are when the server first asks."""
    digest = hashlib.sha256()
    for name in FILES:
        path = STATIC / name
        digest.update(f"{name}\n".encode())
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    return digest.hexdigest()[:16]


def data_block(config: GraphiqlConfig) -> str:
    """Write the configuration as JSON that cannot close the script element it stands in."""
    text = json.dumps(
        {
            "graphqlPath": config.graphql_path,
            "introspection": config.introspection,
            "people": [asdict(person) for person in config.people],
            "tabs": [asdict(tab) for tab in config.tabs],
            "suggestions": SUGGESTIONS,
            "reviewTabs": [asdict(tab) for tab in REVIEW_TABS],
            "reviewed": REVIEWED,
        }
    )
    return text.replace("<", "\\u003c")


PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gql-approvals explorer</title>
<link rel="icon" href="data:,">
$styles
<script type="application/json" id="graphiql-config">$config</script>
$scripts
</head>
<body>
<header id="identity">
<strong id="product">gql-approvals</strong>
<nav><a id="all-tabs" href="$all_tabs">All tabs</a>
$links</nav>
<label id="person-field" hidden><span>Acting as</span> <select id="person"></select></label>
<label id="token-field">API token
<input id="token" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="none"></label>
<label id="account-field">Account
<input id="account" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="optional"></label>
</header>
<p id="hint" role="status"></p>
<main id="graphiql"><p class="notice">Loading the explorer…</p>
<noscript><p class="notice">The explorer needs JavaScript.</p></noscript></main>
</body>
</html>
""")

MISSING_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gql-approvals explorer: files are missing</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/$version/graphiql/boot.css">
</head>
<body>
<main class="article">
<h1>The explorer's files are missing</h1>
<p>The server is well, and GraphQL answers at <code>$graphql_path</code>. But GraphiQL comes from npm when
this package is built, and that could not be done where it was built. To get it, on a machine that reaches an
npm registry (Node.js itself is not needed), install again from the source folder, then restart the
server:</p>
<pre>pip install --force-reinstall --no-deps .</pre>
<p>An editable install keeps its <code>-e</code>: <code>pip install --no-deps -e .</code>
Add <code>-v</code> to read why files could not be fetched.</p>
<p>Missing:</p>
<ul>$missing</ul>
</main>
</body>
</html>
""")
