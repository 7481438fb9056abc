"""Puts a name elsewhere: DROPPR_TEST_ELSEWHERE is ``name=address=port``. The name has that address, as far as this process
asks, and whoever connects to the address on port 443 reaches the port on this machine."""

from __future__ import annotations

import os
import socket
from typing import Any

_name, _address, _port = os.environ["DROPPR_TEST_ELSEWHERE"].split("=")
_getaddrinfo, _create_connection = socket.getaddrinfo, socket.create_connection


def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
    return _getaddrinfo(_address if host == _name else host, port, *args, **kwargs)


def create_connection(address: Any, *args: Any, **kwargs: Any) -> Any:
    return _create_connection(("127.0.0.1", int(_port)) if address[0] == _address else address, *args, **kwargs)


socket.getaddrinfo = getaddrinfo
socket.create_connection = create_connection
