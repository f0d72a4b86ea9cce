// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The Go peers; the standard library is all they use.
module swift-greenlet/benchmarks/peers

go 1.25
