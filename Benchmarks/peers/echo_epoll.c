// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The bare epoll echo server: the ceiling that every echo figure of ours is a ratio of.
//
// One thread, level-triggered, one recv and one send an echo. What the peer doesn't take is kept, and reading from it
// stops until it has; so it is a whole server, not a loop that only a friendly client survives.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { buffer_size = 64 * 1024, batch = 256, backlog = 4096 };

/// What a connection still owes its peer; `owed` is NULL as long as the peer takes all at once.
struct connection {
    int fd;
    char *owed;
    size_t offset;
    size_t length;
};

static int poller;
static struct connection listener;
static struct connection signals;

static void die(const char *what) {
    fprintf(stderr, "echo_epoll: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(struct connection *connection, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(poller, operation, connection->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static void drop(struct connection *connection) {
    close(connection->fd);
    free(connection->owed);
    free(connection);
}

static void listen_on(int port) {
    listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener.fd < 0) {
        die("socket");
    }
    int on = 1;
    setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener.fd, (struct sockaddr *)&address, sizeof address) < 0) {
        die("bind");
    }
    if (listen(listener.fd, backlog) < 0) {
        die("listen");
    }
    socklen_t size = sizeof address;
    getsockname(listener.fd, (struct sockaddr *)&address, &size);
    printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void accept_all(void) {
    for (;;) {
        int fd = accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            return;
        }
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection) {
            die("calloc");
        }
        connection->fd = fd;
        watch(connection, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/// Keeps what the peer didn't take, and waits for room instead of for more to read.
static void owe(struct connection *connection, const char *bytes, size_t length) {
    connection->owed = malloc(length);
    if (!connection->owed) {
        die("malloc");
    }
    memcpy(connection->owed, bytes, length);
    connection->offset = 0;
    connection->length = length;
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void echo(struct connection *connection) {
    static char buffer[buffer_size];
    ssize_t received = recv(connection->fd, buffer, sizeof buffer, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (received <= 0) {
        drop(connection);
        return;
    }
    ssize_t sent = send(connection->fd, buffer, (size_t)received, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(connection);
            return;
        }
        sent = 0;
    }
    if (sent < received) {
        owe(connection, buffer + sent, (size_t)(received - sent));
    }
}

static void pay(struct connection *connection) {
    size_t left = connection->length - connection->offset;
    ssize_t sent = send(connection->fd, connection->owed + connection->offset, left, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            drop(connection);
        }
        return;
    }
    connection->offset += (size_t)sent;
    if ((size_t)sent == left) {
        free(connection->owed);
        connection->owed = NULL;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void serve(void) {
    struct epoll_event events[batch];
    for (;;) {
        int count = epoll_wait(poller, events, batch, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == &signals) {
                return;
            } else if (connection == &listener) {
                accept_all();
            } else if (connection->owed) {
                pay(connection);
            } else {
                echo(connection);
            }
        }
    }
}

int main(int argc, char **argv) {
    int port = 0;
    if (argc == 3 && strcmp(argv[1], "--port") == 0) {
        port = atoi(argv[2]);
    } else if (argc != 1) {
        fprintf(stderr, "usage: %s [--port PORT]\n", argv[0]);
        return 64;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, NULL);
    signals.fd = signalfd(-1, &ending, SFD_CLOEXEC);
    watch(&signals, EPOLL_CTL_ADD, EPOLLIN);
    listen_on(port);
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    serve();
    return 0;
}
