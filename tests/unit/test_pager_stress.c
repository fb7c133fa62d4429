/* SPDX-License-Identifier: MIT */
/* test_pager_stress.c: random changes of a small part of a space, beside a model that knows each page by itself. */
#include "pager_fixture.h"

#define PAGES 48
#define STEPS 1500
#define SEEDS 200

struct page {
    bool mapped;
    uint32_t flags;
    int kind;
    uint64_t offset, bytes; /* of the source, at this page */
    int written;            /* what its first byte was set to; -1: never */
};

static struct page model[PAGES];
static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static int model_peek(const struct page *p)
{
    if (!p->mapped || !p->flags)
        return -EFAULT;
    if (p->written >= 0)
        return p->written;
    return p->kind != PAGER_ZERO && p->bytes > 0 ? pattern(p->offset) : 0;
}

static void step_map(unsigned first, unsigned n)
{
    static const uint32_t all[] = {0, R, RW, RW, RW | X, RW | PAGER_POPULATE};
    unsigned from = random_below(6);
    uint64_t bytes = random_below(FILE_BYTES - from * PAGE_BYTES);
    struct pager_source sources[] = {zero, image_at(from, bytes), file_at(from, bytes)}, *s = &sources[random_below(3)];
    uint32_t flags = all[random_below(6)];
    assert_int_equal(map(first, n, flags, s), 0);
    for (unsigned i = 0; i < n; i++)
        model[first + i] = (struct page){
            true, flags & PAGER_ACCESS, (int)s->kind, (from + i) * PAGE, bytes > i * PAGE ? bytes - i * PAGE : 0, -1};
}

static void step_protect(unsigned first, unsigned n)
{
    static const uint32_t all[] = {0, R, RW, RW | X};
    uint32_t flags = all[random_below(4)];
    bool whole = true;
    for (unsigned i = 0; i < n; i++)
        whole &= model[first + i].mapped;
    assert_int_equal(protect(first, n, flags), whole ? 0 : -ENOMEM);
    for (unsigned i = 0; whole && i < n; i++)
        model[first + i].flags = flags;
}

static void step_advise(unsigned first, unsigned n)
{
    assert_int_equal(pager_advise_free(space, AT(first), n * PAGE), 0);
    for (unsigned i = 0; i < n; i++)
        if (model[first + i].kind == PAGER_ZERO)
            model[first + i].written = -1;
}

static void step_poke(unsigned at)
{
    struct page *p = &model[at];
    uint8_t value = (uint8_t)random_below(256);
    bool good = p->mapped && p->flags & W;
    assert_int_equal(poke(AT(at), value), good ? 0 : -EFAULT);
    if (good)
        p->written = value;
}

static void step(void)
{
    unsigned first = random_below(PAGES), n = 1 + random_below(random_below(PAGES - first) + 1);
    switch (random_below(12)) {
    case 0:
    case 1:
        step_map(first, n);
        break;
    case 2:
        assert_int_equal(unmap(first, n), 0);
        for (unsigned i = 0; i < n; i++)
            model[first + i].mapped = false;
        break;
    case 3:
    case 4:
        step_protect(first, n);
        break;
    case 5:
        step_advise(first, n);
        break;
    case 6:
    case 7:
    case 8:
        step_poke(first);
        break;
    default:
        assert_int_equal(peek(AT(first)), model_peek(&model[first]));
    }
}

static void test_stress(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        pager_fixture_restart();
        memset(model, 0, sizeof model);
        random_state = seed;
        for (unsigned i = 0; i < STEPS; i++) {
            step();
            assert_int_equal(space->pages, host_table_pages(space->table));
        }
        for (unsigned i = 0; i < PAGES; i++)
            assert_int_equal(peek(AT(i)), model_peek(&model[i]));
        for (unsigned i = 0; i < FILE_BYTES; i++)
            assert_true(image[i] == pattern(i) && file[i] == pattern(i));
    }
}

int tests_pager_stress(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stress, pager_fixture_open, pager_fixture_close)};
    return cmocka_run_group_tests_name("pager stress", tests, NULL, NULL);
}
