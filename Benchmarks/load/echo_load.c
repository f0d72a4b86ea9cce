// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// The load of the echo benchmark: every connection sends a message, waits for all of it, checks it, sends the next.
//
// Closed loop on purpose: a generator that only pours bytes lets a server answer many requests with one system call.
//
// With several servers it holds connections to all of them and lets them take turns, in an order that is drawn anew for
// each round: what disturbs the machine lasts longer than a turn of a fraction of a second, so it meets all alike.
// Prints one JSON line a turn, and at the end one a server with the latencies of all its turns; in a closed loop they are
// mostly the number of connections divided by the rate. `server_cpu` is the share of one core that the server used in its
// turn: well below 1 means that this generator was the limit, and that the rate says little about the server.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
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

enum { most_servers = 32, offsets = 251 };

struct options {
    int connections;
    int size;
    double seconds;
    double warmup;
    int rounds;
    unsigned seed;
    int reconnect; ///< whether each request has a connection of its own
};

// Kept small: with a thousand connections what is touched for each is in no cache, and this side must not be the limit.
struct connection {
    int fd;
    uint32_t sequence;
    uint32_t sent;
    uint32_t received;
    uint32_t offset; ///< of its message in the pattern
    uint64_t sent_at;
};

struct server {
    int port;
    int pid;
    int poller;
    struct connection *connections;
    uint64_t *buckets; ///< of the latencies of all its turns
    uint64_t requests; ///< in all its turns
};

static struct options options = {.connections = 64, .size = 64, .seconds = 3, .warmup = 1, .rounds = 1, .seed = 1};
static struct server servers[most_servers];
static int server_count;
static uint64_t measured_requests;
static int measuring;
static int sending;
static int unanswered;
static struct server *active;
static unsigned char *reply;
/// A message is a piece of this, which differs from one connection to the next, with a number in front.
static unsigned char *pattern;

static void die(const char *what) {
    fprintf(stderr, "echo_load: port %d: %s: %s\n", active ? active->port : 0, what, strerror(errno));
    exit(1);
}

static void fail(const char *what) {
    fprintf(stderr, "echo_load: port %d: %s\n", active ? active->port : 0, what);
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

/// The middle of a bucket.
static double bucket_value(unsigned bucket) {
    if (bucket < sub_count) {
        return bucket;
    }
    unsigned shift = bucket / sub_count - 1;
    return ((double)(bucket % sub_count + sub_count) + 0.5) * (double)((uint64_t)1 << shift);
}

/// The latency, in microseconds, below which `share` of the server's requests lie, of all its turns.
static double percentile(const struct server *server, double share) {
    uint64_t wanted = (uint64_t)(share * (double)server->requests);
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < bucket_count; bucket++) {
        seen += server->buckets[bucket];
        if (seen > wanted) {
            return bucket_value(bucket) / 1000;
        }
    }
    return 0;
}

