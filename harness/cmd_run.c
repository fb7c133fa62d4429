/* SPDX-License-Identifier: MIT */
/*
 * cmd_run.c: `toll run`: plan, build, boot, measure, store.
 */
#include "build.h"
#include "command.h"
#include "file.h"
#include "layout.h"
#include "process.h"
#include "qemu.h"
#include "results.h"
#include "runner.h"
#include "scratch.h"
#include "session.h"
#include "summary.h"
#include "tune.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: toll run [OPTION...]\n"
    "\n"
    "Builds what is needed, boots every guest of bench.toml's matrix and stores a sample of each in a new folder\n"
    "of results/, whose name is printed.\n"
    "\n"
    "      --only PATTERNS    only these cells: STRUCTURE/WORKLOAD or STRUCTURE:VARIANT/WORKLOAD, either side a\n"
    "                         pattern like *; commas between several; may be given again\n"
    "      --lane LANE        exact (counts), time (cycles; needs KVM) or all (the default)\n"
    "      --reps N           guests per cell, instead of bench.toml's\n"
    "      --tune             while the time lane runs: governor to performance, turbo off (root)\n"
    "      --exits WAY        count VM exits by bpf, tracepoints, both (compared), none, or auto (the default)\n"
    "      --model PROFILE    also model caches and TLBs in the exact lane, with the sizes of a profile of\n"
    "                         harness/profiles; none: not even if bench.toml says so\n"
    "      --timeout SECONDS  end a guest that needs longer\n"
    "  -j, --jobs N           guests at once in the exact lane\n"
    "  -o, --output DIR       fill DIR instead of a new folder of results/\n"
    "      --resume [DIR]     go on with an interrupted run (the latest, if none is named); a guest that failed is\n"
    "                         not run again\n"
    "      --dry-run          print the plan and do nothing\n"
    "      --config FILE      read FILE instead of bench.toml\n"
    "  -v, --verbose          show the build, and with --dry-run QEMU's command lines\n"
    "  -h, --help             show this\n";

struct request {
    struct session session;
    const char *config_path;
    uint32_t jobs;
    enum observe_exits exits;
    bool tune, dry_run, verbose, resume, narrowed; /* narrowed: an option that --resume does not go with */
};

enum {
    OPT_ONLY = 256,
    OPT_LANE,
    OPT_REPS,
    OPT_TIMEOUT,
    OPT_RESUME,
    OPT_DRY,
    OPT_CONFIG,
    OPT_TUNE,
    OPT_EXITS,
    OPT_MODEL
};

static const struct option long_options[] = {
    {"only", required_argument, NULL, OPT_ONLY},
    {"lane", required_argument, NULL, OPT_LANE},
    {"reps", required_argument, NULL, OPT_REPS},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"jobs", required_argument, NULL, 'j'},
    {"output", required_argument, NULL, 'o'},
    {"resume", optional_argument, NULL, OPT_RESUME},
    {"dry-run", no_argument, NULL, OPT_DRY},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"tune", no_argument, NULL, OPT_TUNE},
    {"exits", required_argument, NULL, OPT_EXITS},
    {"model", required_argument, NULL, OPT_MODEL},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int option_take(struct command *command, struct request *request, int option, struct error *error)
{
    struct plan_options *options = &request->session.options;

    switch (option) {
    case OPT_ONLY:
        return plan_only_parse(&command->arena, optarg, &options->only, error);
    case OPT_LANE:
        return plan_lanes_parse(optarg, &options->lanes, error);
    case OPT_REPS:
        return command_number("--reps", optarg, 1, PLAN_REPETITIONS_MAX, &options->repetitions, error);
    case OPT_TIMEOUT:
        return command_number("--timeout", optarg, 1, PLAN_TIMEOUT_MAX, &options->timeout_s, error);
    case OPT_MODEL:
        options->model = strchr(optarg, '/') ? command_path(command, optarg) : optarg;
        return 0;
    case OPT_CONFIG:
        request->config_path = command_path(command, optarg);
        return 0;
    default:
        if (!*optarg)
            return error_set(error, TOLL_USAGE, "-o: expected the name of a folder, found an empty word");
        request->session.output = command_path(command, optarg);
        return 0;
    }
}

/* --resume's folder may also be the next word. */
static int resume_take(struct command *command, struct request *request, struct error *error)
{
    const char *name = optarg;

    if (!name && optind < command->argc && command->argv[optind][0] != '-')
        name = command->argv[optind++];
    request->resume = true;
    request->session.resume = store_find(&command->arena, command_run(command, name), error);
    return request->session.resume ? 0 : -1;
}

