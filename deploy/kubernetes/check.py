"""Holds rendered manifests to the schemas of Kubernetes, and to what docs/operations.md says of them.

    python check.py PROGRAM RENDERED...
"""

import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import kubernetes_validate
import yaml

# The oldest release that the manifests are for, and the newest with a schema here.
VERSIONS = ("1.30", "1.37")
# Those that only an extension of the cluster knows.
EXTENSIONS = {"cert-manager.io/v1"}
SERVICES = ("submission", "validation", "aggregation", "publication")
# How long a service drains, in seconds: `Limits::drain_timeout`, and the second that a cut takes.
DRAIN_SECONDS = 6
USAGE = 2


class Manifests:
    def __init__(self, file: pathlib.Path) -> None:
        self.name = file.stem
        self.all = [one for one in yaml.safe_load_all(file.read_text()) if one]
        self.problems: list[str] = []

    def of(self, kind: str) -> dict[str, dict]:
        return {one["metadata"]["name"]: one for one in self.all if one["kind"] == kind}

    def problem(self, what: str) -> None:
        self.problems.append(f"{self.name}: {what}")

    def want(self, holds: object, what: str) -> None:
        if not holds:
            self.problem(what)


def main() -> None:
    program, *files = sys.argv[1:]
    problems, count = [], 0
    for file in files:
        manifests = Manifests(pathlib.Path(file))
        schemas(manifests)
        for name in SERVICES:
            stateful = manifests.of("StatefulSet").get(name)
            if stateful is None:
                manifests.problem(f"{name} is not there")
                continue
            pod(manifests, name, stateful)
            references(manifests, name, stateful)
            selected(manifests, name, stateful)
            taken(manifests, name, stateful, program)
        calls(manifests)
        nobody_else(manifests)
        certificates(manifests)
        problems += manifests.problems
        count += len(manifests.all)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{count} manifests of {len(files)} renderings: {len(problems)} problems")
    sys.exit(bool(problems))


def schemas(manifests: Manifests) -> None:
    for one in manifests.all:
        if one["apiVersion"] in EXTENSIONS:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                manifests.problem(f"{one['kind']} {one['metadata']['name']}: {error.message} ({version})")


