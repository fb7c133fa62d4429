/* SPDX-License-Identifier: MIT */
/*
 * images.c: hashes of images.  An image's hash is taken from the files themselves, never from the manifest, so that
 * it names what was really booted; the workload's hash can only come from the manifest.
 */
#include "images.h"
#include "file.h"
#include "layout.h"
#include "sha256.h"
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct identity {
    char sha256[SHA256_TEXT_BYTES];
    int64_t bytes;
};

/* What the loader puts into memory: the loadable segments of an ELF file, without symbols and debugging information,
   of which one structure's build may keep more than another's; all of any other file. */
static int64_t loaded_bytes(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf64_Ehdr head;
    int64_t bytes = 0;

    if (fd < 0)
        return file_size(path);
    if (read(fd, &head, sizeof(head)) != (ssize_t)sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        bytes = file_size(path);
    else
        for (unsigned i = 0; i < head.e_phnum; i++) {
            Elf64_Phdr segment;

            if (pread(fd, &segment, sizeof(segment), (off_t)(head.e_phoff + i * sizeof(segment))) !=
                (ssize_t)sizeof(segment))
                break;
            bytes += segment.p_type == PT_LOAD ? (int64_t)segment.p_filesz : 0;
        }
    close(fd);
    return bytes;
}

static int image_hash(const struct layout_image *image, struct identity *out, struct error *error)
{
    struct sha256 hash;

    sha256_start(&hash);
    if (sha256_add_file(&hash, image->kernel, error) || (image->initrd && sha256_add_file(&hash, image->initrd, error)))
        return -1;
    sha256_end(&hash, out->sha256);
    out->bytes = loaded_bytes(image->kernel) + (image->initrd ? loaded_bytes(image->initrd) : 0);
    return 0;
}

/* A manifest, or NULL with an error; a file that is not JSON is an empty one. */
static json_t *manifest_load(struct arena *arena, const char *path, struct error *error)
{
    size_t bytes;
    char *text = file_read(arena, path, &bytes, error);
    json_t *json = text ? json_loadb(text, bytes, 0, NULL) : NULL;

    return text && !json ? json_object() : json;
}

/* own: the manifest is of the very file that is booted, so that it must tell that file's hash. */
static int manifest_read(struct arena *arena, const char *path, bool own, struct plan_cell *cell, struct error *error)
{
    json_t *json = manifest_load(arena, path, error);
    const char *hash = json_string_value(json_object_get(json, "workload_sha256"));
    const char *image = json_string_value(json_object_get(json, "image_sha256"));
    const char *server = json_string_value(json_object_get(json, "server"));
    const char *version = json_string_value(json_object_get(json, "version"));
    bool stale = own && image && strcmp(image, cell->image_sha256) != 0;

    if (!json)
        return -1;
    if (hash)
        cell->workload_sha256 = arena_copy(arena, hash);
    if (server)
        cell->server = arena_print(arena, "%s %s", server, version && *version ? version : "(not to be had)");
    json_decref(json);
    if (stale)
        return error_set(error, TOLL_HOST, "%s is not of the image beside it; remove both and run again", path);
    return hash ? 0
                : error_set(error, TOLL_HOST,
                            "%s: workload_sha256: expected the hash of the workload's object; remove it and run again",
                            path);
}

static int guest_identify(struct arena *arena, const struct plan *plan, size_t index, struct error *error)
{
    struct plan_guest *guest = &plan->guests[index];
    struct layout_image image = layout_image(arena, guest);
    const char *sha256 = NULL;
    struct identity identity = {.bytes = 0};

    for (size_t i = 0; i < index && !sha256; i++) { /* repetitions and variants boot the same files */
        struct layout_image other = layout_image(arena, &plan->guests[i]);

        if (strcmp(other.kernel, image.kernel) == 0 &&
            strcmp(image.initrd ? image.initrd : "", other.initrd ? other.initrd : "") == 0) {
            sha256 = plan->guests[i].cells[0].image_sha256;
            identity.bytes = plan->guests[i].cells[0].image_bytes;
        }
    }
    if (!sha256) {
        if (image_hash(&image, &identity, error))
            return -1;
        sha256 = arena_copy(arena, identity.sha256);
    }
    for (size_t c = 0; c < guest->cell_count; c++) {
        guest->cells[c].image_sha256 = sha256;
        guest->cells[c].image_bytes = identity.bytes;
        if (manifest_read(arena, layout_manifest(arena, guest, guest->cells[c].program),
                          !plan_is_batch(guest->structure), &guest->cells[c], error))
            return -1;
    }
    return 0;
}

int images_identify(struct arena *arena, struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < plan->guest_count; i++) {
        if (guest_identify(arena, plan, i, error))
            return -1;
    }
    return 0;
}

