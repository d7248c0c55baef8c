"""What pyarrow reads from a Parquet file of any nesting, in the canonical form of referee.py: structs are objects, lists are
arrays, maps are arrays of objects with key and value."""
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import referee


def canonical(array):
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in canonical(chunk)]
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return canonical(array.storage)
    if pa.types.is_dictionary(kind):
        return canonical(array.dictionary_decode())
    present = array.is_valid().to_pylist()
    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: canonical(part) for i, part in enumerate(array.flatten())}
        return [{name: part[row] for name, part in fields.items()} if there else None for row, there in enumerate(present)]
    if pa.types.is_map(kind):
        keys, items, ends = canonical(array.keys), canonical(array.items), array.offsets.to_pylist()
        pairs = [{"key": key, "value": item} for key, item in zip(keys, items)]
        return [pairs[ends[row] : ends[row + 1]] if there else None for row, there in enumerate(present)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values, ends = canonical(array.values), array.offsets.to_pylist()
        return [values[ends[row] : ends[row + 1]] if there else None for row, there in enumerate(present)]
    if pa.types.is_float16(kind):
        values = array.to_pylist()
        return [v if v is None else "nan" if v != v else struct.pack("<e", v).hex() for v in values]
    if pa.types.is_null(kind):
        return [None] * len(array)
    return referee.from_arrow(array)


def read(path):
    """The values of each row of each column of the table, by the column's name."""
    arrow = pq.read_table(path)
    return {name: canonical(arrow.column(name)) for name in arrow.column_names}
