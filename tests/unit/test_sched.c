/* SPDX-License-Identifier: MIT */
/* test_sched.c: the part sched on fibers: who runs next, who is woken when and with what, what kill ends, what the
   timer is asked for, and that dead threads are given back once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/errno.h"
#include "env.h"
#include "host.h"
#include "sched.h"

#define MS 1000000u

static char story[2000]; /* what the threads did, a letter each */
static struct waitq queue, other;
static struct mutex mutex;
static struct thread *threads[10];

static void say(char letter)
{
    size_t n = strlen(story);
    assert_true(n + 1 < sizeof story);
    story[n] = letter;
}

static void assert_story(const char *want)
{
    assert_string_equal(story, want);
    memset(story, 0, sizeof story);
}

static int setup(void **state)
{
    (void)state;
    memset(story, 0, sizeof story);
    sched_waitq_init(&queue);
    sched_waitq_init(&other);
    sched_mutex_init(&mutex);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_thread_on_idle(NULL);
    if (host_threads_run() || host_alloc_pages_out() || host_alloc_objects_out()) {
        print_error("left: %u threads, %lu pages, %lu objects\n", host_threads_alive(), host_alloc_pages_out(),
                    host_alloc_objects_out());
        fflush(NULL);
        _Exit(1); /* the next test would find them */
    }
    return 0;
}

static char letter_of(void *arg)
{
    return (char)(uintptr_t)arg;
}

/* n threads that run entry, with the letters a, b, ... */
static void begin(unsigned n, void (*entry)(void *arg))
{
    for (unsigned i = 0; i < n; i++) {
        threads[i] = sched_create(entry, (void *)(uintptr_t)('a' + i));
        assert_non_null(threads[i]);
        assert_int_equal(threads[i]->state, SCHED_READY);
    }
}

/* ---- order ---- */

static void three_times(void *arg)
{
    for (unsigned i = 0; i < 3; i++) {
        say(letter_of(arg));
        sched_yield();
    }
}

static void test_round_robin(void **state)
{
    (void)state;
    struct thread *self = sched_current();
    begin(4, three_times);
    assert_int_equal(host_threads_alive(), 4);
    assert_story("");
    for (unsigned i = 0; i < 5; i++) {
        say('|');
        sched_yield();
    }
    assert_ptr_equal(sched_current(), self);
    assert_int_equal(self->state, SCHED_RUNNING);
    assert_story("|abcd|abcd|abcd||");
    uint64_t before = host_thread_switches();
    sched_yield(); /* nobody else: no switch */
    assert_int_equal(host_thread_switches(), before);
}

static void waiter(void *arg)
{
    say(letter_of(arg));
    int result = sched_wait(&queue, SCHED_FOREVER);
    say(result == 0 ? (char)(letter_of(arg) - 'a' + 'A') : result == -EINTR ? '!' : '?');
}

static void test_wake_order(void **state)
{
    (void)state;
    begin(5, waiter);
    sched_wake(&queue, 10); /* nobody waits yet: nothing is remembered */
    assert_int_equal(host_threads_run(), 5);
    assert_story("abcde");
    sched_wake(&queue, 0);
    sched_wake(&other, 10);
    assert_int_equal(host_threads_run(), 5);
    assert_story("");
    sched_wake(&queue, 1);
    sched_wake(&queue, 1);
    assert_int_equal(threads[0]->state, SCHED_READY);
    assert_int_equal(threads[2]->state, SCHED_WAITING);
    assert_int_equal(host_threads_run(), 3);
    assert_story("AB");
    sched_wake(&queue, UINT32_MAX);
    assert_int_equal(host_threads_run(), 0);
    assert_story("CDE");
}

/* ---- time ---- */

static void sleeper(void *arg)
{
    static const unsigned ms[] = {30, 10, 20, 10, 50};
    unsigned i = (unsigned)(letter_of(arg) - 'a');
    uint64_t until = env_now_ns() + ms[i] * MS;
    assert_int_equal(sched_wait(i % 2 ? &queue : &other, until), -ETIMEDOUT);
    assert_in_range(env_now_ns(), until, until + MS);
    say(letter_of(arg));
}

