// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Whether a sanitizer watches: a load of fixed size must be smaller then.

import Glibc

/// Whether the tests run under a sanitizer, which makes a greenlet many times dearer: `test.sh` says so.
package let isSanitized = getenv("GREENLET_TEST_SANITIZER") != nil
