/* SPDX-License-Identifier: MIT */
/*
 * test_harness_stats.c: the statistics against published examples, closed forms, and each other.
 */
#include "test_harness.h"

#include "harness/random.h"
#include "harness/stats.h"
#include "harness/stats_shape.h"
#include "harness/stats_test.h"
#include "harness/warnings.h"
#include <math.h>
#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define assert_near(value, expected, tolerance)                                                                        \
    do {                                                                                                               \
        double is = (value), wanted = (expected);                                                                      \
        if (!(fabs(is - wanted) <= (tolerance)))                                                                       \
            fail_msg("%s is %.10g, expected %.10g", #value, is, wanted);                                               \
    } while (0)

/* M. Hollander, D. Wolfe, Nonparametric Statistical Methods, table 4.1: permeability of chorioamnion, as in the
   examples of R's wilcox.test, which gives W = 35, p = 0.2544 and with conf.int = TRUE -0.15 to 0.76, estimate 0.305.
 */
static const double at_term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};

/* The chickens of Hollander and Wolfe; PROC NPAR1WAY of SAS gives 0.56, and Moses's limits -0.37 and 1.183 (the CAMIS
   project, "Non-parametric point estimation"). */
static const double fed_a[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
static const double fed_b[] = {0.878, 0.647, 0.598, 2.050, 1.060, 1.290, 1.060, 3.140, 1.290};

static void test_quantile(void **state)
{
    const double ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, one[] = {4};

    (void)state;
    assert_near(stats_quantile(ten, 10, 0.25), 3.25, 0); /* R: quantile(1:10, type = 7) */
    assert_near(stats_quantile(ten, 10, 0.75), 7.75, 0);
    assert_near(stats_quantile(ten, 10, 0), 1, 0);
    assert_near(stats_quantile(ten, 10, 1), 10, 0);
    assert_near(stats_quantile(one, 1, 0.3), 4, 0);
    assert_near(stats_median(ten, 10), 5.5, 0);
    assert_near(stats_median(ten, 9), 5, 0);
}

/* The probability that a median of count resampled values is at most the one of 1-based rank: at least half of the
   draws are (B. Efron, Annals of Statistics 7, 1979, section 3). */
static double median_at_most(size_t count, size_t rank)
{
    double share = (double)rank / (double)count, sum = 0;

    for (size_t k = (count + 1) / 2; k <= count; k++)
        sum += exp(lgamma((double)count + 1) - lgamma((double)k + 1) - lgamma((double)(count - k) + 1) +
                   (double)k * log(share) + (double)(count - k) * log1p(-share));
    return rank == count ? 1 : sum;
}

static void test_bootstrap(void **state)
{
    (void)state;
    for (size_t count = 5; count <= 31; count += 2) {
        double values[31];
        size_t lo = 1, hi = 1;
        struct stats_interval found;

        for (size_t i = 0; i < count; i++)
            values[i] = (double)(i + 1);
        while (median_at_most(count, lo) < 0.02)
            lo++;
        while (median_at_most(count, hi) < 0.98)
            hi++;
        found = stats_bootstrap_median(values, count, 0.95, 7);
        assert_true(found.lo >= (double)lo && median_at_most(count, (size_t)found.lo) <= 0.31);
        assert_true(median_at_most(count, (size_t)found.lo) >= 0.02);
        assert_true(found.hi >= (double)hi - 1 && median_at_most(count, (size_t)found.hi - 1) <= 0.98);
    }
}

/* How often the interval of the median holds the true median, of a skewed distribution: what stats.h says. */
static void test_bootstrap_covers(void **state)
{
    static const struct {
        size_t count;
        unsigned least, most; /* of 1000 */
    } known[] = {{3, 710, 790}, {5, 905, 965}, {10, 915, 970}, {30, 900, 965}};
    struct random random = random_of(12);

    (void)state;
    for (size_t k = 0; k < COUNT(known); k++) {
        unsigned held = 0;

        for (unsigned round = 0; round < 1000; round++) {
            struct stats_interval found;
            double values[30];

            for (size_t i = 0; i < known[k].count; i++)
                values[i] = -log(1 - random_unit(&random));
            stats_sort(values, known[k].count);
            found = stats_bootstrap_median(values, known[k].count, 0.95, 1);
            held += found.lo <= log(2) && log(2) <= found.hi;
        }
        assert_in_range(held, known[k].least, known[k].most);
    }
}

static void test_bootstrap_repeats(void **state)
{
    double values[] = {3, 1, 4, 1, 5, 9, 2, 6}, same[] = {2, 2, 2};
    struct stats first = stats_of(values, COUNT(values)), second = stats_of(values, COUNT(values));

    (void)state;
    assert_true(first.middle.lo == second.middle.lo && first.middle.hi == second.middle.hi);
    assert_true(first.middle.lo < first.median && first.median < first.middle.hi);
    first = stats_of(same, 3);
    assert_true(first.middle.lo == 2 && first.middle.hi == 2);
}

/* The data of Iglewicz and Hoaglin, whose modified z-scores mark the last two. */
static void test_outliers(void **state)
{
    double values[] = {2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3}, flat[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 50};

    (void)state;
    stats_sort(values, COUNT(values));
    assert_near(stats_mad(values, COUNT(values)), 0.15 / 0.6745, 1e-9);
    assert_int_equal(stats_outliers(values, COUNT(values)), 2);
    assert_int_equal(stats_outliers(values, 8), 0);
    assert_int_equal(stats_outliers(flat, COUNT(flat)), 1);
    assert_int_equal(stats_outliers(flat, 9), 0);
}

static void test_shift(void **state)
{
    struct stats_shift shift = stats_shift(early, COUNT(early), at_term, COUNT(at_term));

    (void)state;
    assert_true(shift.bounded);
    assert_near(shift.shift, 0.305, 1e-9);
    assert_near(shift.range.lo, -0.15, 1e-9);
    assert_near(shift.range.hi, 0.76, 1e-9);
    shift = stats_shift(fed_b, COUNT(fed_b), fed_a, COUNT(fed_a));
    assert_near(shift.shift, 0.56, 1e-9);
    assert_near(shift.range.lo, -0.37, 1e-9);
    assert_near(shift.range.hi, 1.183, 1e-9);
}

/* Three values a side admit no interval of 95 %: then it is the widest there is, and says so. */
static void test_shift_of_few(void **state)
{
    const double a[] = {1, 2, 3}, b[] = {11, 12, 14};
    struct stats_shift shift = stats_shift(a, 3, b, 3);

    (void)state;
    assert_false(shift.bounded);
    assert_true(shift.range.lo == 8 && shift.range.hi == 13 && shift.shift == 10);
    assert_true(stats_shift(a, 3, a, 3).shift == 0);
}

static double draw(struct random *random)
{
    return random_unit(random) + random_unit(random) * random_unit(random);
}

/* The interval of at least 95 % must hold the true shift in about so many of many samples. */
static void test_shift_covers(void **state)
{
    struct random random = random_of(3);
    unsigned held = 0;

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        double a[12], b[9];
        struct stats_shift shift;

        for (size_t i = 0; i < COUNT(a); i++)
            a[i] = draw(&random);
        for (size_t i = 0; i < COUNT(b); i++)
            b[i] = draw(&random) + 0.25;
        shift = stats_shift(a, COUNT(a), b, COUNT(b));
        held += shift.range.lo <= 0.25 && 0.25 <= shift.range.hi;
    }
    assert_in_range(held, 940, 985);
}

