/* SPDX-License-Identifier: MIT */
/* test_posix_exec.c: programs: what is loaded, what a program finds on its stack, what is refused, and that whatever
   fails leaves the old program as it was. */
#include "alloc.h"
#include "elf_make.h"
#include "posix_fixture.h"

#define ARGS_MAX 40000

static uint8_t elf[ELF_BYTES];
static bool entered;
static const char *expected[8]; /* argv, then envp, each ended by NULL */

static void put_program(const char *path, uint32_t mode)
{
    must_put(path, elf, sizeof elf);
    int node = must_open(path, 0);
    assert_int_equal(fs_chmod(node, mode), 0);
    fs_close(node);
}

static int exec_setup(void **state)
{
    entered = false;
    elf_make(elf);
    if (posix_setup(state))
        return -1;
    put_program("/prog", 0755);
    return 0;
}

static uint64_t load_u64(uint64_t at)
{
    uint64_t value;
    assert_int_equal(env_copy_in(&value, at, sizeof value), 0);
    return value;
}

static uint8_t load_u8(uint64_t at)
{
    uint8_t value;
    assert_int_equal(env_copy_in(&value, at, 1), 0);
    return value;
}

static void check_memory(void)
{
    for (unsigned i = 0; i < 0x1000; i += 13)
        assert_int_equal(load_u8(ELF_TEXT + i), elf_byte(0x1000 + i));
    for (unsigned i = 0; i < 0x345; i++)
        assert_int_equal(load_u8(ELF_RODATA + i), elf_byte(0x2000 + i));
    assert_int_equal(load_u8(ELF_RODATA + 0x345), 0);
    for (unsigned i = 0x3100; i < ELF_BYTES; i++)
        assert_int_equal(load_u8(ELF_DATA - 0x3100 + i), elf_byte(i));
    for (uint64_t at = ELF_BSS; at < ELF_END; at += 7)
        assert_int_equal(load_u8(at), 0);
    assert_int_equal(env_copy_out(ELF_TEXT, "x", 1), -EFAULT);
    assert_int_equal(env_copy_out(ELF_RODATA, "x", 1), -EFAULT);
    assert_int_equal(env_copy_out(ELF_DATA, "x", 1), 0);
    assert_int_equal(env_copy_out(ELF_END - 1, "x", 1), 0);
    assert_int_equal(posix_brk(0, 0), (ELF_END + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1));
    assert_int_equal(env_copy_out((uint64_t)posix_brk(0, 0), "x", 1), -EFAULT);
}

/* One vector; where the next thing stands. */
static uint64_t check_strings(uint64_t at, const char *const *words)
{
    char text[100];
    for (; *words; words++, at += 8) {
        assert_int_equal(env_copy_in_string(text, load_u64(at), sizeof text), strlen(*words));
        assert_string_equal(text, *words);
    }
    assert_int_equal(load_u64(at), 0);
    return at + 8;
}

static void check_aux(uint64_t at)
{
    uint64_t seen = 0;
    for (; load_u64(at); at += 16) {
        uint64_t key = load_u64(at), value = load_u64(at + 8);
        seen |= 1ull << key;
        if (key == AT_PHDR)
            assert_int_equal(value, ELF_BASE + 64);
        if (key == AT_PHNUM)
            assert_int_equal(value, ELF_PHDRS);
        if (key == AT_ENTRY)
            assert_int_equal(value, ELF_ENTRY);
        if (key == AT_PAGESZ)
            assert_int_equal(value, PAGE_BYTES);
        if (key == AT_RANDOM)
            assert_true(load_u64(value) || load_u64(value + 8));
    }
    assert_true(seen >> AT_PHDR & 1 && seen >> AT_RANDOM & 1 && seen >> AT_ENTRY & 1);
}

/* What the new program finds. */
static void on_enter(uint64_t entry, uint64_t sp)
{
    const char *const *argv = expected, *const *envp = expected;
    unsigned argc = 0;
    host_alloc_fail(0);
    entered = true;
    while (argv[argc])
        argc++;
    envp += argc + 1;
    assert_int_equal(entry, ELF_ENTRY);
    assert_int_equal(sp % 16, 0);
    assert_int_equal(load_u64(sp), argc);
    check_aux(check_strings(check_strings(sp + 8, argv), envp));
    check_memory();
    assert_int_equal(posix_read(0, 10, ELF_DATA, 1), -EBADF);
    assert_int_equal(posix_read(0, 11, ELF_DATA, 1), 1);
    posix_exit_group(0, 42);
}

