"""The numbers by which a host's day is compared with its peers', and how rare each of them is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.catalogue._season import median
from detectors.catalogue._series import Floats
from detectors.model import Text

FEATURES: Final[dict[str, Text]] = {
    "out_conversations": Text("conversations begun", "发起的会话"),
    "out_failures": Text("failed conversations", "失败的会话"),
    "out_up": Text("bytes sent as client", "作为客户端发送的字节"),
    "out_down": Text("bytes received as client", "作为客户端接收的字节"),
    "out_peers": Text("servers contacted", "联系的服务端"),
    "out_ports": Text("ports contacted", "联系的端口"),
    "out_max_up": Text("largest upload in one conversation (B)", "单个会话的最大上行（B）"),
    "out_longest_s": Text("longest conversation (s)", "最长会话（秒）"),
    "out_hours": Text("hours active", "活跃小时数"),
    "out_night": Text("bytes at night (00-06 UTC)", "夜间（00-06 UTC）字节"),
    "out_udp": Text("UDP conversations", "UDP 会话"),
    "out_icmp": Text("ICMP conversations", "ICMP 会话"),
    "out_unknown": Text("answered conversations in unknown protocols", "未知协议且有应答的会话"),
    "ext_peers": Text("addresses outside contacted", "联系的外部地址"),
    "ext_up": Text("bytes sent outside", "发往外部的字节"),
    "ext_down": Text("bytes received from outside", "来自外部的字节"),
    "int_peers": Text("home addresses contacted", "联系的内部地址"),
    "int_up": Text("bytes sent to home addresses", "发往内部的字节"),
    "int_down": Text("bytes received from home addresses", "来自内部的字节"),
    "admin_peers": Text("hosts contacted for administration", "以管理端口联系的主机"),
    "ics_peers": Text("hosts contacted on control ports", "以工控端口联系的主机"),
    "names": Text("registered domains named", "涉及的注册域名"),
    "fingerprints": Text("TLS client fingerprints", "TLS 客户端指纹"),
    "nameless_tls": Text("TLS without a name to the outside", "无域名的对外 TLS"),
    "odd_port_tls": Text("TLS on unusual ports", "非常用端口上的 TLS"),
    "in_conversations": Text("conversations accepted", "接受的会话"),
    "in_failures": Text("failed conversations to it", "对其失败的会话"),
    "in_peers": Text("clients", "客户端数"),
    "in_ports": Text("ports served", "提供服务的端口"),
    "in_ext_peers": Text("clients outside", "外部客户端"),
    "in_up": Text("bytes sent as server", "作为服务端发送的字节"),
    "in_down": Text("bytes received as server", "作为服务端接收的字节"),
    "dns_queries": Text("DNS queries", "DNS 查询"),
    "dns_names": Text("names asked for", "查询的域名"),
    "dns_domains": Text("registered domains asked for", "查询的注册域名"),
    "dns_nx": Text("names that do not exist", "不存在的域名"),
    "dns_long": Text("very long names", "超长域名"),
    "dns_txt": Text("TXT and NULL queries", "TXT 与 NULL 查询"),
    "tls_self_signed": Text("self-signed certificates met", "遇到的自签名证书"),
    "tls_alerts": Text("TLS alerts", "TLS 告警"),
    "login_attempts": Text("login attempts", "登录尝试"),
    "login_failures": Text("failed logins", "失败的登录"),
    "login_servers": Text("servers logged in to", "登录的服务器"),
    "login_users": Text("accounts used", "使用的账号"),
}
"""Columns of ``host_day`` that are compared, on ln(1 + x), in words."""

NAMES: Final = tuple(FEATURES)
FLOOR: Final = 0.35
"""Smallest standard deviation on ln(1 + x): 6 of them are a factor of 8 (own)."""


def levels(columns: dict[str, Floats]) -> Floats:
    """Return ln(1 + x) of every feature: rows x features."""
    return np.log1p(np.maximum(np.stack([columns[name] for name in NAMES], axis=1), 0.0))


def robust_scale(level: Floats) -> tuple[Floats, Floats]:
    """Return the median of every feature and its standard deviation, robust, at least ``FLOOR``."""
    centre = median(level, axis=0)
    return centre, np.fmax(1.4826 * median(np.abs(level - centre), axis=0), FLOOR)


def tails(level: Floats) -> Floats:
    """Return -ln of the share of rows at least as far out on the rarer side, feature by feature (ECOD).

    Of the two sides the one that the skewness points to counts, so that a feature in which half the hosts are zero
    does not make zero rare. Source: Li et al. 2022 (ECOD), from the formula in detectors.md 1.8.
    """
    rows = len(level)
    ordered = np.sort(level, axis=0)
    found = np.zeros_like(level)
    for at in range(level.shape[1]):
        left = np.searchsorted(ordered[:, at], level[:, at], side="right") / rows
        right = 1 - np.searchsorted(ordered[:, at], level[:, at], side="left") / rows
        off = level[:, at] - level[:, at].mean()
        found[:, at] = -np.log(left if (off**3).sum() < 0 else right)
    return found


def forest_scores(level: Floats, wanted: NDArray[np.int64], *, trees: int, seed: int, reference: int) -> Floats:
    """Return in which share of the reference rows an isolation forest sees less of an outlier than in each wanted row.

    Args:
        level: all rows, in a fixed order.
        wanted: rows to judge.
        trees: trees of the forest, each over at most 256 rows.
        seed: of the forest.
        reference: at most so many rows, evenly taken, teach the forest and are compared with.
    """
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - 3 s: only when there is something to judge

    known = level[:: max(1, -(-len(level) // reference))]
    forest = IsolationForest(n_estimators=trees, max_samples=min(256, len(known)), random_state=seed, n_jobs=1)
    forest.fit(known)
    usual = np.sort(-forest.score_samples(known))
    below = np.searchsorted(usual, -forest.score_samples(level[wanted]), side="left")
    return np.asarray(np.minimum(1.0, below / max(1, len(usual) - 1)))
