/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table with one rule, as nft(8) would say it:
 *   table inet agentjail { chain divert { type filter hook prerouting priority mangle; policy accept;
 *     meta l4proto tcp tproxy to :PORT accept } } */
#include "netlink/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "netlink/message.h"

#define TABLE "agentjail"
#define CHAIN "divert"
#define PRIORITY_MANGLE -150

static void begin(struct netlink_batch *batch, uint16_t type, uint16_t flags)
{
    struct nfgenmsg head = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };
    netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, &head, sizeof(head));
}

static void put_bracket(struct netlink_batch *batch, uint16_t type)
{
    struct nfgenmsg head = { .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
    netlink_begin(batch, type, 0, &head, sizeof(head));
}

static void put_chain(struct netlink_batch *batch)
{
    begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    netlink_put_string(batch, NFTA_CHAIN_TABLE, TABLE);
    netlink_put_string(batch, NFTA_CHAIN_NAME, CHAIN);
    size_t hook = netlink_nest(batch, NFTA_CHAIN_HOOK);
    netlink_put_be32(batch, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    netlink_put_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY_MANGLE);
    netlink_nest_end(batch, hook);
    netlink_put_string(batch, NFTA_CHAIN_TYPE, "filter");
    netlink_put_be32(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

/* An expression: its element of the list, its name, its attributes. */
struct expression {
    size_t element, data;
};

static struct expression begin_expression(struct netlink_batch *batch, const char *name)
{
    struct expression e = { .element = netlink_nest(batch, NFTA_LIST_ELEM) };
    netlink_put_string(batch, NFTA_EXPR_NAME, name);
    e.data = netlink_nest(batch, NFTA_EXPR_DATA);
    return e;
}

static void end_expression(struct netlink_batch *batch, struct expression e)
{
    netlink_nest_end(batch, e.data);
    netlink_nest_end(batch, e.element);
}

static void put_value(struct netlink_batch *batch, uint16_t type, const void *value, size_t len)
{
    size_t data = netlink_nest(batch, type);
    netlink_put(batch, NFTA_DATA_VALUE, value, len);
    netlink_nest_end(batch, data);
}

static void put_match_tcp(struct netlink_batch *batch)
{
    struct expression e = begin_expression(batch, "meta");
    netlink_put_be32(batch, NFTA_META_KEY, NFT_META_L4PROTO);
    netlink_put_be32(batch, NFTA_META_DREG, NFT_REG_1);
    end_expression(batch, e);

    uint8_t tcp = IPPROTO_TCP;
    e = begin_expression(batch, "cmp");
    netlink_put_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
    netlink_put_be32(batch, NFTA_CMP_OP, NFT_CMP_EQ);
    put_value(batch, NFTA_CMP_DATA, &tcp, sizeof(tcp));
    end_expression(batch, e);
}

static void put_divert(struct netlink_batch *batch, uint16_t port)
{
    uint16_t number = htons(port);
    struct expression e = begin_expression(batch, "immediate");
    netlink_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(batch, NFTA_IMMEDIATE_DATA, &number, sizeof(number));
    end_expression(batch, e);

    e = begin_expression(batch, "tproxy");
    netlink_put_be32(batch, NFTA_TPROXY_FAMILY, NFPROTO_UNSPEC);
    netlink_put_be32(batch, NFTA_TPROXY_REG_PORT, NFT_REG_1);
    end_expression(batch, e);

    e = begin_expression(batch, "immediate");
    netlink_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    size_t data = netlink_nest(batch, NFTA_IMMEDIATE_DATA);
    size_t verdict = netlink_nest(batch, NFTA_DATA_VERDICT);
    netlink_put_be32(batch, NFTA_VERDICT_CODE, NF_ACCEPT);
    netlink_nest_end(batch, verdict);
    netlink_nest_end(batch, data);
    end_expression(batch, e);
}

int nft_divert_tcp(uint16_t port)
{
    _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (fd < 0)
        return -errno;

    struct netlink_batch batch;
    netlink_batch_clear(&batch);
    put_bracket(&batch, NFNL_MSG_BATCH_BEGIN);
    begin(&batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    netlink_put_string(&batch, NFTA_TABLE_NAME, TABLE);
    put_chain(&batch);
    begin(&batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
    netlink_put_string(&batch, NFTA_RULE_TABLE, TABLE);
    netlink_put_string(&batch, NFTA_RULE_CHAIN, CHAIN);
    size_t list = netlink_nest(&batch, NFTA_RULE_EXPRESSIONS);
    put_match_tcp(&batch);
    put_divert(&batch, port);
    netlink_nest_end(&batch, list);
    netlink_want_answer(&batch); /* not to the end of the batch: that has no answer */
    put_bracket(&batch, NFNL_MSG_BATCH_END);
    return netlink_talk(fd, &batch);
}
