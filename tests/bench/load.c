/*
 * A load client that knows nothing about whom it talks to: it sends requests that somebody else has worded.
 *
 *   load send    ADDRESS SOURCE PLAN CONNECTIONS STAMP [WATCHED SIZE]
 *   load trickle ADDRESS SOURCE PLAN BYTES_PER_SECOND SECONDS
 *
 * ADDRESS is a port of 127.0.0.1 or the path of a unix socket. PLAN holds one request after the other, each as a line
 * "lane wait offset length head_length" and head_length bytes of HTTP head. A request with a lane below zero goes out on
 * whichever connection is free, others on the connection of that number; one that waits starts when all before it have
 * been answered, and all after it wait as well.
 *
 * Bodies come from SOURCE by sendfile: its pages lie in memory and go to the socket without being copied, so that the
 * client takes as little as possible of the processor it shares with the server. Offsets past the end of SOURCE begin
 * again at its start; STAMP = 1 then puts the offset as 16 hex digits at the start of every body, so that a chunk which
 * ends up in another's place is still found out.
 *
 * Prints one JSON object. Exits with 1 when an answer is not 2xx or a connection breaks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define STAMP_BYTES 16

typedef struct {
    long lane, wait, offset, length, head_length;
    char *head;
    int taken, status;
    double start, sent, done;
} Request;

typedef struct {
    int socket;
    size_t held; /* bytes in `buffer` that belong to the next answer */
    char buffer[1 << 20]; /* the answer to a pack names every file in it */
} Connection;

static Request *requests;
static long count, finished, taken;
static const char *address;
static int source, stamped;
static long source_size;
static double began;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t ready;
static char last_answer[4096];
static volatile sig_atomic_t told_to_stop;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void read_plan(const char *path) {
    FILE *plan = fopen(path, "rb");
    if (!plan) fail(path);
    long room = 0;
    Request each = {0};
    while (fscanf(plan, "%ld %ld %ld %ld %ld", &each.lane, &each.wait, &each.offset, &each.length, &each.head_length) == 5) {
        fgetc(plan);
        each.head = malloc(each.head_length);
        if (!each.head || fread(each.head, 1, each.head_length, plan) != (size_t)each.head_length) fail("plan cut short");
        if (count == room) {
            room = room ? room * 2 : 1024;
            requests = realloc(requests, room * sizeof *requests);
            if (!requests) fail("memory");
        }
        requests[count++] = each;
    }
    fclose(plan);
}

static int connect_to(void) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    int is_local = address[0] == '/', one = 1;
    int made = socket(is_local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) fail("socket");
    if (is_local) strncpy(local.sun_path, address, sizeof local.sun_path - 1);
    else {
        inet.sin_port = htons((uint16_t)atoi(address));
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (connect(made, is_local ? (void *)&local : (void *)&inet, is_local ? sizeof local : sizeof inet)) fail("connect");
    return made;
}

static int send_bytes(int to, const char *bytes, long length, int flags) {
    while (length > 0) {
        ssize_t took = send(to, bytes, length, flags | MSG_NOSIGNAL);
        if (took <= 0) return -1;
        bytes += took;
        length -= took;
    }
    return 0;
}

static int send_body(int to, const Request *request) {
    long left = request->length, at = request->offset;
    if (stamped && left >= STAMP_BYTES) {
        char stamp[STAMP_BYTES + 1];
        snprintf(stamp, sizeof stamp, "%016lx", at);
        if (send_bytes(to, stamp, STAMP_BYTES, MSG_MORE)) return -1;
        at += STAMP_BYTES;
        left -= STAMP_BYTES;
    }
    while (left > 0) {
        off_t from = at % source_size;
        long most = left < source_size - from ? left : source_size - from;
        ssize_t took = sendfile(to, source, &from, most);
        if (took <= 0) return -1;
        at += took;
        left -= took;
    }
    return 0;
}

static int fill(Connection *connection) {
    if (connection->held >= sizeof connection->buffer - 1) return -1;
    ssize_t took = recv(connection->socket, connection->buffer + connection->held, sizeof connection->buffer - 1 - connection->held, 0);
    if (took <= 0) return -1;
    connection->held += took;
    connection->buffer[connection->held] = 0;
    return 0;
}

static const char *header(const char *head, const char *name) {
    const char *found = strcasestr(head, name);
    return found ? found + strlen(name) : NULL;
}