def pod(manifests: Manifests, name: str, stateful: dict) -> None:
    """What holds of every pod and every container, whatever it runs."""
    spec = stateful["spec"]["template"]["spec"]
    say = lambda holds, what: manifests.want(holds, f"{name}: {what}")  # noqa: E731
    say(spec.get("automountServiceAccountToken") is False, "the token of the account is mounted")
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        say(not spec.get(field), f"{field} is taken")
    context = spec["securityContext"]
    say(context.get("runAsNonRoot") is True and context.get("runAsUser", 0) >= 10000, "it may run as root")
    say(context.get("seccompProfile") == {"type": "RuntimeDefault"}, "no seccomp profile")
    for container in spec["containers"] + spec.get("initContainers", []):
        own = container["securityContext"]
        say(own.get("readOnlyRootFilesystem") is True, "the root can be written to")
        say(own.get("allowPrivilegeEscalation") is False, "privileges can grow")
        say(own.get("capabilities") == {"drop": ["ALL"]}, "capabilities are kept")
        say(not own.get("privileged"), "it is privileged")
        for bound in ("requests", "limits"):
            say({"cpu", "memory"} <= set(container["resources"].get(bound, {})), f"no {bound}")
        say(re.search(r":(?!latest)[^/:]+$", container["image"]), "the image has no version")
        admin = argument(container, "admin").rpartition(":")[2]
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        for probe, path in (("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            asked = container[probe]["httpGet"]
            say(asked["path"] == path and ports.get(asked["port"]) == admin, f"{probe} asks somewhere else")
        for option, port in (("listen", "grpc"), ("web", "web")):
            given = argument(container, option)
            say(given.rpartition(":")[2] == ports.get(port, ""), f"--{option} and the port {port} differ")
        pause = int(argument(container, "unready-seconds"))
        say(pause > container["readinessProbe"]["periodSeconds"], "it stops before anybody knows")
        grace = spec["terminationGracePeriodSeconds"]
        say(grace > pause + DRAIN_SECONDS, f"{grace} s are too short for a pause of {pause} s and the drain")
        listed = " ".join(container["args"])
        say(not re.search(r"password=|secret=|token=", listed), "a secret is an argument")
        say("env" not in container, "a value is given past the settings")


def references(manifests: Manifests, name: str, stateful: dict) -> None:
    """Everything that is named is there, but for the Secrets, which nobody commits."""
    spec = stateful["spec"]["template"]["spec"]
    given = {volume["name"]: volume for volume in spec["volumes"]}
    given |= {claim["metadata"]["name"]: claim for claim in stateful["spec"].get("volumeClaimTemplates", [])}
    for container in spec["containers"]:
        mounted = {mount["name"]: mount for mount in container["volumeMounts"]}
        manifests.want(set(mounted) == set(given), f"{name}: {set(mounted) ^ set(given)} is not both there and mounted")
        for key, mount in mounted.items():
            manifests.want(mount.get("readOnly") or key == "data", f"{name}: {key} can be written to")
        for source in container["envFrom"]:
            manifests.want(source["configMapRef"]["name"] in manifests.of("ConfigMap"), f"{name}: settings are missing")
        for text in container["args"]:
            file = text.partition("=")[2]
            places = [mount["mountPath"] for mount in mounted.values()]
            held = any(f"{file}/".startswith(f"{place}/") for place in places)
            manifests.want(held or not file.startswith("/"), f"{name}: {text} is not mounted")
    for volume in given.values():
        if "secret" in volume:
            manifests.want(volume["secret"].get("defaultMode") == 0o440, f"{name}: others can read a secret")
        if "configMap" in volume:
            manifests.want(volume["configMap"]["name"] in manifests.of("ConfigMap"), f"{name}: an edition is missing")
    account = manifests.of("ServiceAccount").get(spec["serviceAccountName"], {})
    manifests.want(account.get("automountServiceAccountToken") is False, f"{name}: no account without rights")


def selected(manifests: Manifests, name: str, stateful: dict) -> None:
    """Services, budgets, and spreading are about this workload and its ports."""
    template = stateful["spec"]["template"]
    labels = template["metadata"]["labels"]
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    for kind in (name, f"{name}-replicas"):
        service = manifests.of("Service")[kind]
        manifests.want(covers(service["spec"]["selector"], labels), f"the Service {kind} selects others")
        for port in service["spec"]["ports"]:
            manifests.want(port["targetPort"] in ports, f"the Service {kind} has a port of nobody")
    manifests.want(stateful["spec"]["serviceName"] == f"{name}-replicas", f"{name}: no names for its replicas")
    budget = manifests.of("PodDisruptionBudget")[name]["spec"]
    manifests.want(covers(budget["selector"]["matchLabels"], labels), f"{name}: the budget is about others")
    manifests.want(budget["maxUnavailable"] == 1, f"{name}: more than one may go at once")
    spread = template["spec"]["topologySpreadConstraints"]
    topologies = {one["topologyKey"] for one in spread}
    manifests.want(topologies == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}, f"{name}: not spread")
    for one in spread:
        manifests.want(covers(one["labelSelector"]["matchLabels"], labels), f"{name}: spread by others")


def taken(manifests: Manifests, name: str, stateful: dict, program: str) -> None:
    """The program takes the arguments: it goes on to look for the files, which are not here."""
    container = stateful["spec"]["template"]["spec"]["containers"][0]
    settings = manifests.of("ConfigMap")[container["envFrom"][0]["configMapRef"]["name"]]["data"]
    missing: list[str] = []

    def value(match: re.Match) -> str:
        if match[1] not in settings:
            missing.append(match[1])
        return settings.get(match[1], "")

    arguments = [re.sub(r"\$\((\w+)\)", value, text) for text in container["args"]]
    manifests.want(not missing, f"{name}: {missing} are not among the settings")
    manifests.want(arguments[:2] == ["serve", name], f"{name}: serves something else")
    ran = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=20)
    manifests.want(ran.returncode == 1, f"{name}: the program ends with {ran.returncode}: {ran.stderr}")
    manifests.want(ran.returncode != USAGE and "/etc/mesur/" in ran.stderr, f"{name}: it does not come to the files")


