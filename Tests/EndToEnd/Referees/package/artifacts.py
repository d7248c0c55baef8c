"""The packages themselves: complete, described, and reproducible."""
import hashlib, json, pathlib, re, stat, struct, subprocess, zipfile

from surroundings import check, expect, functions, packages, programs, scratch

repository = pathlib.Path(__file__).resolve().parents[4]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@check
def the_checksums_cover_every_file_and_are_correct():
    lines = dict(reversed(line.split("  ", 1)) for line in (packages / "SHA256SUMS").read_text().splitlines())
    files = {path.name for path in packages.iterdir() if path.is_file()} - {"SHA256SUMS"}
    expect(set(lines) == files, (sorted(lines), sorted(files)))
    for name, digest in lines.items(): expect(sha256((packages / name).read_bytes()) == digest, name)


@check
def a_zip_has_the_files_of_its_folder_and_no_trace_of_the_build():
    for name in functions:
        folder = packages / name
        with zipfile.ZipFile(packages / f"{name}.zip") as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            expect(names == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()), names)
            for entry in entries:
                mode = 0o755 if entry.filename in ["bootstrap", "duckdb"] else 0o644
                expect(entry.external_attr >> 16 == stat.S_IFREG | mode and entry.date_time == (1980, 1, 1, 0, 0, 0), entry)
                expect(archive.read(entry) == (folder / entry.filename).read_bytes(), entry)
        size = (packages / f"{name}.zip").stat().st_size
        limit = 30_000_000 if name == "gold-build" else 8_000_000  # DuckDB alone is 21 MB
        expect(size <= limit, f"{name}.zip has {size} bytes")


@check
def the_engine_and_its_libraries_need_no_newer_c_library_than_amazon_linux_2023_has():
    folder = packages / "gold-build"
    for program in [folder / "duckdb", *sorted((folder / "lib").iterdir())]:
        needs = subprocess.run(["objdump", "-p", program], check=True, capture_output=True, text=True).stdout
        versions = {tuple(map(int, version)) for version in re.findall(r"GLIBC_(\d+)\.(\d+)", needs)}
        expect(versions and max(versions) <= (2, 34), (program, max(versions, default=None)))


@check
def a_bootstrap_is_static_stripped_and_names_no_folder_of_its_build():
    for name in programs:
        program = (packages / name / "bootstrap").read_bytes()
        expect(program[:4] == b"\x7fELF", name)
        offset, size, count = struct.unpack_from("<Q", program, 32)[0], *struct.unpack_from("<HH", program, 54)
        kinds = {struct.unpack_from("<I", program, offset + index * size)[0] for index in range(count)}
        expect(3 not in kinds and 2 not in kinds, f"{name} has an interpreter or a dynamic section")
        expect(b".symtab" not in program and b".debug_info" not in program, f"{name} is not stripped")
        for folder in [str(repository).encode(), b"/.deps/", b"/.build/"]:
            at = program.find(folder)
            expect(at < 0, f"{name} names {program[max(0, at - 40):at + 120]}")


@check
def a_package_built_elsewhere_has_the_same_bytes():
    elsewhere = scratch / "again"
    subprocess.run(["infra/package/assemble.py", "package", "--libraries", ".build/static/libraries", "--scratch", ".build/static",
                    "--output", elsewhere, *programs], cwd=repository, check=True, capture_output=True)
    expect((elsewhere / "SHA256SUMS").read_text() == (packages / "SHA256SUMS").read_text(), "other checksums")


@check
def the_bill_of_materials_describes_the_packages():
    bill = json.loads((packages / "cupel.cdx.json").read_text())
    expect((bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6"), bill["specVersion"])
    components = {component["bom-ref"]: component for component in bill["components"]}
    linked = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    named = lambda reference: components[reference]["name"]
    for name in programs:
        archive = packages / (f"{name}.zip" if name in functions else f"{name}-image.tar")
        expect(components[name]["hashes"][0]["content"] == sha256(archive.read_bytes()), name)
        parts = {named(reference) for reference in linked[name]}
        lean = ["change-capture", "compute-router", "replayer"]
        expect({"swift", "libc6-dev", "libyaml-dev"} <= parts or name in lean, (name, parts))
        calls_aws = {"curl", "openssl", "ca-certificates"}
        expect(calls_aws <= parts, (name, parts))
    expect({"libisal", "libzstd-dev", "snappy"} <= {named(reference) for reference in linked["bronze-writer"]}, "lacks libraries")
    expect("postgresql-15" in {named(reference) for reference in linked["change-capture"]}, "lacks libpq")
    for component in bill["components"]:
        if component["type"] == "application": continue
        expect(component["version"] and component["purl"] and component["licenses"], component)
        expect((packages / "licenses" / component["name"]).stat().st_size > 200, component["name"])
    expect(set(linked["cupel"]) == set(programs), linked["cupel"])
