/* SPDX-License-Identifier: MIT */
/*
 * test_harness_images.c: what is known of images: whether they were rebuilt, and that all hold the same objects.
 */
#include "test_harness.h"

#include "harness/file.h"
#include "harness/images.h"
#include <unistd.h>

static void test_images_compare(void **state)
{
    json_t *then = json_pack("{ss ss}", "disk", "aa", "uni/null", "bb"), *now = json_deep_copy(then);

    (void)state;
    assert_int_equal(images_compare(then, now, &error), 0);
    json_object_set_new(now, "uni/null", json_string("cc"));
    assert_int_equal(images_compare(then, now, &error), -1);
    assert_contains(error.text, "uni/null was rebuilt");
    json_decref(then);
    json_decref(now);
}

/* A manifest's objects and image must be those of the other images and of the file. */
static void test_images_parts(void **state)
{
    static const char *const manifests[] = {"build/images/uni/null.json", "build/images/mono/null.json"};
    const char other[] = "{\"objects\": {\"fs\": \"bb\"}}";
    struct config_structure structures[] = {{.name = "uni"}, {.name = "mono"}};
    struct config_workload null = {.name = "null", .program = "null"};
    struct plan_cell cell = {.workload = &null, .program = "null"};
    struct plan_guest guests[] = {{.structure = &structures[0], .variant = "default", .cells = &cell, .cell_count = 1},
                                  {.structure = &structures[1], .variant = "default", .cells = &cell, .cell_count = 1}};
    struct plan plan = {.guests = guests, .guest_count = 2};
    char here[4096], folder[] = "build/tests/test-images-XXXXXX";
    json_t *parts;

    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(file_make_folders("build/images/uni", &error) | file_make_folders("build/images/mono", &error), 0);
    for (size_t i = 0; i < 2; i++) {
        const char text[] = "{\"objects\": {\"fs\": \"aa\", \"workload\": \"x\"}}";

        assert_int_equal(file_write_atomic(manifests[i], text, strlen(text), &error), 0);
    }
    parts = images_parts(&arena, &plan, &error);
    assert_string_equal(json_string_value(json_object_get(parts, "fs")), "aa");
    assert_null(json_object_get(parts, "workload"));
    json_decref(parts);
    assert_int_equal(file_write_atomic(manifests[1], other, strlen(other), &error), 0);
    assert_null(images_parts(&arena, &plan, &error));
    assert_int_equal(error.code, TOLL_CLAIM);
    assert_contains(error.text, "mono/null.json: objects: fs: not the object that the other images have");
    assert_int_equal(chdir(here), 0);
    file_remove_tree(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_images_compare),
        TEST(test_images_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