/* Beyond 2500 differences the ranks are those of the normal approximation, which must join the exact ones. */
static void test_shift_of_many(void **state)
{
    struct random random = random_of(5);
    double a[51], b[50];
    struct stats_shift exact, normal;

    (void)state;
    for (size_t i = 0; i < 50; i++) {
        a[i] = draw(&random);
        b[i] = draw(&random);
    }
    exact = stats_shift(a, 50, b, 50);
    a[50] = a[0];
    normal = stats_shift(a, 51, b, 50);
    assert_near(normal.range.lo, exact.range.lo, 0.02);
    assert_near(normal.range.hi, exact.range.hi, 0.02);
}

static void test_permutation(void **state)
{
    const double low[] = {1, 2, 3, 4}, high[] = {5, 6, 7, 8}, ties[] = {1, 1, 1};
    struct stats_chance chance = stats_permutation(at_term, COUNT(at_term), early, COUNT(early), 1);

    (void)state;
    assert_true(chance.exact);
    assert_near(chance.p, 0.2544, 0.00005);
    assert_near(stats_permutation(low, 4, high, 4, 1).p, 2.0 / 70, 1e-12);
    assert_near(stats_permutation(high, 4, low, 4, 1).p, 2.0 / 70, 1e-12);
    assert_near(stats_permutation(low, 3, high, 3, 1).p, 0.1, 1e-12);
    assert_near(stats_permutation(ties, 3, ties, 3, 1).p, 1, 0);
    assert_near(stats_permutation(fed_a, 9, fed_b, 9, 1).p, stats_permutation(fed_b, 9, fed_a, 9, 1).p, 1e-12);
}

