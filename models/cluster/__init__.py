"""Network calls and trainings on many machines: a Ray cluster, which all servers of the app share.

`DIFFUSION_RAY` names the cluster (`settings`, `client`). A worker is an actor that loads a network
once and answers batches of calls (`worker`); `pool` hands them out, and `crew` makes good for those
that die. A trainer is an actor that keeps one training process after the other (`trainers`). Ray is
imported inside of functions, and only where a cluster is asked for.
"""
