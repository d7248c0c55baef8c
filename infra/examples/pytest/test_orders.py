"""Tests of a contract, against the pipeline itself: `pip install 'cupel[pytest]'`, then `pytest`."""


def test_rows_arrive_in_silver(cupel):
    record = cupel.put("orders", "id,price\n1,9.50\n2,3\n").settle()
    assert record["status"] == "success"
    cupel.silver()
    assert cupel.query("SELECT id, CAST(price AS VARCHAR) AS price FROM silver.orders ORDER BY id") == [
        {"id": 1, "price": "9.50"}, {"id": 2, "price": "3.00"}]


def test_broken_rows_are_counted(cupel):
    record = cupel.put("orders", '{"id":1,"price":1}\n{"id":2,"price":"cheap"}\n').settle()
    assert (record["record_count"], record["quarantined_count"]) == (2, 1)


def test_the_state_is_clean(cupel):
    """Nothing of the tests before is left, in whatever order they run."""
    assert "Contents" not in cupel.client("s3").list_objects_v2(Bucket=cupel.outputs["StageBucket"])
    table = cupel.resource("dynamodb").Table(cupel.outputs["ControlTable"])
    assert table.scan()["Items"] == []


def test_other_services_are_there(cupel):
    queue = cupel.client("sqs").create_queue(QueueName="own")["QueueUrl"]
    cupel.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    assert cupel.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
