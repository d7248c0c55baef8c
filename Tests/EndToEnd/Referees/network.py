#!/usr/bin/env python3
"""Passes connections on, until it is killed.

    network.py PORT TARGET      listens at PORT (0: a free one), prints it, and passes what comes to TARGET, both on this machine
"""
import socket, sys, threading

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(listener.getsockname()[1], flush=True)


def copy(source, sink):
    try:
        while data := source.recv(65536): sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


while True:
    client, _ = listener.accept()
    try: server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError:
        client.close()
        continue
    for pair in [(client, server), (server, client)]: threading.Thread(target=copy, args=pair, daemon=True).start()
