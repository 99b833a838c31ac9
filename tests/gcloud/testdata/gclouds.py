"""Answers each connection to a socket as one call of gcloud. Most of a call's time goes into loading modules, so they are loaded once, and
every call is a fork. The launcher of gcloud starts this in the place of its own script, by CLOUDSDK_PYTHON_ARGS.

It ends when its standard input does.
"""
import atexit
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile

script, address = sys.argv[1:]
folder = os.path.dirname(script)
sys.path[:0] = [os.path.join(folder, "third_party"), folder]
import googlecloudsdk.gcloud_main  # noqa: E402
import googlecloudsdk.command_lib.run.connection_context  # noqa: E402,F401
import googlecloudsdk.command_lib.run.serverless_operations  # noqa: E402,F401
import googlecloudsdk.core.requests  # noqa: E402,F401


def call(connection):
    """Does what the launcher's script does, in this process, and answers with what it printed."""
    asked = json.loads(connection.makefile().readline())
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = ["gcloud", *asked["args"]]
    printed = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    for file, descriptor in zip(printed, (1, 2)):
        os.dup2(file.fileno(), descriptor)
    exit_code = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        exit_code = ended.code or 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    for file in printed:
        file.seek(0)
    out, err = (file.read().decode() for file in printed)
    connection.sendall(json.dumps({"exit": exit_code, "out": out, "err": err}).encode())


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(address)
listener.listen(16)
print("ready", flush=True)
while listener in select.select([listener, sys.stdin], [], [])[0]:
    connection, _ = listener.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener.close()
        call(connection)
        os._exit(0)
    connection.close()
