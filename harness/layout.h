/* SPDX-License-Identifier: MIT */
/*
 * layout.h: where the build puts what the harness uses; every path is relative to the top of the tree, which is the
 * working directory of toll.
 */
#ifndef TOLL_LAYOUT_H
#define TOLL_LAYOUT_H

#include "plan.h"

#define LAYOUT_PLUGIN "build/plugin/toll-count.so"
#define LAYOUT_DISK "build/disk.img"
#define LAYOUT_DISK_INPUTS "workloads/pdf/inputs/" /* what is in there is on every disk */
#define LAYOUT_DISK_LIST "build/disk.list"         /* the further files that the disk was made with, one a line */
#define LAYOUT_PROBE "build/images/probe.elf"
#define LAYOUT_CALIBRATE "build/images/calibrate.elf"
#define LAYOUT_CONFIG "bench.toml"
#define LAYOUT_RESULTS "results"
#define LAYOUT_BASELINES LAYOUT_RESULTS "/baselines" /* runs that are kept under a name */
#define LAYOUT_REPORT "reports/out"

/* What a guest boots from; initrd and cmdline are NULL where there are none. */
struct layout_image {
    const char *kernel, *initrd, *map, *cmdline;
};

struct layout_image layout_image(struct arena *arena, const struct plan_guest *guest);

/* The manifest of the image that the guest boots with a workload's program. */
char *layout_manifest(struct arena *arena, const struct plan_guest *guest, const char *program);

/* plan.json's name for the image of a cell: "uni/null", or "uni:books=off/null" if the variant has one of its own, as
   those with the distribution's servers do. */
char *layout_image_name(struct arena *arena, const char *structure, const char *variant, bool has_servers,
                        const char *workload);

/* Goes to the top of the tree: $TOLL_ROOT, or the nearest folder above the working directory that has a bench.toml,
   or the one above the folder of this program. */
int layout_enter(struct error *error);

#endif