static void test_deadlines(void **state)
{
    (void)state;
    begin(5, sleeper);
    assert_int_equal(host_threads_run(), 0);
    assert_story("bdcae");
    assert_true(list_empty(&queue.threads) && list_empty(&other.threads));
}

static void sleeper_woken(void *arg)
{
    uint64_t until = env_now_ns() + 1000 * (uint64_t)MS;
    say(sched_wait(&queue, until) == 0 ? letter_of(arg) : '?');
    assert_true(env_now_ns() < until);
    assert_int_equal(sched_wait(&queue, 1), -ETIMEDOUT); /* long past, but never without a wait */
    say(letter_of(arg));
}

static void test_woken_before_deadline(void **state)
{
    (void)state;
    begin(2, sleeper_woken);
    sched_yield();
    sched_wake(&queue, 2);
    assert_int_equal(host_threads_run(), 0);
    assert_story("abab");
}

/* A wake and a deadline at once: one of them wins, and the thread is in no list afterwards. */
static void sleeper_raced(void *arg)
{
    int result = sched_wait(&queue, env_now_ns() + MS);
    say(result == 0 ? 'w' : result == -ETIMEDOUT ? 't' : '?');
    sched_wait(&other, SCHED_FOREVER);
    say(letter_of(arg));
}

static void test_wake_and_deadline(void **state)
{
    (void)state;
    begin(2, sleeper_raced);
    sched_yield();
    sched_wake(&queue, 1);
    host_timer_fire();
    sched_tick(env_now_ns() + 10 * MS);
    sched_wake(&queue, 2);
    assert_int_equal(host_threads_run(), 2);
    assert_story("wt");
    sched_wake(&other, 2);
    assert_int_equal(host_threads_run(), 0);
    assert_story("ab");
}

/* ---- kill ---- */

static void killed(void *arg)
{
    say(sched_wait(&queue, letter_of(arg) == 'b' ? env_now_ns() + 1000 * (uint64_t)MS : SCHED_FOREVER) == -EINTR ? '!'
                                                                                                                 : '?');
    say(sched_wait(&queue, SCHED_FOREVER) == -EINTR ? '!' : '?'); /* each later one, too */
    say(letter_of(arg));
}

static void test_kill(void **state)
{
    (void)state;
    begin(4, killed);
    sched_yield();
    for (unsigned i = 0; i < 3; i++)
        sched_kill(threads[i]);
    sched_kill(threads[0]); /* twice does no harm */
    sched_yield();
    assert_story("!!a!!b!!c");
    sched_kill(threads[3]);
    assert_int_equal(host_threads_run(), 0);
    assert_story("!!d");
    assert_true(list_empty(&queue.threads));
}

/* Killed before it ever ran. */
static void test_kill_ready(void **state)
{
    (void)state;
    begin(1, killed);
    sched_kill(threads[0]);
    assert_int_equal(threads[0]->state, SCHED_READY);
    assert_int_equal(host_threads_run(), 0);
    assert_story("!!a");
}

static void waits_always(void *arg)
{
    say(letter_of(arg));
    sched_wait_always(&queue);
    say(letter_of(arg));
    say(sched_wait(&queue, SCHED_FOREVER) == -EINTR ? '!' : '?');
}

static void test_kill_not_always(void **state)
{
    (void)state;
    begin(2, waits_always);
    sched_yield();
    sched_kill(threads[0]);
    sched_kill(threads[1]);
    assert_int_equal(threads[0]->state, SCHED_WAITING_ALWAYS);
    assert_int_equal(host_threads_run(), 2);
    sched_tick(UINT64_MAX - 1);
    assert_int_equal(host_threads_run(), 2);
    assert_story("ab");
    sched_wake(&queue, 1);
    assert_int_equal(host_threads_run(), 1);
    assert_story("a!");
    sched_wake(&queue, 1);
    assert_int_equal(host_threads_run(), 0);
    assert_story("b!");
}

