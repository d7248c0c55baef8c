#!/usr/bin/python3 -B
"""Packs what users install: the command, the functions that its emulator runs, and the pipeline's description.

    dist.py --package DIR --engine FILE --output DIR PROGRAM...

The programs are the static executables of `cupel` and the functions; the package is what assemble.py made. Into the output folder go

    cupel-VERSION-linux-ARCH.tar.gz                   bin/, lib/cupel/duckdb, share/: unpacked anywhere, it works
    cupel-VERSION-py3-none-manylinux_2_17_ARCH.whl    the same for pip, which gets DuckDB from duckdb-cli
    cupel-VERSION-image-linux-ARCH.tar                a container image of the emulator, for `docker load` and OCI tools
    cupel.rb                                          a Homebrew formula that installs the archive
    SHA256SUMS

The same programs give the same bytes, on any day and in any folder.
"""
import argparse, base64, gzip, hashlib, io, pathlib, platform, re, stat, subprocess, tarfile, zipfile

import image, manual

ROOT = pathlib.Path(__file__).resolve().parents[2]
OLDEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows
# What the command reads, beside one another as in a checkout, because templates name state machines by relative paths.
DESCRIPTION = ["infra/*.yaml", "infra/contracts/*", "infra/models/**/*", "infra/dashboards/*", "infra/grafana/*", "infra/model", "StateMachines/*",
               "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md"]
SHELLS = {"bash": "share/bash-completion/completions/cupel", "zsh": "share/zsh/site-functions/_cupel",
          "fish": "share/fish/vendor_completions.d/cupel.fish"}


def installed_files(programs, command, package):
    """Each file of an installation by its path in it: its content and whether it is a program."""
    files = {}
    for program in sorted(programs): files[f"bin/{program.name}"] = (program.read_bytes(), True)
    for pattern in DESCRIPTION:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                executable = bool(path.stat().st_mode & stat.S_IXUSR)
                files[f"share/cupel/{path.relative_to(ROOT).as_posix()}"] = (path.read_bytes(), executable)
    for path in sorted((package / "licenses").rglob("*")):
        if path.is_file(): files[f"share/cupel/licenses/{path.relative_to(package / 'licenses').as_posix()}"] = (path.read_bytes(), False)
    for shell, path in SHELLS.items():
        script = subprocess.run([command, "--generate-completion-script", shell], check=True, capture_output=True).stdout
        files[path] = (script, False)
    files["share/man/man1/cupel.1"] = (manual.page(command).encode(), False)
    return files


