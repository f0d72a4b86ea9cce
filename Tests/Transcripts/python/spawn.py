# Part of swift-greenlet. Apache License 2.0, see LICENSE.
# The second of the three programs in its own language: two sleeps at the same time, three seconds in all and not five.
import gevent


def foo(a, b):
    print("Running foo ...", a, b)
    gevent.sleep(2)
    print("Foo again")


def bar():
    print("Running bar ...")
    gevent.sleep(3)
    print("bar again")


f = gevent.spawn(foo, 1, 2)
b = gevent.spawn(bar)
gevent.joinall([f, b])
