// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The load of the echo benchmark: every connection sends a message, waits for all of it, checks it, sends the next.
//
// Closed loop on purpose: a generator that only pours bytes lets a server answer many requests with one system call.
// Prints one JSON line. `server_cpu` is the share of one core that the server (--pid) used while it was measured: well
// below 1 means that this generator was the limit, and that the rate says little about the server.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { batch = 256, stall_limit_ms = 10000, exit_usage = 64 };

// Latencies go to buckets of 1/32 of a power of two: within 3 %, with no allocation and no sorting.
enum { sub_bits = 5, sub_count = 1 << sub_bits, bucket_count = 64 * sub_count };

struct options {
    int port;
    int connections;
    int size;
    double seconds;
    double warmup;
    int pid;
};

struct connection {
    int fd;
    uint32_t sequence;
    size_t received;
    uint64_t sent_at;
    unsigned char *message;
};

static struct options options = {.port = 8888, .connections = 64, .size = 64, .seconds = 3, .warmup = 1};
static uint64_t buckets[bucket_count];
static uint64_t measured_requests;
static int measuring;
static unsigned char *reply;

static void die(const char *what) {
    fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void fail(const char *what) {
    fprintf(stderr, "echo_load: %s\n", what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static unsigned bucket_of(uint64_t ns) {
    if (ns < sub_count) {
        return (unsigned)ns;
    }
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - sub_bits;
    return (shift + 1) * sub_count + (unsigned)((ns >> shift) - sub_count);
}

static double bucket_value(unsigned bucket) {
    if (bucket < sub_count) {
        return bucket;
    }
    unsigned shift = bucket / sub_count - 1;
    return (double)((uint64_t)(bucket % sub_count + sub_count) << shift);
}

/// The latency, in microseconds, below which `share` of the requests lie.
static double percentile(double share) {
    uint64_t wanted = (uint64_t)(share * (double)measured_requests);
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < bucket_count; bucket++) {
        seen += buckets[bucket];
        if (seen > wanted) {
            return bucket_value(bucket) / 1000;
        }
    }
    return 0;
}

/// Processor time of the server in seconds, all threads; 0 when no --pid was given.
static double server_seconds(void) {
    if (options.pid == 0) {
        return 0;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", options.pid);
    FILE *file = fopen(path, "r");
    if (!file) {
        die(path);
    }
    char text[1024];
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    // The name in parentheses may hold anything, so count the fields from the last parenthesis on.
    char *rest = strrchr(text, ')');
    unsigned long user = 0;
    unsigned long system = 0;
    if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
        fail("can't read the server's processor time");
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void send_next(struct connection *connection) {
    connection->sequence++;
    size_t head =
        (size_t)options.size < sizeof connection->sequence ? (size_t)options.size : sizeof connection->sequence;
    memcpy(connection->message, &connection->sequence, head);
    connection->received = 0;
    connection->sent_at = now();
    // A message is small beside a socket's buffer and the buffer is empty, so a short write is a fault of the set-up.
    ssize_t sent = send(connection->fd, connection->message, (size_t)options.size, MSG_NOSIGNAL);
    if (sent < 0) {
        die("send");
    }
    if (sent != options.size) {
        fail("short send: choose a smaller --size");
    }
}

static void receive(struct connection *connection) {
    // One byte more than is due, so that an echo that is too long is noticed.
    size_t due = (size_t)options.size - connection->received;
    ssize_t count = recv(connection->fd, reply, due + 1, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count < 0) {
        die("recv");
    }
    if (count == 0) {
        fail("the server closed a connection");
    }
    if ((size_t)count > due || memcmp(reply, connection->message + connection->received, (size_t)count) != 0) {
        fail("the server sent something else than what it got");
    }
    connection->received += (size_t)count;
    if (connection->received < (size_t)options.size) {
        return;
    }
    if (measuring) {
        buckets[bucket_of(now() - connection->sent_at)]++;
        measured_requests++;
    }
    send_next(connection);
}

static void open_connection(struct connection *connection, int poller, int index) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) {
        die("socket");
    }
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        die("connect");
    }
    int on = 1;
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection->fd, F_SETFL, fcntl(connection->fd, F_GETFL) | O_NONBLOCK);
    connection->message = malloc((size_t)options.size);
    if (!connection->message) {
        die("malloc");
    }
    for (int i = 0; i < options.size; i++) {
        connection->message[i] = (unsigned char)(index * 31 + i);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static void run_until(int poller, uint64_t end) {
    struct epoll_event events[batch];
    while (now() < end) {
        int count = epoll_wait(poller, events, batch, stall_limit_ms);
        if (count == 0) {
            fail("no answer for ten seconds");
        }
        for (int i = 0; i < count; i++) {
            receive(events[i].data.ptr);
        }
    }
}

static void usage(const char *name) {
    fprintf(stderr, "usage: %s [--port P] [--connections N] [--size B] [--seconds S] [--warmup S] [--pid SERVER]\n",
            name);
    exit(exit_usage);
}

static void parse(int argc, char **argv) {
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},
        {"connections", required_argument, NULL, 'c'},
        {"size", required_argument, NULL, 'b'},
        {"seconds", required_argument, NULL, 's'},
        {"warmup", required_argument, NULL, 'w'},
        {"pid", required_argument, NULL, 'i'},
        {NULL, 0, NULL, 0},
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (letter) {
        case 'p': options.port = atoi(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'b': options.size = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'w': options.warmup = atof(optarg); break;
        case 'i': options.pid = atoi(optarg); break;
        default: usage(argv[0]);
        }
    }
    if (optind != argc || options.connections < 1 || options.size < 1 || options.seconds <= 0) {
        usage(argv[0]);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int poller = epoll_create1(EPOLL_CLOEXEC);
    reply = malloc((size_t)options.size + 1);
    struct connection *connections = calloc((size_t)options.connections, sizeof *connections);
    if (poller < 0 || !reply || !connections) {
        die("set-up");
    }
    for (int i = 0; i < options.connections; i++) {
        open_connection(&connections[i], poller, i);
    }
    for (int i = 0; i < options.connections; i++) {
        send_next(&connections[i]);
    }
    run_until(poller, now() + (uint64_t)(options.warmup * 1e9));
    double server_before = server_seconds();
    uint64_t start = now();
    measuring = 1;
    run_until(poller, start + (uint64_t)(options.seconds * 1e9));
    double elapsed = (double)(now() - start) / 1e9;
    double server_share = (server_seconds() - server_before) / elapsed;
    printf("{\"connections\":%d,\"size\":%d,\"seconds\":%.3f,\"requests\":%llu,\"requests_per_second\":%.0f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"server_cpu\":%.3f}\n",
           options.connections, options.size, elapsed, (unsigned long long)measured_requests,
           (double)measured_requests / elapsed, percentile(0.50), percentile(0.99), percentile(0.999), server_share);
    return 0;
}
