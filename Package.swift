// swift-tools-version: 6.2
// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The targets, in the order of the dependency line: Core, Hub, Net, Patch, then tools and tests.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "swift-greenlet",
    products: [
        .library(name: "GreenletCore", targets: ["GreenletCore"]),
        .library(name: "GreenletHub", targets: ["GreenletHub"]),
        .library(name: "GreenletNet", targets: ["GreenletNet"]),
        .library(name: "Gevent", targets: ["Gevent"]),
        .executable(name: "greenlet-echo", targets: ["greenlet-echo"]),
        .executable(name: "greenlet-tutorial", targets: ["greenlet-tutorial"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // Core
        .target(name: "CGreenletCore", path: "Modules/Core/CGreenletCore"),
        .target(
            name: "GreenletCore",
            dependencies: ["CGreenletCore"],
            path: "Modules/Core/GreenletCore",
            swiftSettings: settings
        ),

        // Hub
        .systemLibrary(
            name: "CGreenletUV",
            path: "Modules/Hub/CGreenletUV",
            pkgConfig: "libuv",
            providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]
        ),
        .target(name: "CGreenletPort", path: "Modules/Hub/CGreenletPort"),
        .target(
            name: "GreenletHub",
            dependencies: ["CGreenletCore", "GreenletCore", "CGreenletUV", "CGreenletPort"],
            path: "Modules/Hub/GreenletHub",
            swiftSettings: settings
        ),

        // Net
        .target(name: "CGreenletNet", path: "Modules/Net/CGreenletNet"),
        .target(
            name: "GreenletNet",
            dependencies: ["CGreenletNet", "GreenletCore", "GreenletHub"],
            path: "Modules/Net/GreenletNet",
            swiftSettings: settings
        ),

        // Patch
        .target(name: "CGeventMonkey", path: "Modules/Patch/CGeventMonkey"),
        .target(
            name: "Gevent",
            dependencies: ["CGeventMonkey", "GreenletCore", "GreenletHub", "GreenletNet"],
            path: "Modules/Patch/Gevent",
            swiftSettings: settings
        ),

        // Tools
        .executableTarget(
            name: "greenlet-echo",
            dependencies: [
                "Gevent", "GreenletCore", "GreenletHub", "GreenletNet",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tools/echo",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "greenlet-tutorial",
            dependencies: [
                "GreenletCore", "Gevent", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tools/tutorial",
            swiftSettings: settings
        ),

        // Tests
        .target(
            name: "GreenletTestSupport",
            dependencies: ["CGreenletCore", "GreenletCore", "GreenletHub"],
            path: "Tests/GreenletTestSupport",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "suspended-greenlets",
            dependencies: ["CGreenletCore", "GreenletCore"],
            path: "Tests/Programs/suspended",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "lives-of-hubs",
            dependencies: ["CGreenletPort", "CGreenletCore", "GreenletCore", "GreenletHub", "Gevent"],
            path: "Tests/Programs/lives",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GreenletCoreTests",
            dependencies: ["CGreenletCore", "GreenletCore", "GreenletTestSupport"],
            path: "Tests/GreenletCoreTests",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GreenletHubTests",
            dependencies: ["CGreenletCore", "GreenletCore", "GreenletHub", "GreenletTestSupport"],
            path: "Tests/GreenletHubTests",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GreenletNetTests",
            dependencies: ["GreenletCore", "GreenletHub", "GreenletNet", "GreenletTestSupport"],
            path: "Tests/GreenletNetTests",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GeventTests",
            dependencies: ["CGeventMonkey", "Gevent", "GreenletTestSupport"],
            path: "Tests/GeventTests",
            swiftSettings: settings
        ),
        .testTarget(
            name: "ToolTests",
            dependencies: [
                "GreenletTestSupport", "greenlet-echo", "greenlet-tutorial", "suspended-greenlets", "lives-of-hubs",
            ],
            path: "Tests/ToolTests",
            swiftSettings: settings
        ),
    ],
    cLanguageStandard: .gnu11
)
