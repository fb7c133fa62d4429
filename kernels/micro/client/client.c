/* SPDX-License-Identifier: MIT */
/* client.c: the data path of this run. */
#include "micro/client/client.h"
#include "base/string.h"
#include "wire.h"

bool client_copies;

bool client_word(const char *word)
{
    const char *words = user_info.command_line;
    size_t n = strlen(word);

    while (*words && strncmp(words, "-- ", 3)) {
        if (!strncmp(words, word, n) && (words[n] == ' ' || !words[n]))
            return true;
        while (*words && *words != ' ')
            words++;
        while (*words == ' ')
            words++;
    }
    return false;
}

/* As boot_network reads it (machine/boot.c). */
bool client_network(char config[CLIENT_NETWORK_BYTES])
{
    const char *words = user_info.command_line;
    unsigned n = 0;

    while (*words && strncmp(words, "ip=", 3) && strncmp(words, "-- ", 3)) {
        while (*words && *words != ' ')
            words++;
        while (*words == ' ')
            words++;
    }
    if (strncmp(words, "ip=", 3))
        return false;
    for (words += 3; words[n] && words[n] != ' ' && n < CLIENT_NETWORK_BYTES - 1; n++)
        config[n] = words[n];
    config[n] = '\0';
    if (!strcmp(config, "loopback"))
        config[0] = '\0';
    return true;
}

void client_init(void)
{
    client_copies = !user_info.window_bytes;
}

const char *client_program_words(void)
{
    const char *words = strstr(user_info.command_line, "-- ");

    for (; words && words > user_info.command_line && words[-1] != ' '; words = strstr(words + 1, "-- "))
        ;
    return words ? words + 3 : "";
}

void client_usage(uint64_t *out)
{
    out[WIRE_USAGE_FRAMES_KERNEL] = (uint64_t)user_call(MICRO_USAGE, MICRO_USAGE_FRAMES, 0, 0, 0, 0, 0);
    out[WIRE_USAGE_HANDLES] = (uint64_t)user_call(MICRO_USAGE, MICRO_USAGE_HANDLES, 0, 0, 0, 0, 0);
    out[WIRE_USAGE_OBJECTS] = (uint64_t)user_call(MICRO_USAGE, MICRO_USAGE_OBJECTS, 0, 0, 0, 0, 0);
}
