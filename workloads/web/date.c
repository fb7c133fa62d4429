/* SPDX-License-Identifier: MIT */
/* date.c: dates (date.h).  Days are counted from the first of March, so that the leap day is a year's last. */
#include "web/date.h"
#include <stdio.h>
#include <string.h>

#define DAY 86400

static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970 began with a Thursday */
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t days_since_1970(int64_t year, unsigned month, unsigned day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_write(int64_t seconds, char out[DATE_BYTES + 1])
{
    int64_t day = seconds / DAY, rest = seconds % DAY, z = day + 719468, era = z / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    unsigned date = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
             index = (unsigned)(month < 10 ? month + 2 : month - 10);

    year += era * 400 + (index < 2);
    snprintf(out, DATE_BYTES + 1, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[day % 7], date, months[index],
             (unsigned)year % 10000, (unsigned)(rest / 3600), (unsigned)(rest / 60 % 60), (unsigned)(rest % 60));
}

static int month_find(const char *name)
{
    for (int i = 0; i < 12; i++)
        if (memcmp(name, months[i], 3) == 0)
            return i + 1;
    return 0;
}

bool date_read(struct span text, int64_t *seconds)
{
    char copy[48], month[4] = "";
    unsigned day, year, hour, minute, second;
    int end = 0, number;

    if (text.length >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = 0;
    if (sscanf(copy, "%*3[A-Za-z], %2u %3[A-Za-z] %4u %2u:%2u:%2u GMT%n", &day, month, &year, &hour, &minute, &second,
               &end) < 6 &&
        sscanf(copy, "%*9[A-Za-z], %2u-%3[A-Za-z]-%2u %2u:%2u:%2u GMT%n", &day, month, &year, &hour, &minute, &second,
               &end) < 6 &&
        sscanf(copy, "%*3[A-Za-z] %3[A-Za-z] %2u %2u:%2u:%2u %4u%n", month, &day, &hour, &minute, &second, &year,
               &end) < 6)
        return false;
    number = month_find(month);
    if (end != (int)text.length || !number || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    if (year < 100)
        year += year < 70 ? 2000 : 1900;
    *seconds = days_since_1970(year, (unsigned)number, day) * DAY + hour * 3600 + minute * 60 + second;
    return true;
}
