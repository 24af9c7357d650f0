"""compose.yaml: every setting, command, port and secret in it is one that there is."""

import re
from pathlib import PurePosixPath

import click
import pytest
import yaml
from tests.deployment.dockerfile import ROOT, only
from tests.meta.pages import BLOCKS, PAGES

from gql_approvals import cli
from gql_approvals.settings.reading import read

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "gql-approvals"}
NODES = {name: service for name, service in OURS.items() if service["command"][0] == "serve"}
SHORT = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?(:[a-z0-9.-]+)?")


def test_there_are_two_nodes_with_names_of_their_own_and_one_that_migrates_before_them():
    assert len(NODES) == len({node["hostname"] for node in NODES.values()}) == 2
    [migrating] = [name for name in OURS if name not in NODES]
    assert OURS[migrating]["command"] == ["migrate"]
    assert OURS[migrating]["build"] == "."
    for node in NODES.values():
        assert node["depends_on"] == {migrating: {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_and_every_setting_is_accepted(name: str, tmp_path):
    service = OURS[name]
    word, *arguments = service["command"]
    command = cli.main.get_command(click.Context(cli.main), word)
    assert command is not None
    command.make_context(word, list(arguments))

    given = {}
    for setting, value in service["environment"].items():
        given[setting], secret = value, PurePosixPath(value)
        if setting.endswith("_FILE"):
            assert secret.parent.as_posix() == "/run/secrets"
            assert secret.name in service["secrets"]
            (tmp_path / secret.name).write_text("postgresql://approvals:secret@database:5432/approvals\n")
            given[setting] = str(tmp_path / secret.name)
    found = read(given)
    assert found.problems == ()
    assert found.settings.production
    assert found.settings.mail.startswith("smtp://mail:")
    assert "mail" in SERVICES
    assert "database" in SERVICES


def test_nobody_of_ours_may_write_or_gain_rights():
    for service in OURS.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
    for node in NODES.values():
        assert node["init"]  # PID 1 would otherwise inherit the processes that examine policies
        assert node["volumes"] == ["./policies:/srv/approvals/policies:ro"]
        assert int(node["stop_grace_period"].removesuffix("s")) > 6  # a graceful stop takes no longer


def test_secrets_are_files_that_git_and_docker_leave_alone():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert {one["file"] for one in COMPOSE["secrets"].values()} == {f"./secrets/{name}" for name in used}
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "POSTGRES_PASSWORD" not in SERVICES["database"]["environment"]
    for service in SERVICES.values():
        for value in (service.get("environment") or {}).values():
            assert ":" not in value.partition("@")[0].partition("//")[2] or "@" not in value


def test_images_have_short_names_and_ports_are_for_this_machine_only():
    images = {service["image"] for service in SERVICES.values()}
    assert [image for image in images if not SHORT.fullmatch(image)] == []
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8000:8000", "127.0.0.1:8025:8025"]


def test_the_balancer_knows_every_node_and_asks_whether_it_is_ready():
    config = COMPOSE["configs"]["balancer"]["content"]
    [line] = re.findall(r"reverse_proxy (.*) {", config)
    port = only("EXPOSE").text
    assert line.split() == [f"{name}:{port}" for name in NODES]
    assert "health_uri /healthz/ready" in config
    assert set(SERVICES["balancer"]["depends_on"]) == set(NODES)


def test_the_page_speaks_of_these_services():
    spoken = " ".join(block.text for block in BLOCKS["docs/deploy.md"] if block.words == ("sh",))
    used = set(
        re.findall(r"docker compose (?:exec|stop|up --detach|run --rm|logs) ([a-z][a-z0-9-]*)", spoken)
    )
    assert used <= set(SERVICES)
    assert {"node-1", "migrate"} <= used
    for port in (port for service in SERVICES.values() for port in service.get("ports", ())):
        assert f"http://{port.rpartition(':')[0]}" in PAGES["docs/deploy.md"]
    for secret in COMPOSE["secrets"].values():
        assert f"> {secret['file'].removeprefix('./')}" in spoken
