// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The umbrella header: greenlets for C, and below them contexts, the switch between them, stacks, backtraces, and what
// Swift keeps per thread.

#ifndef CGREENLET_CORE_H
#define CGREENLET_CORE_H

#include "cgreenlet.h"
#include "cgreenlet_backtrace.h"
#include "cgreenlet_context.h"
#include "cgreenlet_runtime.h"
#include "cgreenlet_sighting.h"
#include "cgreenlet_stack.h"
#include "cgreenlet_switch.h"

#endif
