/* SPDX-License-Identifier: MIT */
/* test_console.c: the console over a serial port made of two buffers; sleeping means that input arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "console.h"
#include "machine/serial.h"
#include "sched.h"

static bool port_present, copies_fail, killed, listening;
static char sent[2048], incoming[4096];
static size_t sent_bytes, incoming_at, incoming_end;
static const char *on_sleep; /* what arrives when a reader sleeps */
static void (*handler)(void *arg);

bool serial_init(void)
{
    return port_present;
}

void serial_write(const void *bytes, size_t n)
{
    memcpy(sent + sent_bytes, bytes, n);
    sent_bytes += n;
}

size_t serial_read(void *bytes, size_t n)
{
    size_t taken = 0;
    while (taken < n && incoming_at < incoming_end)
        ((char *)bytes)[taken++] = incoming[incoming_at++];
    return taken;
}

void serial_interrupt_set(bool on)
{
    listening = on;
}

int env_copy_in(void *dst, uaddr_t src, size_t n)
{
    if (copies_fail)
        return -EFAULT;
    memcpy(dst, (const void *)src, n);
    return 0;
}

int env_copy_out(uaddr_t dst, const void *src, size_t n)
{
    if (copies_fail)
        return -EFAULT;
    memcpy((void *)dst, src, n);
    return 0;
}

int env_irq_bind(uint32_t irq, void (*h)(void *arg), void *arg)
{
    assert_int_equal(irq, SERIAL_IRQ);
    assert_null(arg);
    handler = h;
    return 0;
}

uint64_t env_irq_save(void)
{
    return 0;
}

void env_irq_restore(uint64_t saved)
{
    (void)saved;
}

void sched_waitq_init(struct waitq *q)
{
    list_init(&q->threads);
}

static void arrive(const char *bytes, size_t n)
{
    memcpy(incoming, bytes, n);
    incoming_at = 0;
    incoming_end = n;
    handler(NULL);
}

int sched_wait(struct waitq *q, uint64_t deadline_ns)
{
    (void)q, (void)deadline_ns;
    if (killed)
        return -EINTR;
    assert_non_null(on_sleep);
    arrive(on_sleep, strlen(on_sleep));
    return 0;
}

void sched_wake(struct waitq *q, unsigned n)
{
    (void)q, (void)n;
}

static char buffer[8192];

/* In this order: the console has one life, so the test without a port comes last. */
static void test_write(void **state)
{
    (void)state;
    port_present = true;
    assert_int_equal(console_init(), 0);
    for (unsigned i = 0; i < 1000; i++)
        buffer[i] = (char)i;
    assert_int_equal(console_write_caller((uaddr_t)buffer, 1000), 1000);
    assert_int_equal(sent_bytes, 1000);
    assert_memory_equal(sent, buffer, 1000);
    console_write("abc", 3);
    assert_memory_equal(sent + 1000, "abc", 3);
    assert_int_equal(console_write_caller((uaddr_t)buffer, 0), 0);
    copies_fail = true;
    assert_int_equal(console_write_caller((uaddr_t)buffer, 5), -EFAULT);
    copies_fail = false;
    assert_false(listening);
}

static void test_read(void **state)
{
    (void)state;
    assert_int_equal(console_read_caller((uaddr_t)buffer, 0), 0);
    assert_false(listening);
    on_sleep = "hello";
    assert_int_equal(console_read_caller((uaddr_t)buffer, 3), 3);
    assert_true(listening);
    assert_true(console_readable());
    assert_memory_equal(buffer, "hel", 3);
    on_sleep = NULL;
    assert_int_equal(console_read_caller((uaddr_t)buffer, 100), 2);
    assert_memory_equal(buffer, "lo", 2);
    assert_false(console_readable());
    killed = true;
    assert_int_equal(console_read_caller((uaddr_t)buffer, 1), -EINTR);
    killed = false;
    on_sleep = "x";
    copies_fail = true;
    assert_int_equal(console_read_caller((uaddr_t)buffer, 1), -EFAULT);
    copies_fail = false;
}

/* More than the ring holds: the first bytes stay, in order, and the ring works on. */
static void test_overrun(void **state)
{
    (void)state;
    char bytes[3000];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (unsigned round = 0; round < 10; round++) {
        size_t got = 0;
        arrive(bytes, sizeof bytes);
        while (console_readable())
            got += (size_t)console_read_caller((uaddr_t)buffer + got, 77);
        assert_int_equal(got, 1024);
        assert_memory_equal(buffer, bytes, got);
    }
}

static void test_no_port(void **state)
{
    (void)state;
    port_present = false;
    assert_int_equal(console_init(), 0);
    assert_true(console_readable());
    assert_int_equal(console_read_caller((uaddr_t)buffer, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_overrun),
        cmocka_unit_test(test_no_port),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
