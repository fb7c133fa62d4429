/* SPDX-License-Identifier: MIT */
/*
 * fault_anon: memory on demand.  The region is mapped before the window; the operation writes one byte to a page
 * of it that was never touched, so the cost is one page fault and one cleared page.  Afterwards every page must
 * hold that byte and zeros.
 */
#include "toll.h"
#include <sys/mman.h>

#define PAGE 4096u

static bool page_right(const unsigned char *page, unsigned char first)
{
    const uint64_t *words = (const uint64_t *)page;
    uint64_t all = words[0] ^ first;
    for (unsigned i = 1; i < PAGE / 8; i++)
        all |= words[i];
    return all == 0;
}

int main(int argc, char **argv)
{
    toll_main(argc, argv, "fault_anon");
    uint64_t ops = toll_arg_number("ops", 500), warm = toll_arg_number("warm", 8);
    uint64_t pages = ops + warm;

    unsigned char *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED)
        toll_skip("no room for %llu pages", (unsigned long long)pages);
    madvise(region, pages * PAGE, MADV_NOHUGEPAGE); /* one page a fault; a system without huge pages may refuse */

    volatile unsigned char *page = region;
    TOLL_WINDOW(ops, warm)
    {
        *page = 1;
        page += PAGE;
    }
    uint64_t wrong = 0;
    for (uint64_t i = 0; i < pages; i++)
        wrong += !page_right(region + i * PAGE, 1);
    toll_check(wrong == 0, "%llu of %llu pages hold something else", (unsigned long long)wrong,
               (unsigned long long)pages);
    toll_check(munmap(region, pages * PAGE) == 0, "the region cannot be unmapped");
    toll_output("ones and zeros\n", 15);
    return toll_done();
}