static int64_t exec_hello(void)
{
    static const char *const argv[] = {"prog", "", "two words", NULL}, *const envp[] = {"A=1", "B=", NULL};
    memcpy(expected, argv, sizeof argv);
    memcpy(expected + 4, envp, sizeof envp);
    host_posix_on_enter(on_enter);
    if (fds_open() == 3) {
        assert_int_equal(posix_dup3(0, (uint64_t)must_fd("/hello.txt", O_RDONLY), 10, O_CLOEXEC), 10);
        assert_int_equal(posix_dup2(0, 10, 11), 11);
    }
    return posix_execve(0, P("/prog"), P(argv), P(envp));
}

static void good_body(void)
{
    fail_msg("execve: %ld", (long)exec_hello());
}

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(process_run(good_body), 42 << 8);
    assert_true(entered);
}

static const struct change {
    uint64_t at, value;
    unsigned bytes;
} changes[] = {
    {0, 0x7e, 1},
    {1, 'e', 1},
    {4, 1, 1},
    {5, 2, 1},
    {ELF_AT_TYPE, 1, 2},
    {ELF_AT_TYPE, 3, 2},
    {ELF_AT_TYPE, 4, 2},
    {ELF_AT_MACHINE, 3, 2},
    {ELF_AT_ENTRY, 0, 8},
    {ELF_AT_ENTRY, HOST_SPACE_HIGH, 8},
    {ELF_AT_ENTRY, UINT64_MAX, 8},
    {ELF_AT_PHOFF, ELF_BYTES - 55, 8},
    {ELF_AT_PHOFF, ELF_BYTES, 8},
    {ELF_AT_PHOFF, UINT64_MAX, 8},
    {ELF_AT_PHOFF, UINT64_MAX - 55, 8},
    {ELF_AT_PHOFF, (uint64_t)1 << 63, 8},
    {ELF_AT_PHOFF, (uint64_t)1 << 44, 8},
    {ELF_AT_PHENTSIZE, 32, 2},
    {ELF_AT_PHENTSIZE, 0, 2},
    {ELF_AT_PHENTSIZE, 57, 2},
    {ELF_AT_PHNUM, 0, 2},
    {ELF_AT_PHNUM, 17, 2},
    {ELF_AT_PHNUM, UINT16_MAX, 2},
    {ELF_AT_PHDR(1) + PHDR_OFFSET, 0x1001, 8},
    {ELF_AT_PHDR(1) + PHDR_OFFSET, UINT64_MAX - 0xfff, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, ELF_TEXT + 8, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, 0, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, HOST_SPACE_LOW - 0x1000, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, HOST_SPACE_HIGH, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, HOST_SPACE_HIGH - 0x0fff, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, (uint64_t)1 << 63, 8},
    {ELF_AT_PHDR(1) + PHDR_VADDR, UINT64_MAX & ~0xfffull, 8},
    {ELF_AT_PHDR(1) + PHDR_FILESZ, 0x1001, 8},
    {ELF_AT_PHDR(1) + PHDR_FILESZ, UINT64_MAX, 8},
    {ELF_AT_PHDR(1) + PHDR_MEMSZ, 0xfff, 8},
    {ELF_AT_PHDR(3) + PHDR_MEMSZ, HOST_SPACE_HIGH, 8},
    {ELF_AT_PHDR(3) + PHDR_MEMSZ, UINT64_MAX, 8},
    {ELF_AT_PHDR(3) + PHDR_MEMSZ, UINT64_MAX - ELF_DATA, 8},
    {ELF_AT_PHDR(3) + PHDR_MEMSZ, (uint64_t)1 << 63, 8},
};

static void bad_body(void)
{
    struct space *before = process_current()->space;
    for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
        elf_make(elf);
        elf_put(elf, changes[i].at, changes[i].value, changes[i].bytes);
        must_put("/prog", elf, sizeof elf);
        int64_t got = exec_hello();
        if (got != -ENOEXEC)
            fail_msg("change %u: %ld", i, (long)got);
        assert_ptr_equal(process_current()->space, before);
        assert_ptr_equal(sched_current()->space, before);
    }
}

static void test_bad_headers(void **state)
{
    (void)state;
    assert_int_equal(process_run(bad_body), 0);
    assert_false(entered);
}

static void short_body(void)
{
    for (unsigned n = 0; n < 64 + 56 * ELF_PHDRS; n += 9) {
        must_put("/prog", elf, n);
        assert_int_equal(exec_hello(), -ENOEXEC);
    }
    must_put("/prog", "#!/bin/sh\necho this is a text that is longer than a header of a program\n", 72);
    assert_int_equal(exec_hello(), -ENOEXEC);
}

static void test_short(void **state)
{
    (void)state;
    assert_int_equal(process_run(short_body), 0);
}

