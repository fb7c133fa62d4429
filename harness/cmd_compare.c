/* SPDX-License-Identifier: MIT */
/*
 * cmd_compare.c: `toll compare`: what became worse from one run to another.
 */
#include "command.h"
#include "compare.h"
#include "table.h"
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: toll compare [OPTION...] BEFORE [AFTER]\n"
    "\n"
    "Compares two runs (AFTER: the latest, if it is not named), each a folder, a run's name, a baseline's name or\n"
    "`reference`.  Counts are compared exactly; where interrupts fell into the window, within 0.5 %;\n"
    "within the stanza's repeats_within where it has one.  Measured numbers are compared by the interval of\n"
    "their shift.  Leaves with 1 if anything became worse, with 3 if the runs cannot be compared.\n"
    "\n"
    "      --gate AMOUNT    how much worse is no regression: 2%, or 50cycles, or 3 of any unit; may be given again:\n"
    "                       a regression is then beyond each of them\n"
    "      --only PATTERNS  only these cells, as in toll run\n"
    "      --anyway         compare although QEMU, its options, the compiler or the host differ, or the work does\n"
    "  -h, --help           show this\n";

enum { OPT_GATE = 256, OPT_ONLY, OPT_ANYWAY };

static int gate_parse(struct command *command, const char *text, struct compare_options *options, struct error *error)
{
    char *end;
    double amount = strtod(text, &end);
    size_t room = options->gate_count;

    if (end == text || !(amount >= 0) || isinf(amount) || strcspn(end, " /") != strlen(end))
        return error_set(error, TOLL_USAGE,
                         "--gate %s: expected an amount of 0 or more and its unit: 2%%, 50cycles, 100instructions",
                         text);
    options->gates = arena_grow(&command->arena, options->gates, options->gate_count, &room, sizeof(*options->gates));
    options->gates[options->gate_count++] = (struct compare_gate){amount, arena_copy(&command->arena, end)};
    return 0;
}

