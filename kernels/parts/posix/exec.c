/* SPDX-License-Identifier: MIT */
/*
 * exec.c: programs: statically linked ELF executables for x86-64 (System V gABI 4, psABI 3.4), their stack, and the
 * auxiliary vector that a C library's start code reads.
 *
 * Everything in a file is checked before it is used: a bad file is -ENOEXEC, never more.
 */
#include "alloc.h"
#include "base/string.h"
#include "fs.h"
#include "linux.h"
#include "process.h"

#define ELF_MAGIC 0x464c457fu
#define ELF_CLASS64_LSB 0x0102u
#define ELF_EXEC 2
#define ELF_X86_64 62
#define PT_LOAD 1
#define PF_X 1u
#define PF_W 2u
#define PF_R 4u
#define PHDRS_MAX 16
#define STACK_BYTES (1u << 20)
#define STACK_GAP 65536u
#define PAGE_MASK ((uint64_t)PAGE_BYTES - 1)

struct elf_header {
    uint32_t magic;
    uint16_t class_data;
    uint8_t rest[10];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* What the auxiliary vector tells of the program. */
struct loaded {
    uint64_t entry, phdr, phnum, end;
};

struct posix_program exec_program;

/* Reads n bytes of the program, which is the one that was started or a file. */
static int program_read(int node, uint64_t offset, void *out, uint64_t n)
{
    int64_t got;

    if (node == NODE_PROGRAM) {
        if (offset > exec_program.bytes || n > exec_program.bytes - offset)
            return -ENOEXEC;
        memcpy(out, (const char *)exec_program.image + offset, n);
        return 0;
    }
    got = fs_load(node, offset, out, n);
    return got < 0 ? (int)got : (uint64_t)got == n ? 0 : -ENOEXEC;
}

static bool header_is_good(const struct elf_header *h)
{
    return h->magic == ELF_MAGIC && h->class_data == ELF_CLASS64_LSB && h->type == ELF_EXEC &&
           h->machine == ELF_X86_64 && h->phentsize == sizeof(struct elf_segment) && h->phnum > 0 &&
           h->phnum <= PHDRS_MAX;
}

static bool segment_is_good(const struct elf_segment *s, const struct space *space)
{
    return s->filesz <= s->memsz && s->offset + s->filesz >= s->offset && s->vaddr >= space->low &&
           s->memsz <= space->high && s->vaddr <= space->high - s->memsz &&
           (s->vaddr & PAGE_MASK) == (s->offset & PAGE_MASK);
}

/* A segment of the program in memory is mapped rather than read: it must lie in it. */
static bool segment_is_there(int node, const struct elf_segment *s)
{
    return node != NODE_PROGRAM || s->offset + s->filesz <= exec_program.bytes;
}

static uint32_t segment_access(const struct elf_segment *s)
{
    return (s->flags & PF_R ? PAGER_READ : 0) | (s->flags & PF_W ? PAGER_WRITE : 0) |
           (s->flags & PF_X ? PAGER_EXEC : 0);
}

static int segment_map_file(int node, struct space *space, const struct elf_segment *s)
{
    uint64_t start = s->vaddr & ~PAGE_MASK, skip = s->vaddr - start;
    struct pager_source source = {.kind = node == NODE_PROGRAM ? PAGER_IMAGE : PAGER_FILE,
                                  .node = node,
                                  .image = exec_program.image,
                                  .offset = s->offset - skip,
                                  .bytes = s->filesz + skip};

    return s->filesz ? pager_map(space, &start, s->filesz + skip, segment_access(s), true, &source) : 0;
}

/* The file's part and, in pages of their own, the zeros behind it. */
static int segment_map(int node, struct space *space, const struct elf_segment *s)
{
    const struct pager_source zero = {.kind = PAGER_ZERO};
    uint64_t file_end = (s->vaddr + s->filesz + PAGE_MASK) & ~PAGE_MASK, end = s->vaddr + s->memsz;
    int error = segment_map_file(node, space, s);

    if (!s->filesz)
        file_end = s->vaddr & ~PAGE_MASK;
    if (!error && end > file_end)
        error = pager_map(space, &file_end, end - file_end, segment_access(s), true, &zero);
    return error;
}

static int program_load(int node, struct space *space, struct loaded *out)
{
    struct elf_segment segments[PHDRS_MAX];
    struct elf_header h;
    int error = program_read(node, 0, &h, sizeof h);

    if (!error)
        error = header_is_good(&h) ? program_read(node, h.phoff, segments, h.phnum * sizeof *segments) : -ENOEXEC;
    if (!error)
        *out = (struct loaded){.entry = h.entry, .phnum = h.phnum};
    for (unsigned i = 0; !error && i < h.phnum; i++) {
        const struct elf_segment *s = &segments[i];
        if (s->type != PT_LOAD || s->memsz == 0)
            continue;
        error = segment_is_good(s, space) && segment_is_there(node, s) ? segment_map(node, space, s) : -ENOEXEC;
        if (h.phoff >= s->offset && h.phoff - s->offset < s->filesz)
            out->phdr = s->vaddr + h.phoff - s->offset;
        if (s->vaddr + s->memsz > out->end)
            out->end = s->vaddr + s->memsz;
    }
    if (!error && (h.entry < space->low || h.entry >= space->high))
        error = -ENOEXEC;
    return error;
}

int exec_args_init(struct exec_args *args)
{
    *args = (struct exec_args){.text = alloc_get(EXEC_ARGS_BYTES)};
    return args->text ? 0 : -ENOMEM;
}

void exec_args_free(struct exec_args *args)
{
    alloc_put(args->text);
}

int exec_args_add(struct exec_args *args, const char *word, uint64_t length)
{
    if (args->used + length + 1 > EXEC_ARGS_BYTES)
        return -E2BIG;
    memcpy(args->text + args->used, word, length);
    args->text[args->used + length] = '\0';
    args->used += length + 1;
    return 0;
}

/* Adds the strings that a NULL-terminated vector of the caller names. */
static int args_copy_vector(struct exec_args *args, uaddr_t vector, uint64_t *count)
{
    uaddr_t string;

    for (*count = 0; vector; (*count)++) {
        int64_t length = env_copy_in(&string, vector + *count * 8, sizeof string);
        if (length == 0 && !string)
            return 0;
        if (length == 0)
            length = env_copy_in_string(args->text + args->used, string, EXEC_ARGS_BYTES - args->used);
        if (length < 0)
            return length == -ENAMETOOLONG ? -E2BIG : (int)length;
        args->used += (uint64_t)length + 1;
    }
    return 0;
}

/* Stores argv and envp: pointers to the strings, which lie at text, each vector ended by NULL. */
static int stack_vectors(uaddr_t at, uint64_t text, const struct exec_args *args)
{
    uint64_t n = args->argc + args->envc, i = 0, from = 0, zero = 0;
    int error = env_copy_out(at, &args->argc, 8);

    for (at += 8; i < n && !error; i++, at += 8) {
        uint64_t pointer = text + from;
        if (i == args->argc) {
            error = env_copy_out(at, &zero, 8);
            at += 8;
        }
        if (!error)
            error = env_copy_out(at, &pointer, 8);
        from += strlen(args->text + from) + 1;
    }
    if (!error && args->envc == 0) {
        error = env_copy_out(at, &zero, 8);
        at += 8;
    }
    return error ? error : env_copy_out(at, &zero, 8);
}

/* The stack as a program finds it (psABI figure 3.9), from the top: the arguments' text, random bytes, the auxiliary
   vector, envp, argv, argc.  The space must be the running thread's. */
static int stack_fill(uint64_t top, const struct loaded *program, const struct exec_args *args, uint64_t *sp)
{
    uint64_t text = (top - args->used) & ~15ull, random = text - 16;
    uint64_t aux[][2] = {{AT_PHDR, program->phdr},
                         {AT_PHENT, sizeof(struct elf_segment)},
                         {AT_PHNUM, program->phnum},
                         {AT_PAGESZ, PAGE_BYTES},
                         {AT_ENTRY, program->entry},
                         {AT_UID, 0},
                         {AT_EUID, 0},
                         {AT_GID, 0},
                         {AT_EGID, 0},
                         {AT_SECURE, 0},
                         {AT_RANDOM, random},
                         {AT_EXECFN, text},
                         {AT_NULL, 0}};
    uint64_t vectors = 8 * (args->argc + args->envc + 3), secret[2];
    int error;

    *sp = (random - sizeof aux - vectors) & ~15ull;
    env_random(secret, sizeof secret);
    error = env_copy_out(text, args->text, args->used);
    if (!error)
        error = env_copy_out(random, secret, sizeof secret);
    if (!error)
        error = env_copy_out(*sp + vectors, aux, sizeof aux);
    return error ? error : stack_vectors(*sp, text, args);
}

static int stack_map(struct space *space, uint64_t *top)
{
    const struct pager_source zero = {.kind = PAGER_ZERO};
    uint64_t start = space->high - STACK_GAP - STACK_BYTES;
    int error = pager_map(space, &start, STACK_BYTES, PAGER_READ | PAGER_WRITE, true, &zero);

    *top = start + STACK_BYTES;
    return error;
}

int exec_linked(struct space *space, const struct exec_args *args, uint64_t *entry, uint64_t *sp)
{
    const struct loaded program = {exec_program.entry, exec_program.phdr, exec_program.phdr_count, 0};
    uint64_t top;
    int error = stack_map(space, &top);

    space->brk_start = space->brk = space->low;
    *entry = program.entry;
    return error ? error : stack_fill(top, &program, args, sp);
}

/* Loads the program into space, which then becomes the running thread's. */
int exec_load(int node, struct space *space, const struct exec_args *args, uint64_t *entry, uint64_t *sp)
{
    struct loaded program;
    uint64_t top;
    int error = program_load(node, space, &program);

    if (!error)
        error = stack_map(space, &top);
    if (error)
        return error;
    space->brk_start = space->brk = (program.end + PAGE_MASK) & ~PAGE_MASK;
    sched_current()->space = space;
    env_space_load();
    *entry = program.entry;
    return stack_fill(top, &program, args, sp);
}

/* From here on the old program is gone: an error ends the process. */
static _Noreturn void exec_enter(struct process *p, struct space *space, uint64_t entry, uint64_t sp)
{
    process_space_leave(p);
    p->space = space;
    fd_close_all(p, true);
    task_current()->clear_tid = 0;
    env_thread_reset();
    env_enter(entry, sp);
}

static int exec_node(int node, const struct exec_args *args)
{
    struct process *p = process_current();
    struct space *space, *old = sched_current()->space;
    uint64_t entry, sp;
    int error;

    pager_sync(old, old->low, old->high - old->low);
    error = pager_space_create(&space);

    if (error)
        return error;
    error = exec_load(node, space, args, &entry, &sp);
    if (!error) {
        if (node >= 0)
            fs_close(node);
        alloc_put(args->text);
        exec_enter(p, space, entry, sp);
    }
    sched_current()->space = old;
    env_space_load();
    pager_space_put(space);
    return error;
}

static int program_open(const char *path)
{
    struct fs_stat stat;
    int node, error;

    if (!strcmp(path, POSIX_PROGRAM_PATH) && exec_program.image)
        return NODE_PROGRAM;
    node = fs_open(process_current()->cwd, path, 0, 0);
    if (node < 0)
        return node;
    error = fs_stat(node, &stat);
    if (!error && (stat.mode & S_IFMT) == S_IFREG && stat.mode & 0111)
        return node;
    fs_close(node);
    return error ? error : -EACCES;
}

int64_t posix_execve(OS_N, uint64_t path, uint64_t argv, uint64_t envp)
{
    char name[FS_PATH_MAX];
    struct exec_args args;
    int node, error = path_get(path, name);

    if (!error && process_current()->task_count > 1)
        error = -EAGAIN;
    if (!error)
        error = exec_args_init(&args);
    if (error)
        return error;
    error = args_copy_vector(&args, argv, &args.argc);
    if (!error && args.argc == 0) { /* programs rely on argv[0] */
        args.argc = 1;
        error = exec_args_add(&args, "", 0);
    }
    if (!error)
        error = args_copy_vector(&args, envp, &args.envc);
    node = error ? error : program_open(name);
    error = node == NODE_PROGRAM || node >= 0 ? exec_node(node, &args) : node;
    if (node >= 0)
        fs_close(node);
    exec_args_free(&args);
    return error;
}
