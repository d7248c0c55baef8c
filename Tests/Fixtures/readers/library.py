"""A Python library reads each case's out.parquet and compares every value with values.json.

    library.py LIBRARY FOLDER       pyarrow, duckdb, polars or fastparquet; prints {case: {LIBRARY: {column: verdict}}}
"""
import datetime
import importlib
import json
import os
import pathlib
import pickle
import signal
import sys
import time

os.environ["TZ"] = "UTC"
time.tzset()

from canonical import verdicts


def arrow(library, path):
    parquet = importlib.import_module("pyarrow.parquet")
    return lambda names: parquet.read_table(path, columns=names).to_pydict()


def duck(library, path):
    def read(names):
        connection = library.connect()
        connection.execute("set TimeZone = 'UTC'")
        columns = ", ".join(f'"{name}"' for name in names)
        rows = connection.execute(f"select {columns} from read_parquet('{path}')").fetchall()
        return dict(zip(names, map(list, zip(*rows))))
    return read


def frame(library, path):
    def read(names):
        table = library.read_parquet(path, columns=names)
        return {name: table[name].to_list() for name in names}
    return read


def pandas(library, path):
    def read(names):
        # Null is NaN or NaT in pandas; `isnull` is only for single values.
        table = library.ParquetFile(path).to_pandas(columns=names)
        return {name: [single(value) for value in table[name].astype(object)] for name in names}

    def single(value):
        if value is None or str(value) in ("NaT", "<NA>"):
            return None
        if hasattr(value, "to_pydatetime"):
            return value.to_pydatetime(warn=False)
        if hasattr(value, "to_pytimedelta"):  # pandas has no time of day
            return (datetime.datetime.min + value.to_pytimedelta()).time()
        return None if value != value else value
    return read


def apart(read):
    """Calls `read` in a process of its own: fastparquet crashes at encodings that it does not know."""
    def answer(names):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                result = read(names)
            except Exception as error:
                result = error
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(result, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            written = pipe.read()
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError(f"the reader crashed with {signal.Signals(os.WTERMSIG(status)).name}")
        result = pickle.loads(written)
        if isinstance(result, Exception):
            raise result
        return result
    return answer


READERS = {"pyarrow": arrow, "duckdb": duck, "polars": frame, "fastparquet": lambda library, path: apart(pandas(library, path))}
name = sys.argv[1]
library, answer = importlib.import_module(name), {}
for path in sorted(pathlib.Path(sys.argv[2]).glob("*/out.parquet")):
    expected = json.loads((path.parent / "values.json").read_text())
    answer[path.parent.name] = {name: verdicts(expected, READERS[name](library, str(path)))}
print(json.dumps(answer), flush=True)
# The answer is complete. Unloading the readers' native threads can abort Python on a busy machine.
os._exit(0)
