/* SPDX-License-Identifier: MIT */
/* build.c: makes processes from the table of compose.h: domain, memory, windows, device; then handles; then threads. */
#include "micro/build.h"
#include "alloc.h"
#include "base/panic.h"
#include "env.h"
#include "machine/boot.h"
#include "machine/bus.h"
#include "machine/paging.h"
#include "machine/serial.h"
#include "machine/trap.h"
#include "micro/device.h"
#include "micro/end.h"
#include "micro/endpoint.h"
#include "micro/irq.h"
#include "micro/plan.h"
#include "micro/process.h"
#include "micro/space.h"
#include "micro/tcb.h"

#define READ_WRITE (PAGER_READ | PAGER_WRITE)
#define QUIET_NS 10000000u /* how often it is seen whether servers have started and wait */

extern const char module_program_start[], module_program_end[];

static struct endpoint *service;
static struct object *machine; /* the right to end it */
static uint64_t entries[PROCESSES_MAX];

static void need(bool done, const struct micro_process *m)
{
    if (!done)
        panic("process %s cannot be made", m->name);
}

static void range_map(const struct micro_process *m, unsigned domain, uint64_t address, struct plan_range range,
                      uint32_t access)
{
    struct table *table = processes[domain]->first->table;

    need(range.bytes && domain_map_range(table, address, range.physical, range.bytes, access) == 0, m);
}

/* The domain's page, and what its image and its memory are. */
static void domain_make(const struct micro_process *m, struct process *p)
{
    uint64_t base = DOMAIN_BASE((uint64_t)m->domain), bytes = (uint64_t)(m->module_end - m->module);
    struct plan_range ram = plan_ram[m->domain];

    p->info = paging_table_page(p->first->table);
    need(p->info, m);
    domain_info_fill(p->info, m->domain);
    need(paging_table_map(p->first->table, base + DOMAIN_INFO, p->info, m->common ? PAGER_READ : READ_WRITE) == 0, m);
    need(domain_load(p->first->table, m->module, bytes, &entries[m->domain]) == 0, m);
    p->info->ram_physical = ram.physical;
    p->info->ram_bytes = ram.bytes;
    if (m->ram_least)
        range_map(m, m->domain, base + DOMAIN_RAM, ram, READ_WRITE);
}

