"""What hostile code attempts: each act is a function `f` that returns something true where it succeeded.

`HARMLESS` acts are also attempted outside of the sandbox, where they must succeed: else the test could not fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

DIRECT = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(*args):
    return libc.syscall(*(ctypes.c_long(a) if isinstance(a, int) else a for a in args))
"""

HARMLESS = {
    # Files. w: a world of the test's own: a secret beside, a link to it in the folder, listening sockets.
    "read a system file": "def f(w): return open('/etc/passwd').read()",
    "read a secret beside the folder": "def f(w): return open(w['secret']).read()",
    "read through a link": "def f(w): return open('link').read()",
    "read by way of the parent folder": "def f(w): return open('../' * 20 + w['secret']).read()",
    "open a path without reading, then reopen it": """
import os
def f(w):
    folder = os.open(os.path.dirname(w['secret']), os.O_PATH)
    return os.read(os.open('secret', os.O_RDONLY, dir_fd=folder), 10)""",
    "read the environment": "def f(w): return open('/proc/self/environ', 'rb').read() or True",
    "read own memory as a file": "def f(w): return open('/proc/self/mem', 'rb')",
    "read own memory map": "def f(w): return open('/proc/self/maps').read()",
    "read a parent's memory": "def f(w): return open(f\"/proc/{w['pid']}/mem\", 'rb')",
    "list a parent's descriptors": "import os\ndef f(w): return os.listdir(f\"/proc/{w['pid']}/fd\")",
    "list the root": "import os\ndef f(w): return os.listdir('/')",
    "list site-packages": "import os\ndef f(w): return os.listdir(w['site'])",
    "import from site-packages": """
import sys
def f(w):
    sys.path.insert(0, w['site'])
    import click
    return click.__name__""",
    "write outside": "def f(w): return open(w['folder'] + '/new', 'w')",
    "write in its own folder": "def f(w): return open('new', 'w')",
    "make a folder": "import os\ndef f(w): os.mkdir(w['folder'] + '/made'); return True",
    "remove a file": "import os\ndef f(w): os.unlink(w['victim']); return True",
    "rename a file": "import os\ndef f(w): os.rename(w['victim'], w['victim'] + '2'); return True",
    "change a mode": "import os\ndef f(w): os.chmod(w['victim'], 0o777); return True",
    "change a time": "import os\ndef f(w): os.utime(w['victim'], (1, 1)); return True",
    "cut a file": "import os\ndef f(w): os.truncate(w['victim'], 0); return True",
    "cut a file by reading it": """
import os
def f(w): return os.open(w['victim'], os.O_RDONLY | os.O_TRUNC)""",
    "read a link's target": "import os\ndef f(w): return os.readlink('link')",
    "make a file in memory": "import os\ndef f(w): return os.memfd_create('x')",
    "make a pipe": "import os\ndef f(w): return os.pipe()",
    "open a device": "def f(w): return open('/dev/zero', 'rb').read(1)",
    # Network.
    "connect by TCP": """
import socket
def f(w): return socket.create_connection(('127.0.0.1', w['tcp']), 1).recv(5)""",
    "send by UDP": """
import socket
def f(w): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', w['udp']))""",
    "connect to a local socket": """
import socket
def f(w):
    s = socket.socket(socket.AF_UNIX)
    s.connect(w['unix'])
    return s.recv(5)""",
    "connect to an abstract socket": """
import socket
def f(w):
    s = socket.socket(socket.AF_UNIX)
    s.connect(chr(0) + w['abstract'])
    return s.recv(5)""",
    "look a name up": "import socket\ndef f(w): return socket.getaddrinfo('localhost', 80)",
    "listen": """
import socket
def f(w):
    s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); return True""",
    "make a pair of sockets": "import socket\ndef f(w): return bool(socket.socketpair())",
    # Processes and threads.
    "fork": """
import os
def f(w):
    child = os.fork()
    if child == 0: os._exit(0)
    return os.waitpid(child, 0)""",
    "fork twice and take a session": """
import os
def f(w):
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    return os.waitpid(child, 0)""",
    "take a process group": "import os\ndef f(w): os.setpgid(0, 0); return True",
    "run a program": """
import subprocess
def f(w): return subprocess.run(['/bin/echo', 'x'], capture_output=True).stdout""",
    "run a program by a shell": "import os\ndef f(w): return os.system('exit 0') == 0",
    "run a program by posix_spawn": """
import os
def f(w): return os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)""",
    "start a thread": """
import _thread, time
def f(w):
    said = []
    _thread.start_new_thread(said.append, (1,))
    time.sleep(0.05)
    return said""",
    "start a process by multiprocessing": """
import multiprocessing
def f(w):
    p = multiprocessing.get_context('fork').Process(target=print); p.start(); p.join(); return p.exitcode == 0""",
    # Others' memory and signals.
    "signal a parent": "import os\ndef f(w): os.kill(w['pid'], 0); return True",
    "signal itself by number": "import os, signal\ndef f(w): os.kill(os.getpid(), 0); return True",
    "own a descriptor's signals": """
import fcntl
def f(w): fcntl.fcntl(1, 8, w['pid']); return True""",
    "send own descriptors' signals as another": """
import fcntl
def f(w): fcntl.fcntl(1, 10, 9); return True""",
    # The locks themselves.
    "change a limit": """
import resource
def f(w): resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); return True""",
    "live on after the parent": DIRECT + "def f(w): return libc.prctl(1, 0, 0, 0, 0) == 0",
    "change its priority": "import os\ndef f(w): os.nice(1); return True",
    "map memory to execute": "import mmap\ndef f(w): return bool(mmap.mmap(-1, 4096, prot=7))",
    "make memory executable": DIRECT
    + """
def f(w):
    import mmap
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return libc.mprotect(ctypes.c_void_p(address), 4096, 5) == 0""",
    # System calls without the C library's wrappers.
    "direct socket": DIRECT + "def f(w): return call(w['nr']['socket'], 2, 1, 0) >= 0",
    "direct process_vm_readv": DIRECT
    + """
def f(w):
    import os
    a, b = ctypes.create_string_buffer(b'x', 8), ctypes.create_string_buffer(8)
    one = (ctypes.c_void_p * 2)(ctypes.addressof(a), 8)
    two = (ctypes.c_void_p * 2)(ctypes.addressof(b), 8)
    return call(w['nr']['process_vm_readv'], os.getpid(), two, 1, one, 1, 0) == 8""",
    "direct ptrace": DIRECT + "def f(w): return call(w['nr']['ptrace'], 0, 0, 0, 0) == 0",
    "direct personality": DIRECT + "def f(w): return call(w['nr']['personality'], 0xffffffff) >= 0",
    "direct unshare of nothing": DIRECT + "def f(w): return call(w['nr']['unshare'], 0) == 0",
    "direct prlimit with a new limit": DIRECT
    + """
def f(w):
    limit = (ctypes.c_ulong * 2)(0, 0)
    return call(w['nr']['prlimit64'], 0, 4, limit, 0) == 0""",
}

