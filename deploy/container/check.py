"""Runs the program of an image from the image's own file system, and looks whether it keeps what is promised of it.

    unshare --mount --net --pid --fork python3 check.py ROOT IMAGE.json WORK

It runs in a mount, network and process namespace of its own, which end with it; WORK is an empty folder.
"""

import fcntl
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

READY_SECONDS = 30
# Longer than the five seconds in which a service drains.
STOP_SECONDS = 10
NAME = "submission.mesur.test"
ADMIN = "127.0.0.1:7410"
FROM_DNS, FROM_HOSTS = "127.0.0.9", "127.0.0.8"


def main() -> None:
    image, config = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text())["OCIv1"]["config"]
    folder = sys.argv[3]
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    raise_loopback()
    container = Container(image, config, pathlib.Path(folder))
    container.is_read_only()
    container.serves_by_default()
    container.finds_others_by_name()
    print("the image's program serves as its user on a read-only root, finds others by name, and stops when asked")


class Container:
    """What a container runtime lays out: the image, read-only, and what it puts into /dev, /proc, /etc and /data."""

    def __init__(self, image: str, config: dict, folder: pathlib.Path) -> None:
        self.config = config
        self.user, self.group = (int(part) for part in config["User"].split(":"))
        layers = {name: folder / name for name in ("upper", "work", "root", "data")}
        for layer in layers.values():
            layer.mkdir()
        self.root, self.data = layers["root"], layers["data"]
        options = f"lowerdir={image},upperdir={layers['upper']},workdir={layers['work']}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)], check=True)
        (self.root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:3\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{FROM_HOSTS} aggregation\n")
        for device in ("null", "zero", "full", "random", "urandom"):
            (self.root / "dev").mkdir(exist_ok=True)
            (self.root / "dev" / device).touch()
            subprocess.run(["mount", "--bind", f"/dev/{device}", str(self.root / "dev" / device)], check=True)
        (self.root / "proc").mkdir()
        subprocess.run(["mount", "-t", "proc", "proc", str(self.root / "proc")], check=True)
        os.chown(self.data, self.user, self.group)
        subprocess.run(["mount", "--bind", str(self.data), str(self.root / "data")], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(self.root)], check=True)

    def start(self, *arguments: str) -> subprocess.Popen:
        who = f"--userspec={self.user}:{self.group}"
        command = ["chroot", who, "--groups=", str(self.root), *self.config["Entrypoint"], *arguments]
        environment = dict(pair.split("=", 1) for pair in self.config["Env"]) | {"MESUR_LOG": "error"}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def is_read_only(self) -> None:
        try:
            (self.root / "written").write_text("")
        except OSError:
            return
        sys.exit("the root can be written to")

    def serves_by_default(self) -> None:
        """The image's own command: all four services and both pages."""
        running = self.start(*self.config["Cmd"])
        announced = wait_for_line(running, "ready")
        addresses = dict(line.split() for line in announced if "http://" in line)
        for service in ("submission", "validation", "aggregation", "publication"):
            host = addresses[service].removeprefix("http://")
            expect(f"health of {service}", health(host), b"\x08\x01")
        # Who has not said who they are is sent to where that is done.
        for page, status in (("web", 200), ("statisticians", 303)):
            expect(f"the page {page}", get(addresses[page].removeprefix("http://"), "/"), status)
        status = (self.root / f"proc/{running.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        expect("the user", fields["Uid"].split(), [str(self.user)] * 4)
        expect("the groups", fields["Gid"].split() + fields["Groups"].split(), [str(self.group)] * 4)
        expect("the capabilities", int(fields["CapEff"], 16), 0)
        stop(running)

    def finds_others_by_name(self) -> None:
        """By DNS and by /etc/hosts: the C library is linked in, and must not look for parts of itself."""
        identity = ["--jwks", "/data/access/jwks.json", "--issuer", "mesur-dev"]
        identity += ["--token-file", "/data/access/service.token", "--ca", "/etc/ssl/certs/ca-certificates.crt"]
        asked = serve_names()
        for service, listen, to, at in (
            ("validation", "127.0.0.1:7412", f"submission=https://{NAME}:7401", (FROM_DNS, 7401)),
            ("publication", "127.0.0.1:7414", "aggregation=https://aggregation:7403", (FROM_HOSTS, 7403)),
        ):
            other = socket.create_server(at)
            name, url = to.split("=", 1)
            extra = ["--web", "127.0.0.1:7415"] if service == "publication" else []
            running = self.start(
                *("serve", service, "--listen", listen, "--data", f"/data/other/{service}"),
                *("--admin", ADMIN, f"--{name}", url, *identity, *extra),
            )
            if not select.select([other], [], [], READY_SECONDS)[0]:
                sys.exit(f"{service} did not reach {url}")
            other.accept()[0].close()
            other.close()
            expect(f"health of {service}", health(listen), b"\x08\x01")
            expect(f"{service} is ready", get(ADMIN, "/readyz"), 200)
            stop(running)
        expect("the name that was asked for", NAME in asked, True)


def raise_loopback() -> None:
    """Brings `lo` up in the new network: SIOCSIFFLAGS with IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x1))


def serve_names() -> set[str]:
    """A name server that knows one name. Returns what it was asked for, as it is asked."""
    asked: set[str] = set()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))

    def answer() -> None:
        while True:
            query, client = server.recvfrom(512)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1 : at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, question = ".".join(labels), query[12 : at + 5]
            asked.add(name)
            is_address = query[at + 1 : at + 3] == b"\0\1"
            record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(FROM_DNS)
            known = name == NAME
            flags = 0x8180 if known else 0x8183
            found = known and is_address
            header = query[:2] + struct.pack("!HHHHH", flags, 1, int(found), 0, 0)
            server.sendto(header + question + (record if found else b""), client)

    threading.Thread(target=answer, daemon=True).start()
    return asked


def get(host: str, path: str) -> int:
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("GET", path)
    return connection.getresponse().status


def health(host: str) -> bytes:
    """What `grpc.health.v1.Health/Check` answers, asked as a browser asks: one byte string for `SERVING`."""
    headers = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("POST", "/grpc.health.v1.Health/Check", b"\0\0\0\0\0", headers)
    body = connection.getresponse().read()
    return body[5 : 5 + struct.unpack("!I", body[1:5])[0]]


def wait_for_line(running: subprocess.Popen, start: str) -> list[str]:
    lines: list[str] = []
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        line = running.stdout.readline()
        if not line:
            sys.exit(f"the program ended with {running.wait()}")
        lines.append(line.strip())
        if line.startswith(start):
            return lines
    sys.exit(f"not ready within {READY_SECONDS} seconds")


def stop(running: subprocess.Popen) -> None:
    running.send_signal(signal.SIGTERM)
    expect("how it ends", running.wait(timeout=STOP_SECONDS), 0)


def expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        sys.exit(f"{what}: {seen!r} and not {wanted!r}")


if __name__ == "__main__":
    main()
