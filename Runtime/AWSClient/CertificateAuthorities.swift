#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The certificate authorities that a server's certificate must be signed by.
public enum CertificateAuthorities: Sendable, Hashable {
    /// A file of PEM certificates. Each new connection reads all of them.
    case file(String)
    /// A folder with a file for each certificate, named by the hash of its subject as `openssl rehash` does. A
    /// connection reads only the files that its server's certificate needs.
    case folder(String)

    /// The files of Debian and Alpine, Amazon Linux, SUSE, and the BSDs.
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The file in `AWS_CA_BUNDLE` or `SSL_CERT_FILE`, else the folder `certificates` beside the executable, else the
    /// file of the operating system.
    init?(environment: (String) -> String?, executableFolder: String?, isReadable: (String) -> Bool) {
        for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            guard let path = environment(name), !path.isEmpty else { continue }
            self = .file(path)
            return
        }
        if let folder = executableFolder.map({ "\($0)/certificates" }), isReadable(folder) {
            self = .folder(folder)
        } else if let file = Self.systemFiles.first(where: isReadable) {
            self = .file(file)
        } else {
            return nil
        }
    }

    init?(environment: (String) -> String?) {
        self.init(environment: environment, executableFolder: Self.executableFolder) { access($0, R_OK) == 0 }
    }

    private static var executableFolder: String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0 else { return nil }
        let bytes = path[..<length].map { UInt8(bitPattern: $0) }
        return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(decoding: bytes[..<$0], as: UTF8.self) }
    }
}