/* The objects of one manifest join those of the others; the first that is another object is an error. */
static int parts_join(const char *path, const json_t *objects, json_t *parts, struct error *error)
{
    const char *name;
    json_t *hash;

    json_object_foreach((json_t *)objects, name, hash)
    {
        const json_t *known = json_object_get(parts, name);

        if (strcmp(name, "workload") == 0)
            continue; /* each cell has its own */
        if (!known)
            json_object_set(parts, name, hash);
        else if (!json_equal(known, hash))
            return error_set(error, TOLL_CLAIM,
                             "%s: objects: %s: not the object that the other images have (sha256 %.12s, expected "
                             "%.12s): their numbers could not be compared; run make clean and build again",
                             path, name, json_string_value(hash), json_string_value(known));
    }
    return 0;
}

json_t *images_parts(struct arena *arena, const struct plan *plan, struct error *error)
{
    json_t *parts = json_object();
    int failed = 0;

    for (size_t i = 0; i < plan->guest_count && !failed; i++) {
        const struct plan_guest *guest = &plan->guests[i];

        for (size_t c = 0; c < guest->cell_count && guest->rep == 0 && !failed; c++) {
            const char *path = layout_manifest(arena, guest, guest->cells[c].program);
            json_t *manifest = manifest_load(arena, path, error);

            failed = !manifest || parts_join(path, json_object_get(manifest, "objects"), parts, error);
            json_decref(manifest);
        }
    }
    if (failed) {
        json_decref(parts);
        return NULL;
    }
    return parts;
}

json_t *images_to_json(struct arena *arena, const struct plan *plan, struct error *error)
{
    json_t *json = json_object();
    char hash[SHA256_TEXT_BYTES];

    if (sha256_file(LAYOUT_DISK, hash, error)) {
        json_decref(json);
        return NULL;
    }
    json_object_set_new(json, "disk", json_string(hash));
    if (file_exists(LAYOUT_PLUGIN) && sha256_file(LAYOUT_PLUGIN, hash, error) == 0)
        json_object_set_new(json, "plugin", json_string(hash));
    for (size_t i = 0; i < plan->guest_count; i++) {
        const struct plan_guest *guest = &plan->guests[i];

        for (size_t c = 0; c < guest->cell_count; c++)
            json_object_set_new(json,
                                layout_image_name(arena, guest->structure->name, guest->variant, guest->has_servers,
                                                  guest->cells[c].workload->name),
                                json_string(guest->cells[c].image_sha256));
    }
    return json;
}

int images_compare(const json_t *recorded, const json_t *now, struct error *error)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)now, name, value)
    {
        const json_t *old = json_object_get(recorded, name);

        if (old && !json_equal(old, value))
            return error_set(error, TOLL_USAGE,
                             "%s was rebuilt since the run began (sha256 %.12s then, %.12s now): its samples cannot be "
                             "mixed with new ones; check out and build what it began with, or start a new run",
                             name, json_string_value(old), json_string_value(value));
    }
    return 0;
}