/* 0 to go on, 1 for the help, -1 with an error; a mistake that getopt named has an empty text. */
static int options_parse(struct command *command, struct compare_options *options, struct error *error)
{
    static const struct option known[] = {{"gate", required_argument, NULL, OPT_GATE},
                                          {"only", required_argument, NULL, OPT_ONLY},
                                          {"anyway", no_argument, NULL, OPT_ANYWAY},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option, failed = 0;

    while (!failed && (option = getopt_long(command->argc, command->argv, "h", known, NULL)) != -1) {
        if (option == 'h')
            return 1;
        if (option == OPT_GATE)
            failed = gate_parse(command, optarg, options, error);
        else if (option == OPT_ONLY)
            failed = plan_only_parse(&command->arena, optarg, options->only, error);
        else if (option == OPT_ANYWAY)
            options->anyway = true;
        else
            return error_set(error, TOLL_USAGE, "%s", "");
    }
    return failed;
}

static char *cell_name(struct arena *arena, const struct cell *cell)
{
    return arena_print(arena, "%s/%s%s", config_system_name(arena, cell->structure, cell->variant, ':'), cell->workload,
                       strcmp(cell->lane, "time") == 0 ? " (time)" : "");
}

static char *change_text(struct arena *arena, const struct compare_line *line)
{
    const char *sign = line->shift > 0 ? "+" : "";
    char *percent = line->from > 0 ? arena_print(arena, "%+.2f %%", 100 * line->shift / line->from) : "from nothing";

    if (!line->measured)
        return arena_print(arena, "%s%s (%s)", sign, table_number(arena, line->shift), percent);
    return arena_print(arena, "%s%s (%s; 95 %%: %s to %s; p = %.2g)", sign, table_number(arena, line->shift), percent,
                       table_number(arena, line->range.lo), table_number(arena, line->range.hi), line->p);
}

static void line_print(struct arena *arena, const struct compare_line *line)
{
    if (!*line->metric) {
        printf("  %-32s %s\n", cell_name(arena, line->a), line->reason);
        return;
    }
    printf("  %-32s %-18s %s -> %s  %s", cell_name(arena, line->a), line->metric, table_number(arena, line->from),
           table_number(arena, line->to), change_text(arena, line));
    if (*line->reason)
        printf("; %s", line->reason);
    printf("%s%s\n", *line->parts ? "  by part: " : "", line->parts);
}

static void lines_print(struct arena *arena, const struct comparison *comparison, enum compare_verdict verdict,
                        const char *title)
{
    if (compare_count(comparison, verdict))
        printf("\n%s\n", title);
    for (size_t i = 0; i < comparison->count; i++) {
        if (comparison->lines[i].verdict == verdict)
            line_print(arena, &comparison->lines[i]);
    }
}

static void parts_print(struct arena *arena, const struct comparison *comparison)
{
    struct strings words = {0};

    for (size_t i = 0; i < comparison->part_count; i++) {
        const struct compare_part *part = &comparison->parts[i];

        strings_print(arena, &words, "%s (%zu cell%s, %s instructions/op in all)", part->name, part->cells,
                      part->cells == 1 ? "" : "s", table_number(arena, part->grown));
    }
    if (words.count)
        printf("\nparts that grew: %s\n", strings_join(arena, &words, ", "));
}

static void comparison_print(struct arena *arena, const struct results *before, const struct results *after,
                             const struct comparison *comparison)
{
    printf("before %s\nafter  %s\n", before->run, after->run);
    for (size_t i = 0; i < comparison->differences.count; i++)
        printf("differs: %s\n", comparison->differences.items[i]);
    printf("%zu cells compared: %zu counts, %zu measured numbers", comparison->cells, comparison->exact,
           comparison->measured);
    if (comparison->only_before || comparison->only_after)
        printf("; %zu cells only before, %zu only after", comparison->only_before, comparison->only_after);
    printf("\nworse %zu, lost %zu, better %zu, unclear %zu\n", compare_count(comparison, COMPARE_WORSE),
           compare_count(comparison, COMPARE_LOST), compare_count(comparison, COMPARE_BETTER),
           compare_count(comparison, COMPARE_UNCLEAR));
    lines_print(arena, comparison, COMPARE_WORSE, "worse");
    lines_print(arena, comparison, COMPARE_LOST, "no longer measured");
    lines_print(arena, comparison, COMPARE_BETTER, "better");
    lines_print(arena, comparison, COMPARE_UNCLEAR, "unclear: more repetitions would tell");
    lines_print(arena, comparison, COMPARE_OTHER, "not comparable: --anyway compares them all the same");
    parts_print(arena, comparison);
}

static int refuse(const struct command *command, const struct comparison *comparison)
{
    fprintf(stderr, "toll %s: the runs are not comparable:\n", command->argv[0]);
    for (size_t i = 0; i < comparison->differences.count; i++)
        fprintf(stderr, "  %s\n", comparison->differences.items[i]);
    fprintf(stderr, "make one of them again with the tools of the other, or compare them by --anyway\n");
    return TOLL_HOST;
}

static int verdict(const struct comparison *comparison)
{
    if (compare_count(comparison, COMPARE_WORSE) || compare_count(comparison, COMPARE_LOST))
        return TOLL_CLAIM;
    if (compare_count(comparison, COMPARE_OTHER))
        return TOLL_HOST;
    if (comparison->cells == 0)
        fprintf(stderr, "toll compare: the runs have no admitted cell in common\n");
    return comparison->cells ? TOLL_OK : TOLL_HOST;
}

static int compare(struct command *command, const struct results *before, const struct results *after,
                   const struct compare_options *options)
{
    struct comparison comparison = {0};
    struct error error;

    compare_facts(&command->arena, before, after, &comparison);
    if (comparison.differences.count && !options->anyway)
        return refuse(command, &comparison);
    if (compare_runs(&command->arena, before, after, options, &comparison, &error))
        return command_fail(command, &error);
    comparison_print(&command->arena, before, after, &comparison);
    return verdict(&comparison);
}

int cmd_compare(struct command *command)
{
    struct strings only = {0};
    struct compare_options options = {.only = &only};
    struct results before = {0}, after = {0};
    struct error error;
    int parsed = options_parse(command, &options, &error), result;
    const char *names[2];

    if (parsed > 0)
        return fputs(usage, stdout) < 0;
    if (parsed < 0)
        return *error.text ? command_fail(command, &error) : command_usage(command);
    if (command->argc - optind > 2) {
        optind += 2;
        return command_surplus(command);
    }
    if (optind == command->argc) {
        fprintf(stderr, "toll compare: expected the run to compare with\n");
        return command_usage(command);
    }
    names[0] = command_run(command, command->argv[optind]);
    names[1] = command_run(command, optind + 1 < command->argc ? command->argv[optind + 1] : NULL);
    if (compare_load(&command->arena, names[0], &before, &error) ||
        compare_load(&command->arena, names[1], &after, &error))
        result = command_fail(command, &error);
    else
        result = compare(command, &before, &after, &options);
    results_close(&before);
    results_close(&after);
    return result;
}
