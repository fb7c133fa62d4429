/* SPDX-License-Identifier: MIT */
/*
 * page.c: from the document's root to its first page (7.7.2, 7.7.3).  The tree is searched depth first for the
 * first leaf; /Resources come from the page or from the nearest node above it that has them.  The number of pages is
 * what the root of the tree says: a viewer that opens a file does not walk all of it either.
 */
#include "pdf_internal.h"

#define NODES_MAX 4096u /* looked at on the way to the first page */

struct search {
    struct pdf *pdf;
    struct pdf_page *page;
    unsigned nodes;
};

/* False after a failure or when node has no page below it; search->page->dict tells which. */
static bool page_search(struct search *search, const struct pdf_dict *node, const struct pdf_dict *resources,
                        unsigned depth)
{
    struct pdf *pdf = search->pdf;
    if (depth > PDF_NESTING_MAX || ++search->nodes > NODES_MAX)
        return pdf_fail(pdf, node->offset, "the page tree is too deep or has a loop");
    const struct pdf_dict *own = pdf_get_dict(pdf, node, "Resources");
    resources = own ? own : resources;
    struct pdf_value kids = pdf_get(pdf, node, "Kids");
    if (kids.kind != PDF_ARRAY) {
        if (pdf_is(pdf_get(pdf, node, "Type"), "Pages"))
            return pdf_fail(pdf, node->offset, "a node of the page tree has no /Kids");
        *search->page = (struct pdf_page){node, resources};
        return !pdf->failed;
    }
    for (uint32_t i = 0; i < kids.count && !pdf->failed; i++) {
        const struct pdf_dict *kid = pdf_dict_of(pdf_item(pdf, kids, i));
        if (!kid)
            return pdf_fail(pdf, node->offset, "kid %u of a node of the page tree is missing", i);
        if (page_search(search, kid, resources, depth + 1))
            return true;
    }
    return false;
}

bool pdf_page_first(struct pdf *pdf, struct pdf_page *page, uint64_t *pages)
{
    struct search search = {.pdf = pdf, .page = page};
    const struct pdf_dict *root = pdf_get_dict(pdf, pdf->trailer, "Root");
    if (!root)
        return pdf_fail(pdf, pdf->trailer->offset, "the trailer leads to no document root");
    const struct pdf_dict *tree = pdf_get_dict(pdf, root, "Pages");
    if (!tree)
        return pdf_fail(pdf, root->offset, "the document has no page tree");
    int64_t count = pdf_integer(pdf_get(pdf, tree, "Count"), -1);
    if (count < 0)
        return pdf_fail(pdf, tree->offset, "the page tree does not say how many pages there are");
    *pages = (uint64_t)count;
    if (page_search(&search, tree, NULL, 0))
        return true;
    return pdf_fail(pdf, tree->offset, "the document has no page");
}
