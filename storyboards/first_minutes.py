"""`python -m storyboards.first_minutes`: how long from `git clone` to the first approved campaign.

What a stranger does, with nothing installed but Python: clone, `make demo`, find a waiting campaign, approve
it. Packages come from wherever pip is configured to look, so the figure is this machine's and its network's.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from storyboards.stage import ROOT, NotAsTold, Server, wait_for_address

INSTALL_S = 900
INBOX = "{ reviewInbox(first: 1) { edges { node { contentHash campaign { id name } } } } }"
APPROVE = """
mutation Approve($input: ApproveCampaignInput!) {
  approveCampaign(input: $input) { ... on ApproveCampaignPayload { campaign { status } } ... on UserError { message } }
}
"""


def main() -> None:
    """Do it, and print when each step was done."""
    begun_s = time.monotonic()

    def tell(step: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begun_s:7.1f} s  {step}\n")
        sys.stdout.flush()

    def installed(log: str) -> None:
        nonlocal is_installed
        if not is_installed and "demo: the server on SQLite" in log:
            is_installed = True
            tell("installed")

    is_installed = False
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "gql-approvals"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        tell("cloned")
        log = Path(work) / "demo.log"
        with log.open("wb") as out:
            demo = subprocess.Popen(
                ["make", "demo", "ARGS=--port 0"], cwd=folder, env=_as_a_stranger(), stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        try:
            server = Server(log, wait_for_address(demo, log, INSTALL_S, installed))
            tell("the demo is ready")
            waiting = server.ask("demo-insecure-chen", INBOX)["reviewInbox"]["edges"][0]["node"]
            tell(f"Chen reads what waits: {waiting['campaign']['name']}")
            decision = {"campaignId": waiting["campaign"]["id"], "contentHash": waiting["contentHash"]}
            answer = server.ask("demo-insecure-chen", APPROVE, input=decision)["approveCampaign"]
            if "campaign" not in answer:
                raise NotAsTold(str(answer))
            tell(f"approved: {answer['campaign']['status']}")
        finally:
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait(20)


def _as_a_stranger() -> dict[str, str]:
    """The environment without settings of ours and without a virtual environment."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GQL_APPROVALS_", "VIRTUAL_ENV", "MAKE", "MFLAGS"))
    }


if __name__ == "__main__":
    main()
