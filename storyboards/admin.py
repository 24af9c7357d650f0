"""The administrator's story: from an empty folder to a policy of one's own, in a terminal."""

import json

from storyboards.stage import COLUMNS, Server, Stage

TYPO = "p, maker, *, revok, any, own, allow"
WIDE = 136
CREATE = """
mutation Create($input: CreateCampaignInput!) {
  createCampaign(input: $input) { ... on CreateCampaignPayload { campaign { id } } ... on UserError { message } }
}
"""
SUBMIT = """
mutation Submit($input: SubmitCampaignInput!) {
  submitCampaign(input: $input) { ... on SubmitCampaignPayload { campaign { status } } ... on UserError { message } }
}
"""
CAMPAIGN = {
    "name": "Winter sale",
    "content": {"sms": {"senderId": "ACME", "body": "20 % off until Sunday."}},
    "audience": {"segment": "newsletter", "estimatedSize": 12_000},
}
FIXED = TYPO.replace("revok,", "revoke,")


def play(stage: Stage) -> None:
    """Play it."""
    say, policy = stage.book.say, stage.folder / "policies" / "policy.csv"
    say("# The administrator's first minutes")
    say("Recorded by `make storyboards`. Everything below was typed into an empty folder.")

    say(
        "## A start for production\n\n`init` writes commented settings and the policy files; `doctor` says what is left to do."
    )
    stage.run("gql-approvals init")
    stage.show_screen("init lists the files that it wrote, and the next commands")
    stage.run("gql-approvals doctor", code=1)
    stage.show_screen("doctor: the database has no tables yet, and the command that makes them")

    say("## The first people")
    stage.run("gql-approvals migrate")
    stage.run("gql-approvals account create acme --admin ada@acme.example --time-zone Europe/Berlin")
    stage.run("gql-approvals member add acme maya@acme.example --role maker")
    stage.run("gql-approvals member add acme chen@acme.example --role checker")
    stage.run("gql-approvals member list acme")
    stage.show_screen("an account, three members and their roles")
    say(
        "Nobody gets to make and to decide, whatever is asked for, and a mistyped word is answered with the right one:"
    )
    stage.run("gql-approvals member roles acme maya@acme.example --add checker", code=1)
    stage.run("gql-approvals member roles acme chen@acme.example --add checkr", code=1)
    stage.run("gql-approvals polcy check", code=2)
    stage.show_screen("refused: the duties are separated; no such role, no such command, did you mean")

    say(
        "## A policy of one's own\n\nMakers shall stop their own approved campaigns: a line in `policies/policy.csv`, with a typo, while the server runs."
    )
    with stage.serving("serve") as server:
        before = policy.read_text("utf-8")
        policy.write_text(f"{before}{TYPO}\n", "utf-8")
        refused = server.wait_for_log("policy:refused")
        stage.type(f"\x1b[2m{refused}\x1b[0m")
        stage.run("gql-approvals policy check", code=1)
        stage.show_screen(
            "the server refuses the file and keeps the version before; policy check points at the word"
        )
        policy.write_text(f"{before}{FIXED}\n", "utf-8")
        taken = server.wait_for_log("policy:in_force")
        stage.type(f"\x1b[2m{taken}\x1b[0m")
        stage.run("gql-approvals policy check")
        stage.run("gql-approvals policy explain maya@acme.example revoke --relation own --status approved")
        stage.show_screen("the mended line is in force; explain names it")
        stage.columns = WIDE
        stage.run("gql-approvals policy matrix --account acme")
        stage.show_screen("who may do what, as a table")
        stage.columns = COLUMNS
        hand_in(stage, server)

    say("## Every day after\n\nSwitching approvals off approves what waits, so it is shown and asked first.")
    stage.run("gql-approvals approvals off acme", answer="y\n")
    stage.run("gql-approvals approvals on acme")
    stage.run("gql-approvals backup approvals-backup.db")
    stage.run("gql-approvals audit verify")
    stage.show_screen("approvals off asks first; a backup that was verified; the audit trail is whole")
    stage.run("gql-approvals doctor")
    stage.show_screen("doctor: all is well")


def hand_in(stage: Stage, server: Server) -> None:
    """Let Maya write a campaign and hand it in, so that something waits."""
    made = stage.run("gql-approvals token create maya@acme.example --format json", shown=False)
    token = json.loads(made)["token"]
    created = server.ask(token, CREATE, input=CAMPAIGN)["createCampaign"]
    server.ask(token, SUBMIT, input={"campaignId": created["campaign"]["id"]})
