"""A Kinesis stream as the source: where reading begins, what the function sees, the order, no other puts."""
import json, unittest

from subject import SubjectTest, processing


class KinesisSource(SubjectTest):
    def test_reading_begins_at_the_latest_record(self):
        """Firehose starts reading from the LATEST position of the Kinesis stream.
        https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html"""
        source, arn = self.kinesis_stream()
        self.kinesis.put_record(StreamName=source, Data=b"before", PartitionKey="k")
        self.stream(arn)
        self.kinesis.put_record(StreamName=source, Data=b"after", PartitionKey="k")
        self.arrives(b"after")

    def test_clients_cannot_put(self):
        """With a Kinesis stream as the source, PutRecord and PutRecordBatch are disabled.
        https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html"""
        stream = self.stream(self.kinesis_stream()[1])
        self.refused("InvalidArgumentException", self.firehose.put_record, DeliveryStreamName=stream, Record={"Data": b"x"})

    def test_the_function_sees_each_records_place_in_the_stream(self):
        """The event has sourceKinesisStreamArn and, for each record, kinesisRecordMetadata with sequenceNumber,
        subsequenceNumber, partitionKey, shardId and approximateArrivalTimestamp.
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html"""
        source, arn = self.kinesis_stream()
        self.stream(arn, Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
                    **processing(self.transform()))
        put = self.kinesis.put_record(StreamName=source, Data=b"echo one", PartitionKey="key")
        self.eventually(lambda: self.documents("data/"), "the record is delivered")
        seen, = self.documents("data/")
        self.assertEqual(seen["event"]["sourceKinesisStreamArn"], arn)
        place = seen["record"]["kinesisRecordMetadata"]
        self.assertEqual((place["sequenceNumber"], place["shardId"]), (put["SequenceNumber"], put["ShardId"]))
        self.assertEqual(place["partitionKey"], "key")
        self.assertIsInstance(place["approximateArrivalTimestamp"], int)
        self.assertIn(place["subsequenceNumber"], (0, "0", ""))

    def test_the_records_of_a_key_keep_their_order_through_a_split(self):
        """A partition key's records are in one shard at a time, and a parent is read before its children.
        https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html"""
        source, arn = self.kinesis_stream()
        self.stream(arn)
        for n in range(20): self.kinesis.put_record(StreamName=source, Data=b"%d," % n, PartitionKey="k")
        self.kinesis.split_shard(StreamName=source, ShardToSplit="shardId-000000000000",
                                 NewStartingHashKey=str(2 ** 127))
        self.kinesis.get_waiter("stream_exists").wait(StreamName=source, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        for n in range(20, 40): self.kinesis.put_record(StreamName=source, Data=b"%d," % n, PartitionKey="k")
        self.arrives(b"".join(b"%d," % n for n in range(40)))


if __name__ == "__main__": unittest.main()
