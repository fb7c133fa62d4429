# SPDX-License-Identifier: MIT
"""A page drawn with cairo: two families, accents, ligatures, a rotated word, a group with transparency."""
import os
import cairo

LINES = [
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Pchnąć w tę łódź jeża lub ośm skrzyń fig.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
]

surface = cairo.PDFSurface("cairo.pdf", 420, 300)
surface.set_metadata(cairo.PDF_METADATA_TITLE, "Pangrams")
surface.set_metadata(cairo.PDF_METADATA_CREATE_DATE, "2024-01-01T00:00:00Z")
page = cairo.Context(surface)
page.select_font_face("DejaVu Serif", cairo.FONT_SLANT_NORMAL, cairo.FONT_WEIGHT_BOLD)
page.set_font_size(18)
page.move_to(30, 40)
page.show_text("Five pangrams")
page.select_font_face("DejaVu Sans")
page.set_font_size(11)
for row, line in enumerate(LINES):
    page.move_to(30, 80 + 22 * row)
    page.show_text(line)
page.push_group()
page.move_to(60, 250)
page.rotate(-0.2)
page.show_text("a slanted remark: ﬁne ﬂow")
page.pop_group_to_source()
page.paint_with_alpha(0.5)
surface.finish()
