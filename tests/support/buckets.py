"""A real S3 server on loopback (moto's), in a process of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import urllib.request

import ports


class Server:
    """It can be killed and started again; then it has forgotten everything but its bucket."""

    def __init__(self, bucket):
        self.bucket = bucket
        self.port = ports.free_port()
        self.process = None
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def start(self):
        """Serve an empty bucket."""
        code = (
            "from moto.server import ThreadedMotoServer as S; import sys\n"
            f"s = S(ip_address='127.0.0.1', port={self.port}); s.start(); print('up', flush=True)\n"
            "sys.stdin.read()"  # until whoever started it is gone
        )
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        while self.process.stdout.readline().strip() != "up":
            assert self.process.poll() is None
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/{self.bucket}", method="PUT")
        with urllib.request.urlopen(asked, timeout=60):
            pass

    def kill(self):
        """Be gone in the middle of whatever was asked for."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextlib.contextmanager
def serving(bucket):
    """Serve a bucket for the length of the block."""
    server = Server(bucket)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def objects(address):
    """Return every object below an address with its content."""
    import obstore
    from obstore.store import from_url

    store = from_url(address, client_options={"allow_http": True})
    keys = [one["path"] for page in obstore.list(store) for one in page]
    return {key: bytes(obstore.get(store, key).bytes()) for key in keys}
