"""Holds the failures and the totals of the task against each other: compare.py OUT OUT …

Order does not count, and neither does a total over no authority, which some write and some leave out.
"""

import csv
import pathlib
import sys

SHOWN = 20


def rows(file):
    with open(file, newline="") as text:
        header, *lines = map(tuple, csv.reader(text))
    lines = [line for line in lines if line[-1] != "0"]
    return header, set(lines), len(lines)


def differences(one, other):
    """The rows that only one of two has."""
    header, mine, count = rows(one)
    header_there, theirs, count_there = rows(other)
    if header != header_there:
        yield f"{one}: {header}; {other}: {header_there}"
    if len(mine) != len(theirs) or count != count_there:
        yield f"{count} rows in {one}, {count_there} in {other}"
    for row in sorted(mine - theirs)[:SHOWN]:
        yield f"only in {one}: {','.join(row)}"
    for row in sorted(theirs - mine)[:SHOWN]:
        yield f"only in {other}: {','.join(row)}"


def main():
    first, *others = map(pathlib.Path, sys.argv[1:])
    names = ["failures.csv", "totals.csv"]
    found = [line for other in others for name in names for line in differences(first / name, other / name)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
