#!/usr/bin/python3 -B
"""Packs built functions: the same input gives the same bytes, on any day and in any folder.

    assemble.py functions PACKAGE.json        the functions' names, from `swift package describe --type json`
    assemble.py package --libraries DIR --scratch DIR --output DIR NAME...

Into the output folder go, for each function, NAME/ (bootstrap, contracts/, for gold-build models/, duckdb and its lib/, and certificates/
for those that call AWS) and the same as NAME.zip; the tasks' images; the licences; cupel.cdx.json (CycloneDX), which says what is in
all this; architecture, which says what processor it is for; SHA256SUMS.
"""
import argparse, hashlib, json, pathlib, shutil, subprocess, sys, zipfile

import bill_of_materials
import cxx_libraries
import image

ENGINES = {"gold-build": pathlib.Path(".venv-duckdb/duckdb")}  # programs that a function starts; infra/setup installs them
TASKS = ["bronze-writer", "change-capture", "gold-build", "silver-merge"]  # what runs as a task, in a container
NO_FUNCTIONS = {"change-capture"}  # has an image and no zip
OLDEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows
AUTHORITIES = pathlib.Path("/usr/share/ca-certificates/mozilla")  # as Debian's package has them, whatever this machine adds


def function_names(description):
    """The products under Functions/."""
    paths = {target["name"]: target["path"] for target in description["targets"]}
    return sorted(product["name"] for product in description["products"]
                  if "executable" in product["type"] and paths[product["targets"][0]].startswith("Functions/"))


def modules(description, function):
    """The targets that a function is made of, and the products of other packages."""
    targets = {target["name"]: target for target in description["targets"]}
    waiting = [next(product["targets"][0] for product in description["products"] if product["name"] == function)]
    found, foreign = set(), set()
    while waiting:
        target = targets[waiting.pop()]
        if target["name"] in found: continue
        found.add(target["name"])
        waiting += target.get("target_dependencies", [])
        foreign.update(target.get("product_dependencies", []))
    return found, foreign


def copy(source, destination, mode):
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    destination.chmod(mode)


def write_authorities(folder):
    """The certificate authorities as OpenSSL finds them one at a time: files named after the hash of their subject. Reading
    all of them from one file would cost each new connection 30 ms."""
    taken = set()
    for certificate in sorted(AUTHORITIES.glob("*.crt")):
        subject = subprocess.run(["openssl", "x509", "-noout", "-subject_hash", "-in", certificate],
                                 check=True, capture_output=True, text=True).stdout.strip()
        name = next(name for number in range(100) if (name := f"{subject}.{number}") not in taken)
        taken.add(name)
        copy(certificate, folder / name, 0o644)
    if not taken: raise SystemExit(f"{AUTHORITIES} holds no certificates; is ca-certificates installed?")
    changed = subprocess.run(["dpkg", "--verify", "ca-certificates"], capture_output=True, text=True).stdout
    if "/usr/share/ca-certificates/" in changed:
        print("WARNING: ca-certificates is not as Debian has it on this machine, so these packages are not as another would build "
              f"them:\n{changed.rstrip()}", file=sys.stderr)


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_zip(folder, archive):
    with zipfile.ZipFile(archive, "w") as zip_file:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), OLDEST)
            entry.create_system = 3  # Unix: the mode counts
            entry.external_attr = (0o100000 | path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zip_file.writestr(entry, path.read_bytes(), compresslevel=9)


def write_checksums(folder):
    """Of what is handed on; the folders hold what the zips hold."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names))


def architecture(program):
    """The processor that an executable is for, in CloudFormation's words: `e_machine` of its ELF header."""
    return {0x3E: "x86_64", 0xB7: "arm64"}[int.from_bytes(program.read_bytes()[18:20], "little")]


def package(libraries, scratch, output, names):
    description = json.loads((scratch / "package.json").read_text())
    shutil.rmtree(output, ignore_errors=True)
    authorities = output / "certificates"
    write_authorities(authorities)
    for name in names:
        folder = output / name
        copy(scratch / name, folder / "bootstrap", 0o755)
        if "AWSClient" in modules(description, name)[0]: shutil.copytree(authorities, folder / "certificates")
        if name in NO_FUNCTIONS: continue
        for contract in sorted(pathlib.Path("infra/contracts").glob("*.odcs.yaml")):
            copy(contract, folder / "contracts" / contract.name, 0o644)
        if name in ENGINES:
            copy(ENGINES[name], folder / ENGINES[name].name, 0o755)
            cxx_libraries.build(folder / "lib")
            for model in sorted(pathlib.Path("infra/models").glob("*/*")):
                copy(model, folder / "models" / model.parent.name / model.name, 0o644)
        write_zip(folder, output / f"{name}.zip")
    shutil.rmtree(authorities)
    for task in TASKS:
        engine = output / task / ENGINES[task].name if task in ENGINES else None
        image.write(output / task, output, task, cxx_libraries.needed_files(engine) if engine else [])
    materials = bill_of_materials.Materials(libraries, scratch)
    for name in names:
        foreign = modules(description, name)[1]
        if foreign: raise SystemExit(f"{name} links {', '.join(sorted(foreign))}; teach bill_of_materials.py about Swift packages")
        materials.add_function(name, output)
    materials.copy_licenses(output / "licenses")
    (output / "cupel.cdx.json").write_text(materials.document())
    (output / "architecture").write_text(architecture(output / names[0] / "bootstrap") + "\n")
    write_checksums(output)
    for name in names:
        archive = bill_of_materials.archive(name, output)
        program = output / name / "bootstrap"
        print(f"{archive.stat().st_size / 1e6:6.1f} MB  {archive.name} ({program.stat().st_size / 1e6:.1f} MB unpacked)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("functions").add_argument("description", type=pathlib.Path)
    packing = commands.add_parser("package")
    for option in ["--libraries", "--scratch", "--output"]: packing.add_argument(option, type=pathlib.Path, required=True)
    packing.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    if arguments.command == "functions":
        print("\n".join(function_names(json.loads(arguments.description.read_text()))))
    else:
        package(arguments.libraries, arguments.scratch, arguments.output, arguments.names)


if __name__ == "__main__": main()
