/// The shapes of the answers of calls that pipelines mock most, as the services' API models have them.
///
/// `Shape <- call call` names the calls that answer with a shape, `Shape: member:type member!:type` its members, where `!`
/// marks one that is required. A type is `string`, `number`, `boolean`, `object`, `any`, another shape, `[element]`,
/// `{value}`, or words between bars. `(1..9)` limits a length or number. An indented line continues the one before it.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>
let responseShapes = """
    InvocationResponse <- lambda:invoke aws-sdk:lambda:invoke
    GetFunctionResponse <- aws-sdk:lambda:getFunction
    InvocationResponse: StatusCode:number FunctionError:string LogResult:string Payload:any
      ExecutedVersion:string(1..1024) DurableExecutionArn:string(1..1024)
    GetFunctionResponse: Configuration:FunctionConfiguration Code:FunctionCodeLocation Tags:{string(..256)}
      TagsError:TagsError Concurrency:Concurrency
    FunctionConfiguration: FunctionName:string(1..256) FunctionArn:string(..10000) Runtime:string
      Role:string(..10000) Handler:string(..128) CodeSize:number Description:string(..256) Timeout:number(1..900)
      MemorySize:number(128..10240) LastModified:string(..100) CodeSha256:string Version:string(1..1024)
      VpcConfig:VpcConfigResponse DeadLetterConfig:DeadLetterConfig Environment:EnvironmentResponse
      KMSKeyArn:string(..10000) TracingConfig:TracingConfigResponse MasterArn:string(..10000) RevisionId:string
      Layers:[Layer] State:Pending|Active|Inactive|Failed|Deactivating|Deactivated|ActiveNonInvocable|Deleting
      StateReason:string StateReasonCode:Idle|Creating|Restoring|EniLimitExceeded|InsufficientRolePermissions|
      InvalidConfiguration|InternalError|SubnetOutOfIPAddresses|InvalidSubnet|InvalidSecurityGroup|
      ImageDeleted|ImageAccessDenied|InvalidImage|KMSKeyAccessDenied|KMSKeyNotFound|
      InvalidStateKMSKey|DisabledKMSKey|EFSIOError|EFSMountConnectivityError|EFSMountFailure|
      EFSMountTimeout|InvalidRuntime|InvalidZipFileException|FunctionError|
      ServiceQuotaExceededException|VcpuLimitExceeded|CapacityProviderScalingLimitExceeded|
      InsufficientCapacity|EC2RequestLimitExceeded|FunctionError.InitTimeout|
      FunctionError.RuntimeInitError|FunctionError.ExtensionInitError|FunctionError.InvalidEntryPoint|
      FunctionError.InvalidWorkingDirectory|FunctionError.PermissionDenied|
      FunctionError.TooManyExtensions|FunctionError.InitResourceExhausted|
      DisallowedByVpcEncryptionControl|DrainingDurableExecutions|IncompatibleAcceleratorInstanceTypes|
      DependencyError LastUpdateStatus:Successful|Failed|InProgress LastUpdateStatusReason:string
      LastUpdateStatusReasonCode:EniLimitExceeded|InsufficientRolePermissions|InvalidConfiguration|
      InternalError|SubnetOutOfIPAddresses|InvalidSubnet|InvalidSecurityGroup|ImageDeleted|
      ImageAccessDenied|InvalidImage|KMSKeyAccessDenied|KMSKeyNotFound|InvalidStateKMSKey|
      DisabledKMSKey|EFSIOError|EFSMountConnectivityError|EFSMountFailure|EFSMountTimeout|
      InvalidRuntime|InvalidZipFileException|FunctionError|ServiceQuotaExceededException|
      VcpuLimitExceeded|CapacityProviderScalingLimitExceeded|InsufficientCapacity|
      EC2RequestLimitExceeded|FunctionError.InitTimeout|FunctionError.RuntimeInitError|
      FunctionError.ExtensionInitError|FunctionError.InvalidEntryPoint|
      FunctionError.InvalidWorkingDirectory|FunctionError.PermissionDenied|
      FunctionError.TooManyExtensions|FunctionError.InitResourceExhausted|
      DisallowedByVpcEncryptionControl|IncompatibleAcceleratorInstanceTypes|DependencyError
      FileSystemConfigs:[FileSystemConfig] SigningProfileVersionArn:string(..10000) SigningJobArn:string(..10000)
      PackageType:Zip|Image ImageConfigResponse:ImageConfigResponse Architectures:[x86_64|arm64]
      EphemeralStorage:EphemeralStorage SnapStart:SnapStartResponse RuntimeVersionConfig:RuntimeVersionConfig
      LoggingConfig:LoggingConfig TenancyConfig:TenancyConfig CapacityProviderConfig:CapacityProviderConfig
      ConfigSha256:string DurableConfig:DurableConfig RuntimeConfig:FunctionRuntimeConfig
      AcceleratorConfig:AcceleratorConfig
    VpcConfigResponse: SubnetIds:[string(..1024)] SecurityGroupIds:[string(..1024)] VpcId:string
      Ipv6AllowedForDualStack:boolean
    DeadLetterConfig: TargetArn:string(..10000)
    EnvironmentResponse: Variables:{string} Error:EnvironmentError
    EnvironmentError: ErrorCode:string Message:string
    TracingConfigResponse: Mode:Active|PassThrough
    Layer: Arn:string(1..2048) CodeSize:number SigningProfileVersionArn:string(..10000)
      SigningJobArn:string(..10000)
    FileSystemConfig: Arn!:string(..256) LocalMountPath!:string(..160) S3FilesConfig:S3FilesConfig
    S3FilesConfig: DirectS3Read:ENABLED|DISABLED|AUTO
    ImageConfigResponse: ImageConfig:ImageConfig Error:ImageConfigError
    ImageConfig: EntryPoint:[string] Command:[string] WorkingDirectory:string(..1000)
    ImageConfigError: ErrorCode:string Message:string
    EphemeralStorage: Size!:number(512..32768)
    SnapStartResponse: ApplyOn:PublishedVersions|None OptimizationStatus:On|Off
    RuntimeVersionConfig: RuntimeVersionArn:string(26..2048) Error:RuntimeVersionError
    RuntimeVersionError: ErrorCode:string Message:string
    LoggingConfig: LogFormat:JSON|Text ApplicationLogLevel:TRACE|DEBUG|INFO|WARN|ERROR|FATAL
      SystemLogLevel:DEBUG|INFO|WARN LogGroup:string(1..512)
    TenancyConfig: TenantIsolationMode!:string
    CapacityProviderConfig:
      LambdaManagedInstancesCapacityProviderConfig!:LambdaManagedInstancesCapacityProviderConfig
    LambdaManagedInstancesCapacityProviderConfig: CapacityProviderArn!:string(1..140)
      PerExecutionEnvironmentMaxConcurrency:number(1..1600) ExecutionEnvironmentMemoryGiBPerVCpu:number(2..8)
    DurableConfig: KMSKeyArn:string(..10000) RetentionPeriodInDays:number(1..90)
      ExecutionTimeout:number(1..31622400)
    FunctionRuntimeConfig: RuntimeArn!:string(48..2048) RuntimeAlias!:string(1..128)
    AcceleratorConfig: AcceleratorMemorySize!:number
    FunctionCodeLocation: RepositoryType:string Location:string(..10000) ImageUri:string ResolvedImageUri:string
      ResolvedS3Object:ResolvedS3Object SourceKMSKeyArn:string(..10000) Error:FunctionCodeLocationError
    ResolvedS3Object: S3Bucket:string(3..63) S3Key:string(1..1024) S3ObjectVersion:string(1..1024)
    FunctionCodeLocationError: ErrorCode:string Message:string
    TagsError: ErrorCode!:string(10..21) Message!:string(84..1000)
    Concurrency: ReservedConcurrentExecutions:number(0..)
    StartExecutionOutput <- states:startExecution aws-sdk:sfn:startExecution
    DescribeExecutionOutput <- aws-sdk:sfn:describeExecution
    StartExecutionOutput: ExecutionArn!:string(1..256) StartDate!:string
    DescribeExecutionOutput: ExecutionArn!:string(1..256) StateMachineArn!:string(1..256) Name:string(1..80)
      Status!:RUNNING|SUCCEEDED|FAILED|TIMED_OUT|ABORTED|PENDING_REDRIVE StartDate!:string StopDate:string
      Input:string(..262144) InputDetails:CloudWatchEventsExecutionDataDetails Output:string(..262144)
      OutputDetails:CloudWatchEventsExecutionDataDetails TraceHeader:string(..256) MapRunArn:string(1..2000)
      Error:string(..256) Cause:string(..32768) StateMachineVersionArn:string(1..256)
      StateMachineAliasArn:string(1..256) RedriveCount:number RedriveDate:string
      RedriveStatus:REDRIVABLE|NOT_REDRIVABLE|REDRIVABLE_BY_MAP_RUN RedriveStatusReason:string(..262144)
    CloudWatchEventsExecutionDataDetails: Included:boolean
    PutEventsResponse <- events:putEvents aws-sdk:eventbridge:putEvents
    PutEventsResponse: FailedEntryCount:number Entries:[PutEventsResultEntry]
    PutEventsResultEntry: EventId:string(..64) ErrorCode:string ErrorMessage:string
    PutItemOutput <- dynamodb:putItem aws-sdk:dynamodb:putItem
    GetItemOutput <- dynamodb:getItem aws-sdk:dynamodb:getItem
    UpdateItemOutput <- dynamodb:updateItem aws-sdk:dynamodb:updateItem
    DeleteItemOutput <- dynamodb:deleteItem aws-sdk:dynamodb:deleteItem
    QueryOutput <- aws-sdk:dynamodb:query
    ScanOutput <- aws-sdk:dynamodb:scan
    PutItemOutput: Attributes:{AttributeValue} ConsumedCapacity:ConsumedCapacity
      ItemCollectionMetrics:ItemCollectionMetrics
    AttributeValue: S:string N:string B:string SS:[string] NS:[string] BS:[string] M:{AttributeValue}
      L:[AttributeValue] NULL:boolean BOOL:boolean
    ConsumedCapacity: TableName:string(1..1024) CapacityUnits:number ReadCapacityUnits:number
      WriteCapacityUnits:number Table:Capacity LocalSecondaryIndexes:{Capacity} GlobalSecondaryIndexes:{Capacity}
      VectorIndexes:{VectorCapacity}
    Capacity: ReadCapacityUnits:number WriteCapacityUnits:number CapacityUnits:number
    VectorCapacity: VectorSearchRequestBytes:number VectorWriteRequestBytes:number
    ItemCollectionMetrics: ItemCollectionKey:{AttributeValue} SizeEstimateRangeGB:[number]
    GetItemOutput: Item:{AttributeValue} ConsumedCapacity:ConsumedCapacity
    UpdateItemOutput: Attributes:{AttributeValue} ConsumedCapacity:ConsumedCapacity
      ItemCollectionMetrics:ItemCollectionMetrics
    DeleteItemOutput: Attributes:{AttributeValue} ConsumedCapacity:ConsumedCapacity
      ItemCollectionMetrics:ItemCollectionMetrics
    QueryOutput: Items:[{AttributeValue}] Count:number ScannedCount:number LastEvaluatedKey:{AttributeValue}
      ConsumedCapacity:ConsumedCapacity
    ScanOutput: Items:[{AttributeValue}] Count:number ScannedCount:number LastEvaluatedKey:{AttributeValue}
      ConsumedCapacity:ConsumedCapacity
    SendMessageResult <- sqs:sendMessage aws-sdk:sqs:sendMessage
    ReceiveMessageResult <- aws-sdk:sqs:receiveMessage
    SendMessageResult: MD5OfMessageBody:string MD5OfMessageAttributes:string MD5OfMessageSystemAttributes:string
      MessageId:string SequenceNumber:string
    ReceiveMessageResult: Messages:[Message]
    Message: MessageId:string ReceiptHandle:string MD5OfBody:string Body:string Attributes:{string}
      MD5OfMessageAttributes:string MessageAttributes:{MessageAttributeValue}
    MessageAttributeValue: StringValue:string BinaryValue:string StringListValues:[string] BinaryListValues:[string]
      DataType!:string
    PublishResponse <- sns:publish aws-sdk:sns:publish
    PublishResponse: MessageId:string SequenceNumber:string
    SubmitJobResponse <- batch:submitJob
    SubmitJobResponse: JobArn:string JobName!:string JobId!:string
    StartQueryExecutionOutput <- athena:startQueryExecution
    GetQueryResultsOutput <- aws-sdk:athena:getQueryResults
    StartQueryExecutionOutput: QueryExecutionId:string(1..128)
    GetQueryResultsOutput: UpdateCount:number ResultSet:ResultSet NextToken:string(1..1024)
    ResultSet: Rows:[Row] ResultSetMetadata:ResultSetMetadata
    Row: Data:[Datum]
    Datum: VarCharValue:string
    ResultSetMetadata: ColumnInfo:[ColumnInfo]
    ColumnInfo: CatalogName:string SchemaName:string TableName:string Name!:string Label:string Type!:string
      Precision:number Scale:number Nullable:NOT_NULL|NULLABLE|UNKNOWN CaseSensitive:boolean
    EncryptResponse <- aws-sdk:kms:encrypt
    DecryptResponse <- aws-sdk:kms:decrypt
    EncryptResponse: CiphertextBlob:string(1..6144) KeyId:string(1..2048)
      EncryptionAlgorithm:SYMMETRIC_DEFAULT|RSAES_OAEP_SHA_1|RSAES_OAEP_SHA_256|SM2PKE
    DecryptResponse: KeyId:string(1..2048) Plaintext:string(1..4096)
      EncryptionAlgorithm:SYMMETRIC_DEFAULT|RSAES_OAEP_SHA_1|RSAES_OAEP_SHA_256|SM2PKE
      CiphertextForRecipient:string(1..6144) KeyMaterialId:string(64..64)
    GetObjectOutput <- aws-sdk:s3:getObject
    PutObjectOutput <- aws-sdk:s3:putObject
    HeadObjectOutput <- aws-sdk:s3:headObject
    ListObjectsV2Output <- aws-sdk:s3:listObjectsV2
    DeleteObjectOutput <- aws-sdk:s3:deleteObject
    CopyObjectOutput <- aws-sdk:s3:copyObject
    GetObjectOutput: Body:string DeleteMarker:boolean AcceptRanges:string Expiration:string Restore:string
      LastModified:string ContentLength:number ETag:string ChecksumCRC32:string ChecksumCRC32C:string
      ChecksumCRC64NVME:string ChecksumSHA1:string ChecksumSHA256:string ChecksumSHA512:string ChecksumMD5:string
      ChecksumXXHASH64:string ChecksumXXHASH3:string ChecksumXXHASH128:string ChecksumType:COMPOSITE|FULL_OBJECT
      MissingMeta:number VersionId:string CacheControl:string ContentDisposition:string ContentEncoding:string
      ContentLanguage:string ContentRange:string ContentType:string Expires:string WebsiteRedirectLocation:string
      ServerSideEncryption:AES256|aws:fsx|aws:backup|aws:kms|aws:kms:dsse Metadata:{string}
      SSECustomerAlgorithm:string SSECustomerKeyMD5:string SSEKMSKeyId:string BucketKeyEnabled:boolean
      StorageClass:STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|
      DEEP_ARCHIVE|OUTPOSTS|GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS|FSX_ONTAP|AWS_BACKUP_WARM|
      AWS_BACKUP_LOW_COST_WARM RequestCharged:string ReplicationStatus:COMPLETE|PENDING|FAILED|REPLICA|COMPLETED
      PartsCount:number TagCount:number ObjectLockMode:GOVERNANCE|COMPLIANCE ObjectLockRetainUntilDate:string
      ObjectLockLegalHoldStatus:ON|OFF ObjectLockEventHold:ON|OFF ObjectLockEventHoldDurationDays:number
      ObjectLockEventHoldDurationYears:number
    PutObjectOutput: Expiration:string ETag:string ChecksumCRC32:string ChecksumCRC32C:string
      ChecksumCRC64NVME:string ChecksumSHA1:string ChecksumSHA256:string ChecksumSHA512:string ChecksumMD5:string
      ChecksumXXHASH64:string ChecksumXXHASH3:string ChecksumXXHASH128:string ChecksumType:COMPOSITE|FULL_OBJECT
      ServerSideEncryption:AES256|aws:fsx|aws:backup|aws:kms|aws:kms:dsse VersionId:string
      SSECustomerAlgorithm:string SSECustomerKeyMD5:string SSEKMSKeyId:string SSEKMSEncryptionContext:string
      BucketKeyEnabled:boolean Size:number RequestCharged:string
    HeadObjectOutput: DeleteMarker:boolean AcceptRanges:string Expiration:string Restore:string
      ArchiveStatus:ARCHIVE_ACCESS|DEEP_ARCHIVE_ACCESS LastModified:string ContentLength:number ChecksumCRC32:string
      ChecksumCRC32C:string ChecksumCRC64NVME:string ChecksumSHA1:string ChecksumSHA256:string ChecksumSHA512:string
      ChecksumMD5:string ChecksumXXHASH64:string ChecksumXXHASH3:string ChecksumXXHASH128:string
      ChecksumType:COMPOSITE|FULL_OBJECT ETag:string MissingMeta:number VersionId:string CacheControl:string
      ContentDisposition:string ContentEncoding:string ContentLanguage:string ContentType:string ContentRange:string
      Expires:string WebsiteRedirectLocation:string
      ServerSideEncryption:AES256|aws:fsx|aws:backup|aws:kms|aws:kms:dsse Metadata:{string}
      SSECustomerAlgorithm:string SSECustomerKeyMD5:string SSEKMSKeyId:string BucketKeyEnabled:boolean
      StorageClass:STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|
      DEEP_ARCHIVE|OUTPOSTS|GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS|FSX_ONTAP|AWS_BACKUP_WARM|
      AWS_BACKUP_LOW_COST_WARM RequestCharged:string ReplicationStatus:COMPLETE|PENDING|FAILED|REPLICA|COMPLETED
      PartsCount:number TagCount:number ObjectLockMode:GOVERNANCE|COMPLIANCE ObjectLockRetainUntilDate:string
      ObjectLockLegalHoldStatus:ON|OFF ObjectLockEventHold:ON|OFF ObjectLockEventHoldDurationDays:number
      ObjectLockEventHoldDurationYears:number
    ListObjectsV2Output: IsTruncated:boolean Contents:[Object] Name:string Prefix:string Delimiter:string
      MaxKeys:number CommonPrefixes:[CommonPrefix] EncodingType:string KeyCount:number ContinuationToken:string
      NextContinuationToken:string StartAfter:string RequestCharged:string
    Object: Key:string(1..) LastModified:string ETag:string
      ChecksumAlgorithm:[CRC32|CRC32C|SHA1|SHA256|CRC64NVME|SHA512|MD5|XXHASH64|XXHASH3|XXHASH128]
      ChecksumType:COMPOSITE|FULL_OBJECT Size:number
      StorageClass:STANDARD|REDUCED_REDUNDANCY|GLACIER|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|
      DEEP_ARCHIVE|OUTPOSTS|GLACIER_IR|SNOW|EXPRESS_ONEZONE|FSX_OPENZFS|FSX_ONTAP|AWS_BACKUP_WARM|
      AWS_BACKUP_LOW_COST_WARM Owner:Owner RestoreStatus:RestoreStatus
    Owner: DisplayName:string ID:string
    RestoreStatus: IsRestoreInProgress:boolean RestoreExpiryDate:string
    CommonPrefix: Prefix:string
    DeleteObjectOutput: DeleteMarker:boolean VersionId:string RequestCharged:string
    CopyObjectOutput: CopyObjectResult:CopyObjectResult Expiration:string CopySourceVersionId:string
      VersionId:string ServerSideEncryption:AES256|aws:fsx|aws:backup|aws:kms|aws:kms:dsse
      SSECustomerAlgorithm:string SSECustomerKeyMD5:string SSEKMSKeyId:string SSEKMSEncryptionContext:string
      BucketKeyEnabled:boolean RequestCharged:string
    CopyObjectResult: ETag:string LastModified:string ChecksumType:COMPOSITE|FULL_OBJECT ChecksumCRC32:string
      ChecksumCRC32C:string ChecksumCRC64NVME:string ChecksumSHA1:string ChecksumSHA256:string ChecksumSHA512:string
      ChecksumMD5:string ChecksumXXHASH64:string ChecksumXXHASH3:string ChecksumXXHASH128:string
    GetSecretValueResponse <- aws-sdk:secretsmanager:getSecretValue
    GetSecretValueResponse: ARN:string(20..2048) Name:string(1..256) VersionId:string(32..64)
      SecretBinary:string(1..65536) SecretString:string(1..65536) VersionStages:[string(1..256)] CreatedDate:string
    GetParameterResult <- aws-sdk:ssm:getParameter
    GetParameterResult: Parameter:Parameter
    Parameter: Name:string(1..2048) Type:String|StringList|SecureString Value:string Version:number
      Selector:string(..128) SourceResult:string LastModifiedDate:string ARN:string DataType:string(..128)
    """
