"""Makes libstdc++.so.6 and libgcc_s.so.1 for programs that others have built, such as DuckDB's command line.

Debian's own want a newer C library than Amazon Linux 2023 has (glibc 2.34). They are linked again from the same archives, with the two
functions that are newer (cxx/newer_glibc.c), and must not want anything else that is.
"""
import os, pathlib, re, subprocess

OLDEST_GLIBC = (2, 34)
JUMPS = {"x86_64": "jmp", "aarch64": "b"}
SOURCE = pathlib.Path(__file__).parent / "cxx" / "newer_glibc.c"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbol_versions(library):
    """The names that a library has, by the version that each is of."""
    versions = {}
    for line in output_of("objdump", "-T", library).splitlines():
        if found := re.search(r"^[0-9a-f]+ \S.* ([A-Z]+_[0-9.]+) +(\S+)$", line):
            if "*UND*" not in line and found[2] != found[1]: versions.setdefault(found[1], []).append(found[2])
    return versions


def needed_glibc(library):
    """The newest version of glibc that a program or library needs."""
    found = re.findall(r"GLIBC_(\d+)\.(\d+)", output_of("objdump", "-p", library))
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def needed_files(program):
    """The files of the C library that a program needs, and its loader, where this system has them. What is in lib/ beside the program is not
    among them."""
    loader = pathlib.Path(re.search(r"interpreter: (\S+?)\]", output_of("readelf", "-l", program))[1])
    listed = output_of("env", f"LD_LIBRARY_PATH={program.parent}/lib", loader, "--list", program)
    found = [pathlib.Path(path) for path in re.findall(r"=> (/\S+)", listed)]
    return sorted({loader} | {path for path in found if program.parent.resolve() not in path.resolve().parents})


def version_script(versions):
    def key(name): return [int(number) for number in name.split("_")[1].split(".")]
    nodes, before = [], ""
    for name in sorted(versions, key=key):
        last = " local: *;" if not nodes else ""
        nodes.append(f"{name} {{ global: {' '.join(symbol + ';' for symbol in sorted(versions[name]))}{last} }}{before};")
        before = f" {name}"
    return "\n".join(nodes)


def gcc_folder():
    """Where GCC has its libraries; its name is GCC's version."""
    return pathlib.Path(output_of("gcc", "-print-libgcc-file-name").strip()).parent


def build(folder):
    """Writes both libraries to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder.parent
    compatible = scratch / "newer_glibc.o"
    subprocess.run(["gcc", "-O2", "-fPIC", "-Wall", "-Wextra", "-Werror", "-c", SOURCE, "-o", compatible], check=True)
    gcc = gcc_folder()
    archive = gcc / "libstdc++_pic.a"
    if not archive.exists():
        raise SystemExit(f"{archive} is missing; install libstdc++-{gcc.name}-pic, as infra/setup does")
    script = scratch / "libgcc_s.map"
    system = output_of("gcc", "-print-file-name=libgcc_s.so.1").strip()
    versions = symbol_versions(system)
    script.write_text(version_script(versions))
    names = sorted(symbol for symbols in versions.values() for symbol in symbols)
    # The archives hide their names, which are meant for static programs: they get others, to which those of the library jump.
    renaming = scratch / "libgcc_s.names"
    renaming.write_text("".join(f"{name} hidden{name}\n" for name in names))
    renamed = []
    for name in ("libgcc_eh.a", "libgcc.a"):
        renamed.append(scratch / name)
        subprocess.run(["objcopy", f"--redefine-syms={renaming}", gcc / name, renamed[-1]], check=True)
    jumps = scratch / "libgcc_s.s"
    jumps.write_text(".text\n" + "".join(
        f".globl {name}\n.type {name}, %function\n{name}: {JUMPS[os.uname().machine]} hidden{name}\n" for name in names)
        + '.section .note.GNU-stack,"",%progbits\n')
    link = ["gcc", "-shared", "-nodefaultlibs", "-s", "-Wl,--build-id=none", "-Wl,-z,relro,-z,now"]
    group = lambda *archives: ["-Wl,--start-group", *archives, "-Wl,--end-group"]
    libgcc, libstdcxx = folder / "libgcc_s.so.1", folder / "libstdc++.so.6"
    subprocess.run([*link, "-o", libgcc, "-Wl,-soname,libgcc_s.so.1", f"-Wl,--version-script={script}",
                    jumps, compatible, *group(*renamed), "-lc"], check=True)
    subprocess.run([*link, "-o", libstdcxx, "-Wl,-soname,libstdc++.so.6", f"-Wl,--version-script={gcc / 'libstdc++_pic.map'}",
                    "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", gcc / "libstdc++.a", compatible, libgcc,
                    *group(gcc / "libgcc.a"), "-lm", "-lc"], check=True)
    for path in [compatible, script, renaming, jumps, *renamed]: path.unlink()
    for library in (libgcc, libstdcxx):
        library.chmod(0o644)
        if needed_glibc(library) > OLDEST_GLIBC:
            raise SystemExit(f"{library} needs glibc {needed_glibc(library)}, and Amazon Linux 2023 has {OLDEST_GLIBC}")
