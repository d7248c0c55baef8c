internal import CKernels

/// A number whose least and greatest among many a kernel finds.
protocol BoundedNumber: Comparable {
    /// The bounds of the values that have an order, which NaN has not; nil if none has one.
    static func bounds(of values: UnsafeBufferPointer<Self>) -> (least: Self, greatest: Self)?
}

extension Int32: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Int32>) -> (least: Int32, greatest: Int32)? {
        guard !values.isEmpty else { return nil }
        var (least, greatest): (Int32, Int32) = (0, 0)
        ck_range_i32(values.baseAddress, values.count, &least, &greatest)
        return (least, greatest)
    }
}

extension Int64: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Int64>) -> (least: Int64, greatest: Int64)? {
        guard !values.isEmpty else { return nil }
        var (least, greatest): (Int64, Int64) = (0, 0)
        ck_range_i64(values.baseAddress, values.count, &least, &greatest)
        return (least, greatest)
    }
}

extension Float: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Float>) -> (least: Float, greatest: Float)? {
        var (least, greatest): (Float, Float) = (0, 0)
        guard !values.isEmpty, ck_range_float(values.baseAddress, values.count, &least, &greatest) > 0 else {
            return nil
        }
        return (least, greatest)
    }
}

extension Double: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Double>) -> (least: Double, greatest: Double)? {
        var (least, greatest): (Double, Double) = (0, 0)
        guard !values.isEmpty, ck_range_double(values.baseAddress, values.count, &least, &greatest) > 0 else {
            return nil
        }
        return (least, greatest)
    }
}
