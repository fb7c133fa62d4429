/* SPDX-License-Identifier: MIT */
/*
 * runner.c: worker threads that take the next guest from a queue.  One lock guards the queue, the store and the
 * progress; guests run without it.  The first failure that is the host's stops the queue.  In the time lane guests that
 * the stopping rule does not want any more are passed over.
 */
#include "runner.h"
#include "process.h"
#include <pthread.h>
#include <string.h>

#define JOBS_MAX 256

struct queue {
    pthread_mutex_t lock;
    const struct runner *runner;
    const struct plan_guest **guests;
    size_t count, next;
    struct progress progress;
    struct rounds *rounds; /* of the time lane, or NULL */
    struct runner_result *result;
    struct error *error;
    bool stopped;
};

bool runner_has_sample(const struct samples *samples, const struct plan_guest *guest, size_t cell)
{
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];

        if (s->rep == guest->rep && strcmp(s->structure, guest->structure->name) == 0 &&
            strcmp(s->workload, guest->cells[cell].workload->name) == 0 && strcmp(s->variant, guest->variant) == 0 &&
            strcmp(s->lane, plan_lane_name(guest->lane)) == 0)
            return true;
    }
    return false;
}

static bool is_complete(const struct runner *runner, const struct plan_guest *guest)
{
    for (size_t i = 0; i < guest->cell_count; i++) {
        if (!runner_has_sample(runner->before, guest, i))
            return false;
    }
    return true;
}

static int sample_store(const struct runner *runner, const struct sample *sample, struct runner_result *result,
                        struct error *error)
{
    if (store_append(runner->store, sample, error))
        return -1;
    if (strcmp(sample->status, "ok") == 0)
        result->ok++;
    else if (strcmp(sample->status, "fail") == 0)
        result->failed++;
    else
        result->skipped++;
    return 0;
}

static int guest_store(const struct runner *runner, const struct plan_guest *guest, const struct sample *samples,
                       struct runner_result *result, struct error *error)
{
    for (size_t i = 0; i < guest->cell_count; i++) {
        if (!runner_has_sample(runner->before, guest, i) && sample_store(runner, &samples[i], result, error))
            return -1;
    }
    return 0;
}

static void pass_unwanted(struct queue *queue)
{
    while (queue->rounds && queue->next < queue->count && !rounds_want(queue->rounds, queue->guests[queue->next]))
        progress_pass(&queue->progress, queue->guests[queue->next++]);
}

static const struct plan_guest *queue_take(struct queue *queue)
{
    const struct plan_guest *guest = NULL;

    pthread_mutex_lock(&queue->lock);
    pass_unwanted(queue);
    if (process_cancelled(queue->runner->context->cancel))
        queue->result->interrupted = queue->next < queue->count || queue->result->interrupted;
    else if (!queue->stopped && queue->next < queue->count)
        progress_boot(&queue->progress, guest = queue->guests[queue->next++]);
    pthread_mutex_unlock(&queue->lock);
    return guest;
}

static void guest_finish(struct queue *queue, struct arena *arena, const struct plan_guest *guest, int outcome,
                         const struct sample *samples, const struct error *error)
{
    pthread_mutex_lock(&queue->lock);
    if (outcome > 0)
        queue->result->interrupted = true;
    else if (outcome < 0 && !queue->stopped)
        *queue->error = *error;
    else if (outcome == 0 && !queue->stopped)
        outcome = guest_store(queue->runner, guest, samples, queue->result, queue->error);
    for (size_t i = 0; outcome == 0 && queue->rounds && i < guest->cell_count; i++)
        rounds_add(queue->rounds, &samples[i]);
    if (outcome < 0)
        queue->stopped = true;
    else if (outcome == 0)
        progress_guest(&queue->progress, arena, guest, samples, samples[0].wall_ms);
    pthread_mutex_unlock(&queue->lock);
}