/* 0 to go on, 1 if the help was shown, -1 with an error; a mistake that getopt named has an empty text. */
static int request_parse(struct command *command, struct request *request, struct error *error)
{
    int option, failed = 0;

    while (!failed && (option = getopt_long(command->argc, command->argv, "j:o:vh", long_options, NULL)) != -1) {
        if (option == 'h')
            return fputs(usage, stdout) < 0 ? -1 : 1;
        if (option == '?')
            return error_set(error, TOLL_USAGE, "%s", "");
        if (option == 'v')
            request->verbose = true;
        else if (option == OPT_DRY)
            request->dry_run = true;
        else if (option == OPT_TUNE)
            request->tune = true;
        else if (option == OPT_EXITS)
            failed = observe_exits_parse(optarg, &request->exits, error);
        else if (option == 'j')
            failed = command_number("-j", optarg, 1, 256, &request->jobs, error);
        else if (option == OPT_RESUME)
            failed = resume_take(command, request, error);
        else {
            request->narrowed = true;
            failed = option_take(command, request, option, error);
        }
    }
    if (!failed && optind < command->argc)
        return error_set(error, TOLL_USAGE, "unexpected word %s; cells are selected by --only", command->argv[optind]);
    if (!failed && request->resume && request->narrowed)
        return error_set(error, TOLL_USAGE,
                         "--resume goes on with what was asked for then; of the other options it "
                         "takes only -j, -v, --tune, --exits and --dry-run");
    return failed;
}

#define EXAMPLE_LINK 3 /* some descriptor */

static int plan_print(struct request *request)
{
    struct session *session = &request->session;
    struct qemu_files files = {.disk = "DISK", .serial = "SERIAL", .counts = "COUNTS"};
    struct error error;

    for (size_t i = 0; i < session->plan.guest_count; i++) {
        const struct plan_guest *guest = &session->plan.guests[i];
        struct strings argv = {0};

        files.link = guest->cells[0].workload->load ? EXAMPLE_LINK : 0;
        printf("%s\n", plan_guest_name(session->arena, guest));
        for (size_t c = 0; c < guest->cell_count && !request->verbose; c++)
            printf("    %s\n", guest->cells[c].words);
        if (request->verbose && qemu_command(session->arena, &session->config, guest, &files, NULL, &argv, &error))
            printf("    QEMU's command line is not known before the build: %s\n", error.text);
        else if (request->verbose)
            printf("    %s\n", strings_join(session->arena, &argv, " "));
    }
    for (size_t i = 0; i < session->plan.refusal_count; i++) {
        const struct plan_refusal *refusal = &session->plan.refusals[i];

        printf("%s/%s: skipped: %s\n", refusal->structure->name, refusal->workload->name, refusal->reason);
    }
    return TOLL_OK;
}

static int guests_run(struct request *request, const struct probe *probe, struct runner_result *result,
                      struct error *error)
{
    struct session *session = &request->session;
    char *temporary = scratch_make(session->arena, "", error);
    struct guest_context context = {.config = &session->config,
                                    .run_folder = session->store.folder,
                                    .run_name = session->run_name,
                                    .temporary = temporary,
                                    .kvm_cpu = probe->kvm_cpu,
                                    .exits = request->exits,
                                    .cancel = session->cancel};
    struct runner runner = {.arena = session->arena,
                            .plan = &session->plan,
                            .store = &session->store,
                            .before = &session->before,
                            .context = &context,
                            .jobs = request->jobs ? request->jobs : session->config.jobs,
                            .time_reason = probe->kind == PROBE_KVM ? NULL : probe->reason};
    int failed;

    if (!temporary)
        return -1;
    failed = runner_run(&runner, result, error);
    scratch_remove(temporary);
    return failed;
}

/* With the host as steady as it can be made, if that was asked for; put back whatever happens. */
static int guests_run_tuned(struct request *request, const struct probe *probe, struct runner_result *result,
                            struct error *error)
{
    struct arena *arena = request->session.arena;
    bool timed = (request->session.options.lanes & LANE_TIME) && probe->kind == PROBE_KVM;
    const char *pending, *changed;
    struct error restore_error;
    struct tune tune;
    int failed;

    tune_init(arena, &tune, tune_root());
    pending = tune_pending(arena, &tune);
    if (pending && tune_restore(arena, &tune, &restore_error) == 0)
        fprintf(stderr, "put back what an earlier toll left changed: %s\n", pending);
    else if (pending)
        fprintf(stderr, "an earlier toll left this changed: %s: %s\n", pending, restore_error.text);
    if (!request->tune || !timed)
        return guests_run(request, probe, result, error);
    if (tune_apply(arena, &tune, &changed, error))
        return -1;
    fprintf(stderr, "tuned for this run: %s\n", *changed ? changed : "nothing was to do");
    failed = guests_run(request, probe, result, error);
    if (tune_restore(arena, &tune, &restore_error)) {
        fprintf(stderr, "%s; toll doctor --restore tries again\n", restore_error.text);
        if (!failed)
            *error = restore_error;
        failed = -1;
    }
    return failed;
}