/// Processor time of a server in seconds, all threads, to the nanosecond; 0 when its process was not named.
static double server_seconds(const struct server *server) {
    if (server->pid == 0) {
        return 0;
    }
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", server->pid);
    DIR *threads = opendir(path);
    if (!threads) {
        die(path);
    }
    unsigned long long total = 0;
    struct dirent *thread;
    while ((thread = readdir(threads))) {
        if (thread->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", server->pid, thread->d_name);
        FILE *file = fopen(path, "r");
        unsigned long long spent = 0;
        if (file) { // else the thread has just ended
            if (fscanf(file, "%llu", &spent) != 1) {
                fail("can't read the server's processor time: this needs a kernel with CONFIG_SCHED_INFO");
            }
            fclose(file);
        }
        total += spent;
    }
    closedir(threads);
    return (double)total / 1e9;
}

/// The connection's message, with its number written into the pattern; `replaced` takes what was there.
static unsigned char *compose(const struct connection *connection, uint32_t *replaced) {
    unsigned char *message = pattern + connection->offset;
    memcpy(replaced, message, sizeof *replaced);
    memcpy(message, &connection->sequence, sizeof connection->sequence);
    return message;
}

static void open_connection(const struct server *server, struct connection *connection, int index);

/// Sends what the socket takes of the rest of the message; what it doesn't follows when it can be written again.
static void send_rest(struct connection *connection) {
    uint32_t replaced;
    unsigned char *message = compose(connection, &replaced);
    ssize_t sent = send(connection->fd, message + connection->sent, (size_t)options.size - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        die("send");
    }
    memcpy(message, &replaced, sizeof replaced);
    connection->sent += sent > 0 ? (uint32_t)sent : 0;
}

static void send_next(struct connection *connection, uint64_t time) {
    connection->sequence++;
    connection->sent = 0;
    connection->received = 0;
    connection->sent_at = time;
    unanswered++;
    send_rest(connection);
}

static void check(const struct connection *connection, size_t count) {
    uint32_t replaced;
    unsigned char *message = compose(connection, &replaced);
    if (memcmp(reply, message + connection->received, count) != 0) {
        fail("the server sent something else than what it got");
    }
    memcpy(message, &replaced, sizeof replaced);
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
    if ((size_t)count > due) {
        fail("the server sent more than it got");
    }
    check(connection, (size_t)count);
    connection->received += (uint32_t)count;
    if (connection->received < (uint32_t)options.size) {
        return;
    }
    unanswered--;
    uint64_t time = now();
    if (measuring) {
        active->buckets[bucket_of(time - connection->sent_at)]++;
        measured_requests++;
    }
    if (!sending) {
        return;
    }
    if (options.reconnect) {
        close(connection->fd);
        open_connection(active, connection, (int)(connection - active->connections));
        time = now();
    }
    send_next(connection, time);
}

static void open_connection(const struct server *server, struct connection *connection, int index) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
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
    connection->offset = (uint32_t)index % offsets;
    // Edge-triggered: each report is followed by a recv that takes all that is due, and a short send by a report.
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    if (epoll_ctl(server->poller, EPOLL_CTL_ADD, connection->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static void open_server(struct server *server) {
    active = server;
    server->poller = epoll_create1(EPOLL_CLOEXEC);
    server->connections = calloc((size_t)options.connections, sizeof *server->connections);
    server->buckets = calloc(bucket_count, sizeof *server->buckets);
    if (server->poller < 0 || !server->connections || !server->buckets) {
        die("set-up");
    }
    for (int i = 0; i < options.connections; i++) {
        open_connection(server, &server->connections[i], i);
    }
}

static void take_in_answers(const struct server *server) {
    struct epoll_event events[batch];
    int count = epoll_wait(server->poller, events, batch, stall_limit_ms);
    if (count == 0) {
        fail("no answer for ten seconds");
    }
    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;
        if ((int)connection->sent < options.size) {
            send_rest(connection);
        }
        if (events[i].events & ~(uint32_t)EPOLLOUT) {
            receive(connection);
        }
    }
}

static void run_until(const struct server *server, uint64_t end) {
    while (now() < end) {
        take_in_answers(server);
    }
}

/// One turn of one server: warm up, measure, let what is under way come home.
static void take_turn(struct server *server, int round) {
    active = server;
    sending = 1;
    for (int i = 0; i < options.connections; i++) {
        send_next(&server->connections[i], now());
    }
    run_until(server, now() + (uint64_t)(options.warmup * 1e9));
    measured_requests = 0;
    double server_before = server_seconds(server);
    uint64_t start = now();
    measuring = 1;
    run_until(server, start + (uint64_t)(options.seconds * 1e9));
    measuring = 0;
    double elapsed = (double)(now() - start) / 1e9;
    double server_share = (server_seconds(server) - server_before) / elapsed;
    sending = 0;
    while (unanswered > 0) {
        take_in_answers(server);
    }
    printf("{\"round\":%d,\"server\":%d,\"connections\":%d,\"size\":%d,\"seconds\":%.3f,\"requests\":%llu,"
           "\"requests_per_second\":%.0f,\"server_cpu\":%.4f}\n",
           round, (int)(server - servers), options.connections, options.size, elapsed,
           (unsigned long long)measured_requests, (double)measured_requests / elapsed, server_share);
    fflush(stdout);
    server->requests += measured_requests;
}

/// What only all turns together tell: the tail of one is too short.
static void print_latencies(const struct server *server) {
    printf("{\"server\":%d,\"requests\":%llu,\"p50\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f}\n", (int)(server - servers),
           (unsigned long long)server->requests, percentile(server, 0.50), percentile(server, 0.99),
           percentile(server, 0.999));
}

/// The servers' numbers in an order by chance.
static void shuffle(int *order) {
    for (int i = 0; i < server_count; i++) {
        int other = rand_r(&options.seed) % (i + 1);
        order[i] = order[other];
        order[other] = i;
    }
}

static void usage(const char *name) {
    fprintf(stderr,
            "usage: %s --server PORT[:PID] [--server PORT[:PID]]… [--connections N] [--size B] [--seconds S] [--warmup S]\n"
            "       [--rounds N] [--seed N] [--reconnect]\n"
            "seconds and warmup are of one turn; a message has 4 bytes at least\n",
            name);
    exit(exit_usage);
}

static void add_server(const char *text, const char *name) {
    struct server *server = &servers[server_count];
    if (server_count == most_servers || sscanf(text, "%d:%d", &server->port, &server->pid) < 1) {
        usage(name);
    }
    server_count++;
}

static void parse(int argc, char **argv) {
    static const struct option names[] = {
        {"server", required_argument, NULL, 'p'},
        {"connections", required_argument, NULL, 'c'},
        {"size", required_argument, NULL, 'b'},
        {"seconds", required_argument, NULL, 's'},
        {"warmup", required_argument, NULL, 'w'},
        {"rounds", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 'e'},
        {"reconnect", no_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (letter) {
        case 'p': add_server(optarg, argv[0]); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'b': options.size = atoi(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'w': options.warmup = atof(optarg); break;
        case 'r': options.rounds = atoi(optarg); break;
        case 'e': options.seed = (unsigned)atoi(optarg); break;
        case 'o': options.reconnect = 1; break;
        default: usage(argv[0]);
        }
    }
    if (optind != argc || server_count == 0 || options.connections < 1 || options.size < 4 || options.seconds <= 0) {
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
    reply = malloc((size_t)options.size + 1);
    pattern = malloc((size_t)options.size + offsets);
    if (!reply || !pattern) {
        die("set-up");
    }
    for (int i = 0; i < options.size + offsets; i++) {
        pattern[i] = (unsigned char)(i * 31 + i / 256);
    }
    for (int i = 0; i < server_count; i++) {
        open_server(&servers[i]);
    }
    for (int round = 1; round <= options.rounds; round++) {
        int order[most_servers];
        shuffle(order);
        for (int i = 0; i < server_count; i++) {
            take_turn(&servers[order[i]], round);
        }
    }
    for (int i = 0; i < server_count; i++) {
        print_latencies(&servers[i]);
    }
    return 0;
}
