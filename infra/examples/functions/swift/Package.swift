// swift-tools-version: 6.1
import PackageDescription

// A function of your own: `swift build -c release --static-swift-stdlib`, then zip the program as `bootstrap`.
let package = Package(
    name: "greeter",
    targets: [.executableTarget(name: "Greeter")])
