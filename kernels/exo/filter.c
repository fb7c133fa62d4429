/* SPDX-License-Identifier: MIT */
/*
 * filter.c: the tree of claims.
 *
 *      edge 0 --> place: bytes 12-13 of the frame -- 0x0800 --> edge --> place: protocol -- 6 --> edge --> ...
 *                                                 -- 0x0806 --> edge --> place: target address -- ... --> edge: owners
 *
 * A *place* is where in the tree which bytes are compared; an *edge* leads from there on for one value of them.  Behind
 * an edge there may be several places, which are all tried, for a frame may match several claims of one owner, or
 * shared ones.  A claim's comparisons are sorted, so that claims with the same ones have the same path.  A place with
 * one edge compares; others look the value up in a hash table with all edges, if it is not the last one's again.
 */
#include "exo/filter.h"
#include "alloc.h"
#include "base/errno.h"
#include "base/string.h"
#include "env.h"
#include "exo/filter_flow.h"

#define PLACES_MAX 128u /* tried for one frame at most */
#define NONE 0u
#define OWNERS ((1u << FILTER_OWNERS_MAX) - 1)
#define REST_SHIFT 16
#define ALONE (1u << 15) /* beside owners: who cannot have to share */

struct place {
    struct nic_test test;      /* its value means nothing */
    uint32_t mask;             /* as_loaded */
    uint16_t edge_count, edge; /* the one that was found last, NONE if that is gone and there are several others */
    uint16_t next;             /* behind the same edge, or free */
    uint8_t maker;             /* the owner who pays for it */
    bool is_flows;             /* frames of one flow do not differ there */
};

struct edge {
    uint32_t value;       /* as_loaded */
    uint16_t place;       /* from where; NONE: free */
    uint16_t next;        /* of the same bucket, or free */
    uint16_t first_place; /* behind it */
    uint16_t uses;        /* claims that lead through it or end here */
    uint32_t owners;      /* of claims that end here; shifted by REST_SHIFT those of the rest */
    uint8_t maker;        /* the owner who pays for it */
};

struct claim {
    struct nic_filter filter; /* sorted; no tests: free */
    uint16_t edge;            /* where it ends; the next free one */
    uint8_t owner;
};

static struct {
    struct claim *claims;
    struct edge *edges;
    uint16_t *buckets;
    struct place places[PLACES_MAX];
    unsigned claims_max, claims_share, edges_share, places_share, claim_count;
    unsigned bucket_shift;
    uint16_t free_edge, free_place, free_claim;
    uint64_t secret; /* so that nobody can choose values that fall into one bucket */
    unsigned claims_of[FILTER_OWNERS_MAX], edges_of[FILTER_OWNERS_MAX], places_of[FILTER_OWNERS_MAX];
} tree;

/* ---- a frame's bytes ---- */

struct view {
    const uint8_t *frame;
    uint32_t bytes, start[3]; /* of the bases; UINT32_MAX where there is none */
    bool is_flows;            /* what has been looked at all frames of its flow have */
};

/* The bytes that a test compares as a load gives them. */
static inline uint32_t as_loaded(const struct nic_test *t, uint32_t value)
{
    return t->bytes == 4 ? __builtin_bswap32(value) : t->bytes == 2 ? __builtin_bswap16((uint16_t)value) : value;
}

typedef uint32_t __attribute__((may_alias, aligned(1))) word4;
typedef uint16_t __attribute__((may_alias, aligned(1))) word2;

static inline bool field_load(const struct view *v, const struct place *p, uint32_t *out)
{
    uint64_t at = (uint64_t)v->start[p->test.base] + p->test.offset;
    const uint8_t *from = v->frame + at;

    if (at + p->test.bytes > v->bytes)
        return false;
    *out = p->test.bytes == 2 ? *(const word2 *)from : p->test.bytes == 4 ? *(const word4 *)from : *from;
    *out &= p->mask;
    return true;
}

/* ---- the tree ---- */