/* What ended the boots of the time lane's cells. */
static void ended_say(const struct session *session, const struct runner_result *result)
{
    const struct stop_rule *rule = &session->plan.stop;
    const size_t *ended = result->ended;

    if (ended[STOP_PRECISE] + ended[STOP_LIMIT] + ended[STOP_BUDGET] == 0)
        return;
    fprintf(stderr, "time lane: %zu cells precise to %.2g %%, %zu booted %u times without that", ended[STOP_PRECISE],
            100 * rule->precision, ended[STOP_LIMIT], (unsigned)rule->most);
    if (ended[STOP_BUDGET])
        fprintf(stderr, ", %zu when the %lld s of time_budget_s were spent", ended[STOP_BUDGET],
                (long long)rule->budget_ms / 1000);
    fputc('\n', stderr);
}

/* Writes the derived files and says what came of the run. */
static int results_derive(struct session *session, struct summary *summary, struct error *error)
{
    struct results results;
    int failed = results_load(session->arena, session->store.folder, &results, error) ||
                 results_write(session->arena, session->store.folder, &results, error);

    if (!failed)
        *summary = summary_print(session->arena, stderr, &results);
    results_close(&results);
    return failed ? -1 : 0;
}

/* A lane that was asked for by name and cannot run here is the host's fault; one of all that were tried is none. */
static int result_say(const struct session *session, bool interrupted, const struct summary *summary)
{
    puts(session->store.folder);
    if (summary->failed)
        fprintf(stderr, "the last words of a guest that failed: toll show %s STRUCTURE/WORKLOAD\n",
                session->store.folder);
    if (interrupted) {
        fprintf(stderr, "interrupted; what was measured is kept, go on by: toll run --resume %s\n",
                session->store.folder);
        return TOLL_INTERRUPTED;
    }
    if (summary->failed)
        return TOLL_GUEST;
    if (summary->rejected)
        return TOLL_CLAIM;
    return session->options.lanes == LANE_TIME && summary->measured == 0 && summary->skipped ? TOLL_HOST : TOLL_OK;
}

/* A first build takes minutes; whoever waits for it should know. */
static void build_say(const char *text)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", text);
}

/* Everything up to the first guest. */
static int prepare(struct request *request, struct probe *probe, struct error *error)
{
    struct session *session = &request->session;
    int failed;

    session->cancel = process_catch_signals();
    probe_quick(session->arena, probe);
    build_say("building what is missing ...");
    if (!isatty(STDERR_FILENO) && build_misses(session->arena, &session->plan))
        fprintf(stderr, "building what is missing: a minute or so the first time\n");
    failed = build_plan(session->arena, &session->plan, session->cancel, request->verbose, error) ||
             ((session->options.lanes & LANE_TIME) && probe_run(session->arena, session->cancel, probe, error)) ||
             session_open(session, probe, error);
    build_say("");
    return failed ? -1 : 0;
}

static int measure(struct command *command, struct request *request)
{
    struct session *session = &request->session;
    struct runner_result result = {0};
    struct probe probe;
    struct error error;
    struct summary summary = {0};
    int failed;

    if (prepare(request, &probe, &error))
        return command_fail(command, &error);
    failed = guests_run_tuned(request, &probe, &result, &error);
    store_close(&session->store);
    if (failed)
        fprintf(stderr, "toll run: stopped; the samples before are kept in %s, go on by: toll run --resume %s\n",
                session->store.folder, session->store.folder);
    ended_say(session, &result);
    if (failed || results_derive(session, &summary, &error))
        return command_fail(command, &error);
    return result_say(session, result.interrupted, &summary);
}

int cmd_run(struct command *command)
{
    struct request request = {.config_path = LAYOUT_CONFIG};
    struct error error;
    int parsed;

    request.session.arena = &command->arena;
    request.session.options.lanes = LANE_ALL;
    request.session.store.samples = -1;
    parsed = request_parse(command, &request, &error);
    if (parsed > 0)
        return TOLL_OK;
    if (parsed < 0 && error.text[0] == '\0')
        return command_usage(command);
    if (parsed < 0 || session_plan(&request.session, request.config_path, &error))
        return command_fail(command, &error);
    if (request.dry_run)
        return plan_print(&request);
    return measure(command, &request);
}