/* The Monte Carlo must repeat, and come near what the normal approximation of the rank sum says. */
static void test_permutation_sampled(void **state)
{
    struct random random = random_of(9);
    double a[40], b[40], u = 0, z;
    struct stats_chance chance;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        a[i] = draw(&random);
        b[i] = draw(&random) + 0.15;
    }
    for (size_t i = 0; i < 40; i++) {
        for (size_t k = 0; k < 40; k++)
            u += b[k] > a[i];
    }
    z = fabs(u - 800) / sqrt(40.0 * 40.0 * 81.0 / 12.0);
    chance = stats_permutation(a, 40, b, 40, 1);
    assert_false(chance.exact);
    assert_near(chance.p, erfc(z / sqrt(2)), 0.005);
    assert_true(chance.p == stats_permutation(a, 40, b, 40, 1).p);
}

static void test_holm(void **state)
{
    double p[] = {0.01, 0.04, 0.03, 0.005};

    (void)state;
    stats_holm(p, COUNT(p));
    assert_near(p[0], 0.03, 1e-12);
    assert_near(p[1], 0.06, 1e-12);
    assert_near(p[2], 0.06, 1e-12);
    assert_near(p[3], 0.02, 1e-12);
    stats_holm(p, 0);
}

static void test_share_limit(void **state)
{
    (void)state;
    assert_near(stats_share_limit(0, 20), 1 - pow(0.05, 1.0 / 20), 1e-9);
    assert_near(stats_share_limit(19, 20), pow(0.95, 1.0 / 20), 1e-9);
    assert_near(stats_share_limit(20, 20), 1, 0);
}

static double round_to(double value)
{
    return floor(value + 0.5);
}

