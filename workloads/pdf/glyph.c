/* SPDX-License-Identifier: MIT */
/*
 * glyph.c: what characters a glyph's name stands for.  Names follow the convention of Type 1 fonts: a letter is
 * its own name, an accented one is letter and accent, anything else has a word; four or more hexadecimal digits
 * behind "u" name any code point; parts joined by "_" are a ligature; a suffix behind "." says how it looks.  The
 * table holds the names in common use, sorted.
 */
#include "pdf_internal.h"
#include <string.h>

static const struct glyph {
    char name[22];
    uint16_t point;
} glyphs[] = {
    /* clang-format off */
    {"AE", 0xc6}, {"Aacute", 0xc1}, {"Abreve", 0x102}, {"Acircumflex", 0xc2}, {"Adieresis", 0xc4}, {"Agrave", 0xc0},
    {"Alpha", 0x391}, {"Alphatonos", 0x386}, {"Amacron", 0x100}, {"Aogonek", 0x104}, {"Aring", 0xc5}, {"Atilde", 0xc3},
    {"Beta", 0x392}, {"Cacute", 0x106}, {"Ccaron", 0x10c}, {"Ccedilla", 0xc7}, {"Ccircumflex", 0x108},
    {"Cdotaccent", 0x10a}, {"Chi", 0x3a7}, {"Dcaron", 0x10e}, {"Dcroat", 0x110}, {"Delta", 0x394}, {"Eacute", 0xc9},
    {"Ebreve", 0x114}, {"Ecaron", 0x11a}, {"Ecircumflex", 0xca}, {"Edieresis", 0xcb}, {"Edotaccent", 0x116},
    {"Egrave", 0xc8}, {"Emacron", 0x112}, {"Eng", 0x14a}, {"Eogonek", 0x118}, {"Epsilon", 0x395},
    {"Epsilontonos", 0x388}, {"Eta", 0x397}, {"Etatonos", 0x389}, {"Eth", 0xd0}, {"Euro", 0x20ac}, {"Gamma", 0x393},
    {"Gbreve", 0x11e}, {"Gcedilla", 0x122}, {"Gcircumflex", 0x11c}, {"Gcommaaccent", 0x122}, {"Gdotaccent", 0x120},
    {"Germandbls", 0x1e9e}, {"H22073", 0x25a1}, {"Hbar", 0x126}, {"Hcircumflex", 0x124}, {"IJ", 0x132},
    {"Iacute", 0xcd}, {"Ibreve", 0x12c}, {"Icircumflex", 0xce}, {"Idieresis", 0xcf}, {"Idot", 0x130},
    {"Idotaccent", 0x130}, {"Ifraktur", 0x2111}, {"Igrave", 0xcc}, {"Imacron", 0x12a}, {"Iogonek", 0x12e},
    {"Iota", 0x399}, {"Iotatonos", 0x38a}, {"Itilde", 0x128}, {"Jcircumflex", 0x134}, {"Kappa", 0x39a},
    {"Kcedilla", 0x136}, {"Kcommaaccent", 0x136}, {"Lacute", 0x139}, {"Lambda", 0x39b}, {"Lcaron", 0x13d},
    {"Lcedilla", 0x13b}, {"Lcommaaccent", 0x13b}, {"Ldot", 0x13f}, {"Lslash", 0x141}, {"Mu", 0x39c}, {"Nacute", 0x143},
    {"Ncaron", 0x147}, {"Ncedilla", 0x145}, {"Ncommaaccent", 0x145}, {"Ntilde", 0xd1}, {"Nu", 0x39d}, {"OE", 0x152},
    {"Oacute", 0xd3}, {"Obreve", 0x14e}, {"Ocircumflex", 0xd4}, {"Odieresis", 0xd6}, {"Ograve", 0xd2},
    {"Ohungarumlaut", 0x150}, {"Omacron", 0x14c}, {"Omega", 0x3a9}, {"Omegatonos", 0x38f}, {"Omicron", 0x39f},
    {"Omicrontonos", 0x38c}, {"Oslash", 0xd8}, {"Otilde", 0xd5}, {"Phi", 0x3a6}, {"Pi", 0x3a0}, {"Psi", 0x3a8},
    {"Racute", 0x154}, {"Rcaron", 0x158}, {"Rcedilla", 0x156}, {"Rcommaaccent", 0x156}, {"Rfraktur", 0x211c},
    {"Rho", 0x3a1}, {"Sacute", 0x15a}, {"Scaron", 0x160}, {"Scedilla", 0x15e}, {"Scircumflex", 0x15c},
    {"Scommaaccent", 0x218}, {"Sigma", 0x3a3}, {"Tau", 0x3a4}, {"Tbar", 0x166}, {"Tcaron", 0x164}, {"Tcedilla", 0x162},
    {"Tcommaaccent", 0x162}, {"Theta", 0x398}, {"Thorn", 0xde}, {"Uacute", 0xda}, {"Ubreve", 0x16c},
    {"Ucircumflex", 0xdb}, {"Udieresis", 0xdc}, {"Ugrave", 0xd9}, {"Uhungarumlaut", 0x170}, {"Umacron", 0x16a},
    {"Uogonek", 0x172}, {"Upsilon", 0x3a5}, {"Upsilon1", 0x3d2}, {"Upsilontonos", 0x38e}, {"Uring", 0x16e},
    {"Utilde", 0x168}, {"Wacute", 0x1e82}, {"Wcircumflex", 0x174}, {"Wdieresis", 0x1e84}, {"Wgrave", 0x1e80},
    {"Xi", 0x39e}, {"Yacute", 0xdd}, {"Ycircumflex", 0x176}, {"Ydieresis", 0x178}, {"Ygrave", 0x1ef2},
    {"Zacute", 0x179}, {"Zcaron", 0x17d}, {"Zdot", 0x17b}, {"Zdotaccent", 0x17b}, {"Zeta", 0x396}, {"aacute", 0xe1},
    {"abreve", 0x103}, {"acircumflex", 0xe2}, {"acute", 0xb4}, {"adieresis", 0xe4}, {"ae", 0xe6}, {"agrave", 0xe0},
    {"aleph", 0x2135}, {"alpha", 0x3b1}, {"alphatonos", 0x3ac}, {"amacron", 0x101}, {"ampersand", 0x26},
    {"angle", 0x2220}, {"angleleft", 0x27e8}, {"angleright", 0x27e9}, {"aogonek", 0x105}, {"approxequal", 0x2248},
    {"aring", 0xe5}, {"arrowboth", 0x2194}, {"arrowdblboth", 0x21d4}, {"arrowdbldown", 0x21d3},
    {"arrowdblleft", 0x21d0}, {"arrowdblright", 0x21d2}, {"arrowdblup", 0x21d1}, {"arrowdown", 0x2193},
    {"arrowleft", 0x2190}, {"arrowright", 0x2192}, {"arrowup", 0x2191}, {"arrowupdn", 0x2195}, {"asciicircum", 0x5e},
    {"asciitilde", 0x7e}, {"asterisk", 0x2a}, {"asteriskmath", 0x2217}, {"at", 0x40}, {"atilde", 0xe3},
    {"backslash", 0x5c}, {"bar", 0x7c}, {"bardbl", 0x2016}, {"beta", 0x3b2}, {"blacksquare", 0x25a0},
    {"braceleft", 0x7b}, {"braceright", 0x7d}, {"bracketleft", 0x5b}, {"bracketright", 0x5d}, {"breve", 0x2d8},
    {"brokenbar", 0xa6}, {"bullet", 0x2022}, {"cacute", 0x107}, {"caron", 0x2c7}, {"carriagereturn", 0x21b5},
    {"ccaron", 0x10d}, {"ccedilla", 0xe7}, {"ccircumflex", 0x109}, {"cdotaccent", 0x10b}, {"cedilla", 0xb8},
    {"ceilingleft", 0x2308}, {"ceilingright", 0x2309}, {"cent", 0xa2}, {"checkmark", 0x2713}, {"chi", 0x3c7},
    {"circle", 0x25cb}, {"circlemultiply", 0x2297}, {"circleplus", 0x2295}, {"circumflex", 0x2c6}, {"club", 0x2663},
    {"colon", 0x3a}, {"colonmonetary", 0x20a1}, {"comma", 0x2c}, {"congruent", 0x2245}, {"copyright", 0xa9},
    {"currency", 0xa4}, {"dagger", 0x2020}, {"daggerdbl", 0x2021}, {"dcaron", 0x10f}, {"dcroat", 0x111},
    {"degree", 0xb0}, {"delta", 0x3b4}, {"diamond", 0x2666}, {"dieresis", 0xa8}, {"divide", 0xf7}, {"dmacron", 0x111},
    {"dollar", 0x24}, {"dotaccent", 0x2d9}, {"dotlessi", 0x131}, {"dotlessj", 0x237}, {"dotmath", 0x22c5},
    {"eacute", 0xe9}, {"ebreve", 0x115}, {"ecaron", 0x11b}, {"ecircumflex", 0xea}, {"edieresis", 0xeb},
    {"edotaccent", 0x117}, {"egrave", 0xe8}, {"eight", 0x38}, {"eightoldstyle", 0x38}, {"element", 0x2208},
    {"ellipsis", 0x2026}, {"emacron", 0x113}, {"emdash", 0x2014}, {"emptyset", 0x2205}, {"endash", 0x2013},
    {"eng", 0x14b}, {"eogonek", 0x119}, {"epsilon", 0x3b5}, {"epsilon1", 0x3f5}, {"epsilontonos", 0x3ad},
    {"equal", 0x3d}, {"equivalence", 0x2261}, {"estimated", 0x212e}, {"eta", 0x3b7}, {"etatonos", 0x3ae},
    {"eth", 0xf0}, {"euro", 0x20ac}, {"exclam", 0x21}, {"exclamdbl", 0x203c}, {"exclamdown", 0xa1},
    {"existential", 0x2203}, {"ff", 0xfb00}, {"ffi", 0xfb03}, {"ffl", 0xfb04}, {"fi", 0xfb01}, {"figuredash", 0x2012},
    {"filledbox", 0x25a0}, {"five", 0x35}, {"fiveeighths", 0x215d}, {"fiveoldstyle", 0x35}, {"fl", 0xfb02},
    {"floorleft", 0x230a}, {"floorright", 0x230b}, {"florin", 0x192}, {"follows", 0x227b}, {"four", 0x34},
    {"fouroldstyle", 0x34}, {"foursuperior", 0x2074}, {"fraction", 0x2044}, {"franc", 0x20a3}, {"gamma", 0x3b3},
    {"gbreve", 0x11f}, {"gcircumflex", 0x11d}, {"gcommaaccent", 0x123}, {"gdotaccent", 0x121}, {"germandbls", 0xdf},
    {"gradient", 0x2207}, {"grave", 0x60}, {"greater", 0x3e}, {"greaterequal", 0x2265}, {"greatermuch", 0x226b},
    {"guillemotleft", 0xab}, {"guillemotright", 0xbb}, {"guilsinglleft", 0x2039}, {"guilsinglright", 0x203a},
    {"hbar", 0x127}, {"hcircumflex", 0x125}, {"heart", 0x2665}, {"horizontalbar", 0x2015}, {"hungarumlaut", 0x2dd},
    {"hyphen", 0x2d}, {"iacute", 0xed}, {"ibreve", 0x12d}, {"icircumflex", 0xee}, {"idieresis", 0xef},
    {"igrave", 0xec}, {"ij", 0x133}, {"imacron", 0x12b}, {"increment", 0x2206}, {"infinity", 0x221e},
    {"integral", 0x222b}, {"intersection", 0x2229}, {"iogonek", 0x12f}, {"iota", 0x3b9}, {"iotadieresis", 0x3ca},
    {"iotadieresistonos", 0x390}, {"iotatonos", 0x3af}, {"itilde", 0x129}, {"jcircumflex", 0x135}, {"kappa", 0x3ba},
    {"kcedilla", 0x137}, {"kcommaaccent", 0x137}, {"kgreenlandic", 0x138}, {"lacute", 0x13a}, {"lambda", 0x3bb},
    {"lcaron", 0x13e}, {"lcedilla", 0x13c}, {"lcommaaccent", 0x13c}, {"ldot", 0x140}, {"less", 0x3c},
    {"lessequal", 0x2264}, {"lessmuch", 0x226a}, {"lira", 0x20a4}, {"logicaland", 0x2227}, {"logicalnot", 0xac},
    {"logicalor", 0x2228}, {"longs", 0x17f}, {"lozenge", 0x25ca}, {"lscript", 0x2113}, {"lslash", 0x142},
    {"macron", 0xaf}, {"middot", 0xb7}, {"minus", 0x2212}, {"minute", 0x2032}, {"mu", 0xb5}, {"multiply", 0xd7},
    {"nacute", 0x144}, {"napostrophe", 0x149}, {"nbspace", 0xa0}, {"ncaron", 0x148}, {"ncedilla", 0x146},
    {"ncommaaccent", 0x146}, {"nine", 0x39}, {"nineoldstyle", 0x39}, {"nonbreakingspace", 0xa0},
    {"notelement", 0x2209}, {"notequal", 0x2260}, {"notsubset", 0x2284}, {"nsuperior", 0x207f}, {"ntilde", 0xf1},
    {"nu", 0x3bd}, {"numbersign", 0x23}, {"numero", 0x2116}, {"oacute", 0xf3}, {"obreve", 0x14f},
    {"ocircumflex", 0xf4}, {"odieresis", 0xf6}, {"oe", 0x153}, {"ogonek", 0x2db}, {"ograve", 0xf2},
    {"ohungarumlaut", 0x151}, {"omacron", 0x14d}, {"omega", 0x3c9}, {"omega1", 0x3d6}, {"omegatonos", 0x3ce},
    {"omicron", 0x3bf}, {"omicrontonos", 0x3cc}, {"one", 0x31}, {"oneeighth", 0x215b}, {"onehalf", 0xbd},
    {"oneoldstyle", 0x31}, {"onequarter", 0xbc}, {"onesuperior", 0xb9}, {"onethird", 0x2153}, {"openbullet", 0x25e6},
    {"ordfeminine", 0xaa}, {"ordmasculine", 0xba}, {"oslash", 0xf8}, {"otilde", 0xf5}, {"overscore", 0xaf},
    {"paragraph", 0xb6}, {"parenleft", 0x28}, {"parenright", 0x29}, {"partialdiff", 0x2202}, {"percent", 0x25},
    {"period", 0x2e}, {"periodcentered", 0xb7}, {"perpendicular", 0x22a5}, {"perthousand", 0x2030}, {"peseta", 0x20a7},
    {"phi", 0x3c6}, {"phi1", 0x3d5}, {"pi", 0x3c0}, {"pi1", 0x3d6}, {"plus", 0x2b}, {"plusminus", 0xb1},
    {"precedes", 0x227a}, {"prime", 0x2032}, {"product", 0x220f}, {"propersubset", 0x2282}, {"propersuperset", 0x2283},
    {"proportional", 0x221d}, {"psi", 0x3c8}, {"question", 0x3f}, {"questiondown", 0xbf}, {"quotedbl", 0x22},
    {"quotedblbase", 0x201e}, {"quotedblleft", 0x201c}, {"quotedblright", 0x201d}, {"quoteleft", 0x2018},
    {"quotereversed", 0x201b}, {"quoteright", 0x2019}, {"quotesinglbase", 0x201a}, {"quotesingle", 0x27},
    {"racute", 0x155}, {"radical", 0x221a}, {"rcaron", 0x159}, {"rcedilla", 0x157}, {"rcommaaccent", 0x157},
    {"reflexsubset", 0x2286}, {"reflexsuperset", 0x2287}, {"registered", 0xae}, {"rho", 0x3c1}, {"rho1", 0x3f1},
    {"ring", 0x2da}, {"sacute", 0x15b}, {"scaron", 0x161}, {"scedilla", 0x15f}, {"scircumflex", 0x15d},
    {"scommaaccent", 0x219}, {"second", 0x2033}, {"section", 0xa7}, {"semicolon", 0x3b}, {"seven", 0x37},
    {"seveneighths", 0x215e}, {"sevenoldstyle", 0x37}, {"sfthyphen", 0xad}, {"sigma", 0x3c3}, {"sigma1", 0x3c2},
    {"similar", 0x223c}, {"six", 0x36}, {"sixoldstyle", 0x36}, {"slash", 0x2f}, {"softhyphen", 0xad}, {"space", 0x20},
    {"spade", 0x2660}, {"star", 0x2606}, {"sterling", 0xa3}, {"suchthat", 0x220b}, {"summation", 0x2211},
    {"tau", 0x3c4}, {"tbar", 0x167}, {"tcaron", 0x165}, {"tcedilla", 0x163}, {"tcommaaccent", 0x163},
    {"therefore", 0x2234}, {"theta", 0x3b8}, {"theta1", 0x3d1}, {"thorn", 0xfe}, {"three", 0x33},
    {"threeeighths", 0x215c}, {"threeoldstyle", 0x33}, {"threequarters", 0xbe}, {"threesuperior", 0xb3},
    {"tilde", 0x2dc}, {"trademark", 0x2122}, {"triagdn", 0x25bc}, {"triagup", 0x25b2}, {"turnstileleft", 0x22a2},
    {"turnstileright", 0x22a3}, {"two", 0x32}, {"twooldstyle", 0x32}, {"twosuperior", 0xb2}, {"twothirds", 0x2154},
    {"uacute", 0xfa}, {"ubreve", 0x16d}, {"ucircumflex", 0xfb}, {"udieresis", 0xfc}, {"ugrave", 0xf9},
    {"uhungarumlaut", 0x171}, {"umacron", 0x16b}, {"underscore", 0x5f}, {"union", 0x222a}, {"universal", 0x2200},
    {"uogonek", 0x173}, {"upsilon", 0x3c5}, {"upsilondieresis", 0x3cb}, {"upsilondieresistonos", 0x3b0},
    {"upsilontonos", 0x3cd}, {"uring", 0x16f}, {"utilde", 0x169}, {"visiblespace", 0x2423}, {"wacute", 0x1e83},
    {"wcircumflex", 0x175}, {"wdieresis", 0x1e85}, {"weierstrass", 0x2118}, {"wgrave", 0x1e81}, {"xi", 0x3be},
    {"yacute", 0xfd}, {"ycircumflex", 0x177}, {"ydieresis", 0xff}, {"yen", 0xa5}, {"ygrave", 0x1ef3},
    {"zacute", 0x17a}, {"zcaron", 0x17e}, {"zdot", 0x17c}, {"zdotaccent", 0x17c}, {"zero", 0x30},
    {"zerooldstyle", 0x30}, {"zerosuperior", 0x2070}, {"zeta", 0x3b6},
    /* clang-format on */
};