static void path_body(void)
{
    put_program("/plain", 0644);
    const char *argv[] = {"x", NULL}, *bad[] = {"x", (const char *)BAD, NULL};
    assert_int_equal(posix_execve(0, P("/none"), P(argv), 0), -ENOENT);
    assert_int_equal(posix_execve(0, P(""), P(argv), 0), -ENOENT);
    assert_int_equal(posix_execve(0, P("/plain"), P(argv), 0), -EACCES);
    assert_int_equal(posix_execve(0, P("/dir"), P(argv), 0), -EACCES);
    assert_int_equal(posix_execve(0, P("/prog/x"), P(argv), 0), -ENOTDIR);
    assert_int_equal(posix_execve(0, P("/loop"), P(argv), 0), -ELOOP);
    assert_int_equal(posix_execve(0, BAD, P(argv), 0), -EFAULT);
    assert_int_equal(posix_execve(0, P("/prog"), BAD, 0), -EFAULT);
    assert_int_equal(posix_execve(0, P("/prog"), P(bad), 0), -EFAULT);
    assert_int_equal(posix_execve(0, P("/prog"), P(argv), P(bad)), -EFAULT);
    assert_int_equal(posix_execve(0, P("/prog"), P(argv), BAD), -EFAULT);
}

static void test_paths(void **state)
{
    (void)state;
    assert_int_equal(process_run(path_body), 0);
}

/* ---- arguments ---- */

static const char *many[ARGS_MAX + 1];
static char long_text[EXEC_ARGS_BYTES + 1];
static uint64_t want_argc;

static void on_enter_count(uint64_t entry, uint64_t sp)
{
    (void)entry;
    assert_int_equal(load_u64(sp), want_argc);
    for (uint64_t i = 0; i < want_argc; i++)
        load_u8(load_u64(sp + 8 + 8 * i));
    assert_int_equal(load_u64(sp + 8 + 8 * want_argc), 0);
    posix_exit_group(0, 1);
}

static void args_body(void)
{
    int64_t error = posix_execve(0, P("/prog"), P(many), 0);
    assert_int_equal(error, -E2BIG);
}

static int exec_many(unsigned n, uint64_t first_bytes)
{
    memset(long_text, 'a', sizeof long_text);
    long_text[first_bytes] = 0;
    memset(many, 0, sizeof many);
    for (unsigned i = 0; i < n; i++)
        many[i] = i ? "" : long_text;
    want_argc = n ? n : 1;
    host_posix_on_enter(on_enter_count);
    return process_run(args_body);
}

static void test_arguments(void **state)
{
    (void)state;
    assert_int_equal(exec_many(0, 0), 1 << 8); /* never without argv[0] */
    assert_int_equal(exec_many(1, 0), 1 << 8);
    assert_int_equal(exec_many(1, EXEC_ARGS_BYTES - 1), 1 << 8);
    assert_int_equal(exec_many(1, EXEC_ARGS_BYTES), 0);
    assert_int_equal(exec_many(2, EXEC_ARGS_BYTES - 1), 0);
    assert_int_equal(exec_many(2, EXEC_ARGS_BYTES - 2), 1 << 8);
    assert_int_equal(exec_many(ARGS_MAX, 0), 1 << 8);
    assert_int_equal(exec_many(ARGS_MAX, EXEC_ARGS_BYTES - ARGS_MAX), 1 << 8);
    assert_int_equal(exec_many(ARGS_MAX, EXEC_ARGS_BYTES - ARGS_MAX + 1), 0);
}

/* ---- failures on the way ---- */

static uint64_t fail_at;

static void no_memory_body(void)
{
    struct space *before = process_current()->space;
    must_fd("/hello.txt", O_RDONLY);
    posix_dup3(0, 3, 10, O_CLOEXEC);
    posix_dup2(0, 3, 11);
    host_alloc_fail(fail_at);
    int64_t error = exec_hello();
    host_alloc_fail(0);
    assert_true(error == -ENOMEM || error == -EFAULT); /* the latter: no page for the new stack */
    assert_ptr_equal(process_current()->space, before);
    posix_exit_group(0, 1);
}

static void test_no_memory(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (fail_at = 1; !entered; fail_at++) {
        int status = process_run(no_memory_body);
        assert_int_equal(status, entered ? 42 << 8 : 1 << 8);
        failures += !entered;
    }
    assert_true(failures > 10);
}

static void share_body(void)
{
    int64_t fd = must_fd("/shared", O_CREAT | O_RDWR);
    assert_int_equal(posix_write(0, (uint64_t)fd, P("before"), 6), 6);
    int64_t at = posix_mmap(0, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (uint64_t)fd, 0);
    assert_int_equal(env_copy_out((uint64_t)at, "AFTER!", 6), 0);
    posix_close(0, (uint64_t)fd);
    exec_hello();
}

/* What was written to a shared mapping is not lost with the old program. */
static void test_shared_mapping(void **state)
{
    (void)state;
    assert_int_equal(process_run(share_body), 42 << 8);
    must_hold("/shared", "AFTER!", 6);
}

