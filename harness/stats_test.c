/* SPDX-License-Identifier: MIT */
/*
 * stats_test.c: Hodges-Lehmann shift, permutation test of the rank sum, many tests at once.
 */
#include "stats_test.h"
#include "random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_VALUES 60        /* in both samples: the table of the exact distribution then has 60 x 3600 places */
#define EXACT_PAIRS 2500       /* up to so many differences the interval's ranks are exact */
#define NORMAL_975 1.959963985 /* the quantile 0.975 of the normal distribution */

static void *allocate(size_t count, size_t bytes)
{
    void *memory = calloc(count, bytes);

    if (!memory)
        abort();
    return memory;
}

static double *sorted_copy(const double *values, size_t count)
{
    double *copy = allocate(count, sizeof(*copy));

    memcpy(copy, values, count * sizeof(*copy));
    stats_sort(copy, count);
    return copy;
}

/* How many of the differences b[j] - a[i] of sorted values are at most limit. */
static size_t differences_below(const double *a, size_t n, const double *b, size_t m, double limit)
{
    size_t count = 0, j = 0;

    for (size_t i = 0; i < n; i++) {
        while (j < m && b[j] - a[i] <= limit)
            j++;
        count += j;
    }
    return count;
}

/* Doubles in the order of whole numbers, so that bisection ends at the very value. */
static int64_t order_of(double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double value_of(int64_t order)
{
    int64_t bits = order < 0 ? INT64_MIN - order : order;
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The difference of 1-based rank, without making all n m of them. */
static double difference_of_rank(const double *a, size_t n, const double *b, size_t m, size_t rank)
{
    int64_t low = order_of(b[0] - a[n - 1]), high = order_of(b[m - 1] - a[0]);

    while (low < high) {
        int64_t middle = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);

        if (differences_below(a, n, b, m, value_of(middle)) >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return value_of(low);
}

/* How many of the sets of n ranks out of n + m have the Mann-Whitney count u, for each u up to n m, as shares. */
static double *mann_whitney_shares(size_t n, size_t m)
{
    size_t top = n * m;
    double *ways = allocate(top + 1, sizeof(*ways)), all = 0;

    /* The counts are the coefficients of the product of (1 - x^(m + i)) / (1 - x^i) for i = 1 to n. */
    ways[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t u = top; u >= m + i; u--)
            ways[u] -= ways[u - m - i];
        for (size_t u = i; u <= top; u++)
            ways[u] += ways[u - i];
    }
    for (size_t u = 0; u <= top; u++)
        all += ways[u];
    for (size_t u = 0; u <= top; u++)
        ways[u] /= all;
    return ways;
}

/* The rank, from below and from above, of the differences that bound the interval; 0 if no difference does. */
static size_t bound_rank(size_t n, size_t m)
{
    double tail = (1 - STATS_CONFIDENCE) / 2, below = 0, *shares;
    size_t rank = 0;

    if (n * m > EXACT_PAIRS) {
        double pairs = (double)n * (double)m, deviation = sqrt(pairs * (double)(n + m + 1) / 12);

        rank = (size_t)fmax(floor(pairs / 2 - NORMAL_975 * deviation), 0);
        return rank;
    }
    shares = mann_whitney_shares(n, m);
    while (rank <= n * m && (below += shares[rank]) <= tail)
        rank++;
    free(shares);
    return rank;
}

struct stats_shift stats_shift(const double *first, size_t n, const double *second, size_t m)
{
    double *a = sorted_copy(first, n), *b = sorted_copy(second, m);
    size_t pairs = n * m, rank = bound_rank(n, m), edge = rank ? rank : 1;
    struct stats_shift result = {.bounded = rank > 0};

    result.shift = difference_of_rank(a, n, b, m, pairs / 2 + 1);
    if (pairs % 2 == 0)
        result.shift = (result.shift + difference_of_rank(a, n, b, m, pairs / 2)) / 2;
    result.range.lo = difference_of_rank(a, n, b, m, edge);
    result.range.hi = difference_of_rank(a, n, b, m, pairs + 1 - edge);
    free(a);
    free(b);
    return result;
}

struct ranked {
    double value;
    bool first;     /* of the first sample */
    unsigned twice; /* its rank, doubled: ranks of equal values end in a half */
};

static int ranked_compare(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

    return (x > y) - (x < y);
}

static struct ranked *ranks_make(const double *a, size_t n, const double *b, size_t m)
{
    struct ranked *ranks = allocate(n + m, sizeof(*ranks));

    for (size_t i = 0; i < n + m; i++)
        ranks[i] = (struct ranked){.value = i < n ? a[i] : b[i - n], .first = i < n};
    qsort(ranks, n + m, sizeof(*ranks), ranked_compare);
    for (size_t i = 0, end; i < n + m; i = end) {
        for (end = i; end < n + m && ranks[end].value == ranks[i].value; end++)
            ;
        for (size_t k = i; k < end; k++)
            ranks[k].twice = (unsigned)(i + 1 + end);
    }
    return ranks;
}

/* Counts the ways to choose n of all ranks by their sum, and how many sums are as far from the middle as the one seen.
 */
static double chance_exact(const struct ranked *ranks, size_t n, size_t all, unsigned seen)
{
    size_t middle = n * (all + 1), top = 2 * middle; /* of doubled rank sums: the mean, and more than any */
    size_t far = seen > middle ? seen - middle : middle - seen;
    double *ways = allocate((n + 1) * (top + 1), sizeof(*ways)), total = 0, beyond = 0;

    ways[0] = 1;
    for (size_t i = 0; i < all; i++) {
        for (size_t k = n < i + 1 ? n : i + 1; k > 0; k--) {
            for (size_t sum = ranks[i].twice; sum <= top; sum++)
                ways[k * (top + 1) + sum] += ways[(k - 1) * (top + 1) + sum - ranks[i].twice];
        }
    }
    for (size_t sum = 0; sum <= top; sum++) {
        total += ways[n * (top + 1) + sum];
        if ((sum > middle ? sum - middle : middle - sum) >= far)
            beyond += ways[n * (top + 1) + sum];
    }
    free(ways);
    return beyond / total;
}

/* The share of random divisions, the one seen among them, so that it is never 0. */
static double chance_sampled(struct ranked *ranks, size_t n, size_t all, unsigned seen, uint64_t seed)
{
    struct random random = random_of(seed);
    uint64_t middle = (uint64_t)n * (all + 1), far = seen > middle ? seen - middle : middle - seen;
    size_t beyond = 1;

    for (size_t round = 0; round < STATS_PERMUTATIONS; round++) {
        uint64_t sum = 0;

        for (size_t i = 0; i < n; i++) { /* the first n of a shuffle */
            size_t k = i + random_below(&random, all - i);
            struct ranked other = ranks[k];

            ranks[k] = ranks[i];
            ranks[i] = other;
            sum += other.twice;
        }
        beyond += (sum > middle ? sum - middle : middle - sum) >= far;
    }
    return (double)beyond / (STATS_PERMUTATIONS + 1);
}

struct stats_chance stats_permutation(const double *a, size_t n, const double *b, size_t m, uint64_t seed)
{
    struct ranked *ranks = ranks_make(a, n, b, m);
    struct stats_chance chance = {.exact = n + m <= EXACT_VALUES};
    unsigned seen = 0;

    for (size_t i = 0; i < n + m; i++)
        seen += ranks[i].first ? ranks[i].twice : 0;
    chance.p = chance.exact ? chance_exact(ranks, n, n + m, seen) : chance_sampled(ranks, n, n + m, seen, seed);
    free(ranks);
    return chance;
}

void stats_holm(double *p, size_t count)
{
    bool *done = allocate(count + 1, sizeof(*done));
    double floor = 0;

    for (size_t step = 0; step < count; step++) {
        size_t least = count;

        for (size_t i = 0; i < count; i++) {
            if (!done[i] && (least == count || p[i] < p[least]))
                least = i;
        }
        done[least] = true;
        floor = fmax(floor, fmin(1, p[least] * (double)(count - step)));
        p[least] = floor;
    }
    free(done);
}

/* The probability of at most hits in count when each has the chance share. */
static double binomial_below(size_t hits, size_t count, double share)
{
    double sum = 0;

    for (size_t k = 0; k <= hits; k++)
        sum += exp(lgamma((double)count + 1) - lgamma((double)k + 1) - lgamma((double)(count - k) + 1) +
                   (double)k * log(share) + (double)(count - k) * log1p(-share));
    return sum;
}

double stats_share_limit(size_t hits, size_t count)
{
    double low = 0, high = 1;

    if (hits >= count)
        return 1;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (binomial_below(hits, count, middle) > STATS_ALPHA)
            low = middle;
        else
            high = middle;
    }
    return high;
}
