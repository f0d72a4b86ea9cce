// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The echo server's entry. Not async: greenlets switch on this very stack.

import ArgumentParser

EchoCommand.main()
