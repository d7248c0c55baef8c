/// The types of values in Thrift's compact protocol.
/// - SeeAlso: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>
public enum ThriftWireType: UInt8 {
    case `true` = 1
    case `false` = 2
    case byte = 3
    case int16 = 4
    case int32 = 5
    case int64 = 6
    case double = 7
    case binary = 8
    case list = 9
    case set = 10
    case map = 11
    case `struct` = 12
    case uuid = 13
}
