"""Does the task with VTL: vtl.py DATA OUT

The script runs on vtlengine's DuckDB back end. What VTL cannot tell apart is told apart in the files that
it reads: a total has the category T, and the set of an authority stands in a column of its own.
Prints how many kilobytes it took at most.
"""

import csv
import pathlib
import resource
import sys

import vtlengine

CHECKS = ["range", "reason", "sum", "year", "part"]


def component(name, role, kind="String", nullable=False):
    return {"name": name, "type": kind, "role": role, "nullable": nullable}


def structure(name, *components):
    return {"name": name, "DataStructure": list(components)}


def year(name):
    ids = (component(column, "Identifier") for column in ("SET", "AUTHORITY", "METRIC", "CATEGORY"))
    value = component("VALUE", "Measure", "Integer", nullable=True)
    return structure(name, *ids, value, component("REASON", "Measure", nullable=True))


def run(data, out):
    structures = {
        "datasets": [
            year("THIS_YEAR"),
            year("LAST_YEAR"),
            structure("PAIRS", component("METRIC", "Identifier"), component("PARENT", "Measure")),
        ]
    }
    vtlengine.run(
        script=pathlib.Path(__file__).with_name("task.vtl"),
        data_structures=structures,
        datapoints={
            "THIS_YEAR": data / "this.vtl.csv",
            "LAST_YEAR": data / "last.vtl.csv",
            "PAIRS": data / "pairs.vtl.csv",
        },
        output_folder=out,
        use_duckdb=True,
    )


def rewrite(out):
    """As the others write it."""
    with open(out / "failures.csv", "w") as file:
        file.write("authority,metric,category,check\n")
        for check in CHECKS:
            with open(out / f"{check}_failures.csv", newline="") as found:
                for row in csv.DictReader(found):
                    category = row.get("CATEGORY", "T").replace("T", "")
                    file.write(f"{row['AUTHORITY']},{row['METRIC']},{category},{check}\n")
    with open(out / "national_totals.csv", newline="") as found, open(out / "totals.csv", "w") as file:
        file.write("set,metric,category,total,authorities\n")
        for row in csv.DictReader(found):
            category = row["CATEGORY"].replace("T", "")
            file.write(f"{row['SET']},{row['METRIC']},{category},{row['TOTAL']},{row['AUTHORITIES']}\n")


def main():
    data, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    run(data, out)
    rewrite(out)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