HARMFUL = {
    # Attempted in the sandbox only.
    "direct fork": DIRECT + "def f(w): return call(w['nr']['clone'], 17, 0, 0, 0, 0) >= 0",
    "direct clone3": DIRECT
    + "def f(w): return call(435, ctypes.create_string_buffer(88), 88) >= 0",
    "direct execve": DIRECT
    + """
def f(w):
    path = ctypes.c_char_p(b'/bin/true')
    return call(w['nr']['execve'], path, (ctypes.c_char_p * 2)(path, None), None) == 0""",
    "io_uring": DIRECT + "def f(w): return call(425, 4, ctypes.create_string_buffer(120)) >= 0",
    "bpf": DIRECT
    + "def f(w): return call(w['nr']['bpf'], 0, ctypes.create_string_buffer(72), 72) >= 0",
    "userfaultfd": DIRECT + "def f(w): return call(w['nr']['userfaultfd'], 1) >= 0",
    "keyctl": DIRECT + "def f(w): return call(w['nr']['keyctl'], 0, -3, 1) != 0",
    "mount": DIRECT
    + "def f(w): return call(w['nr']['mount'], b'none', b'/', None, 0x40000, None) == 0",
    "perf": DIRECT
    + "def f(w): return call(w['nr']['perf_event_open'], ctypes.create_string_buffer(128), 0, -1, -1, 0) >= 0",
    "a second filter": DIRECT + "def f(w): return call(w['nr']['seccomp'], 0, 0, None) == 0",
    "kill a parent": "import os\ndef f(w): os.kill(os.getppid(), 9); return True",
    "kill everything": "import os\ndef f(w): os.kill(-1, 9); return True",
    "kill its group": "import os\ndef f(w): os.killpg(0, 9); return True",
    "leave for the root": "import os\ndef f(w): os.chroot('.'); return True",
    "become another user": "import os\ndef f(w): os.setuid(65534); return True",
}

FORK_BOMB = """
import os, threading, multiprocessing
def f(w):
    made = 0
    for _ in range(20_000):
        try:
            if os.fork() == 0:
                os._exit(0)
            made += 1
        except OSError:
            pass
    return made
"""
THREAD_BOMB = """
import _thread, time
def f(w):
    made = 0
    for _ in range(2_000):
        try:
            _thread.start_new_thread(time.sleep, (1,))
            made += 1
        except RuntimeError:
            pass
    return made
"""


def freely(code: str, world: dict[str, Any], folder: str) -> object:
    """Run an act without any lock, in a process of its own, and return whether it succeeded."""
    text = f"{code}\nimport json as _j, sys as _s\n_r = f(_j.loads(_s.argv[1]))\n_s.exit(0 if _r else 7)"
    done = subprocess.run(
        [sys.executable, "-c", text, json.dumps(world)],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0 or done.stderr.decode()[-500:]
