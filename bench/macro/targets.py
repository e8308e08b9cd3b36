"""What is compared: the upstream itself, nginx, Parley, and any proxy that already runs."""

import os
import pathlib
import shutil
import time

import dialects
import procs

PARLEY_KEY = "sk-parley-bench"


def parley_config(port, upstream_port):
    return f"""\
[server]
listen = ["127.0.0.1:{port}"]
threads = 1
[log]
level = "warn"
[[client_key]]
name = "bench"
key = "{PARLEY_KEY}"
[[provider]]
name = "up"
plugin = "openai"
base_url = "http://127.0.0.1:{upstream_port}/v1"
models = ["bench-*"]
  [[provider.account]]
  label = "one"
  api_key = "sk-upstream-bench"
"""


# nginx at its best. Unbuffered, it relays in pieces of proxy_buffer_size (default 4 KB, which makes
# a 100 KB answer four times as dear), and a request above client_body_buffer_size (default 16 KB)
# goes through a file.
NGINX_TUNING = """\
    client_body_buffer_size 1m;
    proxy_buffer_size 64k;
    proxy_buffers 8 64k;
"""
# By the luck of its heap's layout, glibc gives the 100 KB of a request back to the kernel after
# each one: up to 10 page faults a request, 54 to 75 us in runs of the same nginx, 42 us without.
NGINX_ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": "8000000"}


def nginx_config(port, upstream_port, folder, has_master, tuning):
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""\
{user}
daemon off;
master_process {"on" if has_master else "off"};
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 64m;
{tuning}    keepalive_requests 100000000;
    upstream bench {{
        server 127.0.0.1:{upstream_port};
        keepalive 256;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://bench;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Target:
    """Something with an address. `process` is set while we run it ourselves."""

    can_start = False
    dialect = dialects.Chat

    def __init__(self, name, port, headers=(), host="127.0.0.1", path=""):
        self.name, self.port, self.headers = name, port, list(headers)
        self.url = f"http://{host}:{port}{path}{self.dialect.path}"
        self.process = None

    def pids(self):
        return []


class Direct(Target):
    """No proxy; what it costs is what the upstream costs."""

    def __init__(self, upstream, port):
        super().__init__("direct", port)
        self.upstream = upstream

    def pids(self):
        return [self.upstream.pid]


class External(Target):
    """--target name=url|Header: value. Runs already, and is neither pinned nor stopped by us."""

    def __init__(self, text):
        name, _, rest = text.partition("=")
        url, *headers = rest.split("|")
        address, _, path = url.removeprefix("http://").rstrip("/").partition("/")
        host, _, port = address.partition(":")
        path = "/" + path if path else ""
        super().__init__(name, int(port or 80), headers, host, path.removesuffix("/v1"))

    def pids(self):
        return procs.family(procs.pids_listening_on(self.port))


class Started(Target):
    can_start = True

    def __init__(self, name, program, folder, upstream_port, headers=()):
        super().__init__(name, procs.free_port(), headers)
        self.program, self.upstream_port = program, upstream_port
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.env = dict(os.environ, HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder),
                        XDG_STATE_HOME=str(self.folder), XDG_CACHE_HOME=str(self.folder),
                        XDG_DATA_HOME=str(self.folder))
        # Whoever heeds it would hold a megabyte of certificates that nobody here asks for.
        self.env.pop("SSL_CERT_FILE", None)

    def pids(self):
        return procs.family([self.process.pid]) if self.process else []

    def command(self, is_one_process):
        raise NotImplementedError

    def start(self, wrapper=(), is_one_process=False, patience_s=10):
        """`wrapper` is valgrind or strace with its arguments. Raises when nothing answers."""
        argv = [*wrapper, *self.command(is_one_process)]
        self.process = procs.Process(argv, procs.PROXY_CORE, self.folder / "output.log", self.env)
        if not procs.wait_for_port(self.port, self.process, patience_s):
            process = self.process
            self.stop()
            raise RuntimeError(f"{self.name} did not start: {process.log_tail() or argv}")
        time.sleep(1)

    def stop(self, pids=None):
        if self.process:
            self.process.stop(pids=pids)
            self.process = None


class Nginx(Started):
    def __init__(self, name, program, folder, upstream_port, is_tuned):
        super().__init__(name, program, folder, upstream_port)
        self.tuning = NGINX_TUNING if is_tuned else ""
        self.env.update(NGINX_ALLOCATOR if is_tuned else {})

    def command(self, is_one_process):
        config = self.folder / "nginx.conf"
        config.write_text(nginx_config(
            self.port, self.upstream_port, self.folder, not is_one_process, self.tuning))
        return [self.program, "-p", self.folder, "-c", config, "-e", self.folder / "error.log"]


class Parley(Started):
    title = "parley"

    def __init__(self, program, folder, upstream_port):
        headers = [f"Authorization: Bearer {PARLEY_KEY}"]
        super().__init__(self.title, program, folder, upstream_port, headers)

    def command(self, is_one_process):
        config = self.folder / "parley.toml"
        config.write_text(parley_config(self.port, self.upstream_port))
        config.chmod(0o600)
        return [self.program, "serve", "--config", config]


class Crossing(Parley):
    """Another Parley, which is asked in a dialect that the upstream does not speak."""

    title = "crossing"
    dialect = dialects.Messages


def find_nginx(path):
    return path or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
