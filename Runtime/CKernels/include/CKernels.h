#pragma once
// Loops that C runs faster than Swift. What needs SIMD has a portable fallback that gives the same answer; the choice is
// made at run time. The readers' kernels may read up to CK_PADDING bytes before and after their text; none writes there.
#include "automaton.h"
#include "base64.h"
#include "crc.h"
#include "csv_index.h"
#include "fields.h"
#include "file.h"
#include "json_rows.h"
#include "json_string.h"
#include "memory.h"
#include "parquet_kernels.h"
#include "parquet_read_kernels.h"
#include "ranges.h"
#include "text_scan.h"
