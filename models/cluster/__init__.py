"""Network calls on many machines: workers on a Ray cluster, which all servers of the app share.

`DIFFUSION_RAY` names the cluster (`settings`). A worker is an actor that loads a network once and
answers batches of calls (`worker`); `pool` hands them out and makes good for those that die. Ray is
imported by `pool` alone, and only where a cluster is asked for.
"""