static void *worker(void *arg)
{
    struct queue *queue = arg;
    const struct plan_guest *guest;
    struct error error;

    while ((guest = queue_take(queue))) {
        struct arena arena = {0};
        struct sample *samples = arena_alloc(&arena, guest->cell_count * sizeof(*samples));
        int outcome = guest_run(&arena, queue->runner->context, guest, samples, &error);

        guest_finish(queue, &arena, guest, outcome, samples, &error);
        arena_free(&arena);
    }
    return NULL;
}

static void workers_run(struct queue *queue, unsigned jobs)
{
    pthread_t threads[JOBS_MAX];
    unsigned started = 0;

    if (jobs > queue->count)
        jobs = (unsigned)queue->count;
    while (started + 1 < jobs && started < JOBS_MAX && !pthread_create(&threads[started], NULL, worker, queue))
        started++;
    worker(queue); /* this thread is one of them */
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

static int lane_run(const struct runner *runner, enum lane lane, struct runner_result *result, struct error *error)
{
    struct queue queue = {.runner = runner, .result = result, .error = error};
    unsigned jobs = lane == LANE_EXACT ? runner->jobs : 1;
    struct rounds rounds;

    if (lane == LANE_TIME) {
        rounds_start(&rounds, runner->arena, runner->plan, runner->before);
        queue.rounds = &rounds;
    }
    queue.guests = arena_alloc(runner->arena, (runner->plan->guest_count + 1) * sizeof(*queue.guests));
    for (size_t i = 0; i < runner->plan->guest_count; i++) {
        if (runner->plan->guests[i].lane == lane && !is_complete(runner, &runner->plan->guests[i]))
            queue.guests[queue.count++] = &runner->plan->guests[i];
    }
    if (queue.count == 0)
        return 0;
    pthread_mutex_init(&queue.lock, NULL);
    progress_start(&queue.progress, runner->arena, stderr, queue.guests, queue.count, jobs);
    workers_run(&queue, jobs);
    progress_end(&queue.progress);
    pthread_mutex_destroy(&queue.lock);
    for (enum stop_cause cause = STOP_NOT; queue.rounds && cause <= STOP_BUDGET; cause++)
        result->ended[cause] = rounds_ended(queue.rounds, cause);
    return queue.stopped ? -1 : 0;
}

/* One skipped sample for each cell of the time lane. */
static int time_skip(const struct runner *runner, struct runner_result *result, struct error *error)
{
    for (size_t i = 0; i < runner->plan->guest_count; i++) {
        const struct plan_guest *guest = &runner->plan->guests[i];

        for (size_t c = 0; c < guest->cell_count; c++) {
            struct sample sample = guest_sample(runner->arena, runner->context, guest, c, runner->time_reason);

            if (guest->lane != LANE_TIME || guest->rep > 0 || runner_has_sample(runner->before, guest, c))
                continue;
            if (sample_store(runner, &sample, result, error))
                return -1;
        }
    }
    return 0;
}

/* One skipped sample for each cell that bench.toml says cannot be done. */
static int refusals_skip(const struct runner *runner, struct runner_result *result, struct error *error)
{
    for (size_t i = 0; i < runner->plan->refusal_count; i++) {
        const struct plan_refusal *refusal = &runner->plan->refusals[i];
        struct plan_cell cell = {.workload = refusal->workload,
                                 .program = refusal->workload->program,
                                 .server = "",
                                 .image_sha256 = "",
                                 .workload_sha256 = ""};
        struct plan_guest guest = {.structure = refusal->structure, .variant = "default", .lane = LANE_EXACT};
        struct sample sample;

        guest.cells = &cell;
        guest.cell_count = 1;
        sample = guest_sample(runner->arena, runner->context, &guest, 0, refusal->reason);
        if (!runner_has_sample(runner->before, &guest, 0) && sample_store(runner, &sample, result, error))
            return -1;
    }
    return 0;
}

int runner_run(const struct runner *runner, struct runner_result *result, struct error *error)
{
    *result = (struct runner_result){0};
    if (refusals_skip(runner, result, error) || lane_run(runner, LANE_EXACT, result, error))
        return -1;
    if (result->interrupted)
        return 0;
    if (runner->time_reason)
        return time_skip(runner, result, error);
    return lane_run(runner, LANE_TIME, result, error);
}
