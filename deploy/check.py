"""Holds compose.yaml and the options of the systemd units to what docs/operations.md says of them, and to the program.

    python check.py PROGRAM DEPLOY
"""

import pathlib
import re
import shlex
import subprocess
import sys

import yaml

SERVICES = ("submission", "validation", "aggregation", "publication")
# What whoever starts them sets.
GIVEN = {"MESUR_ISSUER": "https://login.example.org/realms/statistics"}
DRAIN_SECONDS = 6
# Shares of the processor, as the others have them, of which publication has a tenth.
COMPOSE_SHARES = 1024
SYSTEMD_WEIGHT = 100
problems: list[str] = []


def want(holds: object, what: str) -> None:
    if not holds:
        problems.append(what)


def main() -> None:
    program, deploy = sys.argv[1], pathlib.Path(sys.argv[2])
    composed = compose(deploy / "compose.yaml")
    units = systemd(deploy / "systemd")
    for way, options in (("compose", composed), ("systemd", units)):
        want(set(options) == set(SERVICES), f"{way}: it has {set(options)}")
        for name, arguments in options.items():
            taken(f"{way}: {name}", name, arguments, program)
        calls(way, options)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"compose.yaml and the options of the units: {len(problems)} problems")
    sys.exit(bool(problems))


def compose(file: pathlib.Path) -> dict[str, list[str]]:
    def filled(match: re.Match) -> str:
        name, _, default = match[1].partition(":")
        return default[1:] if default.startswith("-") else GIVEN[name]

    text = re.sub(r"\$\{([^}]*)\}", filled, file.read_text())
    document = yaml.safe_load(text)
    for name, service in document["services"].items():
        say = lambda holds, what: want(holds, f"compose: {name}: {what}")  # noqa: B023,E731
        say(service["read_only"] is True, "the root can be written to")
        say(service["user"] == "65532:65532", "it runs as somebody else")
        say(service["cap_drop"] == ["ALL"] and not service.get("cap_add"), "capabilities are kept")
        say(service["security_opt"] == ["no-new-privileges:true"], "privileges can grow")
        say(service["mem_limit"] and service["pids_limit"], "no limits")
        say(int(service["stop_grace_period"].rstrip("s")) > DRAIN_SECONDS, "it is killed while it drains")
        shares = service.get("cpu_shares", COMPOSE_SHARES)
        say(shares == (COMPOSE_SHARES // 10 if name == "publication" else COMPOSE_SHARES), "its share is another")
        mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
        say(mounts.get(name) == "/data" and name in document["volumes"], "no volume of its own")
        for volume in service["volumes"]:
            say(volume.endswith(":ro") or volume.endswith(":/data"), f"{volume} can be written to")
        for argument in service["command"]:
            value = argument.partition("=")[2]
            held = any(f"{value}/".startswith(f"{place}/") for place in mounts.values())
            say(held or not value.startswith("/"), f"{argument} is not mounted")
        for port in service["ports"]:
            say(":7410" not in port or port.startswith("127.0.0.1:"), "the metrics are there for everybody")
    return {name: service["command"] for name, service in document["services"].items()}


def systemd(folder: pathlib.Path) -> dict[str, list[str]]:
    unit = (folder / "mesur@.service").read_text()
    share = (folder / "mesur@publication.service.d" / "share.conf").read_text()
    want(f"\nCPUWeight={SYSTEMD_WEIGHT // 10}\n" in share, "systemd: the share of publication is another")
    want("CPUWeight" not in unit, "systemd: the others have no usual share")
    start = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]
    target = (folder / "mesur.target").read_text()
    ports: list[str] = []
    made = {}
    for name in SERVICES:
        want(f"mesur@{name}.service" in target, f"systemd: {name} is not in the target")
        text = (folder / f"{name}.env").read_text().replace("\\\n", "")
        settings = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        options = shlex.split(shlex.split(settings["OPTIONS"])[0])
        line = start.replace("%i", name).replace("${STATE_DIRECTORY}", f"/var/lib/mesur/{name}")
        made[name] = shlex.split(line.replace("$OPTIONS", shlex.join(options)))[1:]
        ports += [option.rpartition(":")[2] for option in options if re.match("--(listen|web|admin)=", option)]
        held = [option for option in options if "=/etc/mesur/" in option and "/tls/" in option]
        want(all(f"/etc/mesur/tls/{name}/" in option for option in held), f"systemd: {name} reads another's keys")
    want(len(ports) == len(set(ports)), "systemd: two services want one port")
    return made


def taken(what: str, name: str, arguments: list[str], program: str) -> None:
    """The program takes the arguments: it goes on to look for the files, which are not here."""
    want(arguments[:2] == ["serve", name], f"{what}: serves something else")
    ran = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=20)
    found = ran.returncode == 1 and "/etc/mesur/" in ran.stderr
    want(found, f"{what}: the program ends with {ran.returncode}: {ran.stderr}")


def calls(way: str, options: dict[str, list[str]]) -> None:
    """Whoever calls a service may act as one there, and nobody else."""
    for name in SERVICES:
        callers = {other for other in SERVICES if any(text.startswith(f"--{name}=") for text in options[other])}
        peers = {text.partition("=")[2] for text in options[name] if text.startswith("--peer-name=")}
        want(peers == callers, f"{way}: {name} lets {peers} act as services and is called by {callers}")


if __name__ == "__main__":
    main()
