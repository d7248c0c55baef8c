#if !WITHOUT_ISAL
    internal import CISAL
#endif

/// Decompresses what follows the headers of gzip members, one after the other, for ``InflatedSource``.
protocol MemberInflater: AnyObject {
    /// The compressed bytes that have not been used. Their memory outlives every call of ``inflate(into:)`` that may use it.
    var input: UnsafeRawBufferPointer { get set }
    /// Whether the member has ended, its checksum and length included.
    var isAtEnd: Bool { get }

    /// Decompresses into the front of `room` until that is full or the input is used up, and says how many bytes it wrote.
    func inflate(into room: UnsafeMutableRawBufferPointer) throws(InflateFault) -> Int

    /// Prepares for the next member, after its header. The input stays.
    func beginMember()
}

/// The fault of a member. The faulty byte is at or before the unused input.
enum InflateFault: Error {
    case notAMember
    case corrupt
    case wrongChecksum
}

/// The library that decompresses. ISA-L is three times as fast; a build with `CUPEL_WITHOUT_ISAL` set needs zlib alone.
enum InflateLibrary: CaseIterable {
    #if !WITHOUT_ISAL
        case isal
    #endif
    case zlib

    /// The fastest library of the build.
    static let preferred = allCases[0]

    func makeInflater() -> any MemberInflater {
        switch self {
        #if !WITHOUT_ISAL
            case .isal: ISALInflater()
        #endif
        case .zlib: ZlibInflater()
        }
    }
}

#if !WITHOUT_ISAL
    /// ISA-L's igzip.
    /// - SeeAlso: <https://github.com/intel/isa-l>
    final class ISALInflater: MemberInflater {
        /// ISA-L keeps pointers into its state, so the state needs a fixed address.
        private let state: UnsafeMutablePointer<inflate_state>

        init() {
            state = .allocate(capacity: 1)
            isal_inflate_init(state)
            state.pointee.crc_flag = Self.trailerAlone
        }

        /// Checks the checksum and the length after the data, and expects no header before it.
        private static let trailerAlone = UInt32(ISAL_GZIP_NO_HDR_VER)

        deinit { state.deallocate() }

        var input: UnsafeRawBufferPointer {
            get { UnsafeRawBufferPointer(start: state.pointee.next_in, count: Int(state.pointee.avail_in)) }
            set {
                let start = newValue.baseAddress?.assumingMemoryBound(to: UInt8.self)
                state.pointee.next_in = UnsafeMutablePointer(mutating: start)
                state.pointee.avail_in = UInt32(newValue.count)
            }
        }

        var isAtEnd: Bool { state.pointee.block_state == ISAL_BLOCK_FINISH }

        func inflate(into room: UnsafeMutableRawBufferPointer) throws(InflateFault) -> Int {
            let size = UInt32(min(room.count, 1 << 30))
            state.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            state.pointee.avail_out = size
            switch isal_inflate(state) {
            case ISAL_DECOMP_OK: return Int(size - state.pointee.avail_out)
            case ISAL_INCORRECT_CHECKSUM: throw .wrongChecksum
            default: throw .corrupt
            }
        }

        func beginMember() {
            let rest = input
            isal_inflate_reset(state)
            state.pointee.crc_flag = Self.trailerAlone
            input = rest
        }
    }
#endif
