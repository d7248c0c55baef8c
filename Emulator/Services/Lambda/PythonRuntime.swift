internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Runs functions of Lambda's Python runtimes with the python3 of this machine, if it has one.
enum PythonRuntime {
    static func supports(_ runtime: String) -> Bool { runtime.hasPrefix("python3") }

    /// The code that runs the handler in `folder`.
    /// - Parameter root: the folder of the bootstrap.
    static func code(in folder: String, root: String, for function: String) throws(AWSFault) -> FunctionCode {
        guard let interpreter = interpreter() else {
            throw .notEmulated("The function \(function), whose runtime needs a python3 on the PATH,")
        }
        let bootstrap = root + "/python-bootstrap.py"
        if (try? FileBytes.contents(of: bootstrap)) != Array(source.utf8) {
            try FunctionPackage.makeFolder(root, function)
            try FunctionPackage.save(Array(source.utf8), to: bootstrap, isExecutable: false, function)
        }
        return FunctionCode(
            executable: interpreter, arguments: ["-u", bootstrap], taskRoot: folder, fingerprint: folder)
    }

    private static func interpreter() -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { $0 + "/python3" }.first { access($0, X_OK) == 0 }
    }

    /// A runtime client: a loop of next, handler, and response or error. Errors have the members of AWS's own client.
    private static let source = #"""
        import http.client, importlib, json, os, sys, traceback

        root = os.environ["LAMBDA_TASK_ROOT"]
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

        def call(method, path, body=None):
            connection.request(method, "/2018-06-01/runtime" + path, body)
            answer = connection.getresponse()
            return answer.headers, answer.read()

        def described(error, request_id):
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
            lines = [line.replace(root, "/var/task") for line in traceback.format_list(frames)]
            return json.dumps({"errorMessage": str(error), "errorType": type(error).__name__,
                               "requestId": request_id, "stackTrace": lines})

        class Context:
            def __init__(self, headers):
                self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
                self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
                self.deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
                self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
                self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
                self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
                self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
                self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
                self.client_context = self.identity = None

            def get_remaining_time_in_millis(self):
                import time
                return max(0, self.deadline - int(time.time() * 1000))

        sys.path.insert(0, root)
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        except Exception as error:
            call("POST", "/init/error", described(error, ""))
            sys.exit(1)
        while True:
            headers, event = call("GET", "/invocation/next")
            context = Context(headers)
            path = "/invocation/" + context.aws_request_id
            try:
                result = handler(json.loads(event), context)
                body = result if isinstance(result, bytes) else json.dumps(result).encode()
            except Exception as error:
                call("POST", path + "/error", described(error, context.aws_request_id))
            else:
                call("POST", path + "/response", body)
        """#
}
