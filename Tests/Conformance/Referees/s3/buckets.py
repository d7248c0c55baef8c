"""Buckets and their configuration documents."""
import json, uuid

from calls import bucket, check, fails, raw, s3


@check
def buckets_are_created_listed_found_and_deleted():
    name = bucket()
    assert name in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    assert s3.list_buckets()["Owner"]["ID"]
    s3.create_bucket(Bucket=name)  # In us-east-1 the owner may repeat it.
    s3.head_bucket(Bucket=name)
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.put_object(Bucket=name, Key="k", Body=b"")
    fails("BucketNotEmpty", 409, s3.delete_bucket, Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    fails("404", 404, s3.head_bucket, Bucket=name)
    fails("NoSuchBucket", 404, s3.delete_bucket, Bucket=name)
    fails("NoSuchBucket", 404, s3.list_objects_v2, Bucket=name)
    fails("NoSuchBucket", 404, s3.put_object, Bucket=name, Key="k", Body=b"")


@check
def a_bucket_reports_its_region():
    name = "referee-" + uuid.uuid4().hex[:16]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"


@check
def bucket_names_are_checked():
    for name in ["Upper", "ab", "-dash", "dot..dot", "192.168.1.1", "x" * 64]:
        status, _, content = raw("PUT", "/" + name)
        assert status == 400 and b"<Code>InvalidBucketName</Code>" in content, (name, status, content)


@check
def bucket_documents_are_stored():
    name = bucket()
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    fails("NoSuchBucketPolicy", 404, s3.get_bucket_policy, Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == json.loads(policy)
    s3.delete_bucket_policy(Bucket=name)
    fails("NoSuchBucketPolicy", 404, s3.get_bucket_policy, Bucket=name)
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    fails("NoSuchLifecycleConfiguration", 404, s3.get_bucket_lifecycle_configuration, Bucket=name)
    lifecycle = {"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=lifecycle)
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == lifecycle["Rules"]
    s3.delete_bucket_lifecycle(Bucket=name)
    fails("NoSuchCORSConfiguration", 404, s3.get_bucket_cors, Bucket=name)
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    s3.put_bucket_cors(Bucket=name, CORSConfiguration=cors)
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"] == cors["CORSRules"]
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == block
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    controls = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert controls["Rules"][0]["ObjectOwnership"] == "BucketOwnerPreferred"
    fails("NoSuchTagSet", 404, s3.get_bucket_tagging, Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "team", "Value": "lake & co <3"}]})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "lake & co <3"}]
    assert s3.get_bucket_acl(Bucket=name)["Grants"][0]["Permission"] == "FULL_CONTROL"
