import Testing

@testable import AWSClient

@Suite struct CertificateAuthoritiesTests {
    @Test(
        "authorities from the environment come before those beside the executable and those of the system",
        arguments: [
            (["AWS_CA_BUNDLE": "/a.pem", "SSL_CERT_FILE": "/b.pem"], ["/var/task/certificates"], .file("/a.pem")),
            (["AWS_CA_BUNDLE": "", "SSL_CERT_FILE": "/b.pem"], ["/var/task/certificates"], .file("/b.pem")),
            ([:], ["/etc/ssl/cert.pem", "/var/task/certificates"], .folder("/var/task/certificates")),
            ([:], ["/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"], .file("/etc/ssl/ca-bundle.pem")),
            ([:], [], nil),
        ] as [([String: String], Set<String>, CertificateAuthorities?)])
    func precedence(environment: [String: String], readable: Set<String>, expected: CertificateAuthorities?) {
        let found = CertificateAuthorities(
            environment: { environment[$0] }, executableFolder: "/var/task", isReadable: readable.contains)
        #expect(found == expected)
    }
}
