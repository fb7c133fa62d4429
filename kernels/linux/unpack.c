/* SPDX-License-Identifier: MIT */
/*
 * unpack.c: takes the kernel proper, an ELF file that QEMU boots by PVH, out of a distribution's bzImage.
 *
 *      unpack BZIMAGE VMLINUX
 *
 * The image's setup header (the kernel's Documentation/x86/boot.rst) says where the compressed kernel lies.  Debian's
 * cloud kernels are compressed as LZ4 in its "legacy" frame: a magic number, then blocks of up to 8 MiB, each after
 * its compressed length, and at the end the length of the whole.  A kernel that is compressed otherwise is refused.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETUP_SECTORS = 0x1f1, PAYLOAD_OFFSET = 0x248, PAYLOAD_LENGTH = 0x24c, HEADER_END = 0x250, SECTOR = 512 };
#define LZ4_LEGACY 0x184c2102u

struct bytes {
    uint8_t *at;
    size_t n;
};

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "unpack: %s: %s\n", what, why);
    exit(1);
}

static uint32_t read32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct bytes b = {0};
    long n;

    if (!file || fseek(file, 0, SEEK_END) || (n = ftell(file)) < 0)
        die(path, strerror(errno));
    b.n = (size_t)n;
    b.at = malloc(b.n);
    rewind(file);
    if (!b.at || fread(b.at, 1, b.n, file) != b.n)
        die(path, "cannot be read");
    fclose(file);
    return b;
}

static struct bytes find_payload(const char *path, struct bytes image)
{
    struct bytes payload;
    size_t start;

    if (image.n < HEADER_END || memcmp(image.at + 0x202, "HdrS", 4) > 0)
        die(path, "this is no bzImage");
    start = (size_t)(image.at[SETUP_SECTORS] + 1) * SECTOR + read32(image.at + PAYLOAD_OFFSET);
    payload.n = read32(image.at + PAYLOAD_LENGTH);
    if (start > image.n || payload.n > image.n - start || payload.n < 8)
        die(path, "its compressed kernel lies outside the file");
    payload.at = image.at + start;
    if (read32(payload.at) != LZ4_LEGACY)
        die(path, "its kernel is not compressed with LZ4");
    return payload;
}

/* A length that begins in four bits of a token and goes on in further bytes while they are 255. */
static size_t read_length(struct bytes *in, unsigned nibble)
{
    size_t length = nibble;
    uint8_t more = 255;

    while (nibble == 15 && more == 255) {
        if (!in->n)
            die("LZ4", "a length is cut off");
        more = *in->at++;
        in->n--;
        length += more;
    }
    return length;
}

static void copy_literals(struct bytes *in, struct bytes *out, size_t room, size_t n)
{
    if (n > in->n || n > room - out->n)
        die("LZ4", "literals beyond the end");
    memcpy(out->at + out->n, in->at, n);
    in->at += n;
    in->n -= n;
    out->n += n;
}

/* Source and destination may overlap: that is how LZ4 repeats a pattern. */
static void copy_match(struct bytes *out, size_t room, size_t distance, size_t n)
{
    if (!distance || distance > out->n || n > room - out->n)
        die("LZ4", "a match beyond the end");
    for (; n; n--, out->n++)
        out->at[out->n] = out->at[out->n - distance];
}

static void unpack_block(struct bytes in, struct bytes *out, size_t room)
{
    while (in.n) {
        uint8_t token = *in.at;
        size_t distance;

        in.at++;
        in.n--;
        copy_literals(&in, out, room, read_length(&in, token >> 4));
        if (!in.n)
            return; /* the last sequence has literals only */
        if (in.n < 2)
            die("LZ4", "a match is cut off");
        distance = in.at[0] | in.at[1] << 8;
        in.at += 2;
        in.n -= 2;
        copy_match(out, room, distance, read_length(&in, token & 15) + 4);
    }
}

static struct bytes unpack(struct bytes payload)
{
    size_t room = read32(payload.at + payload.n - 4), end = payload.n - 4, at = 4;
    struct bytes out = {malloc(room), 0};

    if (!out.at)
        die("LZ4", "not enough memory");
    while (at + 4 <= end) {
        uint32_t n = read32(payload.at + at);

        at += 4;
        if (n > end - at)
            die("LZ4", "a block is cut off");
        unpack_block((struct bytes){payload.at + at, n}, &out, room);
        at += n;
    }
    if (out.n != room || room < 4 || memcmp(out.at, "\177ELF", 4) != 0)
        die("LZ4", "what came out is not an ELF file of the expected length");
    return out;
}

int main(int argc, char **argv)
{
    struct bytes kernel;
    FILE *file;

    if (argc != 3)
        die("usage", "unpack BZIMAGE VMLINUX");
    kernel = unpack(find_payload(argv[1], read_file(argv[1])));
    file = fopen(argv[2], "wb");
    if (!file || fwrite(kernel.at, 1, kernel.n, file) != kernel.n || fclose(file))
        die(argv[2], "cannot be written");
    return 0;
}