/* The bounds of Hartigan and Hartigan, and samples whose dip follows from the definition. */
static void test_dip(void **state)
{
    double even[100], halves[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, same[] = {4, 4, 4, 4};
    struct random random = random_of(2);

    (void)state;
    for (size_t i = 0; i < 100; i++)
        even[i] = (double)i;
    assert_near(stats_dip(even, 100), 0.005, 1e-12);
    assert_near(stats_dip(halves, 10), 0.25, 1e-12);
    assert_near(stats_dip(same, 4), 0.125, 1e-12);
    for (unsigned round = 0; round < 300; round++) {
        double values[40], mirrored[40], dip;

        for (size_t i = 0; i < 40; i++)
            values[i] = floor(30 * draw(&random));
        stats_sort(values, 40);
        for (size_t i = 0; i < 40; i++)
            mirrored[i] = -values[39 - i];
        dip = stats_dip(values, 40);
        assert_true(dip >= 1.0 / 80 && dip <= 0.25);
        assert_near(stats_dip(mirrored, 40), dip, 1e-12);
    }
}

/* Equal values: a heap at one end is one mode, two heaps are two.  The third and fourth were worked out by a linear
   program over all distribution functions with one mode. */
static void test_dip_of_ties(void **state)
{
    static const struct {
        size_t count;
        double values[12], dip;
    } known[] = {
        {3, {1, 17, 17}, 1.0 / 6},
        {6, {0, 0, 0, 9, 9, 9}, 0.25},
        {9, {0, 7, 7, 7, 8, 16, 17, 18, 20}, 4.0 / 27},
        {7, {0, 1, 1, 5, 6, 9, 17}, 4.0 / 35},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++)
        assert_near(stats_dip(known[i].values, known[i].count), known[i].dip, 1e-9);
}

/* Rounded normal values have one mode: few of them may look as if they had two. */
static void test_dip_of_rounded(void **state)
{
    struct random random = random_of(8);
    unsigned found = 0;

    (void)state;
    for (unsigned round = 0; round < 100; round++) {
        double values[20];

        for (size_t i = 0; i < 20; i++) {
            values[i] = 0;
            for (unsigned k = 0; k < 12; k++) /* deviation 1 */
                values[i] += random_unit(&random);
            values[i] = round_to(5 * values[i]);
        }
        stats_sort(values, 20);
        found += stats_dip_chance(values, 20, 1) < 0.01;
    }
    assert_in_range(found, 0, 4);
}

/* Quantiles of the dip of uniform samples, from M. Maechler's simulation of a million (qDiptab of the R package
 * diptest). */
static void test_dip_quantiles(void **state)
{
    static const struct {
        size_t count;
        double q60, q90, q95;
    } known[] = {{4, 0.125, 0.18740, 0.20727}, {5, 0.13432, 0.17681, 0.18639}, {10, 0.10218, -1, -1}};
    struct random random = random_of(11);
    static double dips[20000];

    (void)state;
    for (size_t k = 0; k < COUNT(known); k++) {
        for (size_t round = 0; round < COUNT(dips); round++) {
            double values[10];

            for (size_t i = 0; i < known[k].count; i++)
                values[i] = random_unit(&random);
            stats_sort(values, known[k].count);
            dips[round] = stats_dip(values, known[k].count);
        }
        stats_sort(dips, COUNT(dips));
        assert_near(stats_quantile(dips, COUNT(dips), 0.6), known[k].q60, 0.002);
        if (known[k].q90 > 0) {
            assert_near(stats_quantile(dips, COUNT(dips), 0.9), known[k].q90, 0.002);
            assert_near(stats_quantile(dips, COUNT(dips), 0.95), known[k].q95, 0.002);
        }
    }
}

static void test_dip_chance(void **state)
{
    struct random random = random_of(4);
    double one[60], two[60];

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        one[i] = random_unit(&random) + random_unit(&random) + random_unit(&random);
        two[i] = one[i] + (i % 2 ? 4 : 0);
    }
    stats_sort(one, 60);
    stats_sort(two, 60);
    assert_true(stats_dip_chance(one, 60, 1) > 0.2);
    assert_true(stats_dip_chance(two, 60, 1) < 0.01);
}

