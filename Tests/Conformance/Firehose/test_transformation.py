"""Transformation by a function: batches, answers, failures, retries, backup of the source."""
import base64, json, unittest

from subject import SubjectTest, name, processing, unsettled

DOCS = "https://docs.aws.amazon.com/firehose/latest/dev/"


class Transformation(SubjectTest):
    def transforming(self, **more):
        return self.stream(Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
                           **processing(self.transform(**more)))

    def test_a_batch_has_at_most_its_buffer_size_and_six_megabytes(self):
        """Firehose buffers up to BufferSizeInMBs for a function, and invokes it with at most 6 MB.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""
        stream = self.transforming(BufferSizeInMBs=1)
        self.put(stream, *[b"measure " + b"x" * 400_000] * 5)
        self.eventually(lambda: len(self.documents("data/")) == 5, "five records are delivered")
        for batch in self.documents("data/"):
            self.assertLessEqual(batch["bytes"], 1 << 20, batch)
            self.assertLessEqual(batch["payload"], 6_000_000, batch)

    def test_buffer_hints_outside_their_ranges_are_refused(self):
        """BufferSizeInMBs is 0.2 to 3, BufferIntervalInSeconds 0 to 900.
        https://docs.aws.amazon.com/firehose/latest/APIReference/API_ProcessorParameter.html"""
        arn = "arn:aws:lambda:us-east-1:000000000000:function:" + name()
        for wrong in ({"BufferSizeInMBs": "0.1"}, {"BufferSizeInMBs": 4}, {"BufferIntervalInSeconds": 901}):
            self.declaration_refused(**processing(self.transform(arn, **wrong)))

    def test_the_event_names_the_stream_and_each_record(self):
        """The function gets invocationId, deliveryStreamArn, region and, for each record, recordId,
        approximateArrivalTimestamp and data in base64.
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html"""
        stream = self.transforming()
        self.put(stream, b"echo one")
        self.eventually(lambda: self.documents("data/"), "the record is delivered")
        seen, = self.documents("data/")
        self.assertEqual(seen["event"]["deliveryStreamArn"], self.describe(stream)["DeliveryStreamARN"])
        self.assertTrue(seen["event"]["invocationId"] and seen["event"]["region"])
        self.assertEqual(base64.b64decode(seen["record"]["data"]), b"echo one")
        self.assertIsInstance(seen["record"]["approximateArrivalTimestamp"], int)
        self.assertTrue(seen["record"]["recordId"])

    def test_ok_replaces_and_dropped_removes(self):
        """Ok and Dropped are successes; the data of an Ok record is what the function returned.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html"""
        stream = self.transforming()
        self.put(stream, b"upper one ", b"drop two", b"three")
        self.arrives(b"UPPER ONE three")
        self.assertEqual(self.keys("errors/"), [])

    def test_failed_and_mismatched_records_are_kept_with_their_data(self):
        """ProcessingFailed, a recordId that does not match, and any other result are failures of the record. It goes to the
        folder processing-failed as JSON with attemptsMade, arrivalTimestamp, errorCode, errorMessage,
        attemptEndingTimestamp, rawData and lambdaArn.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html"""
        function = self.function()
        stream = self.stream(Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
                             **processing(self.transform(function)))
        records = [b"fail one", b"rename two", b"invent three"]
        self.put(stream, *records, b"four")
        failures = self.failures(3, "errors/processing-failed/")
        self.arrives(b"four", "data/")
        self.assertEqual(sorted(base64.b64decode(f["rawData"]) for f in failures), sorted(records))
        for failure in failures:
            self.assertEqual(set(failure), {"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage",
                                            "attemptEndingTimestamp", "rawData", "lambdaArn"})
            self.assertTrue(failure["lambdaArn"].startswith(function), failure)
            self.assertEqual(int(failure["attemptsMade"]), 1)
            self.assertLess(0, int(failure["arrivalTimestamp"]))
            self.assertLessEqual(int(failure["arrivalTimestamp"]), int(failure["attemptEndingTimestamp"]))

    def test_the_data_of_an_ok_record_is_base64(self):
        """The record's data is base64-encoded; otherwise it is a failure of the transformation.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html"""
        stream = self.transforming()
        self.put(stream, b"unencoded one")
        failure, = self.failures(1)
        self.assertEqual(base64.b64decode(failure["rawData"]), b"unencoded one")

    @unsettled("the documentation does not name a record ID that is answered twice.")
    def test_a_record_that_is_answered_twice_fails(self):
        stream = self.transforming()
        self.put(stream, b"twice one", b"two")
        failure, = self.failures(1)
        self.assertEqual(base64.b64decode(failure["rawData"]), b"twice one")
        self.arrives(b"two", "data/")

    def test_an_invocation_that_is_throttled_is_retried_three_times(self):
        """After an invocation failure (a timeout, the invocation limit) Firehose retries three times by default, then skips
        the batch: its records count as failed.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html"""
        function = self.function()
        self.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        stream = self.stream(Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
                             **processing(self.transform(function)))
        self.put(stream, b"one", b"two")
        failures = self.failures(2)
        self.assertEqual([int(f["attemptsMade"]) for f in failures], [4, 4])
        self.assertEqual([base64.b64decode(f["rawData"]) for f in failures], [b"one", b"two"])

    def test_the_number_of_retries_can_be_set(self):
        """NumberOfRetries replaces the default.
        https://docs.aws.amazon.com/firehose/latest/APIReference/API_ProcessorParameter.html"""
        function = self.function()
        self.functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        stream = self.stream(Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
                             **processing(self.transform(function, NumberOfRetries=1)))
        self.put(stream, b"one")
        failure, = self.failures(1)
        self.assertEqual(int(failure["attemptsMade"]), 2)

    @unsettled("invocation failures are documented as timeouts and throttling; errors of the function are not named.")
    def test_a_function_that_raises_is_retried_too(self):
        stream = self.transforming(NumberOfRetries=1)
        self.put(stream, b"crash one")
        failure, = self.failures(1)
        self.assertEqual((int(failure["attemptsMade"]), base64.b64decode(failure["rawData"])), (2, b"crash one"))

    def test_untransformed_records_are_backed_up(self):
        """With S3BackupMode Enabled all untransformed records go to the backup's bucket, under the backup's prefix and the
        time. Its ErrorOutputPrefix is ignored. It cannot be disabled.
        https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-source-record-backup.html"""
        backup = self.make_bucket()
        stream = self.stream(
            Prefix="data/!{timestamp:yyyy}/", ErrorOutputPrefix="errors/!{firehose:error-output-type}/", S3BackupMode="Enabled",
            S3BackupConfiguration={
                "RoleARN": "arn:aws:iam::000000000000:role/referee", "BucketARN": f"arn:aws:s3:::{backup}", "Prefix": "kept/",
                "CompressionFormat": "GZIP", "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}},
            **processing(self.transform()))
        self.put(stream, b"upper one ", b"drop two ", b"fail three")
        self.arrives(b"upper one drop two fail three", "kept/", backup)
        self.arrives(b"UPPER ONE ", "data/")
        key = self.keys("kept/", backup)[0]
        self.assertRegex(key, rf"^kept/\d{{4}}/\d\d/\d\d/\d\d/{stream}-1-.*\.gz$")
        self.refused("InvalidArgumentException", self.update, stream, S3BackupMode="Disabled")


if __name__ == "__main__": unittest.main()
