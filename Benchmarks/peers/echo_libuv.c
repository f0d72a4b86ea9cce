// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Plain libuv in C: what our sockets stand on, without greenlets and without Swift.
//
// Written as libuv's users write a fast one: a shared read buffer, uv_try_write first, and uv_write with a copy only
// for what the peer didn't take, with reading stopped until it has.

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { buffer_size = 64 * 1024, backlog = 4096 };

struct owed {
    uv_write_t request;
    char bytes[];
};

static uv_loop_t loop;
static char shared_buffer[buffer_size];

static void check(int code, const char *what) {
    if (code < 0) {
        fprintf(stderr, "echo_libuv: %s: %s\n", what, uv_strerror(code));
        exit(1);
    }
}

static void on_closed(uv_handle_t *handle) {
    free(handle);
}

static void drop(uv_stream_t *stream) {
    if (!uv_is_closing((uv_handle_t *)stream)) {
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(shared_buffer, sizeof shared_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer);

static void on_paid(uv_write_t *request, int status) {
    uv_stream_t *stream = request->handle;
    free(request);
    if (status < 0) {
        drop(stream);
    } else if (!uv_is_closing((uv_handle_t *)stream)) {
        check(uv_read_start(stream, on_allocate, on_read), "uv_read_start");
    }
}

static void owe(uv_stream_t *stream, const char *bytes, size_t length) {
    struct owed *owed = malloc(sizeof *owed + length);
    if (!owed) {
        check(UV_ENOMEM, "malloc");
    }
    memcpy(owed->bytes, bytes, length);
    uv_buf_t rest = uv_buf_init(owed->bytes, (unsigned)length);
    uv_read_stop(stream);
    if (uv_write(&owed->request, stream, &rest, 1, on_paid) < 0) {
        free(owed);
        drop(stream);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    if (count == 0) {
        return;
    }
    if (count < 0) {
        drop(stream);
        return;
    }
    uv_buf_t received = uv_buf_init(buffer->base, (unsigned)count);
    int sent = uv_try_write(stream, &received, 1);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        drop(stream);
    } else if (sent < count) {
        owe(stream, buffer->base + sent, (size_t)(count - sent));
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status < 0) {
        return;
    }
    uv_tcp_t *peer = malloc(sizeof *peer);
    if (!peer) {
        check(UV_ENOMEM, "malloc");
    }
    check(uv_tcp_init(&loop, peer), "uv_tcp_init");
    if (uv_accept(listener, (uv_stream_t *)peer) < 0) {
        drop((uv_stream_t *)peer);
        return;
    }
    uv_tcp_nodelay(peer, 1);
    check(uv_read_start((uv_stream_t *)peer, on_allocate, on_read), "uv_read_start");
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)handle;
    (void)number;
    uv_stop(&loop);
}

int main(int argc, char **argv) {
    int port = 0;
    if (argc == 3 && strcmp(argv[1], "--port") == 0) {
        port = atoi(argv[2]);
    } else if (argc != 1) {
        fprintf(stderr, "usage: %s [--port PORT]\n", argv[0]);
        return 64;
    }
    check(uv_loop_init(&loop), "uv_loop_init");
    uv_tcp_t listener;
    struct sockaddr_in address;
    check(uv_tcp_init(&loop, &listener), "uv_tcp_init");
    check(uv_ip4_addr("127.0.0.1", port, &address), "uv_ip4_addr");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, backlog, on_connection), "listen");

    uv_signal_t terminate;
    check(uv_signal_init(&loop, &terminate), "uv_signal_init");
    check(uv_signal_start(&terminate, on_signal, SIGTERM), "uv_signal_start");

    int size = sizeof address;
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size), "getsockname");
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    uv_run(&loop, UV_RUN_DEFAULT);
    return 0;
}