static void program_map(const struct micro_process *m, struct process *p)
{
    uint64_t bytes = (uint64_t)(module_program_end - module_program_start);
    struct plan_range file = {paging_physical(module_program_start), (bytes + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES};

    p->info->program_bytes = bytes;
    p->info->program_physical = file.physical;
    range_map(m, m->domain, PROGRAM_BASE, file, PAGER_READ);
}

static unsigned irq_add(const struct micro_process *m, struct process *p, unsigned n, uint32_t line)
{
    static const uint8_t slots[] = {HANDLE_IRQ, HANDLE_IRQ_SECOND, HANDLE_IRQ_THIRD};

    p->irq[n] = irq_make(line, p);
    need(p->irq[n], m);
    handle_set(p, slots[n], 0, &p->irq[n]->object, 0);
    return slots[n];
}

/* Registers, in whole pages, as number n. */
static void registers_map(const struct micro_process *m, unsigned n, uint64_t physical, uint64_t bytes)
{
    uint64_t first = physical & -(uint64_t)PAGE_BYTES;
    uint64_t end = (physical + bytes + PAGE_BYTES - 1) & -(uint64_t)PAGE_BYTES;
    struct plan_range range = {first, end - first};

    range_map(m, m->domain, DOMAIN_BASE((uint64_t)m->domain) + DOMAIN_DEVICE + n * (uint64_t)DOMAIN_DEVICE_STRIDE,
              range, READ_WRITE | PAGING_UNCACHED);
}

static void virtio_give(const struct micro_process *m, struct process *p, unsigned n, enum virtio_type type)
{
    const struct device *d = device_find(type);
    unsigned at = 0, line = 0, pci = p->info->device_pci;

    if (!d)
        return;
    while (p->info->device[at].bytes)
        at++;
    while (p->info->device_irq[line])
        line++;
    for (unsigned i = 0; i < d->count; i++, at++) {
        need(at < DOMAIN_DEVICES_MAX, m);
        registers_map(m, at, d->registers[i].physical, d->registers[i].bytes);
        p->info->device[at].physical = d->registers[i].physical;
        p->info->device[at].bytes = d->registers[i].bytes;
    }
    p->info->device_irq[line] = d->line;
    if (d->pci) {
        p->pci[pci] = d;
        bus_msi_target(d->line - IRQ_MSI_BASE, &p->info->msi[pci].address, &p->info->msi[pci].data);
        p->info->device_pci = pci + 1;
    }
    p->info->device_handle[line] = irq_add(m, p, n, d->line);
}

static void devices_give(const struct micro_process *m, struct process *p)
{
    for (unsigned n = 0; n < MICRO_DEVICES; n++)
        if (m->devices[n] == MICRO_DEVICE_DISK)
            virtio_give(m, p, n, VIRTIO_BLK);
        else if (m->devices[n] == MICRO_DEVICE_NET && plan_has_network())
            virtio_give(m, p, n, VIRTIO_NET);
        else if (m->devices[n] == MICRO_DEVICE_SERIAL)
            irq_add(m, p, n, SERIAL_IRQ);
}

static void ports_give(const struct micro_process *m, struct process *p)
{
    p->io_map = sizeof trap_tss;
    p->port_first = m->port_first;
    p->port_count = m->port_count;
    if (!m->port_count || (m->ports_by_call && bus_command_line(m->ports_by_call, 0)))
        return;
    trap_ports_allow(m->port_first, m->port_count);
    p->io_map = offsetof(struct trap_tss, ports);
}

static void window_map(const struct micro_process *m, struct process *p, const struct micro_window *w, uint64_t offset,
                       struct plan_range range)
{
    range_map(m, p->domain, DOMAIN_BASE((uint64_t)p->domain) + DOMAIN_WINDOW + offset, range, READ_WRITE);
    if (w->unless && p->info->window_bytes < offset + range.bytes)
        p->info->window_bytes = offset + range.bytes;
}

/* What of window i of m's list is p's to see. */
static void window_give(const struct micro_process *m, unsigned i, struct process *p)
{
    const struct micro_window *w = &m->windows[i];
    struct plan_range range = w->bytes ? plan_window[m->domain][i] : plan_ram[w->with];

    if (p->domain == m->domain)
        window_map(m, p, w, w->offset, range);
    else if (p->domain == w->with && w->bytes)
        window_map(m, p, w, w->with_offset, range);
    if (p->domain == m->domain && !w->bytes) {
        p->info->window_address = DOMAIN_BASE((uint64_t)p->domain) + DOMAIN_WINDOW + w->offset;
        p->info->window_physical = range.physical;
        p->info->window_whole = range.bytes;
    }
}

static void windows_give(struct process *p)
{
    for (unsigned n = 0; n < micro_process_count; n++)
        for (unsigned i = 0; i < MICRO_WINDOWS; i++)
            if (plan_has_window(&micro_processes[n], &micro_processes[n].windows[i]))
                window_give(&micro_processes[n], i, p);
}

/* What every process can name, but where programs share it, of which one could end the others with that. */
static void handles_own(const struct micro_process *m, struct process *p)
{
    struct endpoint *e = m->common ? NULL : endpoint_make(p);

    if (m->common)
        return;
    need(e, m);
    handle_set(p, HANDLE_SELF, HANDLE_RECEIVE, &e->object, 0);
    object_get(&p->object);
    handle_set(p, HANDLE_PROCESS, HANDLE_GIVES | HANDLE_SPACES, &p->object, 0);
    object_get(&p->first->object);
    handle_set(p, HANDLE_SPACE, 0, &p->first->object, 0);
}

static void process_make(const struct micro_process *m)
{
    struct process *p = object_make(OBJECT_PROCESS, sizeof *p, NULL);

    need(p, m);
    p->name = m->name;
    p->domain = m->domain;
    p->application = m->application;
    p->common = m->common;
    p->alarm_ns = SCHED_FOREVER;
    p->pages_max = (int64_t)alloc_free_pages();
    list_init(&p->threads);
    processes[m->domain] = p;
    p->first = space_make(p, 0);
    need(p->first, m);
    domain_make(m, p);
    if (m->program)
        program_map(m, p);
    windows_give(p);
    ports_give(m, p);
    devices_give(m, p);
    handles_own(m, p);
}

/* What a handle of the table names, if that is there yet. */
static struct object *handle_names(const struct micro_handle *h)
{
    struct process *p = processes[h->domain];

    if (h->kind == MICRO_GIVEN_MACHINE)
        return machine;
    if (h->kind == MICRO_GIVEN_SERVICE)
        return &service->object;
    if (!p)
        return NULL;
    return h->kind == MICRO_GIVEN_PROCESS ? &p->object : p->handles[HANDLE_SELF].object;
}

static void handles_give(const struct micro_process *m)
{
    struct process *p = processes[m->domain];

    for (unsigned i = 0; p && i < MICRO_HANDLES_GIVEN && m->handles[i].slot; i++) {
        const struct micro_handle *h = &m->handles[i];
        struct object *o = handle_names(h);
        if (!o || p->handles[h->slot].kind != OBJECT_NONE)
            continue;
        object_get(o);
        handle_set(p, h->slot, h->rights, o, h->badge);
    }
}

static void thread_make(const struct micro_process *m)
{
    struct process *p = processes[m->domain];
    struct handle pager = {.badge = m->pager_badge};
    struct tcb *t;

    if (m->common)
        return;
    if (m->pager)
        pager.object = processes[m->pager]->handles[HANDLE_SELF].object;
    t = tcb_make(p->first, entries[m->domain], 0, 0, m->pager ? &pager : NULL);
    need(t, m);
    object_put(&t->object);
}

/* What of the kernel's memory is left a process may have half of, if it is the application, else a small part. */
static void limits_set(void)
{
    int64_t left = (int64_t)alloc_free_pages();

    for (unsigned d = 0; d < PROCESSES_MAX; d++)
        if (processes[d])
            processes[d]->pages_max = processes[d]->pages + left / (processes[d]->application ? 2 : 16);
}

static void make_all(bool applications)
{
    for (unsigned i = 0; i < micro_process_count; i++)
        if (micro_processes[i].application == applications && plan_has(&micro_processes[i]))
            process_make(&micro_processes[i]);
    for (unsigned i = 0; i < micro_process_count; i++)
        handles_give(&micro_processes[i]);
    limits_set();
    for (unsigned i = 0; i < micro_process_count; i++)
        if (micro_processes[i].application == applications && plan_has(&micro_processes[i]))
            thread_make(&micro_processes[i]);
}

/* Whether no thread runs, or waits for another one that will answer. */
static bool all_wait(void)
{
    for (unsigned d = 0; d < PROCESSES_MAX; d++) {
        if (!processes[d])
            continue;
        LIST_FOR(link, &processes[d]->threads)
        {
            uint32_t state = LIST_ENTRY(link, struct tcb, link)->state;
            if (state != TCB_RECEIVES && state != TCB_NOTE && state != TCB_SLEEP)
                return false;
        }
    }
    return true;
}

/* The application last; where it is to be seen what it leaves behind, only when all the others wait. */
void build_processes(void)
{
    struct waitq never = WAITQ_INIT(never);

    machine = object_make(OBJECT_MACHINE, sizeof *machine, NULL);
    service = compose_service();
    make_all(false);
    if (end_counts()) {
        do
            sched_wait(&never, env_now_ns() + QUIET_NS);
        while (!all_wait());
        end_count_start();
    }
    make_all(true);
    object_put(machine);
}
