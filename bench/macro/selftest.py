#!/usr/bin/env python3
"""Tests the instruments: bench_upstream must be strict, bench_load must see every fault.

Usage: selftest.py FOLDER_OF_THE_PROGRAMS
"""

import json
import pathlib
import socket
import subprocess
import sys
import threading
import time
import unittest

PROGRAMS = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/release/bin")
HEAD = b"HTTP/1.1 200 OK\r\n"
JSON = HEAD + b"Content-Type: application/json\r\n"
STREAM = HEAD + b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Server:
    """Answers every request on every connection with the same bytes, then may close."""

    def __init__(self, reply, piece=None, closes=False, stall_s=0):
        self.reply, self.piece, self.closes, self.stall_s = reply, piece, closes, stall_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                threading.Thread(
                    target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()
            except OSError:
                return

    def serve(self, peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer:
            while peer.recv(65536):
                time.sleep(self.stall_s)
                self.stall_s = 0
                size = self.piece or len(self.reply) or 1
                for at in range(0, len(self.reply), size):
                    peer.sendall(self.reply[at:at + size])
                if self.closes:
                    return


def load(port, *words):
    argv = [PROGRAMS / "bench_load", "--url", f"http://127.0.0.1:{port}", *words]
    return json.loads(subprocess.check_output(argv, timeout=30))


class LoadSeesFaults(unittest.TestCase):
    def expect(self, faults, reply, *words, **behaviour):
        server = Server(reply, **behaviour)
        self.addCleanup(server.listener.close)
        timeout_ms = "300" if faults == "timeout" else "10000"
        result = load(server.port, "--count", "2", "--timeout-ms", timeout_ms, *words)
        self.assertEqual(result["faults"], faults and {faults: 2})
        self.assertEqual(result["ok"], 0 if faults else 2)

    def expect_stream(self, faults, body, **behaviour):
        self.expect(faults, STREAM + body, "--stream", "--expect-events", "1", **behaviour)

    def test_right_replies(self):
        whole = JSON + b"Content-Length: 7\r\n\r\n{\"a\":1}"
        stream = STREAM + chunk(b"data: {}\n\n") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        for piece in (None, 1, 3):
            self.expect({}, whole, piece=piece)
            self.expect({}, stream, "--stream", "--expect-events", "1", piece=piece)
        self.expect({}, JSON + b"\r\n{\"a\":1}", closes=True)

    def test_whole_replies(self):
        self.expect("closed", b"", closes=True)
        self.expect("timeout", b"")
        self.expect("status", b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}")
        self.expect("body", JSON + b"Content-Length: 2\r\n\r\n{x")
        self.expect("body", JSON + b"Content-Length: 2\r\n\r\n{}", "--expect-bytes", "3")
        self.expect("body", JSON + b"Content-Length: 2\r\n\r\n{}", "--expect-events", "1")
        self.expect("truncated", JSON + b"Content-Length: 3\r\n\r\n{}", closes=True)
        self.expect("timeout", JSON + b"Content-Length: 3\r\n\r\n{}")
        self.expect("framing", JSON + b"Content-Length: 1\r\n\r\n{}")
        self.expect("framing", JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}")
        self.expect("framing", JSON + b"Content-Length: 2\nx: y\r\n\r\n{}")
        self.expect("framing", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def test_streams(self):
        event, done, last = chunk(b"data: {}\n\n"), chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n"
        self.expect_stream("no_done", event + last)
        self.expect_stream("no_done", done + event + last)
        self.expect_stream("event_count", done + last)
        self.expect_stream("event_count", event + event + done + last)
        self.expect_stream("error_event", chunk(b"data: {\"error\":{}}\n\n") + done + last)
        self.expect_stream("error_event", chunk(b"event: error\ndata: {}\n\n") + last)
        self.expect_stream("truncated", event + done, closes=True)
        self.expect_stream("truncated", event + b"5\r\nda", closes=True)
        self.expect_stream("framing", event + done + last + last)
        self.expect_stream("framing", b"zz\r\n")
        self.expect_stream("framing", b"1\r\nab")

    def test_streams_of_messages(self):
        def event(name):
            return chunk(f"event: {name}\ndata: {{\"type\":\"{name}\"}}\n\n".encode())

        begin, delta, end = event("message_start"), event("content_block_delta"), \
            event("message_stop")
        last = b"0\r\n\r\n"
        for piece in (None, 1, 3):
            whole = begin + delta + event("content_block_stop") + end + last
            self.expect_stream({}, whole, piece=piece)
        self.expect_stream("no_done", begin + delta + last)
        self.expect_stream("no_done", begin + delta + end + delta + last)
        self.expect_stream("event_count", begin + end + last)
        self.expect_stream("event_count", begin + delta + delta + end + last)
        self.expect_stream("error_event", begin + delta + event("error") + last)

    def test_its_request_is_json_of_the_right_size(self):
        for size in (400, 10_240, 102_400):
            for words in ([], ["--model-last"], ["--stream"], ["--messages"]):
                with socket.create_server(("127.0.0.1", 0)) as listener:
                    listener.settimeout(5)
                    argv = [PROGRAMS / "bench_load", "--url",
                            f"http://127.0.0.1:{listener.getsockname()[1]}", "--count", "1",
                            "--header", "X-Test: 1", "--body-bytes", str(size), *words]
                    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
                        with listener.accept()[0] as peer, peer.makefile("rb") as lines:
                            head = list(iter(lines.readline, b"\r\n"))
                            self.assertIn(b"X-Test: 1\r\n", head)
                            self.assertIn(b"Content-Length: %d\r\n" % size, head)
                            body = json.loads(lines.read(size))
                        process.terminate()
                self.assertEqual(body["model"], "bench-1k")
                self.assertEqual(body.get("stream", False), "--stream" in words)
                self.assertEqual(list(body)[-1] == "model", "--model-last" in words)
                self.assertEqual("system" in body, "--messages" in words)
                roles = [message["role"] for message in body["messages"]]
                self.assertEqual(roles[0] == "system", "--messages" not in words)

    def test_refused(self):
        self.assertEqual(load(free_port(), "--count", "2")["faults"], {"connect": 2})

    def test_open_loop_counts_who_waits_behind_a_stall(self):
        reply = JSON + b"Content-Length: 2\r\n\r\n{}"
        server = Server(reply, stall_s=0.4)
        self.addCleanup(server.listener.close)
        result = load(server.port, "--rate", "100", "--duration-ms", "800")
        self.assertEqual((result["ok"], result["errors"]), (80, 0))
        self.assertGreater(result["latency_us"]["p90"], 250_000)
        self.assertLess(result["service_us"]["p50"], 100_000)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class UpstreamIsStrict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([PROGRAMS / "bench_upstream"], stdout=subprocess.PIPE)
        cls.port = int(cls.process.stdout.readline().split()[1])

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.communicate()

    def ask(self, head, body=b"", piece=None, path=b"/v1/chat/completions"):
        request = b"POST " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body
        with socket.create_connection(("127.0.0.1", self.port), 5) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(request), piece or len(request)):
                peer.sendall(request[at:at + (piece or len(request))])
            peer.shutdown(socket.SHUT_WR)
            reply = b""
            while True:
                piece_of_reply = peer.recv(1 << 20)
                reply += piece_of_reply
                if not piece_of_reply:
                    return reply

    def test_reads_lengths_and_chunks_in_any_pieces(self):
        body = b'{"messages":[{"content":"' + b"x" * 600 + b'"}],"model":"up/bench-1k"}'
        chunks = chunk(body[:7]) + chunk(body[7:640]) + chunk(body[640:]) + b"0\r\n\r\n"
        for piece in (None, 1, 100):
            for head, sent in ((b"Content-Length: %d\r\n" % len(body), body),
                               (b"Transfer-Encoding: chunked\r\n", chunks)):
                reply = self.ask(head, sent, piece)
                self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\n"), reply[:200])
                self.assertEqual(len(reply.split(b"\r\n\r\n", 1)[1]), 1024)

    def test_refuses(self):
        for head, body in ((b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"{}"),
                           (b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
                           (b"Content-Length: +2\r\n", b"{}"),
                           (b"Content-Length : 2\r\n", b"{}"),
                           (b"Transfer-Encoding: gzip\r\n", b"{}"),
                           (b"Transfer-Encoding: chunked\r\n", b"1\r\nab"),
                           (b"Transfer-Encoding: chunked\r\n", b"1\na\n0\n\n"),
                           (b"Transfer-Encoding: chunked\r\n", b"\r\n"),
                           (b"Transfer-Encoding: chunked\r\n", b"1;x=y\r\na\r\n")):
            self.assertTrue(self.ask(head, body).startswith(b"HTTP/1.1 400 "), (head, body))
        for body, path in ((b'{"model":"other"}', b"/v1/chat/completions"),
                           (b'{"model":"bench-none"}', b"/v1/chat/completions"),
                           (b'{"model":"bench-1k"}', b"/v1/completions")):
            reply = self.ask(b"Content-Length: %d\r\n" % len(body), body, None, path)
            self.assertTrue(reply.startswith(b"HTTP/1.1 404 "), reply)

    def test_both_together(self):
        sizes = {"bench-1k": 1024, "bench-10k": 10240, "bench-100k": 102400}
        for model, size in sizes.items():
            for body_bytes in ("400", "10240", "102400"):
                result = load(self.port, "--count", "40", "--connections", "4", "--model", model,
                              "--body-bytes", body_bytes, "--model-last")
                self.assertEqual((result["ok"], result["body_bytes"]), (40, 40 * size))
        result = load(self.port, "--count", "40", "--connections", "8", "--model", "bench-sse",
                      "--stream", "--expect-events", "200")
        self.assertEqual((result["ok"], result["events"]), (40, 8000))
        result = load(self.port, "--count", "5", "--connections", "5", "--model", "bench-pace",
                      "--stream", "--expect-events", "200")
        self.assertEqual(result["ok"], 5)
        self.assertGreater(result["lag_us"]["p50"], 0)
        self.assertLess(result["lag_us"]["p50"], 100_000)


    def test_holds_streams_until_stdin_closes(self):
        argv = [PROGRAMS / "bench_load", "--url", f"http://127.0.0.1:{self.port}", "--hold", "20"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            opened = json.loads(process.stdout.readline())
            closed = json.loads(process.communicate(timeout=10)[0])
        self.assertEqual((opened["held"], closed["held"], closed["ended"]), (20, 20, 0))


if __name__ == "__main__":
    unittest.main()