/* The example by hand of J. Little, College of the Holy Cross: S = 54, z = 2.9058. */
static void test_trend(void **state)
{
    const double values[] = {12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7};
    const double flat[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    long s;

    (void)state;
    assert_near(stats_trend(values, COUNT(values), &s), erfc(2.9058 / sqrt(2)), 1e-5);
    assert_int_equal(s, 54);
    assert_near(stats_trend(values, 7, NULL), 1, 0);
    assert_near(stats_trend(flat, COUNT(flat), NULL), 1, 0);
}

static bool warns(const double *values, size_t count, const char *name)
{
    double *copy = arena_alloc(&arena, count * sizeof(*copy));
    unsigned found;

    memcpy(copy, values, count * sizeof(*copy));
    found = warnings_find(values, count, stats_of(copy, count).middle);
    for (unsigned i = 0; i < WARNINGS_COUNT; i++) {
        if (strcmp(warnings_get(i)->name, name) == 0)
            return found & (1U << i);
    }
    fail_msg("there is no warning %s", name);
    return false;
}

/* Of 600 cells of ten values each that scatter normally: what warnings.c says of itself. */
static void test_warnings_false(void **state)
{
    static const char *const names[] = {"outliers", "multimodal", "drift"};
    static const size_t least[] = {30, 0, 0}, most[] = {90, 6, 12};
    struct random random = random_of(5);
    size_t alarms[WARNINGS_COUNT] = {0};

    (void)state;
    for (int cell = 0; cell < 600; cell++) {
        double values[10], sorted[10];
        unsigned found;

        for (size_t i = 0; i < COUNT(values); i++) { /* Box and Muller */
            double far = sqrt(-2 * log(1 - random_unit(&random)));

            values[i] = 1000 + far * cos(2 * acos(-1) * random_unit(&random));
        }
        memcpy(sorted, values, sizeof(sorted));
        found = warnings_find(values, COUNT(values), stats_of(sorted, COUNT(sorted)).middle);
        for (unsigned w = 0; w < WARNINGS_COUNT; w++)
            alarms[w] += found >> w & 1;
    }
    for (size_t k = 0; k < COUNT(names); k++) {
        unsigned w = 0;

        while (strcmp(warnings_get(w)->name, names[k]) != 0)
            w++;
        assert_in_range(alarms[w], least[k], most[k]);
    }
}

static void test_warnings(void **state)
{
    struct random random = random_of(6);
    double calm[30], far[30], rising[30], coarse[30], fine[30], two[30], loose[30];

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        calm[i] = 1000 + random_unit(&random) + random_unit(&random) + random_unit(&random);
        far[i] = calm[i] + (i == 11 ? 50 : 0);
        rising[i] = calm[i] + (double)i;
        coarse[i] = 1000 + 4 * (double)(i * 7 % 15);
        fine[i] = 1000 + 4 * (double)(i * 7 % 16);
        two[i] = calm[i] + (i % 2 ? 20 : 0);
        loose[i] = calm[i] * (i % 3 ? 1 : 3 + (double)i);
    }
    for (unsigned i = 0; i < WARNINGS_COUNT; i++)
        assert_false(warns(calm, 30, warnings_get(i)->name));
    assert_true(warns(calm, 5, "too-few"));
    assert_true(warns(far, 30, "outliers"));
    assert_true(warns(rising, 30, "drift"));
    assert_true(warns(coarse, 30, "quantised"));
    assert_false(warns(fine, 30, "quantised"));
    assert_true(warns(two, 30, "multimodal"));
    assert_true(warns(loose, 7, "wide"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_quantile),
        TEST(test_bootstrap),
        TEST(test_bootstrap_covers),
        TEST(test_bootstrap_repeats),
        TEST(test_outliers),
        TEST(test_shift),
        TEST(test_shift_of_few),
        TEST(test_shift_covers),
        TEST(test_shift_of_many),
        TEST(test_permutation),
        TEST(test_permutation_sampled),
        TEST(test_holm),
        TEST(test_share_limit),
        TEST(test_dip),
        TEST(test_dip_of_ties),
        TEST(test_dip_of_rounded),
        TEST(test_dip_quantiles),
        TEST(test_dip_chance),
        TEST(test_trend),
        TEST(test_warnings),
        TEST(test_warnings_false),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
