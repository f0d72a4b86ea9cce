// swift-tools-version: 6.2
// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Our own sides of the comparisons: a package of its own, so that it sees what users see.

import PackageDescription

let package = Package(
    name: "swift-greenlet-benchmarks",
    dependencies: [.package(name: "swift-greenlet", path: "..")],
    targets: [
        .executableTarget(
            name: "greenlet-bench",
            dependencies: [
                .product(name: "GreenletCore", package: "swift-greenlet"),
                .product(name: "GreenletHub", package: "swift-greenlet"),
                .product(name: "GreenletNet", package: "swift-greenlet"),
                .product(name: "Gevent", package: "swift-greenlet"),
            ]
        )
    ]
)
