"""Does the task with DuckDB and SQL written by hand: duckdb_sql.py DATA OUT

Prints how many kilobytes it took at most.
"""

import pathlib
import resource
import string
import sys

import duckdb

data, out = sys.argv[1:]
pathlib.Path(out).mkdir(parents=True, exist_ok=True)
sql = pathlib.Path(__file__).with_name("task.sql").read_text()
duckdb.connect().execute(string.Template(sql).substitute(data=data, out=out))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
