import Foundation

package import EmulatorCore

/// A function for tests: a bash script that speaks the Runtime API and behaves as its event says.
package enum TestFunction {
    /// Starts the processes of all tests.
    package static let host = ProcessHost()

    /// Writes the executable `name` into `directory`.
    package static func install(_ name: String, in directory: String, script: String = Self.script) throws {
        let path = directory + "/" + name
        // A new file: a running shell still reads the earlier one.
        try Data(script.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    /// Defines `call METHOD PATH BODY`, which sets `id` and `body`, and keeps the head of the answer in `head`.
    package static let preamble = #"""
        #!/bin/bash
        call() {
            exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
            printf '%s /2018-06-01/runtime%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s' \
                "$1" "$2" "${#3}" "$3" >&3
            head=
            while IFS= read -r line <&3 && line=${line%$'\r'} && [ -n "$line" ]; do
                head+="$line|"
                case "$line" in Lambda-Runtime-Aws-Request-Id:*) id=${line#*: } ;; esac
            done
            body=$(cat <&3)
            exec 3>&-
        }

        """#

    /// Does what the event says if it is a JSON string with a known word, and answers any other event with the event.
    package static let script =
        preamble + #"""
            count=0
            while true; do
                call GET /invocation/next
                count=$((count + 1))
                echo "event $body"
                case "$body" in
                '"fail"') call POST "/invocation/$id/error" '{"errorType":"BadInput","errorMessage":"no good"}' ;;
                '"exit"') exit 4 ;;
                '"segfault"') kill -SEGV $$ ;;
                '"sleep"') sleep 600 ;;
                '"grow"') x=$(head -c 200000000 /dev/zero | tr '\0' a); sleep 600 ;;
                '"count"') call POST "/invocation/$id/response" "$count" ;;
                '"pid"') call POST "/invocation/$id/response" "$$" ;;
                '"environment"') call POST "/invocation/$id/response" "\"$(env | sort | tr '\n' '|')\"" ;;
                '"head"') call POST "/invocation/$id/response" "\"${head//\"/\\\"}\"" ;;
                *) call POST "/invocation/$id/response" "$body" ;;
                esac
            done
            """#
}
