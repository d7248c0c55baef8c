"""A static executable resolves names by itself: without system files, and whatever the system's files request."""
import json, pathlib, subprocess

from invocations import aws, created
from services import names
from surroundings import check, expect, scratch

TRAP = r"""
/* A name service that leaves a mark when it is loaded, by bare system calls: no C library is needed to load it. */
static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
__attribute__((constructor)) static void mark(void) { call(85, (long)"/tmp/trap-was-loaded", 0644, 0); }
"""


def records(files, **options):
    with aws("control-recorder", files=files, **options) as function:
        answer = function.invoke(created)
        return answer, function


@check
def names_are_resolved_without_any_system_file():
    names.asked.clear()
    answer, function = records({})
    expect(answer.get("recorded") == 1 and "dynamodb.us-east-1.amazonaws.com" in names.asked, (answer, function.log[-800:]))


@check
def names_are_resolved_by_resolv_conf_and_by_hosts():
    answer, function = records({"/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1\n"})
    expect(answer.get("recorded") == 1, (answer, function.log[-800:]))
    names.asked.clear()
    answer, function = records({"/etc/hosts": "127.0.0.1 dynamodb.us-east-1.amazonaws.com\n"})
    expect(answer.get("recorded") == 1 and not names.asked, (answer, names.asked))


@check
def name_services_of_another_glibc_are_not_loaded():
    source, library = scratch / "trap.c", scratch / "libnss_trap.so.2"
    source.write_text(TRAP)
    subprocess.run(["cc", "-shared", "-fPIC", "-nostdlib", "-o", library, source], check=True)
    module = library.read_bytes()
    files = {"/etc/nsswitch.conf": "hosts: trap [!UNAVAIL=return] files dns\n", "/etc/resolv.conf": "nameserver 127.0.0.1\n"}
    for folder in ["/lib", "/usr/lib", "/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"]:
        files[f"{folder}/libnss_trap.so.2"] = module
    answer, function = records(files)
    expect(answer.get("recorded") == 1, (answer, function.log[-800:]))
    expect(not (function.root.path / "tmp/trap-was-loaded").exists(), "the module was loaded")


@check
def a_missing_name_is_reported():
    answer, function = records({}, variables={"AWS_ENDPOINT_URL_DYNAMODB": "https://nobody.test", "AWS_MAX_ATTEMPTS": "1"})
    expect("nobody.test" in answer.get("errorMessage", "") and "resolve" in answer["errorMessage"], answer)