/* Multiply-shift hashing (Dietzfelbinger and others, 1997). */
static inline uint16_t *bucket_of(uint16_t place, uint32_t value)
{
    return &tree.buckets[(((uint64_t)place << 32 | value) + 1) * tree.secret >> tree.bucket_shift];
}

static inline uint16_t edge_find(uint16_t place, uint32_t value)
{
    struct place *p = &tree.places[place];
    uint16_t at = p->edge;

    if (at && tree.edges[at].value == value)
        return at;
    if (p->edge_count == 1)
        return NONE;
    at = *bucket_of(place, value);
    while (at && (tree.edges[at].place != place || tree.edges[at].value != value))
        at = tree.edges[at].next;
    if (at)
        p->edge = at;
    return at;
}

/* As soon as one owner has the frame for himself, nobody else can have it.  No deeper than a claim has comparisons; the
   last place behind an edge needs no call. */
static uint32_t owners_behind(struct view *v, const struct edge *from)
{
    uint32_t owners = from->owners, value;
    uint16_t place = from->first_place;

    while (place && !(owners & ALONE)) {
        const struct place *p = &tree.places[place];
        uint16_t edge = field_load(v, p, &value) ? edge_find(place, value) : NONE;
        v->is_flows &= p->is_flows;
        place = p->next;
        if (!edge)
            continue;
        if (place) {
            owners |= owners_behind(v, &tree.edges[edge]);
        } else {
            owners |= tree.edges[edge].owners;
            place = tree.edges[edge].first_place;
        }
    }
    return owners;
}

static __attribute__((noinline)) uint32_t tree_match(const uint8_t *frame, uint32_t bytes, const struct flow *flow)
{
    struct view v = {frame, bytes, {0, FILTER_NETWORK, filter_transport(frame, bytes)}, flow};
    uint32_t owners;

    if (!v.start[NIC_TRANSPORT])
        v.start[NIC_TRANSPORT] = UINT32_MAX;
    owners = owners_behind(&v, &tree.edges[0]);
    owners = owners & OWNERS ? owners & OWNERS : owners >> REST_SHIFT;
    if (v.is_flows && owners)
        flow_keep(flow, owners);
    return owners;
}

uint32_t filter_match(const void *frame, uint32_t bytes)
{
    struct flow flow;
    uint32_t owners;

    if (!flow_of(&flow, frame, bytes))
        return tree_match(frame, bytes, NULL);
    owners = flow_find(&flow);
    return owners ? owners : tree_match(frame, bytes, &flow);
}

static bool is_same_field(const struct nic_test *a, const struct nic_test *b)
{
    return a->base == b->base && a->offset == b->offset && a->bytes == b->bytes && a->mask == b->mask;
}

static uint16_t place_find(const struct edge *from, const struct nic_test *test)
{
    uint16_t at = from->first_place;

    while (at && !is_same_field(&tree.places[at].test, test))
        at = tree.places[at].next;
    return at;
}

/* The last behind its edge: who claims the rest of something has mostly claimed what matters before. */
static uint16_t place_make(struct edge *from, const struct nic_test *test, unsigned owner)
{
    uint16_t at = tree.free_place, *last = &from->first_place;

    if (!at || tree.places_of[owner] == tree.places_share)
        return NONE;
    tree.free_place = tree.places[at].next;
    tree.places[at] =
        (struct place){*test, as_loaded(test, test->mask), 0, NONE, NONE, (uint8_t)owner, flow_decides(test)};
    while (*last)
        last = &tree.places[*last].next;
    *last = at;
    tree.places_of[owner]++;
    return at;
}

static uint16_t edge_make(uint16_t place, uint32_t value, unsigned owner)
{
    uint16_t at = tree.free_edge, *bucket = bucket_of(place, value);
    struct place *p = &tree.places[place];

    if (!at || tree.edges_of[owner] == tree.edges_share)
        return NONE;
    tree.free_edge = tree.edges[at].next;
    tree.edges[at] = (struct edge){.value = value, .place = place, .next = *bucket, .maker = (uint8_t)owner};
    *bucket = at;
    tree.edges_of[owner]++;
    if (!p->edge_count++)
        p->edge = at;
    return at;
}