def write_tarball(path, root, files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, (content, executable) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size, entry.mode = len(content), 0o755 if executable else 0o644
            tar.addfile(entry, io.BytesIO(content))
    with path.open("wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as compressed:
        compressed.write(packed.getvalue())


def write_wheel(path, version, tag, files, engine_version):
    """A wheel as https://packaging.python.org/en/latest/specifications/binary-distribution-format/ describes it: pip puts
    scripts on the PATH and data below the environment's root."""
    info, data = f"cupel-{version}.dist-info", f"cupel-{version}.data"
    entries = {}
    for name, content in plugin().items(): entries[name] = (content, False)
    entries[f"{info}/entry_points.txt"] = (b"[pytest11]\ncupel = cupel_pytest\n", False)
    for name, (content, executable) in files.items():
        place = f"{data}/scripts/{name[4:]}" if name.startswith("bin/") else f"{data}/data/{name}"
        entries[place] = (content, executable)
    readme = (ROOT / "README.md").read_text()
    entries[f"{info}/METADATA"] = ("\n".join([
        "Metadata-Version: 2.4", "Name: cupel", f"Version: {version}",
        "Summary: An event-driven medallion pipeline for AWS, and an emulator that runs it on a laptop",
        "License-Expression: Apache-2.0", "License-File: LICENSE", "Requires-Python: >=3.8",
        "Classifier: Environment :: Console", "Classifier: Operating System :: POSIX :: Linux",
        f"Requires-Dist: duckdb-cli=={engine_version}", "Provides-Extra: models",
        *(f"Requires-Dist: {line}; extra == 'models'" for line in requirements("infra/requirements-models.txt")),
        "Provides-Extra: pytest", "Requires-Dist: pytest>=7; extra == 'pytest'", "Requires-Dist: boto3; extra == 'pytest'",
        "Classifier: Framework :: Pytest", "Description-Content-Type: text/markdown", "", readme]).encode(), False)
    entries[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: cupel\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n".encode(), False)
    entries[f"{info}/licenses/LICENSE"] = ((ROOT / "LICENSE").read_bytes(), False)
    record = f"{info}/RECORD"
    lines = [f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}"
             for name, (content, _) in sorted(entries.items())]
    entries[record] = (("\n".join([*lines, f"{record},,"]) + "\n").encode(), False)
    with zipfile.ZipFile(path, "w") as wheel:
        # The metadata comes last, as the specification recommends.
        for name, (content, executable) in sorted(entries.items(), key=lambda entry: (entry[0].startswith(info), entry[0])):
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.create_system = 3  # Unix: the mode counts
            entry.external_attr = (0o100000 | (0o755 if executable else 0o644)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content, compresslevel=6)


def plugin():
    """The modules of Python that the wheel has, by their names."""
    return {path.name: path.read_bytes() for path in sorted((ROOT / "infra/package/python").glob("*.py"))}


def requirements(path):
    return [line for line in (ROOT / path).read_text().split("\n") if line and not line.startswith("#")]


def libraries_of(program):
    """What a program is linked to, by the paths where it looks for them."""
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    paths = sorted({word for word in listed.split() if word.startswith("/")})
    return {path: pathlib.Path(path).read_bytes() for path in paths}


def formula(version, machine, tarball, url):
    """A formula as https://docs.brew.sh/Formula-Cookbook describes it."""
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    return f"""class Cupel < Formula
  desc "Event-driven medallion pipeline for AWS, and an emulator that runs it on a laptop"
  homepage "{url}"
  url "{url}/{tarball.name}"
  version "{version}"
  sha256 "{digest}"
  license "Apache-2.0"

  depends_on :linux
  depends_on arch: :{machine if machine == "x86_64" else "arm64"}

  def install
    prefix.install "bin", "lib", "share"
  end

  test do
    assert_match version.to_s, shell_output("#{{bin}}/cupel --version")
    system bin/"cupel", "init", "shop"
    system bin/"cupel", "contract", "lint", "shop/infra/contracts/orders.odcs.yaml"
  end
end
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["package", "engine", "output"]: parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--url", help="the folder of the release on the web, for the formula; default: the output folder")
    parser.add_argument("programs", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    command, = (program for program in arguments.programs if program.name == "cupel")
    version = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if not re.fullmatch(r"\d+\.\d+\.\d+", version): raise SystemExit(f"cupel --version prints {version!r}, which is no version")
    engine = requirements("infra/requirements-duckdb.txt")
    if len(engine) != 1 or not engine[0].startswith("duckdb-cli=="):
        raise SystemExit(f"infra/requirements-duckdb.txt: expected duckdb-cli==VERSION alone, not {engine}")
    machine = platform.machine()
    files = installed_files(arguments.programs, command, arguments.package)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for old in arguments.output.iterdir(): old.unlink()
    root = f"cupel-{version}-linux-{machine}"
    tarball = arguments.output / f"{root}.tar.gz"
    write_tarball(tarball, root, files | {"lib/cupel/duckdb": (arguments.engine.read_bytes(), True)})
    tag = f"manylinux_2_17_{machine}"
    wheel = arguments.output / f"cupel-{version}-py3-none-{tag}.whl"
    write_wheel(wheel, version, tag, files, engine[0].split("==")[1])
    container = arguments.output / f"cupel-{version}-image-linux-{machine}.tar"
    image.write_emulator(container, version, files | {"lib/cupel/duckdb": (arguments.engine.read_bytes(), True)}, libraries_of(arguments.engine))
    (arguments.output / "cupel.rb").write_text(formula(version, machine, tarball, arguments.url or arguments.output.resolve().as_uri()))
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in [tarball, wheel, container, arguments.output / "cupel.rb"])
    (arguments.output / "SHA256SUMS").write_text(sums)
    for path in [tarball, wheel, container]: print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__": main()
