"""Object names: prefixes with expressions, the time, the version, the extension. Records within an object."""
import base64, datetime, json, re, unittest

from subject import APPEND_NEWLINE, SUFFIX, TIME, SubjectTest, processing, unsettled

ERRORS = "errors/!{firehose:error-output-type}/"


class ObjectNames(SubjectTest):
    def test_the_default_prefix_is_the_time(self):
        """A key is <prefix><suffix>: the prefix is YYYY/MM/dd/HH/ in UTC by default, the suffix
        <stream>-<version>-<yyyy>-<MM>-<dd>-<HH>-<mm>-<ss>-<uuid>.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
        stream = self.stream()
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        self.put(stream, b"x")
        match = re.fullmatch(rf"(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/{stream}-1-{SUFFIX}", self.arriving_key())
        self.assertIsNotNone(match, self.keys())
        self.assertEqual(match.groups()[:4], match.groups()[4:8])
        arrived = datetime.datetime(*map(int, match.groups()[4:]), tzinfo=datetime.timezone.utc)
        self.assertLess(abs((arrived - before).total_seconds()), 60)

    def test_a_prefix_without_a_time_gets_one(self):
        """If the Prefix has no timestamp expression, !{timestamp:yyyy/MM/dd/HH/} is appended to it.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.stream(Prefix="plain/")
        self.put(stream, b"x")
        self.assertRegex(self.arriving_key(), rf"^plain/{TIME}{stream}-1-{SUFFIX}$")

    def test_a_random_prefix_without_a_time_gets_one(self):
        """The rule for prefixes without a timestamp holds for those with other expressions; a random string has 11
        characters, and each expression gets its own.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.stream(Prefix="!{firehose:random-string}/!{firehose:random-string}/", ErrorOutputPrefix=ERRORS)
        self.put(stream, b"x")
        match = re.match(rf"^(.{{11}})/(.{{11}})/{TIME}{stream}-1-", self.arriving_key())
        self.assertIsNotNone(match, self.keys())
        self.assertNotEqual(match[1], match[2])

    def test_timestamps_are_patterns_of_java_and_one_instant(self):
        """The timestamp namespace takes patterns of Java's DateTimeFormatter; text in single quotes is literal; all
        timestamps of a prefix are the same instant.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.stream(
            Prefix="a/!{timestamp:'year='yyyy'/month='MM}/!{timestamp:dd-HH-mm-ss}/", ErrorOutputPrefix=ERRORS)
        self.put(stream, b"x")
        key = self.arriving_key()
        match = re.fullmatch(
            rf"a/year=(\d{{4}})/month=(\d\d)/(\d\d)-(\d\d)-(\d\d)-(\d\d)/{stream}-1-{SUFFIX}", key)
        self.assertIsNotNone(match, key)
        self.assertEqual(match.groups()[:6], match.groups()[6:])

    def test_the_time_is_that_of_the_oldest_record(self):
        """Timestamps are the approximate arrival time of the oldest record in the object.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.stream(Prefix="data/!{timestamp:yyyyMMddHHmmss}/", ErrorOutputPrefix=ERRORS,
                             **processing(self.transform()))
        self.put(stream, b"echo one", b"echo two")
        self.eventually(lambda: len(self.documents("data/")) == 2, "both records are delivered")
        for key in self.keys("data/"):
            seen = [json.loads(line) for line in self.body(key).splitlines()]
            oldest = min(s["record"]["approximateArrivalTimestamp"] for s in seen) // 1000
            moment = datetime.datetime.fromtimestamp(oldest, datetime.timezone.utc)
            self.assertEqual(key.split("/")[1], moment.strftime("%Y%m%d%H%M%S"))

    def test_a_time_zone_can_be_chosen(self):
        """CustomTimeZone is the zone of prefix and suffix; UTC is the default. Asia/Tokyo is nine hours ahead.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
        stream = self.stream(CustomTimeZone="Asia/Tokyo")
        self.put(stream, b"x")
        match = re.fullmatch(rf"(\d{{4}})/(\d\d)/(\d\d)/(\d\d)/{stream}-1-{SUFFIX}", self.arriving_key())
        self.assertIsNotNone(match, self.keys())
        self.assertEqual(match.groups()[:4], match.groups()[4:8])
        shown = datetime.datetime(*map(int, match.groups()[4:]))
        tokyo = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(hours=9)
        self.assertLess(abs((tokyo - shown).total_seconds()), 600)
        self.declaration_refused(CustomTimeZone="Atlantis/Capital")

    def test_the_version_grows_with_every_change(self):
        """The version in the suffix begins with 1 and grows by 1 with every change of the configuration.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
        stream = self.stream()
        self.update(stream, Prefix="new/")
        self.assertEqual(self.describe(stream)["VersionId"], "2")
        self.eventually(lambda: self.describe(stream)["DeliveryStreamStatus"] == "ACTIVE", "the stream is active")
        self.put(stream, b"x")
        self.assertRegex(self.arriving_key(), rf"^new/{TIME}{stream}-2-")

    def test_gzip_adds_its_extension(self):
        """GZIP adds .gz to the key.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html"""
        stream = self.stream(CompressionFormat="GZIP")
        self.put(stream, b"one", b"two")
        self.assertRegex(self.arriving_key(), rf"{SUFFIX}\.gz$")
        self.arrives(b"onetwo")

    def test_the_extension_can_be_chosen(self):
        """FileExtension overrides the default extension; it begins with a dot and has lower-case letters, digits and !-_.*'().
        https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html"""
        stream = self.stream(CompressionFormat="GZIP", FileExtension=".json.gz")
        self.put(stream, b"x")
        self.assertRegex(self.arriving_key(), rf"{SUFFIX}\.json\.gz$")
        for wrong in ("json", ".JSON", ".a b"): self.declaration_refused(FileExtension=wrong)


class ErrorPrefixes(SubjectTest):
    def failing(self, **more):
        stream = self.stream(**processing(self.transform()), **more)
        self.put(stream, b"fail one")
        return stream

    def test_without_an_error_prefix_the_error_type_follows_the_prefix(self):
        """ErrorOutputPrefix may be missing if Prefix has no expressions: failed records are then under
        <Prefix><error-output-type>/YYYY/MM/DD/HH/.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.failing(Prefix="plain/")
        self.assertRegex(self.arriving_key(), rf"^plain/processing-failed/{TIME}{stream}-1-{SUFFIX}$")

    def test_without_any_prefix_failed_records_are_under_their_type(self):
        """The same rule without a Prefix.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.failing()
        self.assertRegex(self.arriving_key(), rf"^processing-failed/{TIME}{stream}-1-{SUFFIX}$")

    def test_an_error_prefix_gets_no_time(self):
        """myFirehoseFailures/!{firehose:error-output-type}/ evaluates to myFirehoseFailures/processing-failed/.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.failing(ErrorOutputPrefix="mine/!{firehose:error-output-type}/")
        self.assertRegex(self.arriving_key(), rf"^mine/processing-failed/{stream}-1-{SUFFIX}$")

    def test_an_error_prefix_has_the_time_where_it_wants_it(self):
        """Every expression is evaluated where it is, and the error type as often as it is asked for.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        stream = self.failing(
            ErrorOutputPrefix="!{firehose:error-output-type}/!{timestamp:yyyy}/any/!{firehose:error-output-type}/")
        self.assertRegex(
            self.arriving_key(), rf"^processing-failed/\d{{4}}/any/processing-failed/{stream}-1-{SUFFIX}$")

    @unsettled("whether the error type is added to an ErrorOutputPrefix without expressions.")
    def test_a_plain_error_prefix_is_followed_by_the_type(self):
        stream = self.failing(ErrorOutputPrefix="mine/")
        self.assertRegex(self.arriving_key(), rf"^mine/processing-failed/{stream}-1-{SUFFIX}$")

    @unsettled("the compression and the extension of error objects.")
    def test_error_objects_are_compressed_like_the_data(self):
        self.failing(CompressionFormat="GZIP", FileExtension=".json.gz", ErrorOutputPrefix=ERRORS)
        self.assertTrue(self.arriving_key().endswith(".json.gz"), self.keys())

    def test_prefixes_that_break_a_rule_are_refused(self):
        """A Prefix with expressions needs an ErrorOutputPrefix; an ErrorOutputPrefix with expressions needs the error type,
        which the Prefix must not have; !{ begins an expression of a known namespace; 512 characters are the limit.
        https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html"""
        for wrong in ({"Prefix": "!{timestamp:yyyy/MM/dd}"},
                      {"ErrorOutputPrefix": "errors/!{timestamp:yyyy}/"},
                      {"Prefix": "!{firehose:error-output-type}/", "ErrorOutputPrefix": ERRORS},
                      {"Prefix": "a/!{timestamp:yyyy", "ErrorOutputPrefix": ERRORS},
                      {"Prefix": "a/!{unknown:x}/", "ErrorOutputPrefix": ERRORS},
                      {"Prefix": "a/!{firehose:unknown}/", "ErrorOutputPrefix": ERRORS},
                      {"Prefix": "a" * 513}):
            with self.subTest(wrong): self.declaration_refused(**wrong)


class Records(SubjectTest):
    def test_records_are_joined_without_a_delimiter_in_their_order(self):
        """Records are concatenated, without a delimiter unless one is asked for.
        https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html"""
        stream = self.stream()
        texts = [b"%d," % n for n in range(1000)]
        self.put(stream, *texts)
        self.arrives(b"".join(texts))

    def test_a_newline_is_appended_where_it_is_asked_for(self):
        """The processor AppendDelimiterToRecord adds a newline after each record.
        https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-new-line-delimiter.html"""
        stream = self.stream(**processing(APPEND_NEWLINE))
        self.put(stream, b"one", b"two")
        self.arrives(b"one\ntwo\n")

    def test_a_full_buffer_is_delivered_before_its_time(self):
        """The condition that is satisfied first triggers the delivery: size or interval.
        https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html"""
        stream = self.stream(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900})
        for _ in range(3): self.put(stream, b"x" * 1_000_000)
        self.eventually(lambda: len(self.content()) >= 2_000_000, "full buffers are delivered")

    def test_limits_of_puts(self):
        """A record has at most 1,000 KiB, a batch 500 records and 4 MiB.
        https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"""
        stream = self.stream()
        put = self.firehose.put_record_batch
        self.refused("ValidationException", self.firehose.put_record, DeliveryStreamName=stream,
                     Record={"Data": b"x" * 1_024_001})
        self.refused("ValidationException", put, DeliveryStreamName=stream, Records=[{"Data": b"x"}] * 501)
        self.refused("InvalidArgumentException", put, DeliveryStreamName=stream, Records=[{"Data": b"x" * 900_000}] * 5)


if __name__ == "__main__": unittest.main()
