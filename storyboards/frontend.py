"""The frontend developer's story: a typed review inbox against a running demo, in a terminal."""

import re
import shutil

from storyboards.stage import ROOT, Server, Stage

CLIENT = ROOT / "examples" / "typed-client"
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", "graphql-env.d.ts")
INBOX = "{ reviewInbox(first: 1) { edges { node { campaign { id } } } } }"


def play(stage: Stage) -> None:
    """Play it."""
    say = stage.book.say
    say("# The frontend developer's first minutes")
    say("Recorded by `make storyboards`: `make demo` runs, and `examples/typed-client` is built against it.")
    shutil.copytree(CLIENT, stage.folder / "examples" / "typed-client", ignore=LEFT_OUT)
    stage.copy("policies", "schema.graphql")
    with stage.serving("demo") as server:
        # CI: a tool that counts files in place prints a line for each count into a picture
        stage.variables |= {"GQL_URL": f"{server.url}/graphql", "CI": "1"}
        stage.type(banner(server))
        stage.show_screen("What make demo prints: addresses, people, their tokens")

        say("## A token from the banner, a question by curl")
        stage.run(asked(server, "demo-insecure-maya"))
        stage.show_screen("Maya asks who she is and what she may do")

        say("## A client that knows the schema\n\nTypes come from the schema; there is no code to generate.")
        stage.folder = stage.folder / "examples" / "typed-client"
        stage.run("npm ci --silent --no-audit --no-fund", shown=False)
        stage.run("npm run --silent build")
        stage.run("node dist/cli.js list")
        stage.show_screen("Built, and the inbox is listed")
        inbox = stage.folder / "inbox.ts"
        right = inbox.read_text("utf-8")
        inbox.write_text(right.replace("submittedBy { name }", "submittedBy { nam }"), "utf-8")
        stage.run("npm run --silent build", code=1)
        inbox.write_text(right, "utf-8")
        stage.show_screen("A mistyped field stops the build, and the right one is named")

        say(
            "## Deciding\n\nA maker is told who may. A checker reads, is asked, and decides on exactly what was shown."
        )
        campaign = server.ask("demo-insecure-chen", INBOX)["reviewInbox"]["edges"][0]["node"]["campaign"][
            "id"
        ]
        stage.run(f"GQL_TOKEN=demo-insecure-maya node dist/cli.js approve {campaign}", code=1, answer="y\n")
        stage.run(f"node dist/cli.js approve {campaign}", answer="y\n")
        stage.run("node dist/cli.js list")
        stage.show_screen("Forbidden for Maya, approved by Chen")

        say(
            "## Before a field disappears\n\nIn a pipeline, the schema of yesterday is compared with that of today."
        )
        stage.run(f"curl --silent --fail --output today.graphql {server.url}/schema.graphql", shown=False)
        stage.run(
            "sed 's/  note: String$/  note: String\\n  remark: String/' today.graphql > yesterday.graphql",
            shown=False,
        )
        stage.run("gql-approvals schema diff yesterday.graphql today.graphql --exit-code", code=1)
        stage.show_screen("schema diff names what breaks, and ends with 1")


def asked(server: Server, token: str) -> str:
    """A question by curl, as one would type it."""
    query = '{"query": "{ viewer { user { name } roles permissions } }"}'
    return (
        f"curl --silent {server.url}/graphql -H 'Content-Type: application/json' \\\n"
        f"    -H 'Authorization: Bearer {token}' -d '{query}'; echo"
    )


def banner(server: Server) -> str:
    """What the demo printed before it began to serve."""
    text = server.log.read_text("utf-8")
    return "\x1b[32m$\x1b[0m make demo\n" + re.split(r"^\d{4}-\d\d-\d\dT", text, flags=re.MULTILINE)[0].strip(
        "\n"
    )
