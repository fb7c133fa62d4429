/* SPDX-License-Identifier: MIT */
/* test_posix_lock.c: locks on bytes of files, against a model, and between processes. */
#include "posix_fixture.h"

#define BYTES 24
#define PATH "/hello.txt"

static uint64_t random_state;
static int holder, steps[8];
static struct process *child;
static unsigned step_count;
static bool closes_by_dup2;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static int64_t lock(int fd, int command, int type, int64_t start, int64_t length)
{
    struct linux_flock l = {.type = (int16_t)type, .whence = SEEK_SET, .start = start, .length = length};
    return posix_fcntl(0, (uint64_t)fd, (uint64_t)command, P(&l));
}

/* What keeps the caller from locking, as F_GETLK tells it. */
static struct linux_flock in_the_way(int fd, int type, int64_t start, int64_t length)
{
    struct linux_flock l = {.type = (int16_t)type, .whence = SEEK_SET, .start = start, .length = length};
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_GETLK, P(&l)), 0);
    return l;
}

/* ---- one process locks at random; another looks at every byte ---- */

static uint8_t model[BYTES];

static void look_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    for (int i = 0; i < BYTES; i++) {
        int shared = in_the_way(fd, F_RDLCK, i, 1).type, any = in_the_way(fd, F_WRLCK, i, 1).type;
        assert_int_equal(shared, model[i] == F_WRLCK ? F_WRLCK : F_UNLCK);
        assert_int_equal(any, model[i]);
        assert_int_equal(lock(fd, F_SETLK, F_WRLCK, i, 1), model[i] == F_UNLCK ? 0 : -EAGAIN);
    }
}

static void change_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    memset(model, F_UNLCK, sizeof model);
    for (unsigned i = 0; i < 300; i++) {
        int64_t start = random_below(BYTES), length = 1 + random_below((uint32_t)(BYTES - start));
        int type = (int)random_below(3);
        assert_int_equal(lock(fd, F_SETLK, type, start, length), 0);
        memset(model + start, type, (size_t)length);
        struct process *p = process_begin(look_body);
        while (p->status == STATUS_RUNNING)
            sched_yield();
        assert_int_equal(process_status(p), 0);
    }
}

static void test_model(void **state)
{
    (void)state;
    random_state = 1;
    assert_int_equal(process_run(change_body), 0);
}

/* ---- what is refused ---- */

static void refuse_body(void)
{
    int both = must_fd(PATH, O_RDWR), reads = must_fd(PATH, O_RDONLY), writes = must_fd(PATH, O_WRONLY), pipes[2];
    must_pipe(pipes, 0);
    assert_int_equal(lock(reads, F_SETLK, F_WRLCK, 0, 1), -EBADF);
    assert_int_equal(lock(writes, F_SETLK, F_RDLCK, 0, 1), -EBADF);
    assert_int_equal(lock(both, F_SETLK, 3, 0, 1), -EINVAL);
    assert_int_equal(lock(both, F_SETLK, F_WRLCK, -1, 1), -EINVAL);
    assert_int_equal(lock(both, F_SETLK, F_WRLCK, 5, -6), -EINVAL);
    assert_int_equal(lock(both, F_SETLK, F_WRLCK, 2, INT64_MAX), -EOVERFLOW);
    assert_int_equal(lock(both, F_GETLK, F_UNLCK, 0, 1), -EINVAL);
    assert_int_equal(lock(pipes[0], F_SETLK, F_RDLCK, 0, 1), -EINVAL);
    assert_int_equal(lock(77, F_SETLK, F_RDLCK, 0, 1), -EBADF);
    assert_int_equal(posix_fcntl(0, (uint64_t)both, F_SETLK, BAD), -EFAULT);
    /* every second byte, until there is no room; one that cuts another in two fails whole */
    int64_t count = 0;
    while (lock(both, F_SETLK, F_WRLCK, 2 * count, 1) == 0)
        count++;
    assert_int_equal(lock(both, F_SETLK, F_WRLCK, 2 * count, 1), -ENOLCK);
    assert_true(count > 200);
    assert_int_equal(lock(both, F_SETLK, F_UNLCK, 0, 0), 0);
    assert_int_equal(lock(both, F_SETLK, F_WRLCK, 0, 1), 0);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(process_run(refuse_body), 0);
}

/* ---- from the position, from the end, backwards ---- */