/* ---- mutexes ---- */

static unsigned inside;

static void locker(void *arg)
{
    for (unsigned i = 0; i < 3; i++) {
        sched_mutex_lock(&mutex);
        assert_int_equal(inside++, 0);
        say(letter_of(arg));
        sched_yield();
        sched_yield();
        inside--;
        sched_mutex_unlock(&mutex);
        sched_yield();
    }
}

static void test_mutex(void **state)
{
    (void)state;
    begin(3, locker);
    assert_int_equal(host_threads_run(), 0);
    assert_false(mutex.locked);
    assert_int_equal(strlen(story), 9);
    assert_story("abcabcabc"); /* first come, first served */
}

static void lock_once(void *arg)
{
    sched_mutex_lock(&mutex);
    say(letter_of(arg));
    sched_mutex_unlock(&mutex);
}

/* A killed thread still gets its turn, and gives it on. */
static void test_mutex_killed(void **state)
{
    (void)state;
    sched_mutex_lock(&mutex);
    begin(3, lock_once);
    sched_yield();
    sched_kill(threads[0]);
    assert_int_equal(host_threads_run(), 3);
    assert_story("");
    sched_mutex_unlock(&mutex);
    assert_int_equal(host_threads_run(), 0);
    assert_story("abc");
    sched_mutex_lock(&mutex);
    sched_mutex_unlock(&mutex);
    assert_false(mutex.locked);
}

/* ---- the timer ---- */

static void waits(void *arg)
{
    (void)arg;
    sched_wait(&queue, SCHED_FOREVER);
}

/* Lets a timer that was set earlier come, so that none is set. */
static void timer_settle(void)
{
    while (host_timer().deadline_ns != UINT64_MAX) {
        host_timer_fire();
        sched_yield();
    }
    sched_yield_wanted = false;
}

static void test_timer(void **state)
{
    (void)state;
    begin(1, waits);
    assert_in_range(host_timer().deadline_ns, env_now_ns(), env_now_ns() + SCHED_SLICE_NS); /* somebody is ready */
    sched_yield();
    timer_settle();
    uint64_t sets = host_timer().sets;
    sched_yield();
    sched_wake(&other, 1);
    sched_tick(env_now_ns());
    assert_int_equal(host_timer().sets, sets); /* alone: no timer */
    assert_false(sched_yield_wanted);
    sched_wake(&queue, 1); /* ready: the running thread's slice ends some time */
    assert_int_equal(host_timer().sets, sets + 1);
    assert_in_range(host_timer().deadline_ns, env_now_ns() + SCHED_SLICE_NS - MS, env_now_ns() + SCHED_SLICE_NS);
    assert_false(sched_yield_wanted);
    host_timer_fire();
    assert_true(sched_yield_wanted);
    assert_true(host_timer().deadline_ns != UINT64_MAX); /* who goes on waiting is asked about again */
    sched_yield();
    assert_false(sched_yield_wanted);
    timer_settle();
}

static void sleeps_50(void *arg)
{
    (void)arg;
    sched_wait(&queue, env_now_ns() + 50 * MS);
}

static void sleeps_5(void *arg)
{
    (void)arg;
    sched_wait(&queue, env_now_ns() + 5 * MS);
}

/* Somebody's far deadline is no reason to let a slice last until then. */
static void test_timer_slice_and_sleeper(void **state)
{
    (void)state;
    timer_settle();
    begin(1, sleeps_50);
    sched_yield();
    host_timer_fire(); /* the slice is over: what is left is the deadline */
    assert_true(host_timer().deadline_ns > env_now_ns() + 30 * MS);
    struct thread *t = sched_create(waits, NULL);
    assert_non_null(t);
    assert_true(host_timer().deadline_ns <= env_now_ns() + SCHED_SLICE_NS);
    sched_yield();
    sched_kill(t);
    begin(1, sleeps_5);
    sched_yield();
    assert_true(host_timer().deadline_ns <= env_now_ns() + 5 * MS);
    assert_int_equal(host_threads_run(), 0);
}

