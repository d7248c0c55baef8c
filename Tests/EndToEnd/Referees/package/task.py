"""The images of the tasks: they convert large files, capture changes, merge large tables and build large models."""
import gzip, hashlib, io, json, tarfile

import pyarrow.parquet

from surroundings import Root, check, expect, packages, tasks


@check
def an_image_matches_its_manifest():
    for task in tasks: matches(task)


def matches(task):
    with tarfile.open(packages / f"{task}-image.tar") as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive if entry.isfile()}

    def blob(descriptor):
        content = files["blobs/" + descriptor["digest"].replace(":", "/")]
        expect(descriptor["digest"] == "sha256:" + hashlib.sha256(content).hexdigest() and descriptor["size"] == len(content), descriptor)
        return content

    manifest = json.loads(blob(json.loads(files["index.json"])["manifests"][0]))
    config, layer = json.loads(blob(manifest["config"])), gzip.decompress(blob(manifest["layers"][0]))
    expect(json.loads(files["oci-layout"])["imageLayoutVersion"] == "1.0.0", files["oci-layout"])
    expect(layer == (packages / f"{task}-rootfs.tar").read_bytes(), "the layer is another root file system")
    expect(config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()], config["rootfs"])
    expect(config["config"]["Entrypoint"] == [f"/var/task/{task}"] and not config["config"]["User"].startswith("0"), config)
    docker = json.loads(files["manifest.json"])[0]
    expect(docker["Config"] in files and docker["Layers"][0] in files, docker)
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for entry in archive: expect((entry.mtime, entry.uid, entry.gid) == (0, 0, 0), entry.name)


@check
def the_task_converts_in_its_own_root():
    with tarfile.open(packages / "bronze-writer-rootfs.tar") as archive:
        entries = [entry for entry in archive if entry.isfile()]
        files = {f"/{entry.name}": archive.extractfile(entry).read() for entry in entries}
    expect([entry.name for entry in entries if entry.mode & 0o111] == ["var/task/bronze-writer"], entries)
    rows = "beer_id,brewery_id,beer_name,beer_style,beer_abv\n" + "".join(f"{n},{n % 90},Ale {n},IPA,{n % 12}.5\n" for n in range(20_000))
    root = Root(None, files | {"/data/beer.csv.gz": gzip.compress(rows.encode())})
    run = root.run(["/var/task/bronze-writer", "convert", "--contract", "/var/task/contracts/beer.odcs.yaml",
                    "/data/beer.csv.gz", "/tmp/beer.parquet"])
    expect(run.returncode == 0, run.stderr)
    table = pyarrow.parquet.read_table(root.path / "tmp/beer.parquet")
    expect(table.num_rows == 20_000 and table["beer_name"][19_999].as_py() == "Ale 19999", table.schema)


@check
def the_task_names_missing_settings():
    root = Root("bronze-writer")
    run = root.run(["/var/task/bootstrap"], {"CONTROL_ID": "0" * 32})
    expect(run.returncode != 0 and "AWS_REGION" in run.stderr + run.stdout, (run.returncode, run.stderr))


@check
def the_capture_runs_in_its_own_root():
    with tarfile.open(packages / "change-capture-rootfs.tar") as archive:
        files = {f"/{entry.name}": archive.extractfile(entry).read() for entry in archive if entry.isfile()}
    root = Root(None, files | {"/etc/hosts": "127.0.0.1 database\n"})
    usage = root.run(["/var/task/change-capture", "--tables", "a.b"])
    expect(usage.returncode == 2 and "--source is missing" in usage.stderr, usage)
    # Nobody listens there: libpq, inside, says so.
    refused = root.run(["/var/task/change-capture", "--source", "postgresql://x@database:1/x", "--stream", "s", "--bucket", "b",
                        "--tables", "a.b"], {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})
    expect(refused.returncode == 1 and "Connection refused" in refused.stderr, refused)


@check
def the_task_of_gold_starts_its_engine_in_its_own_root():
    with tarfile.open(packages / "gold-build-rootfs.tar") as archive:
        files = {f"/{entry.name}": archive.extractfile(entry).read() for entry in archive if entry.isfile()}
    expect("/var/task/models/gold/top_drinkers.sql" in files, sorted(files))
    root = Root(None, files)
    run = root.run(["/var/task/duckdb", "-csv", "-noheader", "-c", "SELECT 41 + 1"], {"LD_LIBRARY_PATH": "/var/task/lib", "HOME": "/nonexistent"})
    expect(run.returncode == 0 and run.stdout == "42\n", run)
    settings = root.run(["/var/task/gold-build"], {"MODEL": "dm_gold.top_drinkers"})
    expect(settings.returncode == 1 and "AWS_REGION" in settings.stderr + settings.stdout, settings)