/* Whether the answer at the start of `buffer` is all there; `whole` is then its length. Chunked ones end with a last chunk. */
static int answer_ends(const char *buffer, size_t held, size_t *whole) {
    const char *end = memmem(buffer, held, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = end + 4 - buffer;
    const char *length = header(buffer, "\r\ncontent-length:");
    if (length && length < end) *whole = head + strtoul(length, NULL, 10);
    else if (header(buffer, "\r\ntransfer-encoding: chunked") && header(buffer, "\r\ntransfer-encoding: chunked") < end + 1) {
        const char *last = memmem(end, held - (end - buffer), "\r\n0\r\n\r\n", 7);
        if (!last) return 0;
        *whole = last + 7 - buffer;
    } else *whole = head;
    return held >= *whole;
}

/* Reads one answer and returns its status; 0 when the connection ends before it. */
static int read_answer(Connection *connection, int is_last) {
    size_t whole = 0;
    connection->buffer[connection->held] = 0;
    while (!answer_ends(connection->buffer, connection->held, &whole))
        if (fill(connection)) return 0;
    int status = atoi(connection->buffer + 9);
    const char *closes = header(connection->buffer, "\r\nconnection: close");
    if (is_last || status / 100 != 2) snprintf(last_answer, sizeof last_answer, "%.*s", (int)whole, connection->buffer);
    connection->held -= whole;
    memmove(connection->buffer, connection->buffer + whole, connection->held);
    if (closes) {
        close(connection->socket);
        connection->socket = -1;
        connection->held = 0;
    }
    return status;
}

static void perform(Connection *connection, Request *request) {
    if (connection->socket < 0) connection->socket = connect_to();
    request->start = now() - began;
    int broken = send_bytes(connection->socket, request->head, request->head_length, request->length ? MSG_MORE : 0) ||
                 send_body(connection->socket, request);
    request->sent = now() - began;
    request->status = read_answer(connection, request == requests + count - 1);
    request->done = now() - began;
    if (broken || !request->status) {
        if (connection->socket >= 0) close(connection->socket);
        connection->socket = -1;
        connection->held = 0;
        if (broken && request->status / 100 == 2) request->status = 0;
    }
}

/* The next request for a connection, or NULL when there is none left for it. */
static Request *take(long lane, long *cursor) {
    Request *found = NULL;
    pthread_mutex_lock(&lock);
    for (; *cursor < count && !found; ++*cursor) {
        Request *each = requests + *cursor;
        if (each->taken || (each->lane >= 0 && each->lane != lane)) continue;
        each->taken = 1;
        taken++;
        while (each->wait && finished < each - requests) pthread_cond_wait(&progress, &lock);
        found = each;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void *work(void *number) {
    long cursor = 0, lane = (long)number;
    Connection *connection = malloc(sizeof *connection);
    if (!connection) fail("memory");
    connection->held = 0;
    connection->socket = connect_to();
    pthread_barrier_wait(&ready);
    Request *request;
    while ((request = take(lane, &cursor))) {
        perform(connection, request);
        pthread_mutex_lock(&lock);
        finished++;
        pthread_cond_broadcast(&progress);
        pthread_mutex_unlock(&lock);
    }
    if (connection->socket >= 0) close(connection->socket);
    free(connection);
    return NULL;
}

/* When WATCHED has SIZE bytes, seen by asking every 50 microseconds once the last request is under way; -1 for never. */
static double watch(const char *path, long size) {
    struct stat found;
    for (;;) {
        pthread_mutex_lock(&lock);
        int under_way = taken == count;
        long before = finished;
        pthread_mutex_unlock(&lock);
        if (under_way && !stat(path, &found) && found.st_size == size) return now() - began;
        if (before == count) return -1;
        usleep(under_way ? 50 : 2000);
    }
}

static void print_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else if ((unsigned char)*text < 32 || (unsigned char)*text > 126) printf("\\u%04x", (unsigned char)*text);
        else putchar(*text);
    }
    putchar('"');
}

static int print_results(double visible) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    double until = 0;
    int refused = 0;
    printf("{\"requests\": [");
    for (long at = 0; at < count; at++) {
        Request *each = requests + at;
        if (each->done > until) until = each->done;
        refused += each->status / 100 != 2;
        printf("%s[%d, %.6f, %.6f, %.6f]", at ? ", " : "", each->status, each->start, each->sent, each->done);
    }
    printf("], \"seconds\": %.6f, \"cpu\": %.3f, \"visible\": %.6f, \"refused\": %d, \"answer\": ", until, cpu, visible, refused);
    print_text(last_answer);
    printf("}\n");
    return refused ? 1 : 0;
}