/* ---- lives ---- */

static void ends(void *arg)
{
    if (arg)
        sched_exit();
}

static void test_dead(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 10; i++)
            assert_non_null(sched_create(ends, (void *)(uintptr_t)(i % 2)));
        assert_int_equal(host_threads_alive(), 10);
        if (round % 2)
            assert_int_equal(host_threads_run(), 0);
        else
            sched_yield();
        assert_int_equal(host_threads_alive(), 0);
        assert_int_equal(host_alloc_pages_out(), 0);
        assert_int_equal(host_alloc_objects_out(), 0);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        host_alloc_fail(n);
        assert_null(sched_create(ends, NULL));
        host_alloc_fail(0);
    }
    host_thread_prepare_fail(true);
    assert_null(sched_create(ends, NULL));
    host_thread_prepare_fail(false);
    assert_int_equal(host_alloc_pages_out(), 0);
    assert_int_equal(host_alloc_objects_out(), 0);
    sched_yield();
}

/* Nobody is ready: who waits idles on its own stack, and goes on without a switch if it is the one that is woken. */
static void wake_queue(void)
{
    say('i');
    sched_wake(&queue, 1);
}

static void test_idle(void **state)
{
    (void)state;
    uint64_t before = host_thread_switches();
    host_thread_on_idle(wake_queue);
    assert_int_equal(sched_wait(&queue, SCHED_FOREVER), 0);
    assert_int_equal(host_thread_switches(), before);
    assert_int_equal(sched_current()->state, SCHED_RUNNING);
    assert_story("i");
    host_thread_on_idle(NULL);
    assert_int_equal(sched_wait(&queue, env_now_ns() + MS), -ETIMEDOUT);
}

/* Many threads, random steps: none is lost, and everybody's wake arrives. */
static unsigned steps_left[10];
static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void wanders(void *arg)
{
    unsigned self = (unsigned)(letter_of(arg) - 'a');
    struct waitq *queues[] = {&queue, &other};
    for (; steps_left[self]; steps_left[self]--) {
        struct waitq *q = queues[random_below(2)];
        switch (random_below(6)) {
        case 0:
            sched_wait(q, env_now_ns() + random_below(3 * MS));
            break;
        case 1:
            sched_wake(q, 1 + random_below(4));
            break;
        case 2:
            sched_mutex_lock(&mutex);
            assert_int_equal(inside++, 0);
            sched_wait(q, env_now_ns() + random_below(MS));
            inside--;
            sched_mutex_unlock(&mutex);
            break;
        case 3:
            sched_wake(q, UINT32_MAX);
            break;
        default:
            sched_yield();
        }
    }
}

static void test_stress(void **state)
{
    (void)state;
    for (random_state = 1; random_state < 30; random_state++) {
        uint64_t seed = random_state;
        for (unsigned i = 0; i < 10; i++)
            steps_left[i] = 300;
        begin(10, wanders);
        assert_int_equal(host_threads_run(), 0);
        assert_int_equal(inside, 0);
        assert_true(list_empty(&queue.threads) && list_empty(&other.threads) && !mutex.locked);
        random_state = seed;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_round_robin),
        TEST(test_wake_order),
        TEST(test_deadlines),
        TEST(test_woken_before_deadline),
        TEST(test_wake_and_deadline),
        TEST(test_kill),
        TEST(test_kill_ready),
        TEST(test_kill_not_always),
        TEST(test_mutex),
        TEST(test_mutex_killed),
        TEST(test_timer),
        TEST(test_timer_slice_and_sleeper),
        TEST(test_dead),
        TEST(test_no_memory),
        TEST(test_idle),
        TEST(test_stress),
    };
    host_threads_init();
    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
