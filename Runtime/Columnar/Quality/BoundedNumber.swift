internal import CKernels

/// A number whose least and greatest among many a kernel finds.
protocol BoundedNumber: Comparable, Numeric {
    /// The bounds of the values that have an order, which NaN has not; nil if none has one.
    static func bounds(of values: UnsafeBufferPointer<Self>) -> (least: Self, greatest: Self)?
}

extension BoundedNumber {
    /// - Parameter kernel: finds the bounds of one value or more, and says how many of them have an order.
    fileprivate static func bounds(
        of values: UnsafeBufferPointer<Self>,
        by kernel: (UnsafePointer<Self>?, Int, UnsafeMutablePointer<Self>?, UnsafeMutablePointer<Self>?) -> Int
    ) -> (least: Self, greatest: Self)? {
        var (least, greatest): (Self, Self) = (0, 0)
        guard !values.isEmpty, kernel(values.baseAddress, values.count, &least, &greatest) > 0 else { return nil }
        return (least, greatest)
    }
}

extension Int32: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Int32>) -> (least: Int32, greatest: Int32)? {
        bounds(of: values) { values, count, least, greatest in
            ck_range_i32(values, count, least, greatest)
            return count
        }
    }
}

extension Int64: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Int64>) -> (least: Int64, greatest: Int64)? {
        bounds(of: values) { values, count, least, greatest in
            ck_range_i64(values, count, least, greatest)
            return count
        }
    }
}

extension Float: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Float>) -> (least: Float, greatest: Float)? {
        bounds(of: values) { ck_range_float($0, $1, $2, $3) }
    }
}

extension Double: BoundedNumber {
    static func bounds(of values: UnsafeBufferPointer<Double>) -> (least: Double, greatest: Double)? {
        bounds(of: values) { ck_range_double($0, $1, $2, $3) }
    }
}
