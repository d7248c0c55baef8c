#!/usr/bin/env python3
"""Runs the packages as AWS does, in an empty root without privileges, and checks the results.

python3 package PACKAGES RIE          PACKAGES is the output of `make package`; RIE is AWS's Runtime Interface Emulator
python3 package PACKAGES RIE WORD…    only the checks whose names contain one of the words

Prints the outcome of each check; exits with 0 only if none failed. It enters namespaces of its own (mounts, processes,
network), so the root file system, DNS and HTTPS that the functions see are created here and end with it. That needs root, or a
system that lets users have namespaces.
"""
import importlib, os, shutil, subprocess, sys, tempfile, traceback

INSIDE = "CUPEL_PACKAGE_REFEREE_SCRATCH"
NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]


def enter_namespaces():
    """Runs this script again inside, and exits with its status."""
    for options in ([], ["--user", "--map-root-user"]):
        if subprocess.run([*NAMESPACES, *options, "true"], capture_output=True).returncode == 0: break
    else:
        sys.exit("FAILED everything: this machine allows neither root's nor a user's namespaces (`unshare --mount --net --pid`); "
                 "run as root, or set kernel.unprivileged_userns_clone or user.max_user_namespaces")
    scratch = tempfile.mkdtemp(prefix="cupel-package-")
    try:
        status = subprocess.run([*NAMESPACES, *options, sys.executable, "-B", *sys.argv], env=os.environ | {INSIDE: scratch}).returncode
    finally:
        shutil.rmtree(scratch)
    sys.exit(status)


if INSIDE not in os.environ: enter_namespaces()

from surroundings import checks, prepare

prepare(os.environ[INSIDE])
for name in ["artifacts", "invocations", "names", "certificates", "task"]: importlib.import_module(name)
here, failed, words = os.path.dirname(os.path.abspath(__file__)), 0, sys.argv[3:]
selected = [function for function in checks if not words or any(word in function.__name__ for word in words)]
for function in selected:
    try:
        function()
        print("ok    ", function.__name__)
    except Exception as error:
        failed += 1
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.abspath(frame.filename).startswith(here)]
        print("FAILED", function.__name__, f"at {os.path.basename(own[-1].filename)}:{own[-1].lineno}:",
              type(error).__name__, str(error)[:1500].replace("\n", " | "))
    sys.stdout.flush()
# Python can abort at its own exit while a server's thread still writes.
os._exit(1 if failed or not selected else 0)
