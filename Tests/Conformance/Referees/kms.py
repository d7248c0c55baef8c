"""Keys of KMS, and sessions of STS, as boto3 sees them."""
import uuid

import boto3

from calls import check, client, credentials, endpoint, fails

kms, iam, sts = client("kms"), client("iam"), client("sts")


@check
def a_key_encrypts_and_decrypts_within_a_context():
    key = kms.create_key(Description="referee")["KeyMetadata"]
    assert key["Enabled"] and key["KeySpec"] == "SYMMETRIC_DEFAULT" and key["KeyState"] == "Enabled", key
    alias = "alias/referee-" + uuid.uuid4().hex
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    assert alias in [a["AliasName"] for a in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]]
    context = {"purpose": "test"}
    blob = kms.encrypt(KeyId=alias, Plaintext=b"secret", EncryptionContext=context)["CiphertextBlob"]
    plain = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert plain["Plaintext"] == b"secret" and plain["KeyId"] == key["Arn"]
    fails("InvalidCiphertextException", 400, kms.decrypt, CiphertextBlob=blob)
    fails("NotFoundException", 400, kms.describe_key, KeyId="alias/none")


@check
def a_data_key_is_given_plain_and_encrypted():
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    when = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert when["KeyState"] == "PendingDeletion" and when["DeletionDate"].year > 2000
    fails("KMSInvalidStateException", 400, kms.encrypt, KeyId=key, Plaintext=b"x")


@check
def a_role_is_assumed():
    name = "referee-" + uuid.uuid4().hex[:12]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument='{"Statement": []}')
    assert iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"] == {"Statement": []}
    fails("DeleteConflict", 409, iam.delete_role, RoleName=name)
    made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    session = boto3.client(
        "sts", endpoint_url=endpoint, region_name=credentials["region_name"], aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"], aws_session_token=made["SessionToken"])
    assert session.get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/session")
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    fails("NoSuchEntity", 404, iam.get_role, RoleName=name)
