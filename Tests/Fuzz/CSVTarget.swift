import Columnar
internal import RawFile

/// A CSV text gives the same rows however it arrives, with any header.
struct CSVTarget: FuzzTarget {
    private let header = Array("i,l,n,d,f,m,w,b,y,t,u,j,o,p,s\n".utf8)

    func take(_ bytes: [UInt8]) throws {
        _ = try TextReading.insensitiveToPieces(bytes, as: .csv)
        _ = try TextReading.insensitiveToPieces(header + bytes, as: .csv)
    }
}
