"""Parameters, plain and secret."""
import uuid

from calls import check, client, fails

ssm = client("ssm")


@check
def a_parameter_is_put_read_and_deleted():
    name = "/referee/" + uuid.uuid4().hex
    assert ssm.put_parameter(Name=name, Value="grün", Type="String")["Version"] == 1
    fails("ParameterAlreadyExists", 400, ssm.put_parameter, Name=name, Value="x", Type="String")
    assert ssm.put_parameter(Name=name, Value="blau", Overwrite=True)["Version"] == 2
    got = ssm.get_parameter(Name=name)["Parameter"]
    assert (got["Name"], got["Value"], got["Type"], got["Version"]) == (name, "blau", "String", 2), got
    assert ssm.get_parameter(Name=got["ARN"])["Parameter"]["LastModifiedDate"] == got["LastModifiedDate"]
    fails("HierarchyTypeMismatchException", 400, ssm.put_parameter, Name=name, Value="x", Type="SecureString", Overwrite=True)
    ssm.delete_parameter(Name=name)
    fails("ParameterNotFound", 400, ssm.get_parameter, Name=name)
    fails("ParameterNotFound", 400, ssm.delete_parameter, Name=name)


@check
def a_secret_is_shown_with_decryption():
    name = "/referee/" + uuid.uuid4().hex
    ssm.put_parameter(Name=name, Value="hunter2", Type="SecureString")
    assert "hunter2" not in ssm.get_parameter(Name=name)["Parameter"]["Value"]
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "hunter2"
    some = ssm.get_parameters(Names=[name, name + "-none"], WithDecryption=True)
    assert [p["Value"] for p in some["Parameters"]] == ["hunter2"] and some["InvalidParameters"] == [name + "-none"]


@check
def an_invalid_parameter_is_refused():
    for name in ("a b", "a/b", "/ssm/x", "AWSx"):
        fails("ValidationException", 400, ssm.put_parameter, Name=name, Value="x", Type="String")
    fails("ValidationException", 400, ssm.put_parameter, Name="a", Value="x" * 4097, Type="String")
