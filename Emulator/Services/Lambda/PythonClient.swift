/// The emulator's own runtime client for Python, where AWS's is not installed.
enum PythonClient {
    /// A loop of next, handler, and response or error. Errors, logs and the context have the members and texts that AWS's
    /// client gives them.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/python-context.html>,
    ///   <https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html>,
    ///   <https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html>
    static let source = #"""
        import http.client, importlib, json, logging, os, sys, time, traceback, types

        root = os.environ["LAMBDA_TASK_ROOT"]
        logs_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        request_id = ""

        def call(method, path, body=None, headers={}):
            connection.request(method, "/2018-06-01/runtime" + path, body, headers)
            answer = connection.getresponse()
            return answer.headers, answer.read()

        def instant(seconds, milliseconds=""):
            return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + milliseconds + "Z"

        class Formatter(logging.Formatter):
            def format(self, record):
                text = record.getMessage()
                if record.exc_info:
                    trace = self.formatException(record.exc_info)
                if logs_json:
                    fields = {"timestamp": instant(record.created), "level": record.levelname, "message": text,
                              "logger": record.name, "requestId": request_id}
                    if record.exc_info:
                        fields["errorType"] = record.exc_info[0].__name__
                        fields["errorMessage"] = str(record.exc_info[1])
                        fields["stackTrace"] = trace.splitlines()
                    return json.dumps(fields, ensure_ascii=False, default=str)
                if record.exc_info:
                    text += "\n" + trace
                time_text = instant(record.created, ".%03d" % (record.msecs % 1000))
                return "[%s]\t%s\t%s\t%s" % (record.levelname, time_text, request_id, text)

        def set_up_logging():
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(Formatter())
            logging.getLogger().addHandler(handler)
            if logs_json:
                level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper()
                logging.getLogger().setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))

        class Refused(Exception):
            """What the client itself finds wrong; its type and message replace those of an exception."""
            def __init__(self, error_type, message):
                super().__init__(message)
                self.error_type = error_type

        def described(error):
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__
                      and not frame.filename.startswith(("<frozen importlib", importlib.__path__[0]))]
            lines = [line.replace(root, "/var/task") for line in traceback.format_list(frames)]
            kind = error.error_type if isinstance(error, Refused) else type(error).__name__
            return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": lines}

        def log_error(fields):
            if logs_json:
                print(json.dumps({"timestamp": instant(time.time()), "level": "ERROR", **fields}), flush=True)
                return
            trace = "".join(fields["stackTrace"])
            print("[ERROR] %s: %s" % (fields["errorType"], fields["errorMessage"])
                  + ("\nTraceback (most recent call last):\n" + trace.rstrip() if trace else ""), flush=True)

        class Context:
            def __init__(self, headers):
                self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
                self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
                self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
                self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
                self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
                self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
                self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
                self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
                self.client_context = self._client(headers.get("Lambda-Runtime-Client-Context"))
                self.identity = types.SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
                self.tenant_id = None

            @staticmethod
            def _client(text):
                if not text:
                    return None
                fields = json.loads(text)
                client = fields.get("client")
                names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
                if client is not None:
                    client = types.SimpleNamespace(**{name: client.get(name) for name in names})
                return types.SimpleNamespace(client=client, custom=fields.get("custom"), env=fields.get("env"))

            def get_remaining_time_in_millis(self):
                return max(0, self._deadline - int(time.time() * 1000))

            def log(self, message):
                sys.stdout.write(str(message))

        def load(handler):
            try:
                module_name, name = handler.rsplit(".", 1)
            except ValueError as error:
                raise Refused("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, error)) from None
            try:
                module = importlib.import_module(module_name.replace("/", "."))
            except ImportError as error:
                raise Refused("Runtime.ImportModuleError",
                              "Unable to import module '%s': %s" % (module_name, error)) from None
            except SyntaxError as error:
                raise Refused("Runtime.UserCodeSyntaxError",
                              "Syntax error in module '%s': %s" % (module_name, error)) from None
            try:
                return getattr(module, name)
            except AttributeError:
                raise Refused("Runtime.HandlerNotFound",
                              "Handler '%s' missing on module '%s'" % (name, module_name)) from None

        def run(handler, event, context):
            try:
                event = json.loads(event)
            except ValueError as error:
                raise Refused("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from None
            result = handler(event, context)
            if isinstance(result, bytes):
                return result
            try:
                return json.dumps(result, ensure_ascii=False).encode()
            except (TypeError, ValueError) as error:
                raise Refused("Runtime.MarshalError", "Unable to marshal response: %s" % error) from None

        set_up_logging()
        sys.path.insert(0, root)
        try:
            handler = load(os.environ["_HANDLER"])
        except Exception as error:
            fields = described(error)
            log_error(fields)
            call("POST", "/init/error", json.dumps(fields), {"Lambda-Runtime-Function-Error-Type": fields["errorType"]})
            sys.exit(1)
        while True:
            headers, event = call("GET", "/invocation/next")
            context = Context(headers)
            request_id = context.aws_request_id
            os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
            path = "/invocation/" + request_id
            try:
                body = run(handler, event, context)
            except Exception as error:
                fields = described(error)
                log_error(fields)
                call("POST", path + "/error", json.dumps(fields))
            else:
                call("POST", path + "/response", body)
        """#
}
