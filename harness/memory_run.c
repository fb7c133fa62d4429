/* SPDX-License-Identifier: MIT */
/*
 * memory_run.c: worker threads that take the next cell from a list, and what a trial is (see memory.h).
 */
#include "memory_run.h"
#include "clock.h"
#include "file.h"
#include "guest.h"
#include "judge.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>

#define TIMES_MAX 5 /* of the time with all memory, and SLACK_S more: not done by then is not passed */
#define SLACK_S 5

/* What the threads share; the lock guards what is below it, the run's arena and standard error. */
struct work {
    struct memory_run *run;
    struct guest_context context;
    int64_t start_ms;
    pthread_mutex_t lock;
    size_t next, done;
    int64_t spent_ms[2]; /* by cells that are done, small ones and those of whole systems */
    size_t ended[2];
    int outcome; /* as that of guest_run */
    struct error *error;
};

/* One cell being halved. */
struct search {
    struct work *work;
    const struct plan_guest *guest;
    char *output; /* with all memory: its hash, and the time that is allowed from then on */
    uint32_t timeout_s;
};

static void judge(struct search *search, const struct sample *sample, struct memory_trial *trial)
{
    struct work *work = search->work;
    const char *reason = sample->reason;

    trial->passed = strcmp(sample->status, "ok") == 0 && strcmp(sample->disk, DISK_CLEAN) == 0;
    if (strcmp(sample->status, "ok") == 0 && !trial->passed)
        reason = "the disk is not clean afterwards";
    else if (trial->passed && search->output && strcmp(sample->output_sha256, search->output) != 0) {
        trial->passed = false;
        reason = "its output is not what it is with more memory";
    }
    pthread_mutex_lock(&work->lock);
    trial->reason = trial->passed ? "" : arena_copy(work->run->arena, reason);
    if (trial->passed && !search->output) {
        search->output = arena_copy(work->run->arena, sample->output_sha256);
        search->timeout_s = (uint32_t)(TIMES_MAX * sample->wall_ms / 1000) + SLACK_S;
    }
    if (plan_is_batch(search->guest->structure))
        fprintf(stderr, "%s/%s with %u MiB: %s\n", search->guest->structure->name, plan_guest_workload(search->guest),
                trial->mib, trial->passed ? "passes" : trial->reason);
    pthread_mutex_unlock(&work->lock);
}

static int guest_try(void *context, struct memory_trial *trial, struct error *error)
{
    struct search *search = context;
    struct config_structure structure = *search->guest->structure;
    struct plan_guest guest = *search->guest;
    struct arena arena = {0};
    struct sample sample;
    int result;

    structure.memory_mib = trial->mib;
    guest.structure = &structure;
    if (search->timeout_s && search->timeout_s < guest.timeout_s)
        guest.timeout_s = search->timeout_s;
    result = guest_run(&arena, &search->work->context, &guest, &sample, error);
    if (result == 0)
        judge(search, &sample, trial);
    arena_free(&arena);
    return result;
}

static int64_t left_ms(const struct work *work)
{
    static const int64_t guess_ms[2] = {2000, 80000};
    int64_t all = 0;

    for (size_t i = 0; i < work->run->count; i++) {
        const struct memory_row *row = &work->run->rows[i];
        int batch = plan_is_batch(row->guest->structure);

        if (row->trial_count == 0)
            all += work->ended[batch] ? work->spent_ms[batch] / (int64_t)work->ended[batch] : guess_ms[batch];
    }
    return all / work->run->jobs;
}

static void row_finish(struct work *work, struct memory_row *row, const struct memory_row *found, int64_t spent_ms)
{
    int batch = plan_is_batch(row->guest->structure);
    const struct memory_trial *first = found->trials;

    *row = *found;
    row->trials = arena_alloc(work->run->arena, found->trial_count * sizeof(*row->trials));
    memcpy(row->trials, found->trials, found->trial_count * sizeof(*row->trials));
    work->done++;
    work->ended[batch]++;
    work->spent_ms[batch] += spent_ms;
    fprintf(stderr, "[%zu/%zu] memory of %s/%s: ", work->done, work->run->count, row->guest->structure->name,
            plan_guest_workload(row->guest));
    if (row->mib)
        fprintf(stderr, "%u MiB", row->mib);
    else
        fprintf(stderr, "does not pass with %u MiB: %s", first->mib, first->reason);
    fprintf(stderr, ", %zu boots in %.1f s; ", row->trial_count, (double)spent_ms / 1000);
    if (work->done == work->run->count)
        fprintf(stderr, "%.1f s in all\n", (double)(clock_now_ms() - work->start_ms) / 1000);
    else
        fprintf(stderr, "about %.0f s left\n", (double)left_ms(work) / 1000 + 0.5);
}

static struct memory_row *row_take(struct work *work)
{
    struct memory_row *row = NULL;

    pthread_mutex_lock(&work->lock);
    if (work->outcome == 0 && work->next < work->run->count)
        row = &work->run->rows[work->next++];
    pthread_mutex_unlock(&work->lock);
    return row;
}

static void *worker(void *arg)
{
    struct work *work = arg;
    struct memory_row *row;

    while ((row = row_take(work))) {
        struct arena arena = {0};
        struct search search = {.work = work, .guest = row->guest};
        struct memory_row found = {.guest = row->guest, .image_mib = memory_of_image(&arena, row->guest)};
        int64_t start = clock_now_ms();
        struct error error;
        int outcome = memory_bisect(&arena, &found, row->guest->structure->memory_mib, guest_try, &search, &error);

        pthread_mutex_lock(&work->lock);
        if (outcome == 0)
            row_finish(work, row, &found, clock_now_ms() - start);
        else if (work->outcome == 0 && (work->outcome = outcome) < 0)
            *work->error = error;
        pthread_mutex_unlock(&work->lock);
        arena_free(&arena);
    }
    return NULL;
}

static int rows_measure(struct work *work)
{
    pthread_t threads[MEMORY_JOBS_MAX];
    unsigned started = 0;

    work->start_ms = clock_now_ms();
    pthread_mutex_init(&work->lock, NULL);
    while (started + 1 < work->run->jobs && !pthread_create(&threads[started], NULL, worker, work))
        started++;
    worker(work); /* this thread is one of them */
    while (started > 0)
        pthread_join(threads[--started], NULL);
    pthread_mutex_destroy(&work->lock);
    return work->outcome > 0 ? error_set(work->error, TOLL_INTERRUPTED, "interrupted") : work->outcome;
}

int memory_run(struct memory_run *run, struct error *error)
{
    struct work work = {.run = run, .error = error, .context = {.config = run->config, .cancel = run->cancel}};
    char *folder = scratch_make(run->arena, "memory-", error);
    int failed;

    if (!folder)
        return -1;
    work.context.run_folder = work.context.temporary = folder;
    work.context.run_name = "memory";
    failed = file_make_folders(arena_print(run->arena, "%s/serial", folder), error) || rows_measure(&work);
    scratch_remove(folder);
    return failed ? -1 : 0;
}
