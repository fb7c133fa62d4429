/* SPDX-License-Identifier: MIT */
/*
 * layout.c: paths of images, and finding the top of the tree.
 */
#include "layout.h"
#include "file.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a variant's images lie, below those of its structure: in a folder of their own if its word chooses them. */
static const char *variant_folder(const struct plan_guest *guest)
{
    return strcmp(guest->variant, CONFIG_BOOKLESS) == 0 ? "books-off/" : "";
}

struct layout_image layout_image(struct arena *arena, const struct plan_guest *guest)
{
    const char *structure = guest->structure->name, *program = guest->cells[0].workload->program;
    const char *folder = variant_folder(guest);
    struct layout_image image = {0};

    if (plan_is_batch(guest->structure)) {
        image.kernel = arena_print(arena, "build/%s/vmlinux", structure);
        image.initrd = arena_print(arena, "build/%s/%s.cpio", structure, guest->has_servers ? "servers" : "initramfs");
        image.map = arena_print(arena, "build/%s/%s.map", structure, guest->has_servers ? "servers" : structure);
        image.cmdline = arena_print(arena, "build/%s/cmdline", structure);
    } else {
        image.kernel = arena_print(arena, "build/images/%s/%s%s.elf", structure, folder, program);
        image.map = arena_print(arena, "build/images/%s/%s%s.map", structure, folder, program);
    }
    return image;
}

char *layout_manifest(struct arena *arena, const struct plan_guest *guest, const char *program)
{
    if (guest->has_servers)
        return arena_print(arena, "build/%s/servers/%s.json", guest->structure->name, program);
    return arena_print(arena, "build/images/%s/%s%s.json", guest->structure->name, variant_folder(guest), program);
}

char *layout_image_name(struct arena *arena, const char *structure, const char *variant, bool has_servers,
                        const char *workload)
{
    bool own = has_servers || strcmp(variant, CONFIG_BOOKLESS) == 0;

    return arena_print(arena, "%s%s%s/%s", structure, own ? ":" : "", own ? variant : "", workload);
}

/* Goes up from folder, which is changed, to the first that has a bench.toml. */
static bool enter_above(char *folder)
{
    char path[PATH_MAX + sizeof(LAYOUT_CONFIG) + 1];

    while (folder[0] == '/') {
        snprintf(path, sizeof(path), "%s/%s", folder, LAYOUT_CONFIG);
        if (file_exists(path))
            return chdir(folder) == 0;
        *strrchr(folder, '/') = '\0';
    }
    return false;
}

int layout_enter(struct error *error)
{
    const char *root = getenv("TOLL_ROOT");
    char folder[PATH_MAX];
    ssize_t n;

    if (root)
        return chdir(root) ? file_error(error, "enter $TOLL_ROOT,", root) : 0;
    if (getcwd(folder, sizeof(folder)) && enter_above(folder))
        return 0;
    n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    if (n > 0) {
        folder[n] = '\0';
        if (enter_above(folder))
            return 0;
    }
    return error_set(error, TOLL_USAGE,
                     "there is no %s here or in any folder above; run toll inside its tree, or set "
                     "TOLL_ROOT to the tree's top",
                     LAYOUT_CONFIG);
}