static uint32_t table_find(const uint8_t *name, size_t n)
{
    size_t low = 0, high = sizeof glyphs / sizeof glyphs[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *there = glyphs[middle].name;
        int order = strncmp(there, (const char *)name, n);
        if (order == 0 && there[n] == 0)
            return glyphs[middle].point;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* n hexadecimal digits, or 0 if they are none. */
static uint32_t digits_read(const uint8_t *digits, size_t n)
{
    uint32_t point = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = pdf_hex_digit(digits[i]);
        if (digit < 0)
            return 0;
        point = point << 4 | (uint32_t)digit;
    }
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? point : 0;
}

static uint32_t part_find(const uint8_t *name, size_t n)
{
    if (n == 1 && ((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z'))
        return name[0];
    if (n < sizeof glyphs[0].name) {
        uint32_t point = table_find(name, n);
        if (point)
            return point;
    }
    if (n == 7 && memcmp(name, "uniFFFF", 3) == 0)
        return digits_read(name + 3, 4);
    return n >= 5 && n <= 7 && name[0] == 'u' ? digits_read(name + 1, n - 1) : 0;
}

pdf_points pdf_glyph_points(const uint8_t *name, size_t n)
{
    pdf_points points = 0;
    const uint8_t *dot = n > 0 ? memchr(name + 1, '.', n - 1) : NULL; /* ".notdef" has no suffix */
    if (dot)
        n = (size_t)(dot - name);
    for (unsigned part = 0; part < 3 && n > 0; part++) {
        const uint8_t *bar = memchr(name, '_', n);
        size_t length = bar ? (size_t)(bar - name) : n;
        points |= (pdf_points)part_find(name, length) << (21 * part);
        if (!bar)
            break;
        n -= length + 1;
        name = bar + 1;
    }
    return points;
}
