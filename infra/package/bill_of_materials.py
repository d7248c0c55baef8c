"""What the packages are made of, as CycloneDX 1.6: taken from the linker's maps, which name every archive that gave something.

https://cyclonedx.org/docs/1.6/json/
"""
import hashlib, json, pathlib, re, shutil, subprocess, uuid

import cxx_libraries

# The archive that the linker took -> the Debian package that it is from. A pattern for those with a version in the name.
ARCHIVES = {
    r"lib(ssl|crypto)\.a": "openssl", r"libcurl\.a": "curl", r"lib(pq|pgcommon|pgport)\.a": "postgresql-15", r"libisal\.a": "libisal",
    r"libz\.a": "zlib1g-dev", r"libzstd\.a": "libzstd-dev", r"libsnappy\.a": "snappy", r"libyaml\.a": "libyaml-dev",
    r"lib(c|m|m-[\d.]+|pthread|dl|rt|util|mvec|resolv)\.a": "libc6-dev",
    r"lib(gcc|gcc_eh)\.a": "libgcc-%d-dev", r"libstdc\+\+\.a": "libstdc++-%d-dev",
}
LICENSES = {
    "openssl": "Apache-2.0", "curl": "curl", "postgresql-15": "PostgreSQL", "libisal": "BSD-3-Clause", "zlib1g-dev": "Zlib", "libzstd-dev": "BSD-3-Clause",
    "snappy": "BSD-3-Clause", "libyaml-dev": "MIT", "libc6-dev": "LGPL-2.1-or-later",
    "libgcc-%d-dev": "GPL-3.0-or-later WITH GCC-exception-3.1", "libstdc++-%d-dev": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libstdc++-%d-pic": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libc6": "LGPL-2.1-or-later", "ca-certificates": "MPL-2.0", "swift": "Apache-2.0 WITH Swift-exception",
}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sha256(path):
    return {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}


def archive(name, output):
    """What is handed on: a function's zip, or the image of what only runs as a task."""
    packed = output / f"{name}.zip"
    return packed if packed.exists() else output / f"{name}-image.tar"


def license_of(expression):
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


