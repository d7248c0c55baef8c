"""TLS: which servers are trusted, and that nothing is sent to others."""
from invocations import aws, created
from services import Service, known, trusting
from surroundings import Function, Root, check, expect, packages


def record(function):
    Service.calls.clear()
    with function:
        answer = function.invoke(created)
        return answer, Service.calls[:], function.log[-800:]


@check
def a_server_is_trusted_by_the_certificates_beside_the_executable():
    files = {f"/var/task/certificates/{known.hashed_name}": known.certificate}
    answer, calls, log = record(Function("control-recorder", files=files))
    expect(answer.get("recorded") == 1 and len(calls) == 2, (answer, log))


@check
def a_server_is_trusted_by_the_file_that_the_environment_names():
    for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"]:
        answer, calls, log = record(Function("control-recorder", {name: "/etc/known.pem"}, trusting))
        expect(answer.get("recorded") == 1 and len(calls) == 2, (name, answer, log))


@check
def a_server_is_trusted_by_the_certificates_of_amazon_linux_where_none_are_packaged():
    bare = packages / "control-recorder"
    files = {"/etc/pki/tls/certs/ca-bundle.crt": known.certificate}
    files |= {f"/var/task/{path.relative_to(bare)}": path.read_bytes() for path in bare.rglob("*")
              if path.is_file() and "certificates" not in path.parts}
    answer, calls, log = record(Function("control-recorder", root=Root(None, files)))
    expect(answer.get("recorded") == 1 and len(calls) == 2, (answer, log))


def refused(host, said, **options):
    options = {"variables": {"AWS_ENDPOINT_URL_DYNAMODB": f"https://{host}", "AWS_MAX_ATTEMPTS": "3"}} | options
    answer, calls, log = record(aws("control-recorder", **options))
    message = answer.get("errorMessage", "")
    expect(host in message and said in message, (answer, log))
    expect(not calls, f"{host} was told {calls}")


@check
def an_expired_certificate_is_refused():
    refused("expired.test", "expired")


@check
def a_certificate_of_another_host_is_refused():
    refused("other-name.test", "no alternative certificate subject name matches")


@check
def a_certificate_of_an_unknown_authority_is_refused():
    refused("unknown.test", "unable to get local issuer certificate")


@check
def the_packaged_certificates_do_not_trust_every_server():
    answer, calls, _ = record(Function("control-recorder", {"AWS_MAX_ATTEMPTS": "1"}))
    expect("unable to get local issuer certificate" in answer.get("errorMessage", "") and not calls, answer)
