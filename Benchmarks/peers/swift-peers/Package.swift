// swift-tools-version: 6.2
// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The peers written in Swift: a package of their own, so that nothing of ours ever depends on SwiftNIO.

import PackageDescription

let nio: [Target.Dependency] = [
    "PeerSupport",
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]

let package = Package(
    name: "swift-peers",
    products: [
        .executable(name: "swift_tasks", targets: ["swift_tasks"]),
        .executable(name: "echo_nio", targets: ["echo_nio"]),
        .executable(name: "echo_nio_async", targets: ["echo_nio_async"]),
    ],
    dependencies: [.package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2")],
    targets: [
        .target(name: "PeerSupport"),
        .executableTarget(name: "swift_tasks", dependencies: ["PeerSupport"]),
        .executableTarget(name: "echo_nio", dependencies: nio),
        .executableTarget(name: "echo_nio_async", dependencies: nio),
    ],
    swiftLanguageModes: [.v6]
)
