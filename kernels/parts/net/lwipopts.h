/* SPDX-License-Identifier: MIT */
/*
 * lwipopts.h: how lwIP is built for the part net: its raw API alone, IPv4, no threads and no timers of its own
 * (timer.c), memory from memory.c.  Times are in milliseconds, sizes in bytes.
 */
#ifndef TOLL_LWIPOPTS_H
#define TOLL_LWIPOPTS_H

/* Sockets, threads and locks are others'. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_NETIF_API 0
#define LWIP_TIMERS 0

/* Memory: mem_malloc and every pool of objects are net_memory_get. */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define mem_clib_malloc net_memory_get
#define mem_clib_free net_memory_put
#define mem_clib_calloc net_memory_get_array
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_FREE_OOSEQ 0

/* Protocols. */
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
#define ARP_TABLE_SIZE 32
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 4
#define LWIP_ICMP 1
#define LWIP_RAW 0
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_DNS 0
#define IP_REASSEMBLY 1
#define IP_REASS_MAX_PBUFS 64
#define IP_FRAG 1
#define IP_SOF_BROADCAST 1
#define SO_REUSE 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_LOOPBACK_MAX_PBUFS 255
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_HWADDRHINT 1

/* TCP.  Segments to be sent are made by stream_send.c, which knows itself how much room their last piece has. */
#define TCP_MSS 1460
#define TCP_WND 65536
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 1
#define TCP_WND_UPDATE_THRESHOLD (TCP_WND / 4)
#define TCP_SND_BUF 65536
#define TCP_SND_QUEUELEN 512
#define TCP_SNDLOWAT 16384
#define TCP_SNDQUEUELOWAT 128
#define TCP_OVERSIZE 0
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS 64
#define LWIP_TCP_SACK_OUT 1
#define TCP_LISTEN_BACKLOG 1
#define TCP_TMR_INTERVAL 50
#define TCP_MSL 15000
#define TCP_SYNMAXRTX 12 /* each after 3 s */
#define LWIP_TCP_PCB_NUM_EXT_ARGS 2

/* Checksums: by the interface where it has them (link.c), else by sum.c. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM net_sum
#define LWIP_INLINE_IP_CHKSUM 1
#define LWIP_CHECKSUM_ON_COPY 0

/* Counters for net_books. */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 0
#define IP_STATS 1
#define TCP_STATS 1
#define UDP_STATS 1
#define ICMP_STATS 1
#define LINK_STATS 0
#define ETHARP_STATS 0
#define IPFRAG_STATS 0
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0

#define LWIP_HOOK_FILENAME "net_hooks.h"

#endif
