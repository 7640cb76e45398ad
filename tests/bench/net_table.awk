#!/usr/bin/awk -f
# SPDX-License-Identifier: LGPL-2.1-or-later
# Samples of tests/bench/net (figure, round, name, value) to a table, and to JSON in the file that `json` names.
# What is compared is the median of the rounds' ratios.
BEGIN {
    FS = "\t"
    while ((getline line < versions) > 0) {
        split(line, part, "\t")
        version[part[1]] = part[2]
    }
}
{
    value[$1, $2, $3] = $4
    if (!($1 in rounds) || $2 > rounds[$1])
        rounds[$1] = $2
    if (!(($1, $3) in seen)) {
        seen[$1, $3] = 1
        names[$1] = names[$1] " " $3
    }
}

function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
            t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
        }
    least = list[1]
    most = list[n]
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function middle(figure, name,    r, n, list) {
    for (r = 1; r <= rounds[figure]; r++)
        if ((figure, r, name) in value)
            list[++n] = value[figure, r, name]
    return n ? median(list, n) : 0
}

# A line of results. Goal: ">= N", "<= N" or "-".
function result(figure, what, number, goal, unit,    part, met) {
    split(goal, part, " ")
    met = goal == "-" ? "" : (part[1] == ">=" ? number >= part[2] : number <= part[2]) ? "met" : "MISSED"
    printf "%-48s %10.3f %-5s %-10s %-7s", what, number, unit, goal == "-" ? "" : goal, met
    printf least == most ? "\n" : "(%.3g to %.3g)\n", least, most
    out = out sprintf("%s\n  {\"name\": \"%s\", \"what\": \"%s\", \"value\": %.4f, \"least\": %.4f, \"most\": %.4f, \"unit\": \"%s\", \"goal\": %s, \"met\": %s}", \
        out == "" ? "" : ",", figure, what, number, least, most, unit, goal == "-" ? "null" : "\"" goal "\"", \
        goal == "-" ? "null" : met == "met" ? "true" : "false")
}

function ratio(figure, what, a, b, goal,    r, n, list) {
    for (r = 1; r <= rounds[figure]; r++)
        if (value[figure, r, a] > 0 && value[figure, r, b] > 0)
            list[++n] = value[figure, r, a] / value[figure, r, b]
    if (n)
        result(figure, what, median(list, n), goal, "x")
}

# Ours over each of the others'; goals for the loopback, slirp4netns, and pasta.
function against(figure, what, loopback, slirp, pasta,    n, list, i, goal) {
    n = split(names[figure], list, " ")
    for (i = 1; i <= n; i++) {
        goal = list[i] == "loopback" ? loopback : list[i] == "slirp4netns" ? slirp : pasta
        if (list[i] != "agentjail" && goal != "no")
            ratio(figure, what " / " list[i], "agentjail", list[i], goal)
    }
}

function alone(figure, what, goal, unit,    number) {
    if (figure in rounds) {
        number = middle(figure, "agentjail")
        result(figure, what, number, goal, unit)
    }
}

function start(    r, n, list, i, m) {
    for (r = 1; r <= rounds["start"]; r++)
        list[++n] = (value["start", r, "filtered"] - value["start", r, "none"]) / 1000
    result("start", "what filtered adds to a start over none", median(list, n), "<= 3.5", "ms")
    m = split(names["start"], who, " ")
    for (i = 1; i <= m; i++)
        if (who[i] != "none" && who[i] != "filtered")
            ratio("start", "a whole start: " who[i] " / filtered", who[i], "filtered", ">= 8")
}

END {
    count = split("up1 up4 down1 down4", figures, " ")
    for (f = 1; f <= count; f++)
        against(figures[f], "throughput " figures[f], ">= 0.5", figures[f] ~ /^up/ ? ">= 3" : ">= 1.7", ">= 1")
    for (f = 1; f <= count; f++)
        against("cpu-" figures[f], "relay's time a byte, " figures[f], "no", "<= 0.5", "<= 0.5")
    against("ask", "connect and request, median", "-", "<= 1", "<= 1")
    against("ask99", "connect and request, 99th percentile", "-", "-", "-")
    against("rate", "connections a second", "-", ">= 1", ">= 1")
    if ("start" in rounds)
        start()
    alone("idle", "the gateway with 5,000 idle connections", "<= 40", "MiB")
    alone("dns", "DNS answers in a second of the gateway's time", ">= 50000", "")
    alone("dns-wall", "DNS answers a second", "-", "")
    printf("{\"kernel\": \"%s\", \"cpus\": %d, \"note\": \"%s\", \"versions\": {", kernel, cpus, tun) > json
    for (name in version)
        printf("%s\"%s\": \"%s\"", comma++ ? ", " : "", name, version[name]) > json
    printf("}, \"medians\": {") > json
    comma = 0
    for (figure in rounds) {
        printf("%s\n  \"%s\": {", comma++ ? "," : "", figure) > json
        n = split(names[figure], list, " ")
        for (i = 1; i <= n; i++)
            printf("%s\"%s\": %.4f", i > 1 ? ", " : "", list[i], middle(figure, list[i])) > json
        printf("}") > json
    }
    printf("\n}, \"results\": [%s\n]}\n", out) > json
    if (out == "")
        exit 1
}