/* The only edge of a place. */
static uint16_t edge_last(uint16_t place)
{
    uint16_t at = 1;

    while (tree.edges[at].place != place)
        at++;
    return at;
}

static void place_free(struct edge *from, uint16_t place)
{
    uint16_t *at = &from->first_place;

    while (*at != place)
        at = &tree.places[*at].next;
    *at = tree.places[place].next;
    tree.places_of[tree.places[place].maker]--;
    tree.places[place].next = tree.free_place;
    tree.free_place = place;
}

static void edge_free(uint16_t edge)
{
    struct edge *e = &tree.edges[edge];
    struct place *p = &tree.places[e->place];
    uint16_t *at = bucket_of(e->place, e->value), place = e->place;

    while (*at != edge)
        at = &tree.edges[*at].next;
    *at = e->next;
    tree.edges_of[e->maker]--;
    *e = (struct edge){.next = tree.free_edge};
    tree.free_edge = edge;
    if (p->edge == edge)
        p->edge = NONE;
    if (--p->edge_count == 1 && !p->edge)
        p->edge = edge_last(place);
}

/* Takes one use off each edge along the first count tests, and away what then has none. */
static void path_free(const struct nic_filter *f, unsigned count)
{
    uint16_t edges[NIC_TESTS_MAX + 1] = {0}, places[NIC_TESTS_MAX + 1] = {0};

    for (unsigned i = 0; i < count; i++) {
        places[i + 1] = place_find(&tree.edges[edges[i]], &f->tests[i]);
        edges[i + 1] = edge_find(places[i + 1], as_loaded(&f->tests[i], f->tests[i].value));
    }
    for (unsigned i = count; i; i--) {
        if (--tree.edges[edges[i]].uses)
            continue;
        edge_free(edges[i]);
        if (!tree.places[places[i]].edge_count)
            place_free(&tree.edges[edges[i - 1]], places[i]);
    }
}

/* The edge to which the tests lead, each on the way with one more use; NONE without room. */
static uint16_t path_make(const struct nic_filter *f, unsigned owner)
{
    uint16_t at = 0;

    for (unsigned i = 0; i < f->test_count; i++) {
        uint16_t place = place_find(&tree.edges[at], &f->tests[i]), edge = NONE;
        uint32_t value = as_loaded(&f->tests[i], f->tests[i].value);
        bool is_new = !place;
        if (is_new)
            place = place_make(&tree.edges[at], &f->tests[i], owner);
        else
            edge = edge_find(place, value);
        if (place && !edge)
            edge = edge_make(place, value, owner);
        if (!edge) {
            if (place && is_new)
                place_free(&tree.edges[at], place);
            path_free(f, i);
            return NONE;
        }
        tree.edges[edge].uses++;
        at = edge;
    }
    return at;
}

/* ---- claims ---- */

static uint32_t owner_bit(const struct claim *c)
{
    uint32_t bit = 1u << c->owner;

    return c->filter.rest ? bit << REST_SHIFT : c->filter.shared ? bit : bit | ALONE;
}

static bool test_is_good(const struct nic_test *t)
{
    uint32_t bits = t->bytes == 4 ? UINT32_MAX : t->bytes == 2 ? 0xffff : 0xff;

    return t->base <= NIC_TRANSPORT && (t->bytes == 1 || t->bytes == 2 || t->bytes == 4) && t->mask &&
           !(t->mask & ~bits) && !(t->value & ~t->mask) && t->offset + t->bytes <= FILTER_END_MAX;
}

bool filter_is_good(const struct nic_filter *f)
{
    if (!f->test_count || f->test_count > NIC_TESTS_MAX)
        return false;
    for (unsigned i = 0; i < f->test_count; i++)
        if (!test_is_good(&f->tests[i]))
            return false;
    return true;
}

static bool is_before(const struct nic_test *a, const struct nic_test *b)
{
    if (a->base != b->base)
        return a->base < b->base;
    if (a->offset != b->offset)
        return a->offset < b->offset;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes;
    return a->mask < b->mask;
}

