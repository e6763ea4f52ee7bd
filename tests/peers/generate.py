"""Invents returns with faults in them, the same for the same seed and number of sets.

    generate.py SETS FOLDER

A set is 22 authorities with 119 metrics, each a total and nine breakdowns, this year and last. Sets have
nothing to do with each other. Written are

    edition/          what is asked for, as Mesur reads it
    this.csv          this year's returns, one authority behind the other, as Mesur reads them
    last.csv          last year's
    pairs.csv         which metric is a part of which
    this.vtl.csv      the same returns with the columns that VTL can tell apart
    last.vtl.csv
    pairs.vtl.csv

An authority is W06, three digits for its set and three for itself.
"""

import csv
import pathlib
import random
import sys

SEED = 20301122
AUTHORITIES = 22
METRICS = 119
BREAKDOWNS = [f"b{number}" for number in range(1, 10)]
THIS, LAST = "2030-31", "2029-30"
VALUE_MAX = 20_000
# Shares of the metrics of a return.
MISSING, WITHOUT_REASON = 0.03, 0.05
SMALL = 0.1
WRONG_SUM, OUT_OF_RANGE, JUMP, ABOVE_PARENT = 0.0125, 0.0045, 0.0125, 0.001


def metric_code(metric):
    return f"PM/{metric:03}"


def parent_of(metric):
    """Every other metric is a part of the one before it."""
    return metric - 1 if metric % 2 == 0 else None


def parts_of(total, rng):
    """Nine whole numbers that add up to a total."""
    cuts = sorted(rng.randint(0, total) for _ in range(len(BREAKDOWNS) - 1))
    return [high - low for low, high in zip([0, *cuts], [*cuts, total])]


def last_total(metric, before, rng):
    if parent_of(metric) is not None:
        return int(before * rng.uniform(0.3, 0.8))
    return rng.randint(1, 19) if rng.random() < SMALL else rng.randint(40, 12_000)


def this_total(last, limit, rng):
    """About as many as last year. Of a few that were few, twice as many is no wonder."""
    if last < 20:
        total = last + rng.randint(0, 2 * last)
    else:
        total = int(last * rng.uniform(0.85, 1.15))
    return total if limit is None else min(total, limit)


def year_of(rng):
    """The values of an authority, last year's and this year's, by metric."""
    before, limit = 0, None
    for metric in range(1, METRICS + 1):
        last = last_total(metric, before, rng)
        is_part = parent_of(metric) is not None
        total = this_total(last, limit if is_part else None, rng)
        if rng.random() < JUMP:
            total = min(VALUE_MAX, int(last * rng.uniform(1.35, 1.6)) + 1)
        if is_part and rng.random() < ABOVE_PARENT:
            total = min(VALUE_MAX, limit + rng.randint(1, 50))
        before, limit = last, total
        values = [total, *parts_of(total, rng)]
        chance = rng.random()
        if chance < WRONG_SUM:
            values[rng.randint(1, 9)] += rng.randint(1, 30)
        elif chance < WRONG_SUM + OUT_OF_RANGE:
            values[rng.randint(0, 9)] = rng.choice([-1, -40, VALUE_MAX + 1, VALUE_MAX + 9_000])
        yield metric, [last, *parts_of(last, rng)], values


def rows_of(authority, rng):
    """The rows of an authority: metric, category, last year's value, this year's, and the reason."""
    for metric, last, values in year_of(rng):
        reason = ""
        if rng.random() < MISSING:
            values = [None] * len(values)
            reason = "" if rng.random() < WITHOUT_REASON else "the system was changed"
        for category, before, value in zip(["", *BREAKDOWNS], last, values):
            yield metric_code(metric), category, before, value, reason


