"""registry.py REGISTRY IMAGE COMMAND…: runs COMMAND, which pushes IMAGE to a new registry, and checks what the registry serves.

REGISTRY is the executable of https://distribution.github.io/distribution/, `{repository}` in COMMAND is replaced by the target. Prints the
image's name; exits with 1 and the reason unless COMMAND pushed and named the image in the archive.
"""
import hashlib, json, os, re, subprocess, sys, tarfile, tempfile, threading, urllib.request

registry, image, *command = sys.argv[1:]


def served(address, name, kind, reference):
    request = urllib.request.Request(
        f"http://{address}/v2/{name}/{kind}/{reference}", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
    with urllib.request.urlopen(request, timeout=600) as answer: return answer.read()


def check(address):
    name = "cupel-bronze-writer"
    words = [word.replace("{repository}", f"{address}/{name}") for word in command]
    run = subprocess.run(words, capture_output=True, text=True)
    if run.returncode != 0: sys.exit(f"the push failed: {run.stdout}{run.stderr}")
    pushed = re.search(rf"{re.escape(address)}/{name}@sha256:([0-9a-f]{{64}})", run.stdout)
    if not pushed: sys.exit(f"no image is named: {run.stdout}{run.stderr}")
    digest = pushed[1]
    with tarfile.open(image) as archive:
        blobs = {os.path.basename(member.name): archive.extractfile(member).read()
                 for member in archive if member.name.startswith("blobs/sha256/") and member.isfile()}
    if digest not in blobs: sys.exit(f"no image of the archive: {pushed[0]}")
    for reference in ["latest", f"sha256:{digest}"]:
        manifest = served(address, name, "manifests", reference)
        if hashlib.sha256(manifest).hexdigest() != digest: sys.exit(f"{reference} is another image")
    manifest = json.loads(manifest)
    for part in [manifest["config"], *manifest["layers"]]:
        if served(address, name, "blobs", part["digest"]) != blobs[part["digest"].removeprefix("sha256:")]:
            sys.exit(f"{part['digest']} is served with other bytes")
    print(pushed[0])


with tempfile.TemporaryDirectory() as folder:
    configuration = os.path.join(folder, "registry.yaml")
    with open(configuration, "w") as file:
        json.dump({"version": 0.1, "log": {"formatter": "json"}, "http": {"addr": "127.0.0.1:0"},
                   "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "images")}}}, file)
    server = subprocess.Popen([registry, "serve", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in server.stderr:
            lines.append(line)
            if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line): break
        else: sys.exit(f"the registry did not start: {''.join(lines)}")
        reader = threading.Thread(target=lambda: [None for _ in server.stderr])
        reader.start()
        try: check(found[1])
        finally:
            server.kill()
            # Python aborts at its exit if a thread still holds the pipe.
            reader.join()
    finally:
        server.kill()
        server.wait()
