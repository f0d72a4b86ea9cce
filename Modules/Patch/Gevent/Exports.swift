// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// One import brings everything: whoever writes `import Gevent` has the lower modules too.

@_exported public import GreenletCore
@_exported public import GreenletHub
@_exported public import GreenletNet
