"""Container images of the tasks and of the emulator: each an archive that both `docker load` and OCI tools (skopeo, crane, podman) take.
Of the tasks also their root file systems alone. One layer, no distribution: the executable, what it reads, /tmp, a user that is not root, and the C library
where the executable starts a program that needs one.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""
import gzip, hashlib, io, json, platform, tarfile

CREATED = "1980-01-01T00:00:00Z"
USER = 65532
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


def add(archive, name, content=None, mode=0o644):
    """A file, or a folder where there is no content; of root, at time 0."""
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    if content is None:
        entry.type, entry.mode = tarfile.DIRTYPE, mode | 0o111
        archive.addfile(entry)
    else:
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


def root_file_system(folder, program, libraries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, mode in [("etc", 0o755), ("tmp", 0o1777), ("var", 0o755), ("var/task", 0o755)]: add(archive, name, mode=mode)
        add(archive, "etc/passwd", f"cupel:x:{USER}:{USER}::/:/nonexistent\n".encode())
        add(archive, "etc/group", f"cupel:x:{USER}:\n".encode())
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            target = f"var/task/{program if name == 'bootstrap' else name}"
            if path.is_dir(): add(archive, target, mode=0o755)
            else: add(archive, target, path.read_bytes(), path.stat().st_mode & 0o777)
        folders = {parent for path in libraries for parent in path.relative_to("/").parents if parent.name}
        for path in sorted(folders): add(archive, path.as_posix(), mode=0o755)
        for path in sorted(libraries): add(archive, path.relative_to("/").as_posix(), path.read_bytes(), 0o755)
    return buffer.getvalue()


def write(folder, output, program, libraries=()):
    """Writes PROGRAM-rootfs.tar and PROGRAM-image.tar from a function's folder, and the system's libraries at their own places."""
    layer = root_file_system(folder, program, libraries)
    (output / f"{program}-rootfs.tar").write_bytes(layer)
    # A volume that is mounted at /tmp takes the folder's mode, so that the user may write there.
    write_image(output / f"{program}-image.tar", f"cupel/{program}:latest", layer, {
        "WorkingDir": "/var/task", "Entrypoint": [f"/var/task/{program}"], "Volumes": {"/tmp": {}}})


def write_emulator(path, version, files, libraries):
    """Writes the image of the emulator: an installation in /opt/cupel, and the libraries that DuckDB is linked to at their paths."""
    buffer = io.BytesIO()
    contents = {f"opt/cupel/{name}": content for name, content in files.items()}
    contents |= {name.lstrip("/"): (content, True) for name, content in libraries.items()}
    contents["etc/passwd"] = (f"cupel:x:{USER}:{USER}::/data:/nonexistent\n".encode(), False)
    contents["etc/group"] = (f"cupel:x:{USER}:\n".encode(), False)
    folders = {"/".join(name.split("/")[:depth]) for name in contents for depth in range(1, name.count("/") + 1)}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(folders): add(archive, name, mode=0o755)
        for name in ["data", "tmp"]: add(archive, name, mode=0o1777)
        for name, (content, executable) in sorted(contents.items()): add(archive, name, content, 0o755 if executable else 0o644)
    write_image(path, f"cupel/cupel:{version}", buffer.getvalue(), {
        "WorkingDir": "/data", "Entrypoint": ["/opt/cupel/bin/cupel"], "Cmd": ["up", "--listen", "0.0.0.0"], "ExposedPorts": {"4566/tcp": {}}, "Volumes": {"/data": {}},
        "Env": ["PATH=/opt/cupel/bin", "HOME=/data"]})


def write_image(path_of_image, tag, layer, settings):
    """Writes an image of one layer, run by a user that is not root."""
    blobs = {}

    def blob(content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def document(value):
        return json.dumps(value, indent=1).encode()

    packed = blob(gzip.compress(layer, 9, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = blob(document({
        "created": CREATED, "architecture": ARCHITECTURE[platform.machine()], "os": "linux",
        "config": {"User": f"{USER}:{USER}"} | settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": CREATED, "created_by": "infra/package/image.py"}],
    }), "application/vnd.oci.image.config.v1+json")
    manifest = blob(document({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [packed],
    }), "application/vnd.oci.image.manifest.v1+json")

    def path(descriptor):
        return "blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")

    with tarfile.open(path_of_image, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ["blobs", "blobs/sha256"]: add(archive, name, mode=0o755)
        for digest in sorted(blobs): add(archive, f"blobs/sha256/{digest}", blobs[digest])
        add(archive, "oci-layout", document({"imageLayoutVersion": "1.0.0"}))
        add(archive, "index.json", document({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [manifest | {"annotations": {
                "io.containerd.image.name": f"docker.io/{tag}", "org.opencontainers.image.ref.name": tag.split(":")[1]}}],
        }))
        # What `docker load` reads.
        add(archive, "manifest.json", document([{"Config": path(config), "RepoTags": [tag], "Layers": [path(packed)]}]))