def write_returns(sets, folder):
    header = "authority,edition,metric,category,value,status,comment\n"
    header_vtl = "SET,AUTHORITY,METRIC,CATEGORY,VALUE,REASON\n"
    rng = random.Random(SEED)
    with (
        open(folder / "this.csv", "w") as this,
        open(folder / "last.csv", "w") as last,
        open(folder / "this.vtl.csv", "w") as this_vtl,
        open(folder / "last.vtl.csv", "w") as last_vtl,
    ):
        for file in (this, last):
            file.write(header)
        for file in (this_vtl, last_vtl):
            file.write(header_vtl)
        for number in range(sets):
            for authority in range(1, AUTHORITIES + 1):
                code = f"W06{number:03}{authority:03}"
                for metric, category, before, value, reason in rows_of(code, rng):
                    status = "provided" if value is not None else "not_provided"
                    value = "" if value is None else value
                    this.write(f"{code},{THIS},{metric},{category},{value},{status},{reason}\n")
                    last.write(f"{code},{LAST},{metric},{category},{before},provided,\n")
                    place = f"{number:03},{code},{metric},{category or 'T'}"
                    this_vtl.write(f"{place},{value},{reason}\n")
                    last_vtl.write(f"{place},{before},\n")


def write_edition(sets, folder):
    folder.mkdir(exist_ok=True)
    (folder / "edition.toml").write_text(
        f'collection = "peers"\nperiod = "{THIS}"\n'
        'period_start = "2030-04-01"\nperiod_end = "2031-03-31"\n'
    )
    codes = [metric_code(metric) for metric in range(1, METRICS + 1)]
    table(
        folder / "authorities.csv",
        ["code", "name_en", "name_cy", "kind"],
        [
            *(
                [f"W06{number:03}{authority:03}", f"Authority {authority} of {number}", "", "authority"]
                for number in range(sets)
                for authority in range(1, AUTHORITIES + 1)
            ),
            ["W92000004", "Wales", "Cymru", "nation"],
        ],
    )
    table(
        folder / "metrics.csv",
        "edition,code,code_status,family,population,title_en,title_status,title_source,title_cy,period,"
        "period_status,unit,answer,has_total,based_on,based_on_status,in_release,in_release_status,"
        "published,published_status,note".split(","),
        (
            [THIS, code, "", "PM", "adults", f"Metric {code}", "", "", "", "during_year", "", "cases"]
            + ["single", "yes", "", "", "", "", "yes", "", ""]
            for code in codes
        ),
    )
    table(
        folder / "categories.csv",
        "edition,code,category,dimension,answer,label_en,label_cy,label_status,is_unknown_remainder,note".split(","),
        (
            [THIS, code, category, "part", "single", "", "", "", "no", ""]
            for code in codes
            for category in BREAKDOWNS
        ),
    )
    table(
        folder / "rules.csv",
        "edition,rule_id,kind,left,operator,right,threshold,severity,basis,basis_status,note".split(","),
        ([THIS, *rule, "", "", ""] for rule in rules()),
    )


def rules():
    yield "low", "count", "*", ">=", "0", "", "error"
    yield "high", "value_range", "*", "<=", str(VALUE_MAX), "", "error"
    for metric in range(1, METRICS + 1):
        code = metric_code(metric)
        parts = " + ".join(f"{code}[{category}]" for category in BREAKDOWNS)
        yield f"{code}-sum", "sum", code, "=", parts, "", "error"
        yield f"{code}-year", "year_on_year", code, "~", f"prev:{code}", "30%,5", "warning"
        if parent_of(metric) is not None:
            yield f"{code}-part", "subset", code, "<=", metric_code(parent_of(metric)), "", "error"


def table(file, header, rows):
    with open(file, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    sets, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    write_edition(sets, folder / "edition")
    children = (metric for metric in range(1, METRICS + 1) if parent_of(metric) is not None)
    pairs = [[metric_code(metric), metric_code(parent_of(metric))] for metric in children]
    table(folder / "pairs.csv", ["child", "parent"], pairs)
    table(folder / "pairs.vtl.csv", ["METRIC", "PARENT"], pairs)
    write_returns(sets, folder)


if __name__ == "__main__":
    main()