static void sort(struct nic_filter *f)
{
    for (unsigned i = 1; i < f->test_count; i++)
        for (unsigned j = i; j && is_before(&f->tests[j], &f->tests[j - 1]); j--) {
            struct nic_test t = f->tests[j];
            f->tests[j] = f->tests[j - 1];
            f->tests[j - 1] = t;
        }
}

static bool is_anothers(unsigned owner, const struct nic_filter *f)
{
    if (tree.claim_count == tree.claims_of[owner])
        return false;
    for (const struct claim *c = tree.claims; c < tree.claims + tree.claims_max; c++)
        if (c->filter.test_count && c->owner != owner && c->filter.rest == f->rest &&
            !(c->filter.shared && f->shared) && filter_overlap(&c->filter, f))
            return true;
    return false;
}

int filter_claim(unsigned owner, const struct nic_filter *filter)
{
    struct nic_filter f = *filter;
    uint16_t edge, number = tree.free_claim;

    if (!filter_is_good(&f))
        return -EINVAL;
    sort(&f);
    if (is_anothers(owner, &f))
        return -EADDRINUSE;
    if (tree.claims_of[owner] == tree.claims_share)
        return -ENOSPC;
    edge = path_make(&f, owner);
    if (!edge)
        return -ENOSPC;
    flow_forget();
    tree.free_claim = tree.claims[number].edge;
    tree.claims[number] = (struct claim){f, edge, (uint8_t)owner};
    tree.edges[edge].owners |= owner_bit(&tree.claims[number]);
    tree.claims_of[owner]++;
    tree.claim_count++;
    return number;
}

int filter_claim_end(unsigned owner, uint64_t number)
{
    struct claim *c = number < tree.claims_max ? &tree.claims[number] : NULL;
    struct nic_filter f;
    uint16_t edge;

    if (!c || !c->filter.test_count || c->owner != owner)
        return -EINVAL;
    f = c->filter;
    edge = c->edge;
    *c = (struct claim){.edge = tree.free_claim};
    tree.free_claim = (uint16_t)number;
    tree.claims_of[owner]--;
    tree.claim_count--;
    flow_forget();
    path_free(&f, f.test_count);
    if (!tree.edges[edge].uses)
        return 0;
    tree.edges[edge].owners = 0;
    for (c = tree.claims; c < tree.claims + tree.claims_max; c++)
        if (c->filter.test_count && c->edge == edge)
            tree.edges[edge].owners |= owner_bit(c);
    return 0;
}

void filter_owner_end(unsigned owner)
{
    for (unsigned i = 0; tree.claims_of[owner]; i++)
        filter_claim_end(owner, i);
}

int filter_init(unsigned claims_max, unsigned owners)
{
    unsigned edges = claims_max * 2, bits = 1;

    while (1u << bits < edges)
        bits++;
    memset(&tree, 0, sizeof tree);
    tree.claims_max = claims_max;
    tree.claims_share = claims_max / owners;
    tree.edges_share = (edges - 1) / owners;
    tree.places_share = (PLACES_MAX - 1) / owners;
    tree.claims = alloc_get(claims_max * sizeof *tree.claims);
    tree.edges = alloc_get(edges * sizeof *tree.edges);
    tree.buckets = alloc_get(sizeof *tree.buckets << bits);
    if (!tree.claims || !tree.edges || !tree.buckets)
        return -ENOMEM;
    for (unsigned i = 0; i < claims_max; i++)
        tree.claims[i].edge = (uint16_t)(i + 1);
    for (unsigned i = 1; i + 1 < edges; i++)
        tree.edges[i].next = (uint16_t)(i + 1);
    for (unsigned i = 1; i + 1 < PLACES_MAX; i++)
        tree.places[i].next = (uint16_t)(i + 1);
    tree.free_edge = tree.free_place = 1;
    tree.bucket_shift = 64 - bits;
    env_random(&tree.secret, sizeof tree.secret);
    tree.secret |= 1;
    flow_init();
    return 0;
}