static void whence_look_body(void)
{
    struct linux_flock l = in_the_way(must_fd(PATH, O_RDWR), F_WRLCK, 0, 0);
    assert_int_equal(l.type, F_WRLCK);
    assert_int_equal(l.start, 6);
    assert_int_equal(l.length, 4);
    assert_int_equal(l.pid, holder);
}

static void whence_body(void)
{
    struct linux_stat s;
    int fd = must_fd(PATH, O_RDWR);
    holder = process_current()->pid;
    assert_int_equal(posix_fstat(0, (uint64_t)fd, P(&s)), 0);
    struct linux_flock l = {.type = F_WRLCK, .whence = SEEK_END, .start = 10 - s.size, .length = -2};
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_SETLK, P(&l)), 0);
    assert_int_equal(posix_lseek(0, (uint64_t)fd, 5, SEEK_SET), 5);
    l = (struct linux_flock){.type = F_WRLCK, .whence = SEEK_CUR, .start = 1, .length = 2};
    assert_int_equal(posix_fcntl(0, (uint64_t)fd, F_SETLK, P(&l)), 0);
    struct process *p = process_begin(whence_look_body);
    while (p->status == STATUS_RUNNING)
        sched_yield();
    assert_int_equal(process_status(p), 0);
}

static void test_whence(void **state)
{
    (void)state;
    assert_int_equal(process_run(whence_body), 0);
}

/* ---- waiting ---- */

static void step(int what)
{
    steps[step_count++] = what;
}

static void wait_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    step(2);
    assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 0, 1), 0);
    step(4);
}

/* The lock goes when any descriptor of the file is closed, or made another file's, though the one that took it stays
   open. */
static void hold_body(void)
{
    int fd = must_fd(PATH, O_RDWR), second = must_fd(PATH, O_RDONLY), pipes[2];
    must_pipe(pipes, 0);
    assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 0, 0), 0);
    step(1);
    child = process_begin(wait_body);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    step(3);
    if (closes_by_dup2)
        assert_int_equal(posix_dup2(0, (uint64_t)pipes[0], (uint64_t)second), second);
    else
        posix_close(0, (uint64_t)second);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    step(5); /* the other has it before this one ends, which would let it go as well */
}

static void test_wait(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        step_count = 0;
        closes_by_dup2 = way == 1;
        assert_int_equal(process_run(hold_body), 0);
        assert_int_equal(processes_run(), 0);
        assert_int_equal(process_status(child), 0);
        assert_int_equal(step_count, 5);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(steps[i], i + 1);
    }
}

static void read_body(void)
{
    assert_int_equal(lock(must_fd(PATH, O_RDWR), F_SETLKW, F_RDLCK, 0, 1), 0);
    step(2);
}

/* A lock that becomes a shared one lets in who wants to share it. */
static void share_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 1), 0);
    child = process_begin(read_body);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    step(1);
    assert_int_equal(lock(fd, F_SETLK, F_RDLCK, 0, 1), 0);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    step(3);
}

static void test_share(void **state)
{
    (void)state;
    step_count = 0;
    assert_int_equal(process_run(share_body), 0);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(child), 0);
    assert_int_equal(step_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(steps[i], i + 1);
}

static void cross_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 1, 1), 0);
    assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 0, 1), 0); /* when the other has ended */
    step(2);
}

/* Each has what the other wants: the second to ask is told. */
static void deadlock_body(void)
{
    int fd = must_fd(PATH, O_RDWR);
    assert_int_equal(lock(fd, F_SETLK, F_WRLCK, 0, 1), 0);
    child = process_begin(cross_body);
    for (unsigned i = 0; i < 20; i++)
        sched_yield();
    assert_int_equal(lock(fd, F_SETLKW, F_WRLCK, 1, 1), -EDEADLK);
    step(1);
}

static void test_deadlock(void **state)
{
    (void)state;
    step_count = 0;
    assert_int_equal(process_run(deadlock_body), 0);
    assert_int_equal(processes_run(), 0);
    assert_int_equal(process_status(child), 0);
    assert_int_equal(step_count, 2);
}

int tests_lock(void)
{
    const struct CMUnitTest tests[] = {POSIX_TEST(test_model), POSIX_TEST(test_refused), POSIX_TEST(test_whence),
                                       POSIX_TEST(test_wait),  POSIX_TEST(test_share),   POSIX_TEST(test_deadlock)};
    return cmocka_run_group_tests_name("posix locks", tests, posix_open_group, fixture_close);
}
