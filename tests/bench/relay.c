/*
 * A line that carries IPv4 packets as real ones do, so that TCP, TLS and HTTP above it are the kernel's and the programs' own.
 *
 *   relay NEAR FAR RATE EACH DELAY QUEUE LOSS SEED
 *
 * NEAR and FAR are open descriptors of which one read is one packet: tun devices, or datagram sockets. From NEAR to FAR go
 * RATE bytes a second in all and EACH of one connection (0: no such limit), a packet counting with what Ethernet puts around
 * it. What would have to wait longer than QUEUE microseconds for its turn is dropped, as routers do; one packet in LOSS (0:
 * none) gets lost on its way, which ones, SEED decides. Both ways every packet is DELAY microseconds under way; the way back
 * is as fast as this machine.
 *
 * Says "ready", runs until standard input is closed, and prints what it did as JSON. So it ends with whoever started it,
 * however that ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LARGEST 2048
#define ETHERNET 38 /* preamble, addresses, type, checksum and the gap to the next frame */
#define AT_ONCE 64  /* packets that are read from one side before the clock is looked at again */

typedef int64_t nanoseconds;

/* A packet waits for a moment: that at which its connection has let it go, or that at which it arrives. */
struct packet {
    nanoseconds at;
    uint64_t order;
    int to, size;
    char arrives, lost;
    unsigned char data[];
};

static int near_end, far_end;
static double rate, each;
static nanoseconds delay, queue;
static uint64_t loss, random_state, packets, bytes, lost, dropped;
static nanoseconds line_free, connection_free[65536], begun, ended;

static struct packet **heap;
static size_t waiting, room;

static int earlier(const struct packet *a, const struct packet *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void push(struct packet *packet)
{
    size_t at = waiting++;
    if (waiting > room) {
        room = room ? 2 * room : 1024;
        heap = realloc(heap, room * sizeof *heap);
        if (!heap)
            abort();
    }
    for (; at && earlier(packet, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = packet;
}

static struct packet *pop(void)
{
    struct packet *first = heap[0], *last = heap[--waiting];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < waiting) {
        child += child + 1 < waiting && earlier(heap[child + 1], heap[child]);
        if (!earlier(heap[child], last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

static nanoseconds clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (nanoseconds)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Marsaglia's xorshift: the same packets in every run of one seed, as far as the senders do the same. */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The port it comes from tells one connection from another: there is one sender. */
static unsigned connection_of(const struct packet *packet)
{
    const unsigned char *data = packet->data;
    unsigned header = (data[0] & 15) * 4;
    int has_ports = packet->size >= (int)header + 4 && (data[9] == 6 || data[9] == 17);
    return has_ports ? data[header] << 8 | data[header + 1] : 0;
}

/* When what takes `cost` seconds is through, and the next may begin; -1 where it would have to wait for too long. */
static nanoseconds through(nanoseconds *free_at, nanoseconds now, double cost)
{
    if (*free_at < now)
        *free_at = now;
    if (*free_at - now > queue)
        return -1;
    return *free_at += (nanoseconds)(cost * 1e9);
}

static void drop(struct packet *packet)
{
    dropped++;
    free(packet);
}

static void onto_the_line(struct packet *packet)
{
    nanoseconds end = through(&line_free, packet->at, (packet->size + ETHERNET) / rate);
    if (end < 0) {
        drop(packet);
        return;
    }
    packet->at = end + delay;
    packet->arrives = 1;
    push(packet);
}

/* A device takes what it is given; a socket whose reader is slow makes the line wait. */
static int hand_over(const struct packet *packet)
{
    ssize_t done;
    while ((done = write(packet->to, packet->data, packet->size)) < 0 && errno == EAGAIN)
        poll(&(struct pollfd){packet->to, POLLOUT, 0}, 1, 100);
    return done == packet->size;
}

static void arrive(struct packet *packet)
{
    if (packet->lost) {
        lost++;
    } else if (!hand_over(packet)) {
        dropped++;
    } else if (packet->to == far_end) {
        packets++;
        bytes += packet->size;
        ended = packet->at;
    }
    free(packet);
}

/* Nothing more is there: 0. */
static int take(int from, nanoseconds now)
{
    static uint64_t order;
    static unsigned char data[LARGEST];
    ssize_t size = read(from, data, sizeof data);
    if (size <= 0)
        return 0;
    if (data[0] >> 4 != 4) /* what IPv6 says of itself on a new device */
        return 1;
    struct packet *packet = malloc(sizeof *packet + size);
    if (!packet)
        abort();
    *packet = (struct packet){.at = now, .order = order++, .to = from == near_end ? far_end : near_end, .size = size};
    memcpy(packet->data, data, size);
    if (from == far_end) {
        packet->at = now + delay;
        packet->arrives = 1;
        push(packet);
        return 1;
    }
    begun = begun ? begun : now;
    packet->lost = loss && next_random() % loss == 0;
    if (each > 0) {
        packet->at = through(&connection_free[connection_of(packet)], now, (size + ETHERNET) / each);
        if (packet->at < 0)
            drop(packet);
        else
            push(packet);
    } else {
        onto_the_line(packet);
    }
    return 1;
}

static void carry(void)
{
    struct pollfd ends[] = {{near_end, POLLIN, 0}, {far_end, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    for (;;) {
        nanoseconds now = clock_now();
        while (waiting && heap[0]->at <= now) {
            struct packet *packet = pop();
            if (packet->arrives)
                arrive(packet);
            else
                onto_the_line(packet);
        }
        nanoseconds pause = waiting ? heap[0]->at - now : 1000000000;
        struct timespec timeout = {pause / 1000000000, pause % 1000000000};
        if (ppoll(ends, 3, &timeout, NULL) <= 0)
            continue;
        if (ends[2].revents)
            return;
        now = clock_now();
        for (int end = 0; end < 2; end++)
            for (int count = 0; ends[end].revents && count < AT_ONCE && take(ends[end].fd, now); count++)
                continue;
    }
}

int main(int count, char **words)
{
    if (count != 9) {
        fprintf(stderr, "relay NEAR FAR RATE EACH DELAY QUEUE LOSS SEED\n");
        return 2;
    }
    near_end = atoi(words[1]);
    far_end = atoi(words[2]);
    rate = atof(words[3]);
    each = atof(words[4]);
    delay = atoll(words[5]) * 1000;
    queue = atoll(words[6]) * 1000;
    loss = strtoull(words[7], NULL, 10);
    random_state = strtoull(words[8], NULL, 10) * 0x9E3779B97F4A7C15 + 1;
    fcntl(near_end, F_SETFL, O_NONBLOCK);
    fcntl(far_end, F_SETFL, O_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
    /* Or this machine's other work, and the kernel's habit of waking several sleepers at once, would be the line's. */
    prctl(PR_SET_TIMERSLACK, 1);
    setpriority(PRIO_PROCESS, 0, -20);
    puts("ready");
    fflush(stdout);
    carry();
    /* By the line's own clock, which does not wait for this machine. */
    double seconds = ended > begun ? (ended - begun) / 1e9 : 0;
    printf("{\"packets\": %llu, \"bytes\": %llu, \"lost\": %llu, \"dropped\": %llu, \"seconds\": %.6f}\n",
           (unsigned long long)packets, (unsigned long long)bytes, (unsigned long long)lost, (unsigned long long)dropped,
           seconds);
    return 0;
}
