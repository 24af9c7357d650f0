"""GraphQL servers of npm beside the product: installed when asked for, into a folder that goes again."""

from bench.workloads.peers.installed import NoPeers, peers

__all__ = ["NoPeers", "peers"]
