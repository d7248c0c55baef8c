#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The certificate authorities, one of which must have vouched for a server.
public enum CertificateAuthorities: Sendable, Hashable {
    /// Certificates in PEM, one after the other. All are read for each new connection.
    case file(String)
    /// A file for each certificate, named after the hash of its subject, as `openssl rehash` does it. Only those that a
    /// server's certificate leads to are read.
    case folder(String)

    /// Where operating systems keep them: Debian and Alpine, Amazon Linux, SUSE, the BSDs.
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// The file that `AWS_CA_BUNDLE` or else `SSL_CERT_FILE` names, else the folder `certificates` beside the executable,
    /// else the operating system's.
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
