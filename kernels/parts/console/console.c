/* SPDX-License-Identifier: MIT */
/*
 * console.c: the terminal on the first serial port.  Bytes pass unchanged in both directions: no echo, no line
 * editing.  Arriving bytes are moved by interrupt into a ring; when it is full they are dropped, as a UART would.
 *
 *      ring: [taken, arrived), free-running indices; the interrupt handler moves arrived, readers move taken.
 *
 * Only the first reader that asks for input turns the interrupt on, so that a run without input has none.
 */
#include "console.h"
#include "base/errno.h"
#include "machine/serial.h"
#include "sched.h"

#define RING_BYTES 1024u /* a power of two */
#define CHUNK_BYTES 256u

static struct {
    bool present, listening;
    uint8_t ring[RING_BYTES];
    uint32_t taken, arrived;
    struct waitq readers;
    void (*on_input)(void);
} console;

static void input_irq(void *arg)
{
    uint8_t byte;
    (void)arg;
    while (serial_read(&byte, 1))
        if (console.arrived - console.taken < RING_BYTES)
            console.ring[console.arrived++ % RING_BYTES] = byte;
    sched_wake(&console.readers, UINT32_MAX);
    if (console.on_input)
        console.on_input();
}

void console_on_input(void (*fn)(void))
{
    console.on_input = fn;
}

int console_init(void)
{
    sched_waitq_init(&console.readers);
    console.present = serial_init();
    return 0;
}

/* Starts listening on first use; false if no input can ever come. */
static bool listen(void)
{
    if (console.present && !console.listening) {
        console.present = env_irq_bind(SERIAL_IRQ, input_irq, NULL) == 0;
        console.listening = console.present;
        serial_interrupt_set(console.present);
    }
    return console.present;
}

void console_write(const char *text, uint64_t n)
{
    serial_write(text, n);
}

int64_t console_write_caller(uaddr_t text, uint64_t n)
{
    char chunk[CHUNK_BYTES];
    uint64_t sent = 0;
    while (sent < n) {
        uint64_t bytes = n - sent < sizeof chunk ? n - sent : sizeof chunk;
        if (env_copy_in(chunk, text + sent, bytes))
            return sent ? (int64_t)sent : -EFAULT;
        serial_write(chunk, bytes);
        sent += bytes;
    }
    return (int64_t)sent;
}

/* Sleeps until the ring holds something: 0, -EINTR. */
static int wait_input(void)
{
    uint64_t saved = env_irq_save();
    int error = 0;
    while (!error && console.taken == console.arrived)
        error = sched_wait(&console.readers, SCHED_FOREVER);
    env_irq_restore(saved);
    return error;
}

int64_t console_read_caller(uaddr_t buffer, uint64_t n)
{
    if (n == 0 || !listen())
        return 0;
    int error = wait_input();
    if (error)
        return error;
    /* Storing may sleep, and another reader may come then: what is taken out first cannot be read twice. */
    uint8_t chunk[CHUNK_BYTES];
    uint64_t bytes = 0;
    while (bytes < n && bytes < sizeof chunk && console.taken != console.arrived)
        chunk[bytes++] = console.ring[console.taken++ % RING_BYTES];
    return env_copy_out(buffer, chunk, bytes) ? -EFAULT : (int64_t)bytes;
}

bool console_readable(void)
{
    return !listen() || console.taken != console.arrived;
}
