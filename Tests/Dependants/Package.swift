// swift-tools-version: 6.2
// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// A stranger's package: each program depends on one product alone, builds, runs, and exits with 0 if it works.

import PackageDescription

let programs = [
    "uses-core": "GreenletCore", "uses-core-from-c": "GreenletCore", "uses-hub": "GreenletHub",
    "uses-net": "GreenletNet", "uses-gevent": "Gevent",
]

let package = Package(
    name: "dependants",
    products: [.library(name: "plugin", type: .dynamic, targets: ["Plugin"])],
    dependencies: [.package(name: "swift-greenlet", path: "../..")],
    targets: programs.map { program, product in
        .executableTarget(
            name: program,
            dependencies: [.product(name: product, package: "swift-greenlet")]
                + (program == "uses-core" ? ["RuntimeState", "ThreadLocals"] : [])
        )
    } + [
        .target(
            name: "RuntimeState",
            dependencies: [.product(name: "GreenletCore", package: "swift-greenlet")],
            path: "RuntimeState"
        ),
        .target(name: "ThreadLocals", path: "ThreadLocals"),
        .target(
            name: "Plugin",
            dependencies: [.product(name: "GreenletCore", package: "swift-greenlet"), "RuntimeState"],
            path: "Plugin",
            exclude: ["host.c"]
        ),
    ]
)