static void sleep_body(void)
{
    struct linux_timespec t = {1, 0};
    posix_nanosleep(0, P(&t), 0);
}

static void threads_body(void)
{
    thread_begin(sleep_body);
    assert_int_equal(exec_hello(), -EAGAIN);
    sleep_body();
    sleep_body();
    exec_hello();
}

static void test_threads(void **state)
{
    (void)state;
    assert_int_equal(process_run(threads_body), 42 << 8);
}

/* ---- the first program, and children ---- */

static uint8_t *first_image(void)
{
    uint8_t *image = aligned_alloc(PAGE_BYTES, (ELF_BYTES + PAGE_BYTES) & ~(PAGE_BYTES - 1));
    elf_make(image);
    return image;
}

static void on_enter_first(uint64_t entry, uint64_t sp)
{
    static const char *const argv[] = {POSIX_PROGRAM_PATH, "null", "ops=1", NULL}, *const envp[] = {NULL};
    entered = true;
    assert_int_equal(entry, ELF_ENTRY);
    assert_int_equal(load_u64(sp), 3);
    check_aux(check_strings(check_strings(sp + 8, argv), envp));
    check_memory();
    posix_exit_group(0, 0);
}

static void test_start(void **state)
{
    (void)state;
    uint8_t *image = first_image();
    const struct posix_program program = {.image = image, .bytes = ELF_BYTES};
    host_posix_on_enter(on_enter_first);
    assert_int_equal(posix_start(&program, "  null   ops=1 ", NULL), 0);
    assert_int_equal(processes_run(), 0);
    assert_true(entered);
    for (unsigned i = 0x1000; i < ELF_BYTES; i++)
        assert_int_equal(image[i], elf_byte(i));
    free(image);
}

/* A segment of the program in memory that reaches beyond it. */
static void beyond_body(void)
{
    const char *argv[] = {"x", NULL};
    assert_int_equal(posix_execve(0, P(POSIX_PROGRAM_PATH), P(argv), 0), -ENOEXEC);
}

static void test_image_too_short(void **state)
{
    (void)state;
    uint8_t *image = first_image();
    exec_program = (struct posix_program){.image = image, .bytes = ELF_BYTES - 1};
    assert_int_equal(process_run(beyond_body), 0);
    exec_program.bytes = ELF_BYTES;
    elf_put(image, ELF_AT_PHDR(1) + PHDR_OFFSET, 0x5000, 8);
    assert_int_equal(process_run(beyond_body), 0);
    free(image);
}

static const char *child_path;

static void on_enter_child(uint64_t entry, uint64_t sp)
{
    static const char *argv[] = {"child", NULL};
    if (entry != 0x1234)
        posix_exit_group(0, 5);
    assert_true(process_current()->borrows_space);
    assert_int_equal(sp % 8, 0);
    assert_int_equal(posix_execve(0, P(child_path), P(argv), 0), -ENOENT);
    posix_exit_group(0, 127);
}

static void spawn_body(void)
{
    uint64_t stack[2] = {0x1234, 0};
    int status = -1;
    host_posix_on_enter(on_enter_child);
    int64_t pid = posix_clone(0, CLONE_VM | CLONE_VFORK, P(stack), 0, 0, 0);
    assert_true(pid > 1);
    assert_non_null(process_current()->space);
    assert_int_equal(posix_wait4(0, (uint64_t)pid, P(&status), 0, 0), pid);
    assert_int_equal(posix_wait4(0, (uint64_t)pid, P(&status), 0, 0), -ECHILD);
    assert_int_equal(posix_clone(0, CLONE_VM | CLONE_VFORK, BAD, 0, 0, 0), -EFAULT);
    assert_int_equal(posix_clone(0, 0, P(stack), 0, 0, 0), -ENOSYS);
    posix_exit_group(0, (uint64_t)status >> 8);
}

static void test_spawn(void **state)
{
    (void)state;
    exec_program.image = elf; /* there are other programs than the one that is linked in */
    child_path = "/prog";
    assert_int_equal(process_run(spawn_body), 5 << 8);
    child_path = "/none";
    assert_int_equal(process_run(spawn_body), 127 << 8);
}

#define TEST(f)                                                                                                        \
    {                                                                                                                  \
#f, f, exec_setup, posix_teardown, NULL                                                                        \
    }

int tests_exec(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good),      TEST(test_bad_headers),     TEST(test_short),          TEST(test_paths),
        TEST(test_arguments), TEST(test_no_memory),       TEST(test_shared_mapping), TEST(test_threads),
        TEST(test_start),     TEST(test_image_too_short), TEST(test_spawn),
    };
    return cmocka_run_group_tests_name("posix exec", tests, posix_open_group, fixture_close);
}
