"""How a master and its agents talk: typed messages over ZeroMQ, encrypted, both sides known."""

from taver.core.extras import need

need("zmq", extra="capture", to="record")
