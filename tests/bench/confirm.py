"""Measures what `mesur-bench stand` has standing by h2load and wrk, and prints it beside what `mesur-bench` says.

    python confirm.py MESUR_BENCH [--quick]

Mesur and what stands beside it take turns, round by round and in changing order, and the ratio is worked out
within each round, as `mesur-bench` does it. A call or a page that fails, or is not as long as it should be,
ends it.
"""

import dataclasses
import json
import os
import re
import statistics
import subprocess
import sys

CLIENTS = (1, 16, 64)
ROUNDS = 5
SECONDS = 1
# The rows that are confirmed. Others need a request of its own each time, which these generators do not have.
ROWS = ("check", "query", "page")
# What is waited for a generator beyond the time that it was given.
PATIENCE_SECONDS = 60


class Failed(Exception):
    """What the generator said does not hold together."""


@dataclasses.dataclass
class Effort:
    clients: tuple[int, ...]
    rounds: int
    arguments: tuple[str, ...]


def main() -> None:
    quick = "--quick" in sys.argv[2:]
    effort = Effort(CLIENTS[:2], 1, ("--quick",)) if quick else Effort(CLIENTS, ROUNDS, ("--rounds", str(ROUNDS)))
    bench = sys.argv[1]
    lines = [("row", "size", "by", "Mesur", "beside it", "ratio", "by mesur-bench")]
    ours = measured_by_ours(bench, effort)
    with subprocess.Popen([bench, "stand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as standing:
        try:
            for target in json.loads(standing.stdout.readline()):
                lines += rows_of(target, effort, ours)
        finally:
            standing.stdin.close()
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def measured_by_ours(bench: str, effort: Effort) -> dict[tuple[str, str, str], float]:
    """The ratios of mesur-bench, by row, size and what stands beside."""
    rows = [argument for row in ROWS for argument in ("--row", row)]
    command = [bench, "--json", *effort.arguments, *rows]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    ratios = {}
    for row in said["rows"]:
        # A check is measured by one client.
        size = f"{row['size']}, 1 at once" if row["name"] == "check" else row["size"]
        for name, _ in row.get("beside", []):
            ratios[row["name"], size, name] = row["ratio"]["median"]
    return ratios


def rows_of(target: dict, effort: Effort, ours: dict) -> list[tuple[str, ...]]:
    lines = []
    mesur, *others = target["sides"]
    generators = (h2load,) if mesur["body"] else (h2load, wrk)
    for clients in effort.clients:
        size = f"{target['size']}, {clients} at once"
        for other in others:
            for generator in generators:
                print(f"{target['row']}, {size}, beside {other['name']}, by {generator.__name__} …", file=sys.stderr)
                rates, beside = alternate(generator, (mesur, other), clients, effort.rounds)
                ratios = [one / another for one, another in zip(rates, beside)]
                ratio = statistics.median(ratios)
                known = ours.get((target["row"], size, other["name"]))
                lines.append(
                    (
                        target["row"],
                        size,
                        generator.__name__,
                        f"{statistics.median(rates):,.0f}/s",
                        f"{other['name']} {statistics.median(beside):,.0f}/s",
                        f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                        "" if known is None else f"{known:.2f}",
                    )
                )
    return lines


def alternate(generator, sides: tuple[dict, dict], clients: int, rounds: int) -> tuple[list[float], list[float]]:
    figures: tuple[list[float], list[float]] = ([], [])
    for side in sides:
        generator(side, clients)
    for turn in range(rounds):
        order = list(zip(sides, figures))
        for side, rates in reversed(order) if turn % 2 else order:
            rates.append(generator(side, clients))
    return figures


def h2load(asked: dict, clients: int) -> float:
    """Requests a second."""
    command = ["h2load", f"--clients={clients}", f"--threads={threads(clients)}", f"--duration={SECONDS}"]
    command += ["--max-concurrent-streams=1"]
    command += [f"--data={asked['body']}"] if asked["body"] else ["--h1"]
    said = run(command, asked)
    done, failed = (int(number) for number in found(said, r"(\d+) done, \d+ succeeded, (\d+) failed"))
    (well,) = found(said, r"status codes: (\d+) 2xx")
    (data,) = found(said, r"\((\d+)\) data")
    # gRPC says in a trailer that a call failed, which h2load does not read: then there is no message either. The times
    # in answers differ by a byte now and then, and what is on its way at the end counts as data and not as done.
    over = int(data) - done * asked["answer_bytes"]
    is_whole = failed == 0 and done > 0 and abs(int(well) - done) <= clients
    if not is_whole or abs(over) > clients * asked["answer_bytes"] + done:
        raise Failed(f"{asked['url']}: {over} bytes too many\n{said}")
    (rate,) = found(said, r"finished in [\d.]+\w+, ([\d.]+) req/s")
    return float(rate)


def wrk(asked: dict, clients: int) -> float:
    """Requests a second."""
    said = run(["wrk", f"-c{clients}", f"-t{threads(clients)}", f"-d{SECONDS}s"], asked)
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failed(f"{asked['url']}\n{said}")
    (rate,) = found(said, r"Requests/sec:\s+([\d.]+)")
    return float(rate)


def threads(clients: int) -> int:
    return min(clients, os.cpu_count() or 1)


def run(command: list[str], asked: dict) -> str:
    headers = [argument for name, value in asked["headers"].items() for argument in ("-H", f"{name}: {value}")]
    ended = subprocess.run(
        [*command, *headers, asked["url"]],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS + PATIENCE_SECONDS,
    )
    return ended.stdout


def found(said: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, said)
    if not match:
        raise Failed(f"nothing like {pattern} in\n{said}")
    return match.groups()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"confirm: {failed}")
