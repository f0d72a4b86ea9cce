// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// libuv for Swift. Only Modules/Hub/GreenletHub/Loop may use it.

#ifndef CGREENLET_UV_SHIM_H
#define CGREENLET_UV_SHIM_H

#include <uv.h>

#endif
