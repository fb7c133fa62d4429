/* SPDX-License-Identifier: MIT */
/*
 * backend.c: QEMU's -netdev for each kind, and the guest's address to match.
 */
#include "backend.h"
#include "file.h"
#include "peer.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const names[] = {
    [CONFIG_NETWORK_AUTO] = "auto", [CONFIG_NETWORK_USER] = "user", [CONFIG_NETWORK_TAP] = "tap"};
#define NAMES (sizeof(names) / sizeof(names[0]))

const char *backend_name(enum config_network kind)
{
    return names[kind];
}

int backend_parse(const char *option, const char *text, enum config_network *kind, struct error *error)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(text, names[i]) == 0) {
            *kind = (enum config_network)i;
            return 0;
        }
    }
    return error_set(error, TOLL_USAGE, "%s %s: expected user, tap or auto", option, text);
}

enum config_network backend_choose(enum config_network asked)
{
    struct error error;
    struct tap tap;

    if (asked != CONFIG_NETWORK_AUTO)
        return asked;
    if (tap_open(&tap, &error))
        return CONFIG_NETWORK_USER;
    tap_close(&tap);
    return CONFIG_NETWORK_TAP;
}

static const char *address_text(struct arena *arena, uint32_t address)
{
    char text[INET_ADDRSTRLEN] = "";
    struct in_addr in = {.s_addr = htonl(address)};

    inet_ntop(AF_INET, &in, text, sizeof(text));
    return arena_copy(arena, text);
}

static int tap_prepare(struct arena *arena, unsigned port, struct backend *backend, struct error *error)
{
    if (tap_open(&backend->tap, error))
        return -1;
    backend->keep = backend->tap.fd;
    backend->netdev = arena_print(arena, "tap,id=n0,fd=%d", backend->tap.fd);
    backend->words = arena_print(arena, "ip=%s/%d,%s", address_text(arena, tap_guests(&backend->tap)), TAP_PREFIX,
                                 address_text(arena, tap_ours(&backend->tap)));
    backend->server.sin_addr.s_addr = htonl(tap_guests(&backend->tap));
    backend->server.sin_port = htons((uint16_t)port);
    return 0;
}

/* A port that is free now: QEMU takes a number only, and could not tell which it was given. */
static int port_find(struct sockaddr_in *server, struct error *error)
{
    socklen_t size = sizeof(*server);
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = s < 0 || bind(s, (const struct sockaddr *)server, sizeof(*server)) ||
                 getsockname(s, (struct sockaddr *)server, &size);

    if (failed)
        file_error(error, "find a free port of", "127.0.0.1");
    if (s >= 0)
        close(s);
    return failed ? -1 : 0;
}

static int user_prepare(struct arena *arena, unsigned port, struct backend *backend, struct error *error)
{
    backend->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (port_find(&backend->server, error))
        return -1;
    backend->netdev =
        arena_print(arena, "user,id=n0,hostfwd=tcp:127.0.0.1:%u-:%u", ntohs(backend->server.sin_port), port);
    backend->words = PEER_GUEST_CONFIG; /* slirp's addresses are these */
    return 0;
}

int backend_open(struct arena *arena, enum config_network kind, unsigned port, struct backend *backend,
                 struct error *error)
{
    *backend = (struct backend){.kind = kind, .server = {.sin_family = AF_INET}, .tap = {.fd = -1}};
    return (kind == CONFIG_NETWORK_TAP ? tap_prepare : user_prepare)(arena, port, backend, error);
}

void backend_close(struct backend *backend)
{
    tap_close(&backend->tap);
}
