"""A locked-down process for code that a model wrote: no files, no network, no other process, little time and memory.

`runner` is what the checks call. `zygote`, `answer`, `examiner`, `statement`, `lock`, `filter`, `syscalls`,
`pipes` and `data` run inside the locked process: they import nothing but the standard library and each other.
"""
