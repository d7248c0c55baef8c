#pragma once
#include "parquet_kernels.h"
