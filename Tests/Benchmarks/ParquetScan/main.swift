import Columns
import ParquetRead

// Decodes every value of a Parquet file: parquet-scan FILE [ROWS AT A TIME]
let arguments = CommandLine.arguments
let file = try ParquetFile(reading: FileRanges(path: arguments[1]))
let columns = Array(file.metadata.columns.indices)
var rowCount = 0
var valueCount = 0
for group in file.metadata.rowGroups.indices {
    var rows = try file.rows(ofGroup: group, columns: columns)
    while let batch = try rows.next(upTo: arguments.count > 2 ? Int(arguments[2]) ?? 16_384 : 16_384) {
        rowCount += batch.rowCount
        for column in batch.columns { valueCount += column.values.count }
    }
}
print(rowCount, valueCount)