def calls(manifests: Manifests) -> None:
    """Who calls whom is the same in arguments, names of certificates and policies."""
    stateful = manifests.of("StatefulSet")
    containers = {name: stateful[name]["spec"]["template"]["spec"]["containers"][0] for name in SERVICES}
    called: dict[str, set[str]] = {name: set() for name in SERVICES}
    for caller, container in containers.items():
        for other in SERVICES:
            url = argument(container, other)
            if not url:
                continue
            port = argument(containers[other], "listen").rpartition(":")[2]
            manifests.want(url == f"https://{other}:{port}", f"{caller} calls {url}")
            called[other].add(caller)
            manifests.want(allows(manifests, caller, "egress", "to", other), f"{caller} is kept from {other}")
            manifests.want(allows(manifests, other, "ingress", "from", caller), f"{other} keeps {caller} out")
    for name, container in containers.items():
        peers = {text.partition("=")[2] for text in container["args"] if text.startswith("--peer-name=")}
        manifests.want(peers == called[name], f"{name} lets {peers} act as services and is called by {called[name]}")
        for other in set(SERVICES) - called[name]:
            manifests.want(not allows(manifests, name, "ingress", "from", other), f"{other} may reach {name}")


def nobody_else(manifests: Manifests) -> None:
    policies = manifests.of("NetworkPolicy").values()
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    manifests.want(any(one["spec"] == closed for one in policies), "not everything is closed to begin with")
    for kind in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "Secret"):
        manifests.want(not manifests.of(kind), f"a {kind} is there")
    for ingress in manifests.of("Ingress").values():
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                backend = path["backend"]["service"]
                ports = manifests.of("Service")[backend["name"]]["spec"]["ports"]
                manifests.want(backend["port"]["name"] in {port["name"] for port in ports}, "a page leads nowhere")
            manifests.want(rule["host"] in ingress["spec"]["tls"][0]["hosts"], f"{rule['host']} has no certificate")
    namespaces = {one["metadata"].get("namespace") for one in manifests.all if one["kind"] != "Namespace"}
    manifests.want(namespaces == {"mesur"}, f"it stands in the namespaces {namespaces}")


def certificates(manifests: Manifests) -> None:
    """Where certificates are asked for, they are under the names that are called, in the Secrets that are mounted."""
    asked = manifests.of("Certificate")
    if not asked:
        return
    for name in SERVICES:
        spec = asked[name]["spec"]
        volumes = manifests.of("StatefulSet")[name]["spec"]["template"]["spec"]["volumes"]
        mounted = {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}
        manifests.want(name in spec["dnsNames"], f"the certificate of {name} is under another name")
        manifests.want(spec["secretName"] in mounted, f"the certificate of {name} is not mounted")
        manifests.want({"server auth", "client auth"} <= set(spec["usages"]), f"{name} cannot show its certificate")


def argument(container: dict, option: str) -> str:
    start = f"--{option}="
    return next((text.removeprefix(start) for text in container["args"] if text.startswith(start)), "")


def covers(selector: dict, labels: dict) -> bool:
    return bool(selector) and selector.items() <= labels.items()


def allows(manifests: Manifests, name: str, direction: str, side: str, other: str) -> bool:
    """Whether a policy about `name` lets `other` through to or from the port of the service."""
    stateful = manifests.of("StatefulSet")
    mine, theirs = (stateful[one]["spec"]["template"]["metadata"]["labels"] for one in (name, other))
    for spec in (policy["spec"] for policy in manifests.of("NetworkPolicy").values()):
        if not covers(spec["podSelector"].get("matchLabels", {}), mine):
            continue
        for rule in spec.get(direction, []):
            peers: Iterator[dict] = (peer["podSelector"]["matchLabels"] for peer in rule[side] if set(peer) == {"podSelector"})
            if any(covers(peer, theirs) for peer in peers) and {"protocol": "TCP", "port": "grpc"} in rule["ports"]:
                return True
    return False


if __name__ == "__main__":
    main()