class Materials:
    def __init__(self, libraries, scratch):
        self.libraries, self.scratch = libraries, scratch
        self.sources = {source["package"]: source for source in json.loads((libraries / "sources.json").read_text())}
        self.release = re.search(r'VERSION_ID="(\d+)"', pathlib.Path("/etc/os-release").read_text())[1]
        self.components, self.dependencies, self.copyrights = {}, {}, {}

    # MARK: Functions

    def add_function(self, name, output):
        archives = {pathlib.Path(path).resolve() for path in re.findall(
            r"^(/\S+\.a)\(", (self.scratch / "maps" / name).read_text(errors="replace"), re.MULTILINE)}
        parts = sorted({self.add_archive(archive) for archive in archives})
        if (output / name / "duckdb").exists(): parts += self.add_engine(output / name)
        if (output / name / "certificates").exists(): parts.append(self.add_debian("ca-certificates"))
        self.components[name] = {
            "type": "application", "bom-ref": name, "name": name, "hashes": [sha256(archive(name, output))],
            "licenses": license_of("Apache-2.0"),
            "properties": [{"name": "cupel:sha256:bootstrap", "value": sha256(output / name / "bootstrap")["content"]}],
        }
        self.dependencies[name] = parts

    def add_archive(self, archive):
        if "swift_static" in archive.parts: return self.add_swift(archive)
        for pattern, package in ARCHIVES.items():
            if re.fullmatch(pattern, archive.name):
                if package in self.sources: return self.add_source(package, archive)
                return self.add_debian(package % int(archive.parent.name) if "%" in package else package, archive)
        raise SystemExit(f"bill_of_materials.py does not know what {archive} is from")

    # MARK: What they are made of

    def add(self, reference, component, archive=None):
        entry = self.components.setdefault(reference, {"type": "library", "bom-ref": reference} | component)
        if archive:
            files = entry.setdefault("components", [])
            if archive.name not in [file["name"] for file in files]:
                files.append({"type": "file", "name": archive.name, "hashes": [sha256(archive)]})
                files.sort(key=lambda file: file["name"])
        return reference

    def add_source(self, package, archive):
        """A library built here from a Debian source package."""
        source = self.sources[package]
        self.copyrights[package] = self.libraries / "licenses" / package
        pool = f"https://sources.debian.org/src/{package}/{source['version']}/"
        return self.add(f"pkg:deb/debian/{package}@{source['version']}?arch=source&distro=debian-{self.release}", {
            "name": package, "version": source["version"], "licenses": license_of(LICENSES[package]),
            "purl": f"pkg:deb/debian/{package}@{source['version']}?arch=source&distro=debian-{self.release}",
            "externalReferences": [
                {"type": "source-distribution", "url": pool, "comment": name, "hashes": [{"alg": "SHA-256", "content": content}]}
                for name, content in source["files"].items()],
        }, archive)

    def add_debian(self, package, archive=None):
        """A library as Debian built it."""
        version, architecture = output_of(
            "dpkg-query", "-W", "-f", "${Version} ${Architecture}", package).split()
        self.copyrights[package] = pathlib.Path("/usr/share/doc") / package / "copyright"
        known = re.sub(r"-\d+-(dev|pic)$", r"-%d-\1", package)
        purl = f"pkg:deb/debian/{package}@{version}?arch={architecture}&distro=debian-{self.release}"
        return self.add(purl, {
            "type": "library" if archive else "data", "name": package, "version": version,
            "licenses": license_of(LICENSES[known]), "purl": purl}, archive)

    def add_engine(self, folder):
        """DuckDB's command line, as its authors built it, and the libraries that it wants."""
        program = folder / "duckdb"
        version = output_of(program, "--version").split()[0].removeprefix("v")
        self.copyrights["duckdb"] = pathlib.Path(__file__).parent / "duckdb-license.txt"
        engine = self.add(f"pkg:github/duckdb/duckdb@v{version}", {
            "type": "application", "name": "duckdb", "version": version, "licenses": license_of("MIT"),
            "hashes": [sha256(program)], "purl": f"pkg:github/duckdb/duckdb@v{version}"})
        gcc = cxx_libraries.gcc_folder().name
        return [engine, self.add_debian(f"libstdc++-{gcc}-pic", folder / "lib" / "libstdc++.so.6"),
                self.add_debian(f"libgcc-{gcc}-dev", folder / "lib" / "libgcc_s.so.1"),
                *[self.add_debian("libc6", path) for path in cxx_libraries.needed_files(program)]]  # of the task's image

    def add_swift(self, archive):
        """The Swift toolchain's own libraries."""
        version = re.search(r"Swift version (\S+)", output_of("swift", "--version"))[1]
        toolchain = next(folder for folder in archive.parents if folder.name == "usr")
        self.copyrights["swift"] = toolchain / "share" / "swift" / "LICENSE.txt"
        return self.add(f"pkg:github/swiftlang/swift@swift-{version}-RELEASE", {
            "name": "swift", "version": version, "licenses": license_of(LICENSES["swift"]),
            "purl": f"pkg:github/swiftlang/swift@swift-{version}-RELEASE"}, archive)

    # MARK: Writing

    def copy_licenses(self, folder):
        folder.mkdir(parents=True)
        shutil.copyfile("LICENSE", folder / "cupel")
        for package, path in self.copyrights.items(): shutil.copyfile(path, folder / package)

    def document(self):
        components = [self.components[reference] for reference in sorted(self.components)]
        dependencies = [{"ref": name, "dependsOn": sorted(parts)} for name, parts in sorted(self.dependencies.items())]
        # A serial number that follows from the content, so that the same packages have the same bill.
        serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([components, dependencies], sort_keys=True))
        return json.dumps({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": "cupel", "name": "cupel", "licenses": license_of("Apache-2.0")}},
            "components": components,
            "dependencies": [{"ref": "cupel", "dependsOn": sorted(self.dependencies)}] + dependencies,
        }, indent=1, sort_keys=True) + "\n"
