"""A git server over HTTP for tests: `git http-backend` behind basic authentication.

  git_http.py FOLDER USER:PASSWORD [CERTIFICATE KEY]      prints its port; ends with its input

GIT_HTTP_PORT is the port it takes; any otherwise. Where FOLDER has a file "answer", its number is
the status of every reply: a test's way to have the server full, busy or out of its mind.
"""
import base64
import os
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = os.path.join(sys.argv[1], "answer")
FOLDER, PROOF = sys.argv[1], "Basic " + base64.b64encode(sys.argv[2].encode()).decode()


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *words):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def serve(self):
        body = self.body()
        if os.path.exists(ANSWER):
            with open(ANSWER, encoding="ascii") as file:
                self.send_response(int(file.read()))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.headers.get("Authorization") != PROOF:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        variables = dict(
            os.environ, GIT_PROJECT_ROOT=FOLDER, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
            QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_USER="parley",
            REMOTE_ADDR="127.0.0.1", CONTENT_LENGTH=str(len(body)),
            CONTENT_TYPE=self.headers.get("Content-Type") or "",
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding") or "")
        done = subprocess.run(["git", "http-backend"], input=body, env=variables,
                              stdout=subprocess.PIPE, check=True)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(next((v for n, v in fields if n == "Status"), "200").split()[0]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)

    do_GET = do_POST = serve


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Clients that do not believe the certificate leave, which is what is tested."""


server = Server(("127.0.0.1", int(os.environ.get("GIT_HTTP_PORT", "0"))), Backend)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
