/* SPDX-License-Identifier: MIT */
/*
 * serve.c: the visit is in the callback of process_run, which then kills QEMU: a server has no end of its own.
 */
#include "serve.h"
#include "calibrate_cycles.h"
#include "clock.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "qemu.h"
#include "sample.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LISTENS WIRE_PREFIX "listen "
#define LOOK_MS 10
#define REACH_MS 30000
#define TSC_MS 20
#define LINUX_HZ 250 /* of Debian's kernel */
#define SERIAL_BYTES_MAX (1 << 20)

struct visit {
    const struct serve *serve;
    struct backend backend;
    const char *serial;
    int result; /* of the visit, if there was one */
    bool listened;
    struct error *error;
};

void serve_endless(struct config *config)
{
    for (size_t i = 0; i < config->workload_count; i++) {
        if (config->workloads[i].load)
            config->workloads[i].ops = config->workloads[i].warm = 0;
    }
}

unsigned serve_port(const struct config_clients *clients)
{
    static const unsigned usual[] = {
        [CONFIG_ECHO] = 7, [CONFIG_RESP] = 6379, [CONFIG_HTTP] = 80, [CONFIG_STREAM] = 5001};

    return clients->port ? clients->port : usual[clients->protocol];
}

/* Whether a child has ended, without waiting for it: its parent wants to do that. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static bool listen_wait(struct visit *visit, pid_t pid)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int64_t deadline = clock_now_ms() + (int64_t)visit->serve->guest->timeout_s * 1000;

    while (clock_now_ms() < deadline && !has_ended(pid) && !process_cancelled(visit->serve->cancel)) {
        struct arena arena = {0};
        const char *text = file_read_optional(&arena, visit->serial, NULL);
        bool listens = text && strstr(text, LISTENS);

        arena_free(&arena);
        if (listens)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Until the server can be reached: a guest that gets little of a busy host may let the first questions for its hardware
   address wait too long. */
static bool reach_wait(const struct visit *visit)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int64_t deadline = clock_now_ms() + REACH_MS;
    bool reached = false;

    while (!reached && clock_now_ms() < deadline && !process_cancelled(visit->serve->cancel)) {
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        reached = connect(s, (const struct sockaddr *)&visit->backend.server, sizeof(visit->backend.server)) == 0 ||
                  errno != EHOSTUNREACH;
        if (s >= 0)
            close(s);
        if (!reached)
            nanosleep(&pause, NULL);
    }
    return reached;
}

static void guest_visit(void *context, pid_t pid)
{
    struct visit *visit = context;

    visit->listened = listen_wait(visit, pid) && reach_wait(visit);
    if (visit->listened)
        visit->result = visit->serve->visit(visit->serve->context, pid, &visit->backend.server, visit->error);
    kill(pid, SIGKILL);
}

/* The processor's time stamps in a millisecond. */
static unsigned tsc_khz(void)
{
    const struct timespec pause = {.tv_nsec = TSC_MS * 1000000L};
    struct timespec a, b;
    uint64_t from, to;

    clock_gettime(CLOCK_MONOTONIC_RAW, &a);
    from = calibrate_cycles();
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC_RAW, &b);
    to = calibrate_cycles();
    return (unsigned)((double)(to - from) * 1e6 /
                      ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)));
}

/* Linux's own words tell it the clock of the exact lane; here it is the host's.  The last of two is believed.  And its
   init need not wait for a round time. */
static const char *words_of(struct arena *arena, const struct serve *serve, const struct backend *backend)
{
    unsigned khz;

    if (!plan_is_batch(serve->guest->structure))
        return backend->words;
    khz = tsc_khz();
    return arena_print(arena, QEMU_AT_ONCE " tsc_early_khz=%u lpj=%llu %s", khz,
                       (unsigned long long)khz * 1000 / LINUX_HZ, backend->words);
}

/* What the guest, or else QEMU, said last. */
static const char *last_words(struct arena *arena, const struct visit *visit, const char *messages)
{
    const char *text = file_read_optional(arena, visit->serial, NULL);
    size_t length;

    if (!text || !*text)
        text = file_read_optional(arena, messages, NULL);
    length = text ? strlen(text) : 0;
    return sample_text(arena, length > SERVE_SERIAL_BYTES ? text + length - SERVE_SERIAL_BYTES
                              : length                    ? text
                                                          : "nothing");
}

static int guest_boot(struct arena *arena, struct visit *visit, struct error *error)
{
    const struct serve *serve = visit->serve;
    const char *messages = arena_print(arena, "%s/messages", serve->folder);
    struct qemu_files files = {.disk = arena_print(arena, "%s/disk.img", serve->folder),
                               .serial = visit->serial,
                               .netdev = visit->backend.netdev,
                               .words = words_of(arena, serve, &visit->backend),
                               .emulated = !serve->kvm_cpu,
                               .counts = ""};
    struct process_options options = {.out = -1,
                                      .cancel = serve->cancel,
                                      .watch_path = visit->serial,
                                      .watch_bytes = SERIAL_BYTES_MAX,
                                      .keep = visit->backend.keep,
                                      .started = guest_visit,
                                      .context = visit};
    struct strings argv = {0};
    struct process_end end;
    int failed;

    unlink(visit->serial);
    options.err = open(messages, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (options.err < 0)
        return file_error(error, "create", messages);
    failed = file_copy(LAYOUT_DISK, files.disk, error) ||
             qemu_command(arena, serve->config, serve->guest, &files, serve->kvm_cpu, &argv, error) ||
             process_run(argv.items, &options, &end, error);
    close(options.err);
    if (failed)
        return -1;
    if (process_cancelled(serve->cancel))
        return error_set(error, TOLL_INTERRUPTED, "interrupted");
    if (!visit->listened)
        return error_set(error, TOLL_GUEST, "%s did not come to serve; its last words: %s",
                         plan_guest_name(arena, serve->guest), last_words(arena, visit, messages));
    return visit->result;
}

int serve_run(struct arena *arena, const struct serve *serve, struct error *error)
{
    struct visit visit = {.serve = serve, .serial = arena_print(arena, "%s/serial", serve->folder), .error = error};
    int result;

    if (backend_open(arena, serve->network, serve_port(serve->guest->cells[0].workload->load), &visit.backend, error))
        return -1;
    result = guest_boot(arena, &visit, error);
    backend_close(&visit.backend);
    return result;
}