static int send_all(long connections, const char *watched, long size) {
    pthread_t *threads = calloc(connections, sizeof *threads);
    if (!threads) fail("memory");
    pthread_barrier_init(&ready, NULL, connections + 1);
    for (long number = 0; number < connections; number++)
        if (pthread_create(threads + number, NULL, work, (void *)number)) fail("thread");
    /* Connected, but nothing sent: `began` is set while every thread still waits at the barrier. */
    began = now();
    pthread_barrier_wait(&ready);
    double visible = watched ? watch(watched, size) : -1;
    for (long number = 0; number < connections; number++) pthread_join(threads[number], NULL);
    return print_results(visible);
}

static void stop(int number) {
    (void)number;
    told_to_stop = 1;
}

/* Sends what is due of a slow body; returns how much went out, -1 when the connection broke. */
static long trickle_some(int to, const char *bytes, const Request *request, long done, long due) {
    if (due > request->length) due = request->length;
    if (due <= done) return 0;
    ssize_t took = send(to, bytes + (request->offset + done) % source_size, due - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (took < 0) return errno == EAGAIN ? 0 : -1;
    return took;
}

/* Every request on a connection of its own, its body at `rate` bytes a second, for some seconds or until SIGTERM. */
static int trickle(double rate, double seconds) {
    struct pollfd *sockets = calloc(count, sizeof *sockets);
    long *done = calloc(count, sizeof *done), total = 0, answered = 0, broken = 0, refused = 0;
    /* Twice in a row, so that a body may run past the end of the source. */
    char *bytes = mmap(NULL, source_size * 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!sockets || !done || bytes == MAP_FAILED) fail("memory");
    for (int half = 0; half < 2; half++)
        if (mmap(bytes + half * source_size, source_size, PROT_READ, MAP_SHARED | MAP_FIXED, source, 0) == MAP_FAILED) fail("mmap");
    signal(SIGTERM, stop);
    for (long at = 0; at < count; at++) {
        sockets[at] = (struct pollfd){.fd = connect_to(), .events = POLLIN};
        if (send_bytes(sockets[at].fd, requests[at].head, requests[at].head_length, 0)) fail("send");
    }
    printf("ready\n");
    fflush(stdout);
    began = now();
    while (!told_to_stop && now() - began < seconds && answered + broken < count) {
        long due = (long)((now() - began) * rate);
        for (long at = 0; at < count; at++) {
            if (sockets[at].fd < 0) continue;
            long sent = trickle_some(sockets[at].fd, bytes, requests + at, done[at], due);
            if (sent > 0) {
                done[at] += sent;
                total += sent;
            }
            if (sent < 0) sockets[at].revents = POLLIN;
        }
        poll(sockets, count, 0);
        for (long at = 0; at < count; at++) {
            if (sockets[at].fd < 0 || !(sockets[at].revents & (POLLIN | POLLHUP | POLLERR))) continue;
            char answer[512] = {0};
            ssize_t got = recv(sockets[at].fd, answer, sizeof answer - 1, MSG_DONTWAIT);
            if (got > 0 && atoi(answer + 9) / 100 == 2) answered++;
            else if (got > 0) {
                refused++;
                broken++;
                memcpy(last_answer, answer, sizeof answer);
            } else broken++;
            close(sockets[at].fd);
            sockets[at].fd = -1;
        }
        usleep(50000);
    }
    printf("{\"seconds\": %.3f, \"bytes\": %ld, \"answered\": %ld, \"broken\": %ld, \"refused\": %ld, \"answer\": ",
           now() - began, total, answered, broken, refused);
    print_text(last_answer);
    printf("}\n");
    return broken ? 1 : 0;
}

int main(int argc, char **argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: load send|trickle ADDRESS SOURCE PLAN ...; see the head of load.c\n");
        return 2;
    }
    struct stat found;
    address = argv[2];
    source = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (source < 0 || fstat(source, &found)) fail(argv[3]);
    source_size = found.st_size ? found.st_size : 1;
    read_plan(argv[4]);
    if (!strcmp(argv[1], "trickle")) return trickle(atof(argv[5]), atof(argv[6]));
    stamped = atoi(argv[6]);
    return send_all(atol(argv[5]), argc > 8 ? argv[7] : NULL, argc > 8 ? atol(argv[8]) : 0);
}
